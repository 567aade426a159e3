"""Server-sent events, read as they come: "Server-sent events" of the HTML standard, as far as the lab sends them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.cli.decoding import Told
from pytest_rollbacklab.errors import RollbacklabError

__all__ = ["ServerEvent", "read_events"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerEvent:
    """One event; ``data`` is its JSON, decoded."""

    event: str
    data: Any


def read_events(lines: Iterable[bytes]) -> Iterator[ServerEvent]:
    """Yield events until the lines end; comments, which only keep a connection alive, are passed over.

    Raises:
        RollbacklabError: an event's data is no JSON.
    """
    name, data = "message", list[str]()
    for raw in lines:
        field, _, value = raw.decode("utf-8", "replace").rstrip("\r\n").partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif not field and not raw.strip():
            if data:
                yield ServerEvent(event=name, data=_decoded("\n".join(data)))
            name, data = "message", []


def _decoded(text: str) -> Any:
    try:
        data = json.loads(text)
        return Told(data) if isinstance(data, dict) else data
    except ValueError:
        raise RollbacklabError("the lab sent an event that is no JSON", looked_at=text[:200]) from None
