"""A batch: states and events of some places, which are kept together or not at all; and what many of them come to.

Each state and each list of events is pickled by itself, so that what was replaced later is never unpickled, and the
batch around them is made of nothing but texts and bytes.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from pytest_rollbacklab.localaws.api import Scope

__all__ = ["Found", "Place", "Record", "read_batches", "write_batch"]

Place = tuple[str, Scope, str]
"""The name of a part, a scope and a key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What a batch says of a place."""

    place: Place
    kind: Literal["state", "events"]
    payload: bytes | None
    """A pickled state, which replaces all that was kept before, None when it is gone; or a pickled list of events."""


@dataclass(slots=True)
class Found:
    """What is kept of a place."""

    pickled_state: bytes | None = None
    pickled_events: list[bytes] = field(default_factory=list)

    def state(self) -> Any:
        """Return the last state; None when there was none."""
        return None if self.pickled_state is None else pickle.loads(self.pickled_state)  # noqa: S301 - see directory

    def events(self) -> list[Any]:
        """Return what happened since, in order."""
        return [event for told in self.pickled_events for event in pickle.loads(told)]  # noqa: S301 - see directory


def write_batch(records: Iterable[Record]) -> bytes:
    """Return a batch as bytes."""
    return pickle.dumps(
        [
            (name, scope.account_id, scope.region, key, record.kind, record.payload)
            for record in records
            for name, scope, key in [record.place]
        ],
        pickle.HIGHEST_PROTOCOL,
    )


def read_batches(batches: Iterable[bytes]) -> dict[Place, Found]:
    """Return what batches come to, the places in the order in which they were first kept."""
    found: dict[Place, Found] = {}
    for batch in batches:
        for name, account_id, region, key, kind, payload in pickle.loads(batch):  # noqa: S301 - see directory
            place = (name, Scope(account_id=account_id, region=region), key)
            if kind == "events":
                found.setdefault(place, Found()).pickled_events.append(payload)
            elif payload is None:
                found.pop(place, None)
            else:
                kept = found.setdefault(place, Found())
                kept.pickled_state, kept.pickled_events = payload, []
    return found
