"""One request on its way through the gateway: what is known of it so far.

Each handler of the chain reads what those before it found out and adds its own; logs and metrics are written from it
at the end. It decides nothing.
"""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.apis.function_uri import Function
from pytest_rollbacklab.localaws.gateway.deployed.routes import Route
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.execution.live_stage import LiveStage
from pytest_rollbacklab.localaws.gateway.execution.trace import Trace
from pytest_rollbacklab.localaws.gateway.usage.api_key import ApiKey
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.identity.credentials import Principal

__all__ = ["AuthorizerCall", "Caller", "Exchange", "FunctionCall", "UrlCall"]

_EXTENDED_ID_BYTES = 11


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who signed the request."""

    principal: Principal
    access_key: str


@dataclass(kw_only=True, slots=True)
class FunctionCall:
    """What went to the function, and what came back."""

    function: Function
    request_id: str
    """Lambda's, under which the function's log knows the invocation."""
    source_arn: str
    event: bytes
    latency_ms: int | None = None
    """None while it is under way."""
    invoke_status: int | None = None
    """What Lambda's Invoke API answered with; None when it has not answered."""
    payload: bytes | None = None
    executed_version: str | None = None
    function_failed: bool = False
    status: int | None = None
    """The function's own ``statusCode``."""

    @property
    def known_request_id(self) -> str | None:
        """Lambda's id as far as the gateway learns it: it comes with Lambda's answer."""
        return self.request_id if self.invoke_status is not None else None


@dataclass(kw_only=True, slots=True)
class UrlCall:
    """What went to the URL of an HTTP_PROXY integration, and what came back."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    latency_ms: int | None = None
    """None while it is under way."""
    status: int | None = None
    """None when it has not answered."""
    answer_headers: tuple[tuple[str, str], ...] = ()
    answer_body: bytes = b""


@dataclass(kw_only=True, slots=True)
class AuthorizerCall:
    """What an authorizer was asked, and what it said."""

    authorizer_id: str
    identity: str | None = None
    """What it was asked about: a token, or the values of its identity sources."""
    function: Function | None = None
    request_id: str | None = None
    """Lambda's; None when no function was asked."""
    event: bytes | None = None
    payload: bytes | None = None
    cached: bool = False
    status: int = 500
    """200, 401, 403 or 500."""
    error: str | None = None
    latency_ms: int = 0
    integration_latency_ms: int = 0
    invoke_status: int | None = None
    principal_id: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    claims: Mapping[str, str] | None = None
    """Of a user pool's token."""
    usage_key: str | None = None


@dataclass(kw_only=True, slots=True)
class Exchange:
    """A request, its answer, and everything in between."""

    request: HttpRequest
    live: LiveStage
    sent_path: str
    """Below the stage, as it was sent; begins with a slash."""
    path: str
    """The same with one slash at its beginning, which is what is routed and what the function sees."""
    received_at: float
    """Epoch seconds."""
    trace: Trace
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    extended_request_id: str = field(
        default_factory=lambda: base64.urlsafe_b64encode(secrets.token_bytes(_EXTENDED_ID_BYTES)).decode()
    )
    began: float = field(default_factory=time.perf_counter)
    route: Route | None = None
    path_parameters: dict[str, str] = field(default_factory=dict)
    caller: Caller | None = None
    authenticate_status: int | None = None
    """Of a method that wants a signature: 200 or 403."""
    authorize_status: int | None = None
    """Of a signed request: 200 or 403."""
    authenticate_latency_ms: int | None = None
    authorize_latency_ms: int | None = None
    authorizer: AuthorizerCall | None = None
    api_key: ApiKey | None = None
    """The caller's, when its method wants one."""
    was_admitted: bool = False
    """Whether its caller was let in."""
    was_metered: bool = False
    """Whether it was not one too many, either."""
    call: FunctionCall | None = None
    url_call: UrlCall | None = None
    fault: Fault | None = None
    answer: HttpResponse = field(default_factory=lambda: HttpResponse(status=500))
    latency_ms: int = 0

    @property
    def usage_key(self) -> str | None:
        """The API key that the authorizer says is the caller's."""
        return self.authorizer.usage_key if self.authorizer else None

    @property
    def integration_latency_ms(self) -> int | None:
        """How long the integration took; None when none was called, or it is under way."""
        called = self.call or self.url_call
        return called.latency_ms if called else None

    @property
    def scope(self) -> Scope:
        """The API's account and region."""
        return self.live.scope

    @property
    def arn(self) -> str:
        """What is called, as policies name it: ``arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path``."""
        return self.live.arn(self.request.method, self.path)
