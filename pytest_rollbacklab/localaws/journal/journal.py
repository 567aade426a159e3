"""The keeper of a local AWS that keeps its state: what has changed is appended before the next answer leaves.

A batch is everything that has changed since the last one, so that what belongs together is kept together or not at
all. It is written before an answer (``commit``), and at the end of a turn of the event loop in which something changed,
so that work that nobody waits for is kept too. The parts are asked between two turns, never within one.

A key's state replaces all that was kept of it before; its events lie on top. What is replaced stays in the file until
the file is written anew from what the parts hold: at start, and when it has grown to several times what was needed.
Nothing is known here of what is kept.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import pickle
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import Final

from pytest_rollbacklab.errors import StateError
from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.journal.batches import Found, Place, Record, read_batches, write_batch
from pytest_rollbacklab.localaws.journal.directory import StateDirectory
from pytest_rollbacklab.localaws.journal.file import JournalFile, Reading
from pytest_rollbacklab.localaws.keeping import Part

__all__ = ["Journal"]

logger = logging.getLogger(__name__)

_GROWTH: Final = 4
"""How many times its size after it was last written anew the file may have."""
_SMALL_BYTES: Final = 8 * 1024 * 1024
_EVENTS_ON_TOP: Final = b""


class Journal:
    """A ``keeping.Keeper`` that keeps. ``restore`` what there is before anything else happens, ``close`` it at the end.

    Args:
        directory: Taken by this process.
        small_bytes: Up to this size the file is left alone.
    """

    def __init__(self, directory: StateDirectory, *, small_bytes: int = _SMALL_BYTES) -> None:
        self._directory = directory
        self._small_bytes = small_bytes
        self._limit_bytes = small_bytes
        self._file: JournalFile | None = None
        self._parts: dict[str, Part] = {}
        self._changed: dict[Place, None] = {}
        self._happened: dict[Place, list[object]] = {}
        self._kept: dict[Place, bytes] = {}
        """The digest of each state in the file, to tell whether it has changed."""
        self._is_due = False

    def changed(self, part: Part, scope: Scope, key: str = "") -> None:
        """Note that what is behind a key is not what it was."""
        if self._file is not None:
            self._changed[part.name, scope, key] = None
            self._commit_soon()

    def happened(self, part: Part, scope: Scope, key: str, event: object) -> None:
        """Note an event on top of the last state of a key."""
        if self._file is not None:
            self._happened.setdefault((part.name, scope, key), []).append(event)
            self._commit_soon()

    def restore(self, parts: Iterable[Part]) -> None:
        """Put everything back that is kept, part by part, the keys of each in the order in which they were first kept.

        Args:
            parts: All of them, those first that others build upon.

        Raises:
            StateError: it cannot be read.
        """
        self._parts = {part.name: part for part in parts}
        reading = Reading(self._directory.journal)
        found = self._read(reading)
        for name in self._parts:
            for place in [place for place in found if place[0] == name]:
                self._put_back(place, found.pop(place))
        if found:
            raise self._directory.unreadable(f"this version does not have the part {next(iter(found))[0]!r} of it")
        self._file = JournalFile(self._directory.journal, whole_bytes=reading.whole_bytes)
        self._write_anew()
        self._directory.taken_over()

    def commit(self) -> None:
        """Keep everything that has changed.

        Raises:
            StateError: it cannot be written. It is tried again with the next change.
        """
        if self._file is None or not (self._changed or self._happened):
            return
        states = {place: self._dump(place) for place in self._changed}
        states = {place: state for place, state in states.items() if self._is_new(place, state)}
        events = {place: told for place, told in self._happened.items() if place not in self._changed}
        records = [Record(place=place, kind="state", payload=state) for place, state in states.items()]
        pickled = {place: self._pickled(place, functools.partial(list, told)) for place, told in events.items()}
        records += [
            Record(place=place, kind="events", payload=payload) for place, payload in pickled.items() if payload
        ]
        self._append(records)
        for place, state in states.items():
            self._note(place, state)
        self._kept.update(dict.fromkeys(events, _EVENTS_ON_TOP))
        self._changed.clear()
        self._happened.clear()
        if self._file.size > self._limit_bytes:
            self._write_anew()

    def close(self) -> None:
        """Keep what has changed last, and end."""
        if self._file is None:
            return
        try:
            self.commit()
        finally:
            self._file.close()
            self._file = None

    def _read(self, reading: Reading) -> dict[Place, Found]:
        try:
            found = read_batches(reading)
        except OSError as error:
            raise self._directory.unreadable(error.strerror or str(error)) from error
        if reading.torn_bytes:
            logger.warning(
                "the last %d bytes of %s were dropped, they are not whole: the process was ended while it wrote them",
                reading.torn_bytes,
                self._directory.journal,
            )
        return found

    def _put_back(self, place: Place, found: Found) -> None:
        name, scope, key = place
        try:
            self._parts[name].restore(scope, key, found.state(), found.events())
        except Exception as error:  # whatever a part makes of what another version wrote; it is named
            where = f"{name} {key}".strip()
            raise self._directory.unreadable(f"{where}: {type(error).__name__}: {error}") from error
        self._kept[place] = _EVENTS_ON_TOP

    def _commit_soon(self) -> None:
        if self._is_due:
            return
        try:
            asyncio.get_running_loop().call_soon(self._commit_after_turn)
        except RuntimeError:
            return  # no loop: whoever closes the journal commits
        self._is_due = True

    def _commit_after_turn(self) -> None:
        self._is_due = False
        try:
            self.commit()
        except StateError:
            logger.exception("what has changed is not kept yet")

    def _dump(self, place: Place) -> bytes | None:
        name, scope, key = place
        return self._pickled(place, lambda: self._parts[name].dump(scope, key))

    def _pickled(self, place: Place, ask: Callable[[], object | None]) -> bytes | None:
        try:
            value = ask()
            return None if value is None else pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        except Exception:  # one part's fault must not keep the others from being kept; it is logged and named
            name, scope, key = place
            logger.exception("%s %s of %s cannot be kept, and will be missing after a restart", name, key, scope)
            return None

    def _is_new(self, place: Place, state: bytes | None) -> bool:
        if state is None:
            return place in self._kept
        return self._kept.get(place) != _digest(state)

    def _note(self, place: Place, state: bytes | None) -> None:
        if state is None:
            self._kept.pop(place, None)
        else:
            self._kept[place] = _digest(state)

    def _append(self, records: list[Record]) -> None:
        assert self._file is not None
        if not records:
            return
        try:
            self._file.append(write_batch(records))
        except OSError as error:
            raise StateError(
                f"the state cannot be written to {self._directory.path}: {error.strerror or error}",
                mend="see that there is room and that the directory can be written, then do it again",
            ) from error

    def _write_anew(self) -> None:
        assert self._file is not None
        try:
            self._file.replace(self._everything())
        except OSError as error:
            logger.warning("%s cannot be written anew and goes on growing: %s", self._directory.journal, error)
        self._limit_bytes = max(self._small_bytes, _GROWTH * self._file.size)

    def _everything(self) -> Iterator[bytes]:
        for place in list(self._kept):
            state = self._dump(place)
            self._note(place, state)
            if state is not None:
                yield write_batch([Record(place=place, kind="state", payload=state)])


def _digest(state: bytes) -> bytes:
    return blake2b(state, digest_size=16).digest()
