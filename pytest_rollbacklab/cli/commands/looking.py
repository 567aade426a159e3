"""Commands that look at the app as a whole: ``status``, ``builds``, ``activity``, ``open``."""

from __future__ import annotations

from collections.abc import Mapping

import click

from pytest_rollbacklab.cli.asking import (
    complete_builds,
    complete_stages,
    connect,
    json_option,
    read_overview,
    stage_argument,
)
from pytest_rollbacklab.cli.decoding import decode
from pytest_rollbacklab.cli.following import follow_activity
from pytest_rollbacklab.cli.lab import Lab
from pytest_rollbacklab.cli.terminal import show, show_json, show_json_line
from pytest_rollbacklab.cli.views.activities import activities_blocks, activity_blocks, outcome_line
from pytest_rollbacklab.cli.views.builds import build_blocks, builds_blocks
from pytest_rollbacklab.cli.views.stages import is_broken, overview_blocks, stage_blocks
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import Release
from pytest_rollbacklab.pipeline.values import Activity, BuildLine, Overview, Page, StageStatus

__all__ = ["activity", "builds", "open_page", "status"]

_PAGES: Mapping[str, str] = {"overview": "/"} | {n: f"/{n}" for n in ("builds", "activity", "labs", "settings")}
_NUMBER = click.IntRange(min=1)


@click.command()
@stage_argument
@click.option("--check", is_flag=True, help="Exit with 1 when a stage is stuck, or failed calls lately.")
@json_option
@click.pass_context
def status(context: click.Context, stage: str | None, check: bool, as_json: bool) -> None:
    """Show how all stages stand, or one in detail."""
    lab = connect(context)
    data = lab.get() if stage is None else lab.get("stages", stage)
    if stage is None:
        overview = decode(Overview, data["overview"], name="overview")
        stages, blocks = overview.stages, overview_blocks(overview)
    else:
        one = decode(StageStatus, data["stage"], name="stage")
        stages, blocks = (one,), stage_blocks(one, decode(Page[Release], data["releases"], name="releases"))
    if as_json:
        show_json(data)
    else:
        show(blocks)
    if check and any(map(is_broken, stages)):
        context.exit(1)


@click.command()
@click.argument("number", metavar="[N]", type=_NUMBER, required=False, shell_complete=complete_builds)
@click.option("--before", type=_NUMBER, metavar="N", help="Builds older than this one.")
@json_option
@click.pass_context
def builds(context: click.Context, number: int | None, before: int | None, as_json: bool) -> None:
    """List builds, or show build N with its log."""
    lab = connect(context)
    data = lab.get("builds", query={"before": before}) if number is None else lab.get("builds", number)
    if as_json:
        show_json(data)
    elif number is None:
        show(builds_blocks(decode(Page[BuildLine], data["builds"], name="builds")))
    else:
        show(build_blocks(decode(BuildLine, data["build"], name="build"), tuple(data["log"])))


@click.command()
@click.argument("number", metavar="[N]", type=_NUMBER, required=False)
@click.option("--before", type=_NUMBER, metavar="N", help="What was done before this.")
@click.option("--follow", "-f", is_flag=True, help="Follow activity N to its end; exit with 1 when it fails.")
@json_option
@click.pass_context
def activity(context: click.Context, number: int | None, before: int | None, follow: bool, as_json: bool) -> None:
    """List what was done, or show activity N with its log."""
    if follow and number is None:
        raise UsageError("which activity to follow is not said", mend="name its number: rollbacklab activity")
    lab = connect(context)
    if follow and number is not None:
        context.exit(_follow(lab, number, as_json))
    data = lab.get("activity", query={"before": before}) if number is None else lab.get("activity", number)
    if as_json:
        show_json(data)
    elif number is None:
        show(activities_blocks(decode(Page[Activity], data["activity"], name="activity")))
    else:
        show(activity_blocks(decode(Activity, data["activity"], name="activity"), tuple(data["log"])))


def _follow(lab: Lab, number: int, as_json: bool) -> int:
    def write(text: str) -> None:
        if as_json:
            show_json_line({"text": text})
        else:
            show([f"  {text}"])

    ended = follow_activity(lab, number, write)
    if as_json:
        show_json_line({"activity": ended})
    else:
        show([outcome_line(decode(Activity, ended, name="activity"))])
    return 0 if ended["state"] == "done" else 1


@click.command("open")
@click.argument("page", required=False, shell_complete=complete_stages)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@json_option
@click.pass_context
def open_page(context: click.Context, page: str | None, no_browser: bool, as_json: bool) -> None:
    """Open the console in a browser, and print its address.

    PAGE: overview, builds, activity, labs, settings, a stage, or an address below it such as stages/prod/metrics.
    """
    lab = connect(context)
    url = lab.place.console_url + _path(lab, page)
    if as_json:
        show_json({"url": url})
    else:
        show([url])
    if not no_browser:
        import webbrowser

        webbrowser.open(url)


def _path(lab: Lab, page: str | None) -> str:
    if page is None:
        return "/"
    if "/" in page:
        return f"/{page.strip('/')}"
    if page in _PAGES:
        return _PAGES[page]
    names = [stage.name for stage in read_overview(lab).stages]
    if page in names:
        return f"/stages/{page}"
    raise UsageError(f"the console has no page {page!r}", looked_at=f"its pages: {', '.join([*_PAGES, *names])}")
