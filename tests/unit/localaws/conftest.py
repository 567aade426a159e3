"""A journal in memory: what is kept at each commit, pickled, and put back into other parts."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.keeping import Part

Place = tuple[str, Scope, str]
Records = dict[Place, tuple[bytes | None, tuple[bytes, ...]]]


@dataclass
class Journal:
    """A ``Keeper`` that commits at the end of each turn of the loop, and remembers what was there at each commit.

    ``also`` is asked at each commit for what else stands then.
    """

    also: Callable[[], Any] = lambda: None
    records: Records = field(default_factory=dict)
    commits: list[tuple[Records, Any]] = field(default_factory=list)
    writes: list[Place] = field(default_factory=list)
    """What was pickled whole, in order."""
    _changed: dict[Place, Part] = field(default_factory=dict)
    _happened: dict[Place, list[object]] = field(default_factory=dict)
    _is_due: bool = False

    def changed(self, part: Part, scope: Scope, key: str = "") -> None:
        self._changed[part.name, scope, key] = part
        self._commit_later()

    def happened(self, part: Part, scope: Scope, key: str, event: object) -> None:
        self._happened.setdefault((part.name, scope, key), []).append(event)
        self._commit_later()

    def _commit_later(self) -> None:
        if not self._is_due:
            self._is_due = True
            try:
                asyncio.get_running_loop().call_soon(self.commit)
            except RuntimeError:
                self._is_due = False  # no loop: the test commits by hand

    def commit(self) -> None:
        self._is_due = False
        for place, part in self._changed.items():
            state = part.dump(place[1], place[2])
            self.writes.append(place)
            self.records.pop(place, None)
            if state is not None:
                self.records[place] = (pickle.dumps(state), ())
            self._happened.pop(place, None)
        for place, events in self._happened.items():
            state_, earlier = self.records.get(place, (None, ()))
            self.records[place] = (state_, (*earlier, *map(pickle.dumps, events)))
        self._changed.clear()
        self._happened.clear()
        commit = (dict(self.records), self.also())
        if not self.commits or self.commits[-1] != commit:
            self.commits.append(commit)

    async def during(self, work: Awaitable[Any]) -> None:
        """Commit after every turn of the loop while something works: others' state may have changed in it."""
        working = asyncio.ensure_future(work)
        while not working.done():
            await asyncio.sleep(0)
            self.commit()
        await working


def put_back(records: Records, parts: Iterable[Part], *, backwards: bool = False) -> None:
    """Restore parts from records, in either order, and see that they dump what was kept."""
    by_name = {part.name: part for part in parts}
    for (name, scope, key), (state, events) in sorted(
        records.items(), key=lambda item: list(records).index(item[0]), reverse=backwards
    ):
        by_name[name].restore(scope, key, None if state is None else pickle.loads(state), [*map(pickle.loads, events)])
    for (name, scope, key), (state, events) in records.items():
        if state is not None and not events:
            assert by_name[name].dump(scope, key) == pickle.loads(state), f"{name} {key} is not what it was"


@pytest.fixture(scope="session")
def new_journal() -> Callable[..., Journal]:
    return Journal


@pytest.fixture(scope="session", name="put_back")
def put_back_fixture() -> Callable[..., None]:
    return put_back
