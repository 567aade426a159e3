"""Send a request to moto without a socket, and read the few things of moto's that have no AWS API.

moto routes by URL as its own in-process mock does: each service has patterns for host and path. Given an AWS host name
of the right service and region, moto finds the backend by itself; the account goes along in a header that moto reads.

What is leaned on here is pinned, piece by piece, in ``tests/contract``.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from moto import backend_index
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import HTTPException
from moto.core.request import Request

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse

__all__ = ["Dispatch", "dispatch", "jwks_of", "password_of", "service_of"]

logger = logging.getLogger(__name__)

# moto would put every caller into this one account.
os.environ.pop("MOTO_ACCOUNT_ID", None)

_GLOBAL_HOSTS = {"iam": "iam.amazonaws.com", "sts": "sts.{region}.amazonaws.com"}
_AWS_HOST = re.compile(r"\.amazonaws\.com(\.cn)?(:\d+)?$")
_Handler = Callable[[Any, str, Any], Any]


class Dispatch(Protocol):
    """How moto is asked: ``dispatch``, or what is put around it."""

    def __call__(self, request: HttpRequest, *, signing_name: str, scope: Scope) -> HttpResponse: ...


def dispatch(request: HttpRequest, *, signing_name: str, scope: Scope) -> HttpResponse:
    """Let moto answer.

    Args:
        signing_name: The service as SigV4 names it: ``s3``, ``dynamodb``, ``monitoring`` ...

    Raises:
        ServiceError: moto does not know the service, or not the operation.
    """
    host = _host(request, signing_name, scope.region)
    url = f"https://{host}{request.target if request.target.startswith('/') else '/'}"
    handler = _handler(f"https://{host}", request.raw_path)
    if handler is None:
        raise ServiceError("NotImplemented", f"the local AWS does not emulate the service {signing_name!r}", 501)
    if signing_name == "iam":
        from pytest_rollbacklab.localaws.moto_seam.managed_policies import provide_named

        provide_named(scope, request.body)
    headers = {name: value for name, value in request.headers if name.lower() not in _REPLACED_HEADERS}
    headers |= {"Host": host, "x-moto-account-id": scope.account_id}
    normalized = Request.from_primitives(request.method, url, headers, request.body)
    return _answer(handler, normalized, signing_name)


_REPLACED_HEADERS = frozenset({"host", "x-moto-account-id", "content-length"})


def service_of(request: HttpRequest, *, signing_name: str, region: str) -> str | None:
    """Return moto's name of the service that a request goes to, as ``get_backend`` takes it; None when it has none."""
    return _service(f"https://{_host(request, signing_name, region)}", request.raw_path)


def password_of(scope: Scope, user_pool_id: str, username: str) -> str | None:
    """Return a Cognito user's password, which no API gives out and SRP's verifier is made of."""
    pool = get_backend("cognito-idp")[scope.account_id][scope.region].user_pools.get(user_pool_id)
    user = None if pool is None else pool._get_user(username)
    password = getattr(user, "password", None)
    return password if isinstance(password, str) else None


def jwks_of(scope: Scope, user_pool_id: str) -> Mapping[str, Any]:
    """Return a user pool's public keys, a JSON Web Key Set, from where its clients fetch it."""
    request = HttpRequest(
        method="GET", target=f"/{user_pool_id}/.well-known/jwks.json", headers=(), body=b"", source_ip="127.0.0.1"
    )
    keys: Mapping[str, Any] = json.loads(dispatch(request, signing_name="cognito-idp", scope=scope).body)
    return keys


def _host(request: HttpRequest, signing_name: str, region: str) -> str:
    sent = request.header("host") or ""
    if _AWS_HOST.search(sent):
        return sent.partition(":")[0]
    if (request.header("x-amz-target") or "").startswith("DynamoDBStreams_"):  # signed as DynamoDB itself
        return f"streams.dynamodb.{region}.amazonaws.com"
    return _GLOBAL_HOSTS.get(signing_name, "{service}.{region}.amazonaws.com").format(
        service=signing_name, region=region
    )


@functools.lru_cache(maxsize=4096)
def _service_of(clean_url: str) -> str | None:
    return next((service for service, pattern in backend_index.backend_url_patterns if pattern.match(clean_url)), None)


@functools.cache
def _routes(service: str) -> tuple[tuple[re.Pattern[str], _Handler], ...]:
    regions = get_backend(service)[DEFAULT_ACCOUNT_ID]
    backend = regions["us-east-1"] if "us-east-1" in regions else regions["aws"]
    return tuple((re.compile(url), handler) for url, handler in backend.urls.items())


def _service(base_url: str, raw_path: str) -> str | None:
    return _service_of(base_url + "/") or _service_of(base_url + raw_path)


def _handler(base_url: str, raw_path: str) -> _Handler | None:
    service = _service(base_url, raw_path)
    if service is None:
        return None
    clean_url = base_url + (raw_path or "/")
    return next((handler for pattern, handler in _routes(service) if pattern.match(clean_url)), None)


def _answer(handler: _Handler, request: Request, signing_name: str) -> HttpResponse:
    try:
        status, headers, body = handler(request, request.raw_url, request.headers)
    except HTTPException as error:
        status, headers, body = error.code or 400, dict(error.get_headers()), error.get_body()
    except NotImplementedError as error:
        raise ServiceError(
            "NotImplemented", f"the local AWS does not emulate this of {signing_name}: {error}", 501
        ) from error
    content = body.encode() if isinstance(body, str) else bytes(body or b"")
    # An answer to HEAD has no body to be measured.
    dropped = _DROPPED_HEADERS if request.method != "HEAD" else _DROPPED_HEADERS - {"content-length"}
    pairs = tuple((str(name), str(value)) for name, value in headers.items() if name.lower() not in dropped)
    return HttpResponse(status=int(status), body=content, headers=pairs)


# Set anew where the answer leaves the process.
_DROPPED_HEADERS = frozenset({"status", "content-length", "date", "server", "connection", "transfer-encoding"})
