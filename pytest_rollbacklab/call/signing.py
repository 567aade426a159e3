"""What a signed request is made of: its URL as it will go over the wire, and the signature over exactly that.

requests-aws4auth signs the URL that requests has prepared. Two things would break the signature on the way and are met
here: what follows a ``;`` in the path is not in the path that it signs, and a ``+`` in the query is read as a plus by
some and as a space by others. So both are sent percent-encoded. Only ``execute-api`` is signed for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, quote

from requests_aws4auth import AWS4Auth

from pytest_rollbacklab.call.identity import SigningCredentials

__all__ = ["QueryValue", "request_url", "sign_with"]

QueryValue = str | Sequence[str]
"""One value, or several of the same name."""

# What RFC 3986 allows in a path, but for the semicolon; what is percent-encoded already stays so.
_PATH_SAFE = "/%:@!$&'()*+,=-._~"
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class _Signature(AWS4Auth):  # type: ignore[misc]  # requests-aws4auth ships no types
    @staticmethod
    def amz_norm_whitespace(text: str) -> str:
        """Join runs of whitespace, as botocore does. The inherited one fails at a header with a lone quote in it."""
        return " ".join(text.split())


def sign_with(credentials: SigningCredentials, region: str) -> AWS4Auth:
    """Return what signs a request of requests by Signature Version 4 ("Signing AWS API requests" of the IAM guide)."""
    return _Signature(
        credentials.access_key_id,
        credentials.secret_access_key,
        region,
        "execute-api",
        session_token=credentials.session_token,
    )


def request_url(invoke_url: str, path: str, params: Mapping[str, QueryValue]) -> str:
    """Return the URL to call.

    Args:
        invoke_url: The stage's, with or without a trailing slash.
        path: Below the stage, from its slash on; it may have a query. What is percent-encoded in it stays as it is.
        params: More of the query.
    """
    raw_path, _, raw_query = path.partition("?")
    pairs = parse_qsl(raw_query, keep_blank_values=True) + [
        (name, value) for name, values in params.items() for value in _several(values)
    ]
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    url = invoke_url.rstrip("/") + quote(_BARE_PERCENT.sub("%25", raw_path), safe=_PATH_SAFE)
    return f"{url}?{query}" if query else url


def _several(values: QueryValue) -> Sequence[str]:
    return (values,) if isinstance(values, str) else values
