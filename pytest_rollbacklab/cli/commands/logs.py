"""Commands that read what was logged: ``logs`` of functions, ``access-logs`` of a stage's API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click

from pytest_rollbacklab.cli.asking import (
    chosen_stage,
    complete_functions,
    connect,
    function_names,
    json_option,
    stage_argument,
    stage_option,
)
from pytest_rollbacklab.cli.decoding import decode
from pytest_rollbacklab.cli.lab import ConnectionLostError, Lab
from pytest_rollbacklab.cli.progress import waiting_for
from pytest_rollbacklab.cli.streams import merged
from pytest_rollbacklab.cli.terminal import Block, Cell, show, show_json, show_json_line
from pytest_rollbacklab.cli.views.logs import access_line, log_line
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import AccessLogLine, LogLine

__all__ = ["access_logs", "logs"]

Line = Mapping[str, Any]
"""A line as the lab tells it."""

_NEWEST = 100

_follow_option = click.option("--follow", "-f", is_flag=True, help="Show new lines as they come, until Ctrl-C.")
_search_option = click.option("--search", metavar="TEXT", help="Only lines with this text in them.")
_since_option = click.option("--since", type=click.Choice(["15m", "1h", "3h", "1d"]), help="How far to look back.")
_lines_option = click.option(
    "--lines", "-n", "count", type=click.IntRange(min=1), help=f"At most, the newest. Default: {_NEWEST}."
)


@click.command()
@click.argument("function", required=False, shell_complete=complete_functions)
@stage_option
@_follow_option
@click.option("--request", metavar="ID", help="Only lines of this request: Lambda's id of it.")
@_search_option
@_since_option
@_lines_option
@json_option
@click.pass_context
def logs(
    context: click.Context,
    function: str | None,
    stage: str | None,
    follow: bool,
    request: str | None,
    search: str | None,
    since: str | None,
    count: int | None,
    as_json: bool,
) -> None:
    """Show what a function logged, or all of a stage, merged."""
    _see_that_it_fits(follow=follow, back=since or count)
    lab = connect(context)
    name = chosen_stage(lab, stage)
    functions = (function,) if function else _all_functions(lab, name)

    def view(line: Line) -> Cell:
        return log_line(decode(LogLine, line, name="line"), function=None if function else line["function"])

    if follow:
        streams = {one: _lines(lab, "stages", name, "functions", one, "logs", "events") for one in functions}
        wanted = (text for text in (request, search) if text)
        _follow(streams, view, _having(wanted), as_json)
        return
    query = {"q": search, "request": request, "since": since}
    found = [
        {"function": one, **line}
        for one in functions
        for line in lab.get("stages", name, "functions", one, "logs", query=query)["lines"]
    ]
    lines = sorted(found, key=lambda line: str(line["at"]))[-(count or _NEWEST) :]
    if as_json:
        show_json({"stage": name, "functions": list(functions), "lines": lines})
    else:
        show(_or_nothing(map(view, lines), f"no function of {name} logged anything like that"))


@click.command("access-logs")
@stage_argument
@click.option("--enable/--disable", "enabled", default=None, help="Switch them on or off.")
@_follow_option
@_search_option
@_since_option
@_lines_option
@json_option
@click.pass_context
def access_logs(
    context: click.Context,
    stage: str | None,
    enabled: bool | None,
    follow: bool,
    search: str | None,
    since: str | None,
    count: int | None,
    as_json: bool,
) -> None:
    """Show the calls of a stage's API; switch their log on or off."""
    _see_that_it_fits(follow=follow, back=since or count, disable=enabled is False)
    lab = connect(context)
    name = chosen_stage(lab, stage)
    if enabled is not None:
        _switch(lab, name, enabled, _json_writer(as_json, follow))
        if not follow:
            return
    if follow:
        streams = {name: _lines(lab, "stages", name, "access-logs", "events")}
        _follow(streams, _access_view, _having(text for text in (search,) if text), as_json)
        return
    data = lab.get("stages", name, "access-logs", query={"q": search, "since": since})
    data["lines"] = sorted(data["lines"], key=lambda line: str(line["at"]))[-(count or _NEWEST) :]
    if as_json:
        show_json(data)
    elif not data["enabled"] and not data["lines"]:
        show([f"access logs of {name} are off; switch them on with: rollbacklab access-logs {name} --enable"])
    else:
        show(_or_nothing(map(_access_view, data["lines"]), "no call was logged; send one with: rollbacklab probe"))


def _see_that_it_fits(*, follow: bool, back: object, disable: bool = False) -> None:
    if follow and back:
        raise UsageError(
            "--follow shows what is to come, --since and --lines what there was", mend="give one or the other"
        )
    if follow and disable:
        raise UsageError("what is switched off cannot be followed", mend="give --disable or --follow")


def _json_writer(as_json: bool, follow: bool) -> Callable[[Any], None] | None:
    if not as_json:
        return None
    return show_json_line if follow else show_json


def _switch(lab: Lab, stage: str, enabled: bool, as_json: Callable[[Any], None] | None) -> None:
    on = "on" if enabled else "off"
    with waiting_for(f"access logs of {stage} to be {on}"):
        data = lab.post("stages", stage, "access-logs", form={"enabled": "true" if enabled else "false"})
    if as_json is not None:
        as_json(data)
    else:
        show([*data["done"], f"access logs of {stage} are {on}"])


def _access_view(line: Line) -> Cell:
    return access_line(decode(AccessLogLine, line, name="line"))


def _all_functions(lab: Lab, stage: str) -> tuple[str, ...]:
    functions = function_names(lab, stage)
    if not functions:
        raise UsageError(
            f"{stage} has no function", looked_at=f"the resources of {stage}", mend="deploy something there first"
        )
    return functions


def _lines(lab: Lab, *path: str) -> Iterator[Line]:
    return (event.data for event in lab.events(*path) if event.event == "line")


def _having(wanted: Iterator[str]) -> Callable[[Line], bool]:
    texts = tuple(wanted)
    return lambda line: all(text in (line.get("raw") or line.get("message") or "") for text in texts)


def _follow(
    streams: Mapping[str, Iterator[Line]], view: Callable[[Line], Cell], wanted: Callable[[Line], bool], as_json: bool
) -> None:
    for name, line in merged(streams):
        if not wanted(line):
            continue
        if as_json:
            show_json_line(dict(line))
        else:
            show([view({"function": name, **line})])
    raise ConnectionLostError(
        "the lab ended the stream", looked_at=", ".join(streams), mend="see whether it still runs: rollbacklab status"
    )


def _or_nothing(cells: Iterator[Cell], nothing: str) -> Iterator[Block]:
    first = next(cells, None)
    yield nothing if first is None else first
    yield from cells
