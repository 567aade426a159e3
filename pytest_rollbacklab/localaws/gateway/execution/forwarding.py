"""How a request came to the gateway, as the X-Forwarded-* headers tell the function.

They tell the truth, which is not https on port 443 as on AWS: a link that a handler makes of them leads back here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from urllib.parse import urlsplit

from pytest_rollbacklab.localaws.http import HttpRequest

__all__ = ["Forwarding"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Forwarding:
    """The way of requests.

    Args:
        endpoint: Says the local AWS's address, once it has one.
    """

    def __init__(self, endpoint: Callable[[], str]) -> None:
        self._endpoint = endpoint

    @property
    def protocol(self) -> str:
        return _address(self._endpoint())[0]

    @property
    def port(self) -> str:
        return _address(self._endpoint())[1]

    def chain(self, request: HttpRequest) -> str:
        """Return whom the request came through, the nearest last."""
        sent = request.header("x-forwarded-for")
        return f"{sent}, {request.source_ip}" if sent else request.source_ip


@functools.lru_cache(maxsize=8)
def _address(endpoint: str) -> tuple[str, str]:
    """Return protocol and port of a URL; the same one is asked for with every request."""
    address = urlsplit(endpoint)
    return address.scheme, str(address.port or _DEFAULT_PORTS.get(address.scheme, 0))
