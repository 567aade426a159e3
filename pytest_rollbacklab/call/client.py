"""The signed HTTP client: requests, signed by requests-aws4auth, timed, and answered with an ``Answer``.

Every status is an answer, 502 as well as 200: only a call that could not be made at all is an error. Nothing is
followed, retried or remembered (no redirects, no cookies), so that what is seen is what the API said.
"""

from __future__ import annotations

import http.client
import json as jsonlib
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from pytest_rollbacklab.call.identity import SigningCredentials
from pytest_rollbacklab.call.signing import QueryValue, request_url, sign_with
from pytest_rollbacklab.errors import CallError, UsageError
from pytest_rollbacklab.model import Answer

__all__ = ["ApiClient"]

_TIMEOUT_S = 35.0  # API Gateway gives up at 29 s
_CONNECT_TIMEOUT_S = 5.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ApiClient:
    """Calls one stage of a REST API as its users do, over connections that are kept.

    Args:
        invoke_url: Gives the stage's address; asked before each call.
        region: Of the API.
        credentials: Gives those to sign with; asked before each signed call, renews what is about to end.
        check: Raises when calling has become pointless (the local AWS died).
        on_answer: Told every answer.
    """

    def __init__(
        self,
        invoke_url: Callable[[], str],
        *,
        region: str,
        credentials: Callable[[], SigningCredentials],
        check: Callable[[], None] = lambda: None,
        on_answer: Callable[[Answer], None] = lambda _: None,
    ) -> None:
        self._invoke_url, self._region, self._credentials = invoke_url, region, credentials
        self._check, self._on_answer = check, on_answer
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "pytest-rollbacklab"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept; a later call opens a new one."""
        self._session.close()

    def get(self, path: str, **options: Any) -> Answer:
        """Send a GET; see ``request``."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        """Send a POST; see ``request``."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Answer:
        """Send a PUT; see ``request``."""
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        """Send a DELETE; see ``request``."""
        return self.request("DELETE", path, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes | str | None = None,
        params: Mapping[str, QueryValue] | None = None,
        headers: Mapping[str, str] | None = None,
        sign: bool = True,
        timeout_s: float = _TIMEOUT_S,
    ) -> Answer:
        """Send a request to a path below the stage and return the answer, whatever its status.

        Args:
            path: From its slash on; what is percent-encoded in it is sent as it is.
            json: Sent as JSON.
            body: Sent as it is, text as UTF-8.
            params: The query; a sequence gives a name several values.
            sign: Whether to sign by Signature Version 4, for ``execute-api``.
            timeout_s: Seconds to wait for the first and for each next byte.

        Raises:
            UsageError: the path has no slash in front, or both ``json`` and ``body`` are given.
            CallError: no answer came; names the URL and the cause.
            CloudError: because the local AWS is gone.
            SignInError: a pool refused.
        """
        sent = requests.structures.CaseInsensitiveDict(headers or {})
        if json is not None:
            sent.setdefault("Content-Type", "application/json")
        url, data = self._url(method, path, params or {}), _content(method, path, json, body)
        auth = sign_with(self._credentials(), self._region) if sign else _unsigned
        answer = self._send(requests.Request(method.upper(), url, headers=sent, data=data, auth=auth), timeout_s)
        self._on_answer(answer)
        return answer

    def _url(self, method: str, path: str, params: Mapping[str, QueryValue]) -> str:
        if path.startswith("/"):
            return request_url(self._invoke_url(), path, params)
        raise UsageError(
            f"cannot {method} {path!r}: a path below the stage begins with a slash", mend=f"write {'/' + path!r}"
        )

    def _send(self, request: requests.Request, timeout_s: float) -> Answer:
        assert isinstance(request.url, str)
        # Proxies and certificates of the environment are for other machines.
        self._session.trust_env = urlsplit(request.url).hostname not in _LOOPBACK
        try:
            prepared = self._session.prepare_request(request)
            settings = self._session.merge_environment_settings(request.url, {}, None, None, None)
            timeout = (min(_CONNECT_TIMEOUT_S, timeout_s), timeout_s)
            sent_at, begun = datetime.now(UTC), time.perf_counter()
            got = self._session.send(prepared, timeout=timeout, allow_redirects=False, **settings)
            latency_s = time.perf_counter() - begun
        except requests.RequestException as error:
            self._check()
            raise CallError(
                f"no answer to {request.method} {request.url}: {_cause(error, timeout_s)}",
                mend="see whether the address is right, and whether somebody listens there",
            ) from error
        return Answer(
            method=str(prepared.method),
            url=str(prepared.url),
            status=got.status_code,
            reason=got.reason or "",
            headers={name.lower(): value for name, value in got.headers.items()},
            body=got.content,
            latency_ms=latency_s * 1000,
            sent_at=sent_at,
        )


def _content(method: str, path: str, json: Any, body: bytes | str | None) -> bytes | None:
    if json is not None and body is not None:
        raise UsageError(f"cannot {method} {path} with two bodies", mend="give json= or body=")
    if json is not None:
        body = jsonlib.dumps(json)
    return body.encode() if isinstance(body, str) else body


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request as it is; without any auth, requests would look for one in ``~/.netrc``."""
    return request


def _cause(error: requests.RequestException, timeout_s: float) -> str:
    """Return what the network said, without the wrappings of two libraries."""
    if isinstance(error, requests.ConnectTimeout):
        return "no connection could be made in time"
    if isinstance(error, requests.ReadTimeout):
        return f"nothing came within {timeout_s:g} s"
    return next((str(under) or type(under).__name__ for under in _below(error)), str(error))


def _below(error: BaseException) -> Iterator[BaseException]:
    """Go down from an error to those of the network that led to it."""
    step = error.__cause__ or error.__context__
    while step is not None:
        if isinstance(step, OSError | http.client.HTTPException) and not isinstance(step, requests.RequestException):
            yield step
        step = step.__cause__ or step.__context__
