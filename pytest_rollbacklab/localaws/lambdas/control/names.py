"""Every form in which a function is named: name, name:qualifier, partial ARN, ARN; and the ARNs that answers carry.

Which form is valid, what a bad one is answered with, and when a qualifier in the name and one beside it disagree: as
recorded for GetFunction, DeleteFunction, Invoke and CreateFunction. Whether the function exists is not asked here.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.lambdas.control.constraints import QUALIFIER, Violations
from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter, not_found, validation

__all__ = ["LATEST", "FunctionName", "function_arn", "new_function_name", "parse_function_name", "partition"]

LATEST = "$LATEST"

_REGION = r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
_ANY_FUNCTION = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?" + _REGION + r"(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)"
    r"(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
_NEW_FUNCTION = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?" + _REGION + r"(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)"
    r"(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
_PARTS = re.compile(
    r"(arn:[^:]*:lambda:)?((?P<region>[a-z-]+-\d):)?((?P<account>\d{12}):)?(function:)?"
    r"(?P<name>[^:]+)(:(?P<qualifier>[^:]+))?"
)
"""The same, for a name that satisfies one of those: what is what."""
_NAME_LIMIT = 64
_NEW_FUNCTION_LIMIT = 140
_QUALIFIER_LIMIT = 128


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionName:
    """A function as a request names it."""

    name: str
    qualifier: str | None = None
    """A version, an alias or ``$LATEST``; None when the request names the function itself."""


def partition(region: str) -> str:
    """Return the first part of a region's ARNs after ``arn:``."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def function_arn(scope: Scope, name: str, qualifier: str | None = None) -> str:
    arn = f"arn:{partition(scope.region)}:lambda:{scope.region}:{scope.account_id}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def parse_function_name(
    scope: Scope, function: str, qualifier: str | None = None, *, action: str = "InvokeFunction"
) -> FunctionName:
    """Read a function's name in any form, with a qualifier in it or beside it.

    Args:
        scope: Where the request was made.
        function: The request's FunctionName.
        qualifier: The request's Qualifier.
        action: The IAM action that the request needs, for the refusal of another account's function.

    Raises:
        ServiceError: as AWS for a name that is none, another region's or account's function, or two qualifiers.
    """
    return _parse(scope, function, qualifier, action)


def new_function_name(scope: Scope, function: str) -> str:
    """Read the name that a function shall be created with.

    Raises:
        ServiceError: as AWS for a name that is none or is too long.
    """
    violations = Violations()
    violations.length("functionName", function, at_most=_NEW_FUNCTION_LIMIT)
    violations.pattern("functionName", function, _NEW_FUNCTION)
    violations.check()
    region, account, name, qualifier = _parts(function)
    _reachable(scope, function, region=region, account=account, action="CreateFunction")
    if len(name) > _NAME_LIMIT:
        too_long = f"Value '{name}' at 'functionName' failed to satisfy constraint: "
        too_long += f"Member must have length less than or equal to {_NAME_LIMIT}"
        raise invalid_parameter(validation([too_long]).message)
    if qualifier:
        raise invalid_parameter(f"A function is created without a version or an alias, but its name is {function}.")
    return name


@functools.lru_cache(maxsize=1024)
def _parse(scope: Scope, function: str, qualifier: str | None, action: str) -> FunctionName:
    """Do so, once for each name: the same few are invoked over and over."""
    violations = Violations()
    violations.length("qualifier", qualifier, at_most=_QUALIFIER_LIMIT)
    violations.pattern("qualifier", qualifier, QUALIFIER)
    violations.pattern("functionName", function, _ANY_FUNCTION)
    violations.check()
    region, account, name, own_qualifier = _parts(function)
    _reachable(scope, function, region=region, account=account, action=action)
    if own_qualifier and qualifier and own_qualifier != qualifier:
        raise invalid_parameter("The derived qualifier from the function name does not match the specified qualifier.")
    return FunctionName(name=name, qualifier=own_qualifier or qualifier)


def _parts(function: str) -> tuple[str | None, str | None, str, str | None]:
    """Split a valid name into region, account, name and qualifier."""
    match = _PARTS.fullmatch(function)
    assert match is not None
    return match["region"], match["account"], match["name"], match["qualifier"]


def _reachable(scope: Scope, function: str, *, region: str | None, account: str | None, action: str) -> None:
    if region and region != scope.region:
        raise not_found(f"Functions from '{region}' are not reachable in this region ('{scope.region}')")
    if account and account != scope.account_id:
        user = f"arn:{partition(scope.region)}:iam::{scope.account_id}:root"
        raise ServiceError(
            "AccessDeniedException",
            f"User: {user} is not authorized to perform: lambda:{action} on resource: {function} "
            f"because no resource-based policy allows the lambda:{action} action",
            403,
        )
