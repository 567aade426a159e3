"""One request on its way through the gateway: what is known of it so far.

Each handler of the chain reads what those before it found out and adds its own; logs and metrics are written from it
at the end. It decides nothing.
"""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from dataclasses import dataclass, field

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.apis.function_uri import Function
from pytest_rollbacklab.localaws.gateway.deployed.routes import Route
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.execution.live_stage import LiveStage
from pytest_rollbacklab.localaws.gateway.execution.trace import Trace
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.identity.credentials import Principal

__all__ = ["Caller", "Exchange", "FunctionCall"]

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
    call: FunctionCall | None = None
    fault: Fault | None = None
    answer: HttpResponse = field(default_factory=lambda: HttpResponse(status=500))
    latency_ms: int = 0

    @property
    def scope(self) -> Scope:
        """The API's account and region."""
        return self.live.scope

    @property
    def arn(self) -> str:
        """What is called, as policies name it: ``arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path``."""
        return self.live.arn(self.request.method, self.path)
