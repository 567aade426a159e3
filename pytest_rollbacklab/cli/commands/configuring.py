"""``config``: what is set by hand on a stage, over what ``rollbacklab.toml`` says. Setting it is a release.

The lab takes all that is to be set from now on; ``set`` and ``unset`` name what is to be different.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from pytest_rollbacklab.cli.asking import chosen_stage, connect, json_option, stage_option
from pytest_rollbacklab.cli.decoding import decode
from pytest_rollbacklab.cli.lab import Lab
from pytest_rollbacklab.cli.planned import Consent, Form, consent_options, release
from pytest_rollbacklab.cli.terminal import show, show_json
from pytest_rollbacklab.cli.views.settings import settings_blocks
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.pipeline.values import Configured, StageSettings

__all__ = ["config"]


@click.group()
def config() -> None:
    """Show and change what is set by hand on a stage.

    Variables of all its functions, and parameters of the template, over what rollbacklab.toml says.
    """


@config.command("show")
@stage_option
@json_option
@click.pass_context
def config_show(context: click.Context, stage: str | None, as_json: bool) -> None:
    """Show what is set on a stage, and where it was said."""
    lab = connect(context)
    data = lab.get("stages", chosen_stage(lab, stage), "settings")
    if as_json:
        show_json(data)
    else:
        show(settings_blocks(decode(StageSettings, data["settings"], name="settings")))


@config.command("set")
@click.argument("assignments", metavar="NAME=VALUE...", nargs=-1)
@click.option("--parameter", "parameters", metavar="NAME=VALUE", multiple=True, help="A parameter of the template.")
@stage_option
@consent_options
@click.pass_context
def config_set(
    context: click.Context,
    /,
    assignments: tuple[str, ...],
    parameters: tuple[str, ...],
    stage: str | None,
    **consent: bool,
) -> None:
    """Set variables of all functions, and parameters; a release that can be rolled back."""
    environment, template = _pairs(assignments), _pairs(parameters)
    _nothing_said(environment or template, "NAME=VALUE")
    lab = connect(context)
    name = chosen_stage(lab, stage)
    now = _configured(lab, name)
    wanted = Configured(environment={**now.environment, **environment}, parameters={**now.parameters, **template})
    release(context, lab, name, _form(wanted), Consent(**consent))


@config.command("unset")
@click.argument("names", metavar="NAME...", nargs=-1)
@click.option("--parameter", "parameters", metavar="NAME", multiple=True, help="A parameter of the template.")
@stage_option
@consent_options
@click.pass_context
def config_unset(
    context: click.Context,
    /,
    names: tuple[str, ...],
    parameters: tuple[str, ...],
    stage: str | None,
    **consent: bool,
) -> None:
    """Take back what was set by hand; what the template and rollbacklab.toml say holds again."""
    _nothing_said(names or parameters, "NAME")
    lab = connect(context)
    name = chosen_stage(lab, stage)
    now = _configured(lab, name)
    wanted = Configured(
        environment=_without(now.environment, names, f"variable set by hand on {name}"),
        parameters=_without(now.parameters, parameters, f"parameter set by hand on {name}"),
    )
    release(context, lab, name, _form(wanted), Consent(**consent))


def _pairs(assignments: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not name or not equals:
            raise UsageError(f"{assignment!r} sets nothing", mend="give NAME=VALUE; an empty value is NAME=")
        pairs[name] = value
    return pairs


def _nothing_said(said: object, shape: str) -> None:
    if not said:
        raise UsageError("there is nothing to change", mend=f"give {shape}, or --parameter {shape}")


def _configured(lab: Lab, stage: str) -> Configured:
    settings = decode(StageSettings, lab.get("stages", stage, "settings")["settings"], name="settings")
    return settings.configured


def _without(values: Mapping[str, str], names: tuple[str, ...], what: str) -> dict[str, str]:
    for name in names:
        if name not in values:
            raise UsageError(
                f"{name!r} is no {what}",
                looked_at=f"set: {', '.join(values) or 'nothing'}",
                mend="see rollbacklab config show",
            )
    return {name: value for name, value in values.items() if name not in names}


def _form(wanted: Configured) -> Form:
    return {
        "kind": "config",
        **{f"environment.{name}": value for name, value in wanted.environment.items()},
        **{f"parameter.{name}": value for name, value in wanted.parameters.items()},
    }
