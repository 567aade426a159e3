"""Compile a MOCK integration: its request templates to statuses, its responses to headers and bodies.

The status is read out of the request template (``{"statusCode": 200}``, or CDK's ``{statusCode: 200}``, which is no
JSON and which AWS takes); headers are static values; bodies are literal templates ("Set up mock integrations").
"""

from __future__ import annotations

import re

from pytest_rollbacklab.localaws.gateway.apis.method import Integration, IntegrationResponse
from pytest_rollbacklab.localaws.gateway.deployed.integrations import Mock, MockAnswer
from pytest_rollbacklab.localaws.gateway.deployed.templates import literal_template, literal_value
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, invalid_mapping, not_emulated

__all__ = ["compile_mock", "status_in"]

_STATUS = re.compile(r"""\s*\{.*?["']?\bstatusCode\b["']?\s*:\s*(\d+)\b""", re.DOTALL)
_HEADER = "method.response.header."


def compile_mock(integration: Integration, *, where: str) -> Mock:
    """Return a mock that is ready to answer.

    Args:
        where: The method, for refusals.

    Raises:
        ServiceError: a template or a mapping is not emulated, or a pattern is no regular expression.
    """
    return Mock(
        statuses={
            content_type: status_in(literal_template(template, where=f"the request template {content_type} of {where}"))
            for content_type, template in integration.request_templates.items()
        },
        passthrough_behavior=integration.passthrough_behavior,
        answers=tuple(_answer(response, where=where) for response in integration.responses.values()),
    )


def status_in(template: str) -> int | None:
    """Return the status that a mock's request says it shall answer; None when it says none."""
    found = _STATUS.match(template)
    return int(found[1]) if found else None


def _answer(response: IntegrationResponse, *, where: str) -> MockAnswer:
    where = f"the integration response {response.status_code} of {where}"
    if response.content_handling:
        raise not_emulated(f"contentHandling={response.content_handling} of {where}", "Leave it out.")
    return MockAnswer(
        selects=_pattern(response.selection_pattern, where=where) if response.selection_pattern else None,
        status=int(response.status_code),
        headers=tuple(
            (_header(name), literal_value(value, where=f"{name} of {where}"))
            for name, value in response.response_parameters.items()
        ),
        bodies={
            content_type: literal_template(template, where=f"the response template {content_type} of {where}").encode()
            for content_type, template in response.response_templates.items()
        },
    )


def _pattern(pattern: str, *, where: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise bad_request(f"Invalid selection pattern {pattern!r} of {where}: {error}") from error


def _header(parameter: str) -> str:
    if not parameter.startswith(_HEADER):
        raise invalid_mapping(parameter, parameter=True)
    return parameter.removeprefix(_HEADER)
