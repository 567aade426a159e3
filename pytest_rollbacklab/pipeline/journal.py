"""The journal of activities: who did what, when and from where, kept beside the builds in the app's bucket.

    activity/begun/<NNNNNN>.json     written when it begins, under the next number
    activity/ended/<NNNNNN>.json     written when it has ended, with what came of it and its log

Each is written once. An activity that has a beginning, no end, and nobody at work on it was interrupted: the process
that did it was stopped. Logs of what is at work are held in memory and can be followed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.numbered import NumberedRecords
from pytest_rollbacklab.build.records import FORMAT, check_format
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.pipeline.values import Activity, ActivityKind, ActivityState, Actor

__all__ = ["Journal", "Running"]

_QUIET_S = 10.0


class Running:
    """An activity at work: its log grows, its state changes; to be ended by ``Journal.end``."""

    def __init__(self, activity: Activity) -> None:
        self.activity = activity
        self.outcome = "done"
        """What came of it, in a sentence: set by who does it."""
        self._lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()

    @property
    def number(self) -> int:
        return self.activity.number

    def say(self, line: str) -> None:
        """Add a line to the log."""
        with self._changed:
            self._lines.append(line)
            self._changed.notify_all()

    def update(self, **members: Any) -> None:
        """Change what is known of it: ``state``, ``build``, ``releases``."""
        with self._changed:
            self.activity = replace(self.activity, **members)

    def lines(self) -> tuple[str, ...]:
        """Return the log so far."""
        with self._changed:
            return tuple(self._lines)

    def finish(self, activity: Activity) -> None:
        """Let followers know that nothing more comes."""
        with self._changed:
            self.activity, self._ended = activity, True
            self._changed.notify_all()

    def follow(self, stop: threading.Event) -> Iterator[str | None]:
        """Yield all lines, those to come too, until the end; None now and then when it is quiet."""
        told = 0
        while not stop.is_set():
            lines, ended = self._wait(told)
            yield from lines
            told += len(lines)
            if ended and not lines:
                return
            if not lines:
                yield None

    def _wait(self, told: int) -> tuple[list[str], bool]:
        """Wait for lines after so many, but not for ever; returns them, and whether the end has come."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._lines) > told or self._ended, _QUIET_S)
            return self._lines[told:], self._ended


