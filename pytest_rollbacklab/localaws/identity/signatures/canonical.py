"""The canonical form of a request and the signature over it, computed from what came over the wire.

Written out and not left to a client's signer, because a signer builds this from the request that it is about to send:
it never sees two headers of one name, a path with ``//`` or a byte that is not UTF-8, and those are what a server gets.
The rules are those of the IAM user guide ("Create a signed AWS API request") for every service but S3: the path is
normalised and encoded once more than it was sent. Nothing is judged here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote_to_bytes

from pytest_rollbacklab.localaws.http import HttpRequest

__all__ = ["ALGORITHM", "canonical_request", "query_pairs", "signature", "string_to_sign"]

ALGORITHM = "AWS4-HMAC-SHA256"
_UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
_WHITESPACE = re.compile(r"[ \t\r\n]+")


def canonical_request(request: HttpRequest, signed_headers: Iterable[str]) -> str:
    """Return the canonical request over these headers (names in lower case, in the order in which they were signed).

    Bytes that are not UTF-8 are kept as surrogate escapes.
    """
    names = tuple(signed_headers)
    return "\n".join(
        (
            request.method,
            _path(request.raw_path),
            _query(request.raw_query),
            *(f"{name}:{_header(request, name)}" for name in names),
            "",
            ";".join(names),
            _payload_hash(request),
        )
    )


def string_to_sign(canonical: str, *, signed_at: str, scope: str) -> str:
    """Return the string to sign.

    Args:
        signed_at: ``20150830T123600Z``.
        scope: ``20150830/us-east-1/execute-api/aws4_request``.
    """
    return "\n".join((ALGORITHM, signed_at, scope, hashlib.sha256(_as_sent(canonical)).hexdigest()))


def signature(to_sign: str, *, secret_access_key: str, scope: str) -> str:
    """Return the signature in hex, by the key derived for this scope."""
    key = b"AWS4" + secret_access_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, _as_sent(part), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def query_pairs(raw_query: str) -> list[tuple[str, str]]:
    """Return the names and values of a query string, decoded, as sent and in the order in which they were sent."""
    return [(_decoded(name), _decoded(value)) for name, _, value in _split(raw_query)]


def _path(raw_path: str) -> str:
    segments: list[str] = []
    for segment in raw_path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    path = "/" + "/".join(segments)
    ends_open = raw_path.endswith(("/", "/.", "/.."))
    return quote(_as_sent(path + "/" if ends_open and segments else path), safe="/~")


def _query(raw_query: str) -> str:
    pairs = (
        (quote(_decoded_bytes(name), safe="~"), quote(_decoded_bytes(value), safe="~"))
        for name, _, value in _split(raw_query)
        if name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _split(raw_query: str) -> Iterable[tuple[str, str, str]]:
    return (pair.partition("=") for pair in raw_query.split("&") if pair)


def _header(request: HttpRequest, name: str) -> str:
    values = (value for key, value in request.headers if key.lower() == name)
    return ",".join(_WHITESPACE.sub(" ", _from_wire(value)).strip(" ") for value in values)


def _payload_hash(request: HttpRequest) -> str:
    if request.header("x-amz-content-sha256") == _UNSIGNED_PAYLOAD:
        return _UNSIGNED_PAYLOAD
    return hashlib.sha256(request.body).hexdigest()


def _from_wire(value: str) -> str:
    """Take a header's bytes, which came as latin-1, for the UTF-8 that clients sign."""
    try:
        return value.encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value


def _as_sent(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _decoded_bytes(text: str) -> bytes:
    # A plus is a space: clients that write their queries as forms sign it as %20.
    return unquote_to_bytes(_as_sent(text.replace("+", " ")))


def _decoded(text: str) -> str:
    return _decoded_bytes(text).decode("utf-8", "surrogateescape")
