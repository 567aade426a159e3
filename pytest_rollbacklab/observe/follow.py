"""A log group followed: lines come as they are written, over a Live Tail session, and nothing is polled.

StartLiveTail tells once a second what has come, or that nothing has; a quiet moment is passed on as None, so that who
follows can stop. AWS ends a session after three hours, and a network may at any time: another is begun, and what came
between the two is read. A group that is not there yet is waited for, and what it holds when it appears is new, too.
Live Tail shows a sample where more than 500 lines a second match; only then are lines left out.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.model import AccessLogLine, LogLine
from pytest_rollbacklab.observe import lambda_logs
from pytest_rollbacklab.observe.access_log_lines import access_log_of
from pytest_rollbacklab.observe.log_events import line_of, read_events
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.observe.search import read_search
from pytest_rollbacklab.target import Target

__all__ = ["Stop", "follow", "follow_access_log", "follow_function_log"]

Stop = threading.Event | Callable[[], bool]
"""Set, or true, once nobody wants to hear any more; looked at every second or so."""

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _GROWTH = 0.05, 1.0, 1.5
_ENDINGS = ("SessionTimeoutException", "SessionStreamingException")


def follow(
    target: Target, group: str, *, pattern: str | None = None, stop: Stop
) -> Generator[LogLine | None, None, None]:
    """Yield a group's lines as they come, and None at each quiet moment; ends when told to stop.

    Args:
        pattern: A filter pattern, in Logs' own language.
        stop: Looked at between two lines and at each quiet moment.

    Raises:
        CloudError: the local AWS has died.
    """
    stopped = stop.is_set if isinstance(stop, threading.Event) else stop
    heard, pause_s = _Heard(since=datetime.now(UTC)), _FIRST_PAUSE_S
    while not stopped():
        events = _start(target, group, pattern)
        if events is None:
            heard.since = None
        else:
            with contextlib.closing(events):
                for line in _session(target, group, pattern, events, heard):
                    pause_s = _FIRST_PAUSE_S
                    yield line
                    if stopped():
                        return
            target.check_broken_connection()
        yield None
        _pause(stop, pause_s)
        pause_s = min(pause_s * _GROWTH, _LONGEST_PAUSE_S)


def follow_access_log(
    target: Target, resources: StageResources, *, search: str | None = None, stop: Stop
) -> Iterator[AccessLogLine | None]:
    """Yield the lines of a stage's access log as they come, and None at each quiet moment; ends when told to stop.

    Args:
        search: As for ``newest_access_log``.
        stop: Looked at between two lines and at each quiet moment.

    Raises:
        UsageError: the stage writes no access logs that can be read, or its format lacks a field.
        CloudError: the local AWS has died.
    """
    log = access_log_of(target, resources)
    wanted = read_search(search, log.reader)
    with contextlib.closing(follow(target, log.group, pattern=wanted.pattern, stop=stop)) as events:
        for event in events:
            line = log.line(event) if event is not None else None
            if line is None or wanted.takes(line):
                yield line


def follow_function_log(
    target: Target, function_name: str, *, search: str | None = None, stop: Stop
) -> Iterator[LogLine | None]:
    """Yield the lines of a function's log as they come, and None at each quiet moment; ends when told to stop.

    Args:
        search: As for ``newest_function_log``.
        stop: Looked at between two lines and at each quiet moment.

    Raises:
        CloudError: the local AWS has died.
    """
    return follow(target, lambda_logs.group_of(function_name), pattern=read_search(search).pattern, stop=stop)


@dataclass(kw_only=True, slots=True)
class _Heard:
    """How far the lines have been passed on, so that a next session can be joined to the last one."""

    since: datetime | None
    """The last line's time, at first the beginning; None for a group that was not there."""
    newest: Counter[LogLine] = field(default_factory=Counter)
    """The lines of that time, which have been passed on."""
    again: Counter[LogLine] = field(default_factory=Counter)
    """Lines that were read while a session began, and that it may tell of again."""

    def note(self, line: LogLine) -> None:
        if self.since is None or line.at > self.since:
            self.since, self.newest = line.at, Counter()
        if line.at == self.since:
            self.newest[line] += 1


def _start(target: Target, group: str, pattern: str | None) -> Any:
    """Start a session; None when there is no such group."""
    logs = target.client("logs")
    query: dict[str, Any] = {
        "logGroupIdentifiers": [f"arn:aws:logs:{target.region}:{target.account_id}:log-group:{group}"]
    }
    if pattern is not None:
        query["logEventFilterPattern"] = pattern
    try:
        return logs.start_live_tail(**query)["responseStream"]
    except logs.exceptions.ResourceNotFoundException:
        return None


def _session(target: Target, group: str, pattern: str | None, events: Any, heard: _Heard) -> Iterator[LogLine | None]:
    """Yield what one session tells, and before it what has come since the last one."""
    for event in _until_it_ends(events):
        if "sessionStart" in event:
            lines = _missed(target, group, pattern, heard)
        else:
            told = (line_of(group, one) for one in event["sessionUpdate"]["sessionResults"])
            lines = [line for line in told if not _taken(heard.again, line)]
        for line in lines:
            heard.note(line)
            yield line
        if not lines:
            yield None


def _until_it_ends(events: Any) -> Iterator[dict[str, Any]]:
    """Yield a session's events until it ends, in whichever way."""
    from botocore.exceptions import EventStreamError
    from urllib3.exceptions import HTTPError

    try:
        yield from events
    except EventStreamError as error:
        if error.response["Error"]["Code"] not in _ENDINGS:
            raise
        _log.debug("a Live Tail session ended: %s", error)
    except (HTTPError, OSError) as error:
        _log.debug("a Live Tail session broke off: %s", error)


def _missed(target: Target, group: str, pattern: str | None, heard: _Heard) -> list[LogLine]:
    """Read what came before the session began and has not been passed on; the session may tell of it again."""
    passed_on = Counter(heard.newest)
    found = read_events(target, group, since=heard.since, pattern=pattern)
    lines = [line for line in found if not _taken(passed_on, line)]
    heard.again = Counter(lines)
    return lines


def _taken(lines: Counter[LogLine], line: LogLine) -> bool:
    """Take a line out once; say whether it was there."""
    if not lines[line]:
        return False
    lines[line] -= 1
    return True


def _pause(stop: Stop, seconds: float) -> None:
    if isinstance(stop, threading.Event):
        stop.wait(seconds)
    else:
        time.sleep(seconds)
