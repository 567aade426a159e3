"""Answer a request from a MOCK integration: nothing is called, the configuration is the answer.

The request's content type chooses the request template, what the client accepts chooses the response template; a
content type without a template passes or is refused by ``passthroughBehavior`` ("Method request behavior for payloads
without mapping templates").
"""

from __future__ import annotations

from pytest_rollbacklab.localaws.gateway.deployed.integrations import Mock, MockAnswer
from pytest_rollbacklab.localaws.gateway.deployed.media_types import media_type_of
from pytest_rollbacklab.localaws.gateway.deployed.mocks import status_in
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse

__all__ = ["mock_answer"]

_JSON = "application/json"
_NO_STATUS = "Unable to parse statusCode. It should be an integer that is defined in the request template."
_NO_ANSWER = (
    "No match for output mapping and no default output mapping configured. Endpoint Response Status Code: {status}"
)


def mock_answer(mock: Mock, request: HttpRequest) -> HttpResponse:
    """Return what a mock answers.

    Raises:
        Fault: there is no template for the content type, no status in it, or no answer for that status.
    """
    status = _status(mock, request)
    if status is None:
        raise Fault.misconfigured(_NO_STATUS)
    answer = mock.select(status)
    if answer is None:
        raise Fault.misconfigured(_NO_ANSWER.format(status=status))
    content_type, body = _body(answer, request.header("accept") or "")
    own = any(name.lower() == "content-type" for name, _ in answer.headers)
    headers = answer.headers if own else (("Content-Type", content_type), *answer.headers)
    return HttpResponse(status=answer.status, body=body, headers=headers)


def _status(mock: Mock, request: HttpRequest) -> int | None:
    content_type = media_type_of(request.header("content-type") or _JSON)
    for wanted in (content_type, "$default"):
        if wanted in mock.statuses:
            return mock.statuses[wanted]
    behavior = mock.passthrough_behavior
    if behavior == "NEVER" or (behavior == "WHEN_NO_TEMPLATES" and mock.statuses):
        raise Fault.unsupported_media_type()
    return status_in(request.body.decode("utf-8", "replace"))


def _body(answer: MockAnswer, accept: str) -> tuple[str, bytes]:
    """Return the body for what a client accepts, and its content type."""
    if not answer.bodies:
        return _JSON, b""
    accepted = (media_type_of(part) for part in accept.split(","))
    content_type = next((kind for kind in accepted if kind in answer.bodies), None)
    if content_type is None:
        content_type = _JSON if _JSON in answer.bodies else next(iter(answer.bodies))
    return content_type, answer.bodies[content_type]