class Journal:
    """The activities of one app. May be used from any thread.

    Args:
        bucket: The app's.
        changed: Hears of an activity that began, moved on or ended, by its number.
    """

    def __init__(self, bucket: Bucket, *, changed: Callable[[int], None]) -> None:
        self._bucket, self._changed = bucket, changed
        self._begun = NumberedRecords(bucket, "activity/begun/", encode=_to_json, decode=_from_json)
        self._running: dict[int, Running] = {}
        self._ended: dict[int, Activity] = {}
        self._lock = threading.Lock()

    def begin(
        self, kind: ActivityKind, who: Actor, summary: str, *, stage: str | None = None, reason: str | None = None
    ) -> Running:
        """Write down that something begins."""

        def begun(number: int) -> Activity:
            return Activity(
                number=number,
                kind=kind,
                stage=stage,
                by=who.name,
                via=who.via,
                summary=summary,
                reason=reason,
                begun_at=datetime.now(UTC),
                ended_at=None,
                state="running",
                outcome=None,
                build=None,
                releases=(),
            )

        with self._lock:
            running = Running(self._begun.append(begun))
            self._running[running.number] = running
        self._changed(running.number)
        return running

    def moved_on(self, running: Running, **members: Any) -> None:
        """Note that an activity is not what it was: waiting, at work, with a build, with a release."""
        running.update(**members)
        self._changed(running.number)

    def end(self, running: Running, state: ActivityState, outcome: str) -> Activity:
        """Write down what came of an activity, with its log."""
        activity = replace(running.activity, state=state, outcome=outcome, ended_at=datetime.now(UTC))
        try:
            self._write_end(activity, log=running.lines())
        finally:  # whoever follows it is let go, even when its end could not be written
            running.finish(activity)
            with self._lock:
                self._running.pop(activity.number, None)
            self._changed(activity.number)
        return activity

    def builds_at_work(self) -> frozenset[int]:
        """Return the numbers of the builds that activities at work are about."""
        with self._lock:
            activities = [running.activity for running in self._running.values()]
        return frozenset(activity.build for activity in activities if activity.build is not None)

    def interrupted(self) -> tuple[Activity, ...]:
        """Return the activities that were under way when their process ended, the first one first.

        Looked for among the newest alone: no more can be under way than were at work at once.
        """
        begun = reversed(self._begun.newest(_LOOKED_BACK))
        return tuple(one for one in begun if one.number not in self._running and self._end_of(one.number) is None)

    def end_interrupted(self, activity: Activity, outcome: str) -> Activity:
        """Write down that an activity was interrupted, and how things stand."""
        ended = replace(activity, state="interrupted", outcome=outcome, ended_at=datetime.now(UTC))
        self._write_end(ended)
        self._changed(ended.number)
        return ended

    def newest(self, limit: int, *, before: int | None = None) -> tuple[Activity, ...]:
        """Return activities from the newest down, or from below a number."""
        return tuple(self._present(activity) for activity in self._begun.newest(limit, before=before))

    def activity(self, number: int) -> Activity:
        """Return an activity.

        Raises:
            UsageError: there is none of this number.
        """
        begun = self._begun.get(number)
        if begun is None:
            raise UsageError(
                f"there is no activity {number}",
                looked_at=f"the newest is {self._begun.latest_number()}",
                mend="see the list of activities",
            )
        return self._present(begun)

    def log(self, number: int) -> tuple[str, ...]:
        """Return an activity's log; empty when it was interrupted, for it was not written down then."""
        running = self._running.get(number)
        if running is not None:
            return running.lines()
        content = self._bucket.get(_end_key(number))
        return tuple(json.loads(content)["log"]) if content else ()

    def running(self, number: int) -> Running | None:
        """Return an activity that is at work, or None."""
        return self._running.get(number)

    def _present(self, begun: Activity) -> Activity:
        running = self._running.get(begun.number)
        if running is not None:
            return running.activity
        return self._end_of(begun.number) or begun

    def _end_of(self, number: int) -> Activity | None:
        if number not in self._ended:
            content = self._bucket.get(_end_key(number))
            if content is None:
                return None
            self._ended[number] = _from_json(json.loads(content))
        return self._ended[number]

    def _write_end(self, activity: Activity, *, log: Iterable[str] = ()) -> None:
        members = {**_to_json(activity), "log": list(log)}
        self._bucket.put_new(_end_key(activity.number), json.dumps(members, ensure_ascii=False).encode())
        with self._lock:
            self._ended[activity.number] = activity
            self._running.pop(activity.number, None)


_LOOKED_BACK = 50
"""How many of the newest activities are looked at for interrupted ones: far more than can be at work at once."""


def _end_key(number: int) -> str:
    return f"activity/ended/{number:06d}.json"


def _to_json(activity: Activity) -> dict[str, Any]:
    values = asdict(activity)
    values["begun_at"] = activity.begun_at.isoformat()
    values["ended_at"] = activity.ended_at.isoformat() if activity.ended_at else None
    return {"format": FORMAT, **values}


def _from_json(values: Mapping[str, Any]) -> Activity:
    check_format(values)
    members = {name: value for name, value in values.items() if name not in ("format", "log")}
    ended_at = values["ended_at"]
    return Activity(
        **{
            **members,
            "begun_at": datetime.fromisoformat(values["begun_at"]),
            "ended_at": datetime.fromisoformat(ended_at) if ended_at else None,
            "releases": tuple(values["releases"]),
        }
    )
