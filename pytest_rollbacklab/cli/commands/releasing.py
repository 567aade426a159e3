"""Commands that make a release: ``deploy``, ``promote``, ``rollback``; and ``change-set``, which only shows one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from pytest_rollbacklab.cli.asking import (
    chosen_stage,
    complete_builds,
    complete_stages,
    connect,
    json_option,
    only_one,
    read_overview,
    stage_argument,
)
from pytest_rollbacklab.cli.lab import Lab
from pytest_rollbacklab.cli.planned import Consent, Form, consent_options, release, show_change_set

__all__ = ["change_set", "deploy", "promote", "rollback"]

F = TypeVar("F", bound=Callable[..., Any])
Asked = tuple[str, Form]
"""The stage, and what is to be planned there."""

_BUILD = click.IntRange(min=1)


def _deploy_options(command: F) -> F:
    command = click.option("--to", metavar="STAGE", shell_complete=complete_stages, help="Where to deploy.")(command)
    return click.argument("build", type=_BUILD, required=False, shell_complete=complete_builds)(command)


def _promote_options(command: F) -> F:
    for option in (
        click.option("--build", type=_BUILD, shell_complete=complete_builds, help="Default: what is live there."),
        click.option("--to", metavar="STAGE", shell_complete=complete_stages, help="Default: the promote-only one."),
        click.option(
            "--from", "source", metavar="STAGE", shell_complete=complete_stages, help="Default: what a push reaches."
        ),
    ):
        command = option(command)
    return command


def _rollback_options(command: F) -> F:
    for option in (
        click.option("--reason", metavar="TEXT", help="Why, for those who read the history."),
        click.option(
            "--to", "build", type=_BUILD, shell_complete=complete_builds, help="Default: what was live before."
        ),
        stage_argument,
    ):
        command = option(command)
    return command


@click.command()
@_deploy_options
@consent_options
@click.pass_context
def deploy(context: click.Context, /, build: int | None, to: str | None, **consent: bool) -> None:
    """Deploy a build to a stage; the newest good one by default."""
    _release(context, lambda lab: _deployment(lab, build, to), consent)


@click.command()
@_promote_options
@consent_options
@click.pass_context
def promote(context: click.Context, /, source: str | None, to: str | None, build: int | None, **consent: bool) -> None:
    """Deploy to one stage what is live on another."""
    _release(context, lambda lab: _promotion(lab, source, to, build), consent)


@click.command()
@_rollback_options
@consent_options
@click.pass_context
def rollback(
    context: click.Context, /, stage: str | None, build: int | None, reason: str | None, **consent: bool
) -> None:
    """Bring back the build that was live before.

    Its packages are deployed again as they are, and the stage is pinned to it: pushes do not deploy there until unpin.
    """
    _release(context, lambda lab: _rollback(lab, stage, build, reason), consent)


@click.group("change-set")
def change_set() -> None:
    """Show what a release would change, and do none of it."""


@change_set.command("deploy")
@_deploy_options
@json_option
@click.pass_context
def change_set_deploy(context: click.Context, build: int | None, to: str | None, as_json: bool) -> None:
    """What a deployment would change."""
    _show(context, lambda lab: _deployment(lab, build, to), as_json)


@change_set.command("promote")
@_promote_options
@json_option
@click.pass_context
def change_set_promote(
    context: click.Context, source: str | None, to: str | None, build: int | None, as_json: bool
) -> None:
    """What a promotion would change."""
    _show(context, lambda lab: _promotion(lab, source, to, build), as_json)


@change_set.command("rollback")
@_rollback_options
@json_option
@click.pass_context
def change_set_rollback(
    context: click.Context, stage: str | None, build: int | None, reason: str | None, as_json: bool
) -> None:
    """What a rollback would change."""
    _show(context, lambda lab: _rollback(lab, stage, build, reason), as_json)


def _deployment(lab: Lab, build: int | None, to: str | None) -> Asked:
    stage = to or only_one(read_overview(lab).stages, [], "where to deploy, --to,")
    return stage, {"kind": "deploy", "build": build}


def _promotion(lab: Lab, source: str | None, to: str | None, build: int | None) -> Asked:
    if to is None or (source is None and build is None):
        stages = read_overview(lab).stages
        to = to or only_one(stages, [stage for stage in stages if stage.promote_only], "where to promote, --to,")
        if source is None and build is None:
            pushed = [s for s in stages if s.branch is not None and not s.pull_request and s.name != to]
            source = only_one(stages, pushed, "what to promote, --from or --build,")
    return to, {"kind": "promote", "from": source, "build": build}


def _rollback(lab: Lab, stage: str | None, build: int | None, reason: str | None) -> Asked:
    return chosen_stage(lab, stage), {"kind": "rollback", "build": build, "reason": reason}


def _release(context: click.Context, asked: Callable[[Lab], Asked], consent: dict[str, bool]) -> None:
    lab = connect(context)
    stage, form = asked(lab)
    release(context, lab, stage, form, Consent(**consent))


def _show(context: click.Context, asked: Callable[[Lab], Asked], as_json: bool) -> None:
    lab = connect(context)
    stage, form = asked(lab)
    show_change_set(lab, stage, form, as_json=as_json)
