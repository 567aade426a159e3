"""Send a request on to a URL and answer what it answers: HTTP_PROXY integrations.

As recorded (apigw-header-remapping-HTTP_PROXY): headers of the connection end here, the rest goes on with the API's id
and the trace's; of the answer, headers that are the gateway's own to set come back as ``x-amzn-Remapped-NAME``. Answers
are not followed when they redirect. Only URLs of this machine are called; see ``apis.endpoint_url``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pytest_rollbacklab.localaws.gateway.apis.endpoint_url import is_reachable
from pytest_rollbacklab.localaws.gateway.deployed.integrations import UrlProxy
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange, UrlCall
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.execution.mapping import mapped_value
from pytest_rollbacklab.localaws.gateway.execution.proxy_answer import REMAPPED
from pytest_rollbacklab.localaws.http import HttpResponse

__all__ = ["Urls"]

_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")
_PATH_VARIABLE = re.compile(r"\{([A-Za-z0-9._:-]+)\+?\}")
_MAX_BODY_BYTES = 10 * 1024 * 1024
"""Of an answer, as of a request ("Quotas for configuring and running a REST API"); how AWS refuses it is not known."""
_INVALID = "Invalid endpoint address"
_ENDS_HERE = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-md5",
        "expect",
        "host",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "www-authenticate",
        "x-amzn-trace-id",
    }
)
_NOT_ANSWERED = frozenset({"transfer-encoding"})


class Urls:
    """The URLs behind APIs. Connections are kept from one request to the next; ``close`` ends them."""

    def __init__(self) -> None:
        self._session: Any = None

    async def answer(self, exchange: Exchange, integration: UrlProxy) -> HttpResponse:
        """Have the URL answer the request.

        Raises:
            Fault: 500: there is no such address, or its answer is too large; 504: it does not answer, or not in time.
        """
        call = exchange.url_call = self.call_of(exchange, integration)
        began = time.perf_counter()
        try:
            await self._send(call, timeout_s=integration.timeout_s)
        finally:
            call.latency_ms = round((time.perf_counter() - began) * 1000)
        assert call.status is not None
        if len(call.answer_body) > _MAX_BODY_BYTES:
            raise Fault.misconfigured(f"The response of the endpoint is larger than {_MAX_BODY_BYTES} bytes")
        return HttpResponse(status=call.status, body=call.answer_body, headers=tuple(_answered(call)))

    def call_of(self, exchange: Exchange, integration: UrlProxy) -> UrlCall:
        """Return what is to be sent for a request.

        Raises:
            Fault: 500: the stage's variables do not make an address of the URL, or not one of this machine.
        """
        url = _address(exchange, integration)
        if not is_reachable(url) or urlsplit(url).scheme not in ("http", "https"):
            raise Fault.misconfigured(_INVALID)
        return UrlCall(
            method=exchange.request.method if integration.method == "ANY" else integration.method,
            url=url,
            headers=tuple(_headers(exchange, integration)),
            body=exchange.request.body,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send(self, call: UrlCall, *, timeout_s: float) -> None:
        import aiohttp
        from yarl import URL

        if self._session is None:
            self._session = aiohttp.ClientSession(
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
            )
        try:
            async with self._session.request(
                call.method,
                URL(call.url, encoded=True),
                headers=call.headers,
                data=call.body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as answer:
                call.answer_body = await answer.read()
                call.answer_headers = tuple(
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.raw_headers
                )
                call.status = answer.status
        except TimeoutError:
            raise Fault.timed_out() from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Fault.unreachable() from error


def _address(exchange: Exchange, integration: UrlProxy) -> str:
    """Return the URL of a request: variables filled in, the query with what is mapped into it."""
    variables = exchange.live.stage.variables
    url = _STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), integration.url)
    mapped = {name: mapped_value(exchange, expression) or "" for name, expression in integration.path}
    url = _PATH_VARIABLE.sub(lambda found: mapped.get(found[1], exchange.path_parameters.get(found[1], "")), url)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Fault.misconfigured(_INVALID) from None
    own = [(name, value) for name, expression in integration.query if (value := mapped_value(exchange, expression))]
    query = "&".join(part for part in (parts.query, _rest(exchange, dict(own)), urlencode(own)) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _rest(exchange: Exchange, own: dict[str, str]) -> str:
    """Return the request's query, as it was sent, without what is mapped anew."""
    raw = exchange.request.raw_query
    if not own:
        return raw
    return urlencode([(name, value) for name, value in parse_qsl(raw, keep_blank_values=True) if name not in own])


def _headers(exchange: Exchange, integration: UrlProxy) -> Iterator[tuple[str, str]]:
    mapped = {
        name: value
        for name, expression in integration.headers
        if (value := mapped_value(exchange, expression)) is not None
    }
    overridden = {name.lower() for name in mapped}
    route = exchange.route
    signed = route is not None and route.signed
    for name, value in exchange.request.headers:
        lower = name.lower()
        if lower in _ENDS_HERE or lower in overridden or (signed and lower == "authorization"):
            continue
        yield name, value
    yield from mapped.items()
    yield "X-Amzn-Trace-Id", exchange.trace.of_request
    yield "x-amzn-apigateway-api-id", exchange.live.api_id


def _answered(call: UrlCall) -> Iterator[tuple[str, str]]:
    for name, value in call.answer_headers:
        lower = name.lower()
        if lower not in _NOT_ANSWERED:
            yield (f"x-amzn-Remapped-{name}" if lower in REMAPPED else name), value
