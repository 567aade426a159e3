"""A function's log: searched, followed, or cut down to one request's lines."""

from __future__ import annotations

from pytest_rollbacklab.console.observing import windows
from pytest_rollbacklab.console.observing.following import Log, follow
from pytest_rollbacklab.console.observing.lines import TextLine, text_line, text_lines
from pytest_rollbacklab.console.observing.looking import function_named, request_id, stage_resources
from pytest_rollbacklab.console.visit import EventStream, Outcome, Route, Shown, Visit
from pytest_rollbacklab.observe.follow import follow_function_log
from pytest_rollbacklab.observe.lambda_logs import group_of, of_request
from pytest_rollbacklab.observe.newest import newest_function_log

__all__ = ["NEWEST", "ROUTES"]

NEWEST = 100


async def logs(visit: Visit) -> Outcome:
    """Show the newest lines of a function's log, or one request's."""
    return await visit.run(_page, visit)


def _page(visit: Visit) -> Shown:
    stage, found = visit.part("stage"), stage_resources(visit.pipeline, visit.part("stage"))
    function, name = function_named(found, visit.part("function"))
    asked = {"q": _q(visit), "request": visit.query.get("request", "").strip(), "since": windows.chosen(visit, "since")}
    return Shown(
        template="observing/function_logs.html",
        data={"stage": stage, "function": function, "lines": _lines(visit, name)},
        extra={
            "asked": asked,
            "windows": windows.WINDOWS,
            "functions": sorted(found.functions) if found else (),
            "log_group": group_of(name),
            "limit": NEWEST,
        },
    )


def _q(visit: Visit) -> str:
    return visit.query.get("q", "").strip()


def _lines(visit: Visit, name: str) -> tuple[TextLine, ...]:
    target, since = visit.pipeline.target, windows.begin(windows.chosen(visit, "since"))
    if asked := visit.query.get("request", "").strip():
        lines = of_request(target, name, request_id(asked), since=since)
        return tuple(line for line in text_lines(lines) if _q(visit) in line.message)
    return text_lines(newest_function_log(target, name, limit=NEWEST, since=since, search=_q(visit) or None))


async def events(visit: Visit) -> Outcome:
    """Send a function's lines as they are written."""
    return await visit.run(_stream, visit)


def _stream(visit: Visit) -> EventStream:
    _, name = function_named(visit.pipeline.resources(visit.part("stage")), visit.part("function"))
    windows.chosen(visit, "since")  # refused before the stream begins
    log = Log(
        newest=lambda: _lines(visit, name),
        coming=lambda stop: (
            None if line is None else text_line(line)
            for line in follow_function_log(visit.pipeline.target, name, search=_q(visit) or None, stop=stop)
        ),
        key=lambda line: line,
        template="observing/function_log_line.html",
        whole_template="observing/function_log_lines.html",
    )
    return follow(visit, log)


ROUTES = (
    Route(method="GET", path="/stages/{stage}/functions/{function}/logs", handler=logs),
    Route(method="GET", path="/stages/{stage}/functions/{function}/logs/events", handler=events),
)
