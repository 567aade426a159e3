"""A function's resource policy: the statements that AddPermission writes, and whether they let a caller in.

AWS writes one statement for each permission, from a handful of members; what these become is as recorded
(test_add_lambda_permission_fields). Only such statements are evaluated here: identity policies are ``identity``'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any

from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter

__all__ = ["ResourcePolicy", "statement"]

_PRINCIPAL_ARN = re.compile(
    r"arn:(aws[a-zA-Z-]*):(iam|sts)::\d{12}:(root|user/.+|role/.+|assumed-role/.+|federated-user/.+)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourcePolicy:
    """The permissions on one function, version or alias."""

    statements: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By Sid, in the order in which they were added."""
    revision_id: str

    def document(self) -> str:
        """Write it as GetPolicy does."""
        return json.dumps(
            {"Version": "2012-10-17", "Id": "default", "Statement": list(self.statements.values())},
            separators=(",", ":"),
        )

    def permits(self, *, principal: str, source_arn: str, source_account: str) -> bool:
        """Say whether a service may invoke for something of an account.

        Args:
            principal: The service: ``apigateway.amazonaws.com``.
            source_arn: For what it calls: an API's method, a rule.
            source_account: Whose that is.
        """
        keys = {"AWS:SourceArn": source_arn, "AWS:SourceAccount": source_account}
        return any(
            statement["Action"] in ("lambda:InvokeFunction", "lambda:*")
            and statement["Principal"] in ("*", {"Service": principal})
            and _holds(statement.get("Condition", {}), keys)
            for statement in self.statements.values()
        )

    def permits_url(self, auth_type: str, principals: Collection[str]) -> bool:
        """Say whether one of these principals may use the function's URL.

        Args:
            auth_type: The URL's.
            principals: ``*``, ARNs of callers.
        """
        keys = {"lambda:FunctionUrlAuthType": auth_type}
        return any(
            statement["Action"] in ("lambda:InvokeFunctionUrl", "lambda:*")
            and (
                statement["Principal"] if isinstance(statement["Principal"], str) else statement["Principal"].get("AWS")
            )
            in principals
            and _holds(statement.get("Condition", {}), keys)
            for statement in self.statements.values()
        )


def statement(params: Mapping[str, Any], *, resource: str) -> dict[str, Any]:
    """Write the statement that AddPermission asks for.

    Args:
        params: AddPermission's.
        resource: The ARN that it is added to.

    Raises:
        ServiceError: the principal is none.
    """
    written = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(params["Principal"]),
        "Action": params["Action"],
        "Resource": resource,
    }
    conditions = _conditions(params)
    if conditions:
        written["Condition"] = conditions
    return written


def _principal(principal: str) -> str | dict[str, str]:
    if principal == "*":
        return principal
    if re.fullmatch(r"\d{12}", principal):
        return {"AWS": f"arn:aws:iam::{principal}:root"}
    if _PRINCIPAL_ARN.fullmatch(principal):
        return {"AWS": principal}
    if re.fullmatch(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)", principal):
        return {"Service": principal}
    raise invalid_parameter("The provided principal was invalid. Please check the principal and try again.")


def _conditions(params: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    equals = {
        "AWS:SourceAccount": params.get("SourceAccount"),
        "lambda:FunctionUrlAuthType": params.get("FunctionUrlAuthType"),
        "aws:PrincipalOrgID": params.get("PrincipalOrgID"),
        "lambda:EventSourceToken": params.get("EventSourceToken"),
    }
    given = {key: value for key, value in equals.items() if value}
    conditions: dict[str, dict[str, str]] = {"StringEquals": given} if given else {}
    if params.get("SourceArn"):
        conditions["ArnLike"] = {"AWS:SourceArn": params["SourceArn"]}
    return conditions


def _holds(conditions: Mapping[str, Mapping[str, str]], keys: Mapping[str, str]) -> bool:
    """Whether every condition holds. A key that the caller does not carry holds none."""
    return all(
        key in keys and (_arn_like(keys[key], wanted) if operator == "ArnLike" else keys[key] == wanted)
        for operator, pairs in conditions.items()
        for key, wanted in pairs.items()
    )


def _arn_like(arn: str, pattern: str) -> bool:
    """Compare by the six parts that colons make, each with its own wildcards (IAM's ArnLike)."""
    parts, wanted = arn.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(wanted) and all(
        # fnmatch's brackets mean nothing to IAM
        re.fullmatch(translate(want.replace("[", "[[]")), part)
        for part, want in zip(parts, wanted, strict=True)
    )
