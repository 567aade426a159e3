"""The signed HTTP client: requests, signed by requests-aws4auth, timed, and answered with an ``Answer``.

Every status is an answer, 502 as well as 200: only a call that could not be made at all is an error. Nothing is
followed or retried, so that what is seen is what the API said. Proxies of the environment are left out.
"""

from __future__ import annotations

import json as jsonlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from pytest_rollbacklab.call.identity import SigningCredentials
from pytest_rollbacklab.errors import CallError
from pytest_rollbacklab.model import Answer

__all__ = ["ApiClient"]

_TIMEOUT_S = 35.0  # API Gateway gives up at 29 s


class ApiClient:
    """Calls one stage of a REST API as its users do.

    Args:
        invoke_url: Gives the stage's address, without a trailing slash; asked before each call.
        region: Of the API.
        credentials: Gives those to sign with; asked before each signed call, renews what has ended.
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
        import requests

        self._invoke_url, self._region, self._credentials = invoke_url, region, credentials
        self._check, self._on_answer = check, on_answer
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """Close the connections that are kept open."""
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
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        sign: bool = True,
        timeout_s: float = _TIMEOUT_S,
    ) -> Answer:
        """Send a request to a path below the stage and return the answer, whatever its status.

        Args:
            json: Sent as JSON; ``body`` is sent as it is.
            sign: Whether to sign by Signature Version 4, for ``execute-api``.
            timeout_s: Seconds to wait for the first and for each next byte.

        Raises:
            CallError: no answer came.
            CloudError: because the local AWS is gone.
            SignInError: a pool refused.
        """
        import requests

        sent = dict(headers or {})
        if json is not None:
            body = jsonlib.dumps(json).encode()
            sent.setdefault("Content-Type", "application/json")
        # A space goes out as %20: a plus sign means one thing to a form and another to a signature.
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        url = self._invoke_url() + path + query
        auth = self._signature() if sign else None
        sent_at, begun = datetime.now(UTC), time.perf_counter()
        try:
            got = self._session.request(
                method,
                url,
                data=body,
                headers=sent,
                auth=auth,
                timeout=timeout_s,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            self._check()
            raise CallError(f"no answer to {method} {url}: {error}", mend="see whether the endpoint is up") from error
        answer = Answer(
            method=method,
            url=got.url,
            status=got.status_code,
            reason=got.reason,
            headers={name.lower(): value for name, value in got.headers.items()},
            body=got.content,
            latency_ms=(time.perf_counter() - begun) * 1000,
            sent_at=sent_at,
        )
        self._on_answer(answer)
        return answer

    def _signature(self) -> Any:
        from requests_aws4auth import AWS4Auth

        known = self._credentials()
        return AWS4Auth(
            known.access_key_id,
            known.secret_access_key,
            self._region,
            "execute-api",
            session_token=known.session_token,
        )
