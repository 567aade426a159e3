"""The URI by which an AWS_PROXY integration names its function.

``arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION_ARN/invocations``, in which stage variables may
stand (``${stageVariables.alias}``): which function it is is known only when a stage is called.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated

__all__ = ["Function", "FunctionUri", "check_proxy_uri"]

_URI = re.compile(r"arn:aws[a-z-]*:apigateway:[^:/]*:lambda:path/\d{4}-\d{2}-\d{2}/functions/(.+)/invocations")
_FUNCTION = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:(?P<name>[a-zA-Z0-9-_]+)"
    r"(?::(?P<qualifier>[a-zA-Z0-9$_-]+))?"
)
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")
_RESOURCE = 5
"""The place of an ARN's resource, counted from 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """A Lambda function, as far as it must be known to invoke it."""

    scope: Scope
    name: str
    qualifier: str | None
    arn: str

    @property
    def invoke_url(self) -> str:
        """Where API Gateway sends its request to on AWS, for the execution log."""
        return f"https://lambda.{self.scope.region}.amazonaws.com/2015-03-31/functions/{self.arn}/invocations"


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionUri:
    """An integration's URI, of which the function can be told for each stage."""

    function_arn: str
    """With stage variables in it, unless ``fixed`` is not None."""
    fixed: Function | None

    @classmethod
    def parse(cls, uri: str) -> FunctionUri:
        """Read a URI that ``check_proxy_uri`` let pass."""
        found = _URI.fullmatch(uri)
        arn = found[1] if found else ""
        return cls(function_arn=arn, fixed=None if "${" in arn else _function(arn))

    def function(self, stage_variables: Mapping[str, str]) -> Function | None:
        """Return the function that a stage calls; None when its variables do not make the name of one."""
        if self.fixed is not None:
            return self.fixed
        return _function(_STAGE_VARIABLE.sub(lambda found: stage_variables.get(found[1], ""), self.function_arn))


def check_proxy_uri(uri: str) -> None:
    """Check the URI of an AWS_PROXY integration.

    Raises:
        ServiceError: BadRequestException, as recorded: apigw-put-integration-errors.
    """
    parts = uri.split(":", _RESOURCE)
    if parts[0] != "arn" or len(parts) <= _RESOURCE:
        raise bad_request("Invalid ARN specified in the request")
    if not parts[_RESOURCE].startswith(("path/", "action/")):
        raise bad_request("AWS ARN for integration must contain path or action")
    if parts[4] == "firehose" and parts[_RESOURCE].startswith("action/"):
        raise not_emulated("AWS_PROXY integrations with Firehose", "Integrate a Lambda function.")
    found = _URI.fullmatch(uri)
    if found is None:
        raise bad_request(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
        )
    if "${" not in found[1] and _function(found[1]) is None:
        raise bad_request("Invalid ARN specified in the request")


@functools.lru_cache(maxsize=1024)
def _function(arn: str) -> Function | None:
    found = _FUNCTION.fullmatch(arn)
    if found is None:
        return None
    return Function(
        scope=Scope(account_id=found["account"], region=found["region"]),
        name=found["name"],
        qualifier=found["qualifier"],
        arn=arn,
    )
