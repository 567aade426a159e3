"""Who may ask for a page, and what the browser is told about it: the console can deploy code.

Three things guard it. The Host must be ours, so that no other site's name leads here (DNS rebinding). The address has
an unguessable part, the place's key. And whatever changes something carries the place's token and, from a browser,
comes from a page of ours. There is no sign-in: whoever has the address may use the console.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping

from aiohttp import web

from pytest_rollbacklab.console.faults import Refused
from pytest_rollbacklab.console.visit import Place

__all__ = [
    "HEADERS",
    "TOKEN_FIELD",
    "TOKEN_HEADER",
    "check_host",
    "check_origin",
    "check_token",
    "guard_headers",
    "place_with",
]

TOKEN_FIELD = "token"  # noqa: S105 - the field's name
TOKEN_HEADER = "X-Rollbacklab-Token"  # noqa: S105 - the header's name

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # The address has the key in it, so it goes to no other origin. Not no-referrer: browsers then send "Origin: null"
    # with our own forms, which could not be told from a sandboxed page's (Fetch, "append a request Origin header").
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


async def guard_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the guarding headers on an answer, whoever made it; for ``on_response_prepare``."""
    if request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"  # no secrets in it: kept, and asked for whether it is new
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def place_with(key: str, places: Mapping[str, Place]) -> Place | None:
    """Return the place whose key this is. How long that takes tells nothing of the keys that there are."""
    return next((place for known, place in tuple(places.items()) if _same(known, key)), None)


def _same(secret: str, given: str) -> bool:
    return hmac.compare_digest(secret.encode(), given.encode("utf-8", "replace"))


def check_host(request: web.Request, hosts: Collection[str]) -> None:
    """See that the request names this console as its host.

    Args:
        hosts: ``127.0.0.1:4711`` and the like, in lower case.

    Raises:
        Refused: with 403.
    """
    if request.headers.get("Host", "").lower() not in hosts:
        raise Refused(
            403,
            "this address is not the console's",
            looked_at=f"the Host header, {request.headers.get('Host', '')!r}",
            mend=f"open it as http://{min(hosts, default='127.0.0.1')}/...",
        )


def check_origin(request: web.Request, hosts: Collection[str]) -> None:
    """See that what changes something was sent by a page of ours, or by a program.

    Raises:
        Refused: with 403.
    """
    sender, site = _sender(request), request.headers.get("Sec-Fetch-Site", "same-origin")
    ours = sender is None or sender in {f"http://{host}" for host in hosts}
    if not ours or site not in ("same-origin", "none"):
        raise Refused(
            403,
            "this was sent by another site's page",
            looked_at=f"the headers Origin or Referer, {sender!r}, and Sec-Fetch-Site, {site!r}",
            mend="do it from the console's own pages",
        )


def _sender(request: web.Request) -> str | None:
    """Return the origin of the page that sent a request, as its browser says; None for a program."""
    origin, referer = request.headers.get("Origin"), request.headers.get("Referer")
    if origin is not None or referer is None:
        return origin.lower() if origin is not None else None
    scheme, _, rest = referer.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}".lower()


def check_token(request: web.Request, place: Place, form: Mapping[str, str]) -> None:
    """See that the place's token came along, in the form or as a header.

    Raises:
        Refused: with 403.
    """
    given = request.headers.get(TOKEN_HEADER) or form.get(TOKEN_FIELD, "")
    if not _same(place.token, given):
        raise Refused(
            403,
            "the token is missing or is not this lab's",
            looked_at=f"the field {TOKEN_FIELD!r} and the header {TOKEN_HEADER}",
            mend="load the page again and repeat it: the lab may have been started anew since; programs find the "
            "token in .rollbacklab/lab.json",
        )
