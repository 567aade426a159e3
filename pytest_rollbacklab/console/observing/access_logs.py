"""A stage's API access logs: searched, followed, and switched on where they are off.

Switching is done by the stage's settings, whose form this page sends. What is searched for is put into words of
``observe.search``; a search that cannot be made is answered on the page, with the form as it was filled in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_rollbacklab.console.observing import windows
from pytest_rollbacklab.console.observing.following import Log, follow
from pytest_rollbacklab.console.observing.lines import CallLine, call_line, call_lines
from pytest_rollbacklab.console.observing.looking import has_api, stage_resources
from pytest_rollbacklab.console.visit import EventStream, Outcome, Route, Shown, Visit
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.observe.follow import follow_access_log
from pytest_rollbacklab.observe.newest import newest_access_log
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.pipeline.values import AccessLogState

__all__ = ["NEWEST", "ROUTES", "STATUSES"]

NEWEST = 100
STATUSES = ("2xx", "3xx", "4xx", "5xx")
_STATUS = re.compile(r"[1-5](?:xx|[0-9]{2})")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """Which lines are asked for."""

    q: str
    status: str
    since: str | None

    @classmethod
    def of(cls, visit: Visit) -> _Wanted:
        status = visit.query.get("status", "")
        if status and not _STATUS.fullmatch(status):
            mend = f"choose one of {', '.join(STATUSES)}, or a number: 502"
            raise UsageError(f"status cannot be {status[:20]!r}", mend=mend)
        return cls(q=visit.query.get("q", "").strip(), status=status, since=windows.chosen(visit, "since"))

    @property
    def search(self) -> str:
        return f"{self.q} status={self.status.replace('xx', '*')}" if self.status else self.q


async def access_logs(visit: Visit) -> Outcome:
    """Show the newest lines of a stage's access log."""
    wanted = _Wanted.of(visit)
    return await visit.run(_page, visit, wanted)


def _page(visit: Visit, wanted: _Wanted) -> Shown:
    stage = visit.part("stage")
    found = stage_resources(visit.pipeline, stage)
    state = visit.pipeline.settings(stage).access_logs if found and has_api(found) else None
    lines: Sequence[CallLine] = ()
    refused: UsageError | None = None
    if found is not None and state is not None and state.enabled:
        try:
            lines = _newest(visit, found, wanted)
        except UsageError as error:
            if visit.wants_json:
                raise
            refused = error
    data = {
        "stage": stage,
        "enabled": state is not None and state.enabled,
        "log_group": state.log_group if state else None,
        "lines": lines,
    }
    extra = {
        "wanted": wanted,
        "statuses": STATUSES,
        "windows": windows.WINDOWS,
        "refused": refused,
        "nothing": _nothing(found, state),
        "limit": NEWEST,
    }
    return Shown(template="observing/access_logs.html", data=data, extra=extra, status=400 if refused else 200)


def _nothing(found: StageResources | None, state: AccessLogState | None) -> str | None:
    """Return what there is not, so that there are no access logs: ``stage``, ``api``, or None."""
    if found is None:
        return "stage"
    return "api" if state is None else None


def _newest(visit: Visit, found: StageResources, wanted: _Wanted) -> tuple[CallLine, ...]:
    since = windows.begin(wanted.since)
    lines = newest_access_log(visit.pipeline.target, found, limit=NEWEST, since=since, search=wanted.search or None)
    return call_lines(lines)


async def events(visit: Visit) -> Outcome:
    """Send a stage's calls as they are logged, those that the page's own form would find."""
    wanted = _Wanted.of(visit)
    return await visit.run(_stream, visit, wanted)


def _stream(visit: Visit, wanted: _Wanted) -> EventStream:
    found = visit.pipeline.resources(visit.part("stage"))
    log = Log(
        newest=lambda: _newest(visit, found, wanted),
        coming=lambda stop: (
            None if line is None else call_line(line)
            for line in follow_access_log(visit.pipeline.target, found, search=wanted.search or None, stop=stop)
        ),
        key=lambda line: (line.at, line.raw),
        template="observing/access_log_line.html",
        whole_template="observing/access_log_lines.html",
    )
    return follow(visit, log)


ROUTES = (
    Route(method="GET", path="/stages/{stage}/access-logs", handler=access_logs),
    Route(method="GET", path="/stages/{stage}/access-logs/events", handler=events),
)
