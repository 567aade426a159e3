"""Several of the lab's streams as one, in the order in which their events come.

A thread reads each stream; they are daemons, because a stream of logs ends when somebody stops looking at it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from pytest_rollbacklab.errors import RollbacklabError

__all__ = ["merged"]

T = TypeVar("T")


class _End(Generic[T]):
    """A stream has ended, in order or by an error."""

    def __init__(self, error: RollbacklabError | None = None) -> None:
        self.error = error


def merged(streams: Mapping[str, Iterator[T]]) -> Iterator[tuple[str, T]]:
    """Yield what comes from streams, each with its stream's name, until all have ended.

    Raises:
        RollbacklabError: of the first stream that fails.
    """
    come: queue.SimpleQueue[tuple[str, T | _End[T]]] = queue.SimpleQueue()

    def read(name: str, stream: Iterator[T]) -> None:
        try:
            for item in stream:
                come.put((name, item))
            come.put((name, _End()))
        except RollbacklabError as error:
            come.put((name, _End(error)))

    for name, stream in streams.items():
        threading.Thread(target=read, args=(name, stream), daemon=True, name=f"stream of {name}").start()
    open_streams = len(streams)
    while open_streams:
        name, item = come.get()
        if not isinstance(item, _End):
            yield name, item
        elif item.error is not None:
            raise item.error
        else:
            open_streams -= 1
