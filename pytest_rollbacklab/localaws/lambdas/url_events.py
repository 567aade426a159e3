"""The event that a function URL's request becomes, and the response that its answer becomes: payload format 2.0.

As in the developer guide, "Invoking Lambda function URLs". Pure: values in, values out.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse

__all__ = ["cors_headers", "preflight", "request_event", "response_of"]

_TEXT = re.compile(r"text/|application/(json|javascript|xml|.*\+json|.*\+xml)", re.IGNORECASE)


def request_event(
    request: HttpRequest, *, path: str, url_id: str, domain: str, request_id: str, authorizer: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Write the event.

    Args:
        request: As it came.
        path: What follows the address, percent-encoding untouched.
        url_id: The address's id.
        domain: The address's host name.
        request_id: The invocation's.
        authorizer: Who signed it; None when nobody has to.
    """
    now = datetime.now(UTC)
    headers: dict[str, str] = {}
    for name, value in request.headers:
        if name.lower() != "cookie":
            headers[name.lower()] = f"{headers[name.lower()]},{value}" if name.lower() in headers else value
    context: dict[str, Any] = {
        "accountId": "anonymous",
        "apiId": url_id,
        "domainName": domain,
        "domainPrefix": url_id,
        "http": {
            "method": request.method,
            "path": unquote(path),
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent"),
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
        "timeEpoch": int(now.timestamp() * 1000),
    }
    if authorizer is not None:
        context |= {"accountId": authorizer["accountId"], "authorizer": {"iam": dict(authorizer)}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(path),
        "rawQueryString": request.raw_query,
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    cookies = [cookie for name, value in request.headers if name.lower() == "cookie" for cookie in value.split("; ")]
    if cookies:
        event["cookies"] = cookies
    if request.raw_query:
        event["queryStringParameters"] = _joined(parse_qsl(request.raw_query, keep_blank_values=True))
    if request.body:
        event |= _body(request)
    return event


def response_of(payload: bytes) -> HttpResponse:
    """Return the response that a function's answer asks for; without a statusCode, the answer is the body itself."""
    try:
        answer = json.loads(payload)
    except ValueError:
        answer = payload.decode("utf-8", "replace")
    if not (isinstance(answer, dict) and "statusCode" in answer):
        body = answer if isinstance(answer, str) else json.dumps(answer, separators=(",", ":"))
        return HttpResponse(status=200, body=body.encode(), headers=(("Content-Type", "application/json"),))
    try:
        return _formed(answer)
    except (TypeError, ValueError, AttributeError):
        return HttpResponse(status=502, body=b"Internal Server Error", headers=(("Content-Type", "text/plain"),))


def preflight(cors: Mapping[str, Any], request: HttpRequest) -> HttpResponse:
    """Answer a browser's question whether it may ask."""
    headers = list(cors_headers(cors, request))
    if headers:
        for member, name in (
            ("AllowMethods", "Access-Control-Allow-Methods"),
            ("AllowHeaders", "Access-Control-Allow-Headers"),
        ):
            if cors.get(member):
                headers.append((name, ",".join(cors[member])))
        if cors.get("MaxAge"):
            headers.append(("Access-Control-Max-Age", str(cors["MaxAge"])))
    return HttpResponse(status=200, headers=tuple(headers))


def cors_headers(cors: Mapping[str, Any], request: HttpRequest) -> tuple[tuple[str, str], ...]:
    """Return what is added to every response for another origin's page."""
    origin, allowed = request.header("origin"), cors.get("AllowOrigins") or []
    if origin is None or not any(_origin_fits(origin, pattern) for pattern in allowed):
        return ()
    headers = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
    if cors.get("AllowCredentials"):
        headers.append(("Access-Control-Allow-Credentials", "true"))
    if cors.get("ExposeHeaders"):
        headers.append(("Access-Control-Expose-Headers", ",".join(cors["ExposeHeaders"])))
    return tuple(headers)


def _origin_fits(origin: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), origin) is not None


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(request: HttpRequest) -> dict[str, Any]:
    if _TEXT.match(request.header("content-type") or ""):
        try:
            return {"body": request.body.decode()}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}


def _formed(answer: Mapping[str, Any]) -> HttpResponse:
    headers = [(str(name), str(value)) for name, value in (answer.get("headers") or {}).items()]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    headers += [("Set-Cookie", str(cookie)) for cookie in answer.get("cookies") or []]
    body = answer.get("body")
    content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    if answer.get("isBase64Encoded"):
        content = base64.b64decode(content, validate=True)
    return HttpResponse(status=int(answer["statusCode"]), body=content, headers=tuple(headers))
