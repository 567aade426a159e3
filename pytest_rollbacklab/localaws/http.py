"""An HTTP request and its answer as values, the same for every part of the local AWS.

Why not the HTTP library's own objects: API Gateway passes header case and the raw path on to the function, signatures
are computed over the bytes as sent, and parts call each other without a socket between them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

__all__ = ["HttpRequest", "HttpResponse"]


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRequest:
    """A request exactly as the client sent it."""

    method: str
    target: str
    """The request target as sent, percent-encoding untouched: ``/prod/a%2Fb?x=%20``."""
    headers: tuple[tuple[str, str], ...]
    """In the order and case in which they came."""
    body: bytes
    source_ip: str

    @property
    def raw_path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def raw_query(self) -> str:
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in whatever case it came."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpResponse:
    """An answer; ``Content-Length`` and ``Date`` are added where it leaves the process."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = field(default=())
    reason: str | None = None
    """The reason phrase, when it is not the usual one of the status."""
    stream: AsyncGenerator[bytes, None] | None = None
    """The body of an answer that goes on: each piece is sent as it comes, in chunks, and there is no other body.

    It is closed when the connection ends; what it holds on to, it takes when it is first read, since an answer whose
    client has gone is never read."""
