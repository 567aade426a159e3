"""GetLogEvents' tokens: a direction and a place, so that both outlive what is written meanwhile.

AWS writes them ``f/`` or ``b/``, 56 digits, ``/s``; its page promises that at the end of the stream a call gives back
the token that it was made with, by which readers know that they are there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_rollbacklab.localaws.telemetry.logs.event import Place, place_from_id, place_id
from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid

__all__ = ["StreamToken", "read_stream_token"]

_TOKEN = re.compile(r"([fb])/(\d{56})/s")


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamToken:
    """Where a page goes on."""

    forward: bool
    """Events after the place, or those before it."""
    place: Place

    def __str__(self) -> str:
        return f"{'f' if self.forward else 'b'}/{place_id(self.place)}/s"


def read_stream_token(token: str) -> StreamToken:
    """Return what a token says.

    Raises:
        ServiceError: InvalidParameterException, as recorded.
    """
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise invalid("The specified nextToken is invalid.")
    return StreamToken(forward=found[1] == "f", place=place_from_id(found[2]))
