"""AddPermission, RemovePermission and GetPolicy, on a function, a version or an alias.

Each qualifier has a policy of its own: a permission on the function does not open its alias, nor the other way round.
Errors are as recorded (test_permission_exceptions). Whether a policy lets a caller in is ``policy``'s work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scope, ServiceError
from pytest_rollbacklab.localaws.lambdas.control.constraints import ALIAS, STATEMENT_ID, Violations
from pytest_rollbacklab.localaws.lambdas.control.errors import (
    conflict,
    function_not_found,
    invalid_parameter,
    not_found,
    revision_mismatch,
)
from pytest_rollbacklab.localaws.lambdas.control.function import Function, new_revision
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST, function_arn, parse_function_name
from pytest_rollbacklab.localaws.lambdas.control.options import refuse_others
from pytest_rollbacklab.localaws.lambdas.control.policy import ResourcePolicy, statement
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry, find_alias

__all__ = ["PermissionOperations"]

_MEMBERS = (
    "FunctionName",
    "Qualifier",
    "StatementId",
    "Action",
    "Principal",
    "SourceArn",
    "SourceAccount",
    "FunctionUrlAuthType",
    "PrincipalOrgID",
    "EventSourceToken",
    "RevisionId",
)


class PermissionOperations:
    """The operations on resource policies.

    Args:
        registry: The functions.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {
            "AddPermission": self.add,
            "RemovePermission": self.remove,
            "GetPolicy": self.get,
        }

    def add(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Let a principal invoke (AddPermission)."""
        refuse_others(params, supported=_MEMBERS)
        violations = Violations()
        violations.pattern("statementId", params["StatementId"], STATEMENT_ID)
        violations.check()
        name = parse_function_name(call.scope, params["FunctionName"], params.get("Qualifier"), action=call.operation)
        if name.qualifier == LATEST:
            raise invalid_parameter("We currently do not support adding policies for $LATEST.")
        function = self._registry.get(call.scope, name)
        _check_exists(function, name.qualifier)
        added = statement(params, resource=function.arn(name.qualifier))
        policy = function.policies.get(name.qualifier)
        _check_revision(policy, params)
        statements = dict(policy.statements) if policy else {}
        if added["Sid"] in statements:
            raise conflict(
                f"The statement id ({added['Sid']}) provided already exists. "
                "Please provide a new statement id, or remove the existing statement."
            )
        statements[added["Sid"]] = added
        policy = ResourcePolicy(statements=statements, revision_id=new_revision())
        function.policies = {**function.policies, name.qualifier: policy}
        return {"Statement": json.dumps(added, separators=(",", ":"))}

    def remove(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Take a permission back (RemovePermission)."""
        name = parse_function_name(call.scope, params["FunctionName"], params.get("Qualifier"), action=call.operation)
        if not self._registry.has(call.scope, name.name):
            raise not_found(f"No policy found for: {function_arn(call.scope, name.name)}")
        function = self._registry.get(call.scope, name)
        _check_exists(function, name.qualifier)
        policy = function.policies.get(name.qualifier)
        if policy is None:
            raise not_found("No policy is associated with the given resource.")
        _check_revision(policy, params)
        statements = dict(policy.statements)
        if statements.pop(params["StatementId"], None) is None:
            raise not_found(f"Statement {params['StatementId']} is not found in resource policy.")
        policies = {known: other for known, other in function.policies.items() if known != name.qualifier}
        if statements:
            policies[name.qualifier] = ResourcePolicy(statements=statements, revision_id=new_revision())
        function.policies = policies
        return {}

    def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a policy (GetPolicy)."""
        name = parse_function_name(call.scope, params["FunctionName"], params.get("Qualifier"), action=call.operation)
        policy = None
        if self._registry.has(call.scope, name.name):
            policy = self._registry.get(call.scope, name).policies.get(name.qualifier)
        if policy is None:
            raise not_found("The resource you requested does not exist.")
        return {"Policy": policy.document(), "RevisionId": policy.revision_id}

    def permits(self, scope: Scope, function: str, qualifier: str | None, *, principal: str, source_arn: str) -> bool:
        """Say whether a service may invoke a function for something in the function's own account.

        Args:
            scope: Where the function is.
            function: Its name in any form.
            qualifier: What is invoked; None for the function itself.
            principal: The service: ``apigateway.amazonaws.com``.
            source_arn: What it calls for.
        """
        try:
            name = parse_function_name(scope, function, qualifier)
            found = self._registry.get(scope, name)
        except ServiceError:
            return False
        policy = found.policies.get(None if name.qualifier == LATEST else name.qualifier)
        return policy is not None and policy.permits(
            principal=principal, source_arn=source_arn, source_account=scope.account_id
        )


def _check_exists(function: Function, qualifier: str | None) -> None:
    if qualifier is None:
        return
    if not qualifier.isdigit() and re.fullmatch(ALIAS, qualifier):
        find_alias(function, qualifier)
    elif function.version(qualifier) is None:
        raise function_not_found(function.arn(qualifier))


def _check_revision(policy: ResourcePolicy | None, params: Mapping[str, Any]) -> None:
    if params.get("RevisionId") and (policy is None or policy.revision_id != params["RevisionId"]):
        raise revision_mismatch("GetPolicy")
