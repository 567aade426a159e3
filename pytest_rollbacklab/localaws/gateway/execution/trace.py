"""The X-Ray trace header of a request: made when there is none, completed when it is only begun.

As recorded (apigw-response-headers-and-trace-id): a client's full header is kept, a bare ``Root=...`` gets a parent and
a decision. Nothing is traced; the ids only go along.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

__all__ = ["Trace"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """The trace that a request belongs to."""

    root: str
    """``1-66704f11-56b0f1d611b392cb68ad2b83``."""
    parent: str
    sampled: str
    received: str | None
    """What the client sent."""

    @classmethod
    def of(cls, header: str | None, *, now: float) -> Trace:
        """Read a client's header, or begin a trace.

        Args:
            header: ``x-amzn-trace-id``; None when the client sent none.
            now: Epoch seconds.
        """
        fields = dict(_fields(header)) if header else {}
        return cls(
            root=fields.get("Root") or f"1-{int(now):08x}-{secrets.token_hex(12)}",
            parent=fields.get("Parent") or secrets.token_hex(8),
            sampled=fields.get("Sampled") or ("1" if "Parent" in fields else "0"),
            received=header,
        )

    @property
    def of_request(self) -> str:
        """What the function finds among the request's headers."""
        return self.received or f"Root={self.root}"

    @property
    def whole(self) -> str:
        """What goes to Lambda, and back to the client."""
        return f"Root={self.root};Parent={self.parent};Sampled={self.sampled}"

    @property
    def bare(self) -> str:
        """What goes back with an error of the integration."""
        return f"Root={self.root}"


def _fields(header: str) -> list[tuple[str, str]]:
    pairs = (pair.partition("=") for pair in header.split(";"))
    return [(name.strip().capitalize(), value.strip()) for name, equals, value in pairs if equals]
