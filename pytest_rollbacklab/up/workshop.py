"""A workshop: everybody's apps brought up in turns, looked at from time to time, and broken at the press of a button.

What the instructor sees is a picture of a few seconds ago, taken by one thread: thirty students' stages asked for at
each look would keep the machine busy with nothing else. It is taken anew when something changes there, and in turns
while somebody looks.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.errors import RollbacklabError
from pytest_rollbacklab.pipeline.values import Activity, Actor, StageStatus
from pytest_rollbacklab.up.faults import Fault, plant
from pytest_rollbacklab.up.owner import AppOwner

__all__ = ["Student", "Workshop"]

_log = logging.getLogger(__name__)

_AT_ONCE = 2
"""Deployments of the workshop's own at a time: students' pushes go on beside them."""
_LOOK_S = 0.5
_WATCHED_S = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Student:
    """A student's app at a glance."""

    name: str
    account_id: str
    personal_url: str
    """Opens the student's console: whoever has it acts as the student."""
    git_url: str
    state: str = "waiting"
    """waiting (for its first deployment), starting, ready, failed."""
    failure: str | None = None
    """Why it is ``failed``."""
    stages: tuple[StageStatus, ...] = field(default=())
    activity: Activity | None = None
    """The newest one."""
    fault: str | None = None
    """What came of the last fault that the instructor pushed, or why there was none."""


class Workshop:
    """The students' apps. May be used from any thread.

    Args:
        owners: The students.
        look_s: Seconds between two looks at students where nothing is known to have changed.
    """

    def __init__(self, owners: Sequence[AppOwner], *, look_s: float = _LOOK_S) -> None:
        self._owners = {owner.name: owner for owner in owners}
        self._students = {owner.name: _unseen(owner) for owner in owners}
        self._look_s = look_s
        self._changed = threading.Condition()
        self._to_look_at: dict[str, None] = {}
        self._in_turn = list(self._owners)
        self._watched_at = float("-inf")
        self._ended = False
        self._work = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="workshop")
        self._looker = threading.Thread(target=self._look_around, name="workshop-looker", daemon=True)

    def start(self) -> None:
        """Bring everybody's app up, in turns, and begin to look at them."""
        for owner in self._owners.values():
            owner.pipeline.subscribe(functools.partial(self._heard, owner.name))
            self._work.submit(self._bring_up, owner)
        self._looker.start()

    def students(self) -> tuple[Student, ...]:
        """Return all students as they were a few seconds ago."""
        with self._changed:
            self._watched_at = time.monotonic()
            return tuple(self._students.values())

    def break_apps(self, fault: Fault, names: Sequence[str], who: Actor) -> None:
        """Push a fault into students' apps; returns at once, and what comes of it is told of each student."""
        for name in names:
            self._set(name, fault=f"{fault.name}: waiting for its turn")
            self._work.submit(self._break, self._owners[name], fault, who)

    def close(self) -> None:
        """Begin nothing more; what is at work is finished."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._work.shutdown(wait=False, cancel_futures=True)

    def _bring_up(self, owner: AppOwner) -> None:
        self._set(owner.name, state="starting")
        try:
            pipeline = owner.ready_pipeline()
            if not pipeline.builds(limit=1).items:
                _deploy_first(owner)
            self._set(owner.name, state="ready", failure=None)
        except Exception as error:  # noqa: BLE001 - one student's failure is shown, and the others go on
            self._set(owner.name, state="failed", failure=_told(error, owner))
        self._has_changed(owner.name)

    def _break(self, owner: AppOwner, fault: Fault, who: Actor) -> None:
        self._set(owner.name, fault=f"{fault.name}: at work")
        try:
            came_of_it = plant(owner, fault, who)
        except Exception as error:  # noqa: BLE001 - as above
            came_of_it = f"nothing was changed: {_told(error, owner)}"
        self._set(owner.name, fault=f"{fault.name}: {came_of_it}")

    def _set(self, name: str, **members: str | None) -> None:
        with self._changed:
            self._students[name] = replace(self._students[name], **members)  # type: ignore[arg-type]

    def _heard(self, name: str, _what: str, _which: str) -> None:
        self._has_changed(name)

    def _has_changed(self, name: str) -> None:
        with self._changed:
            self._to_look_at[name] = None
            self._changed.notify_all()

    def _look_around(self) -> None:
        while (name := self._next()) is not None:
            owner = self._owners[name]
            try:
                stages, activity = _seen(owner)
            except Exception as error:  # noqa: BLE001 - it is looked at again
                _log.info("%s cannot be looked at: %s", name, error)
                continue
            with self._changed:
                self._students[name] = replace(self._students[name], stages=stages, activity=activity)

    def _next(self) -> str | None:
        """Wait for a student to look at: one where something has changed, else, while somebody looks, the next one."""
        with self._changed:
            while not self._ended:
                if self._to_look_at:
                    first = next(iter(self._to_look_at))
                    del self._to_look_at[first]
                    return first
                self._changed.wait(self._look_s)
                if not self._to_look_at and time.monotonic() - self._watched_at < _WATCHED_S:
                    self._in_turn.append(self._in_turn.pop(0))
                    return self._in_turn[-1]
        return None


def _unseen(owner: AppOwner) -> Student:
    return Student(
        name=owner.name,
        account_id=owner.keys.account_id,
        personal_url=f"{owner.console_url}/",
        git_url=owner.git_url,
    )


def _deploy_first(owner: AppOwner) -> None:
    """Build and deploy what the student begins with, as a push does."""
    said: list[str] = []
    who = Actor(name="lab", via="lab")
    for branch, sha in Repository(owner.bare).branches().items():
        owner.pipeline.pushed_commit(branch, sha, who=who, say=said.append, quarantine={})
        owner.pipeline.moved(branch, sha, who=who, say=said.append)


def _seen(owner: AppOwner) -> tuple[tuple[StageStatus, ...], Activity | None]:
    stages = tuple(owner.pipeline.stage(stage.name) for stage in owner.pipeline.app.stages)
    return stages, next(iter(owner.pipeline.activities(limit=1).items), None)


def _told(error: Exception, owner: AppOwner) -> str:
    if isinstance(error, RollbacklabError):
        return error.what if error.looked_at is None else f"{error.what} ({error.looked_at.splitlines()[0]})"
    _log.exception("the app of %s failed", owner.name)
    return f"the lab failed: {type(error).__name__}: {error}"
