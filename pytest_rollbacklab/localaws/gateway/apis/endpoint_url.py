"""The URL of an HTTP_PROXY integration: which ones may be called from here.

Requests leave the machine for nobody by accident: a URL must point at this machine itself, unless whoever runs the
local AWS has named its host. Where stage variables stand in the host, it is known, and checked, when a stage is called.
"""

from __future__ import annotations

import os
import re
from typing import Final
from urllib.parse import urlsplit

from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated

__all__ = ["HOSTS_VARIABLE", "check_url", "is_reachable"]

HOSTS_VARIABLE: Final = "ROLLBACKLAB_HTTP_HOSTS"
"""The environment variable that names further hosts, between commas; ``*`` is any."""

_HERE: Final = ("127.0.0.1", "localhost", "::1", "[::1]")
_URL: Final = re.compile(r"https?://[^/?#\s]+\S*")
_VARIABLE: Final = re.compile(r"\$\{stageVariables\.[A-Za-z0-9_]+\}")


def check_url(url: str) -> None:
    """Check the URL of an HTTP_PROXY integration.

    Raises:
        ServiceError: BadRequestException: it is none; NotImplemented: it points elsewhere.
    """
    if not _URL.fullmatch(url) and not url.startswith("${stageVariables."):
        raise bad_request("Invalid HTTP endpoint specified for URI")
    if _VARIABLE.search(url.split("/")[2] if url.count("/") > 1 else url):
        return
    if not is_reachable(url):
        raise not_emulated(
            f"HTTP_PROXY integrations with {urlsplit(url).hostname}, which is not this machine",
            f"Point it at 127.0.0.1 or localhost, or name the host in {HOSTS_VARIABLE} of the local AWS's environment.",
        )


def is_reachable(url: str) -> bool:
    """Tell whether a URL's host may be called."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    allowed = [name.strip().lower() for name in os.environ.get(HOSTS_VARIABLE, "").split(",")]
    return host is not None and (host in _HERE or host in allowed or "*" in allowed)
