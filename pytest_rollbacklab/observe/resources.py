"""What a stack is made of, as far as one who looks at a stage needs it: its API, functions and pools, by their ids.

Read from CloudFormation's own list of resources, so that it works for any app, whatever its outputs are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.target import Target

__all__ = ["StageResources", "read_resources"]


@dataclass(frozen=True, kw_only=True, slots=True)
class StageResources:
    """The resources of one stack, by type."""

    stack_name: str
    by_type: Mapping[str, Mapping[str, str]]
    """Resource type -> logical id -> physical id."""

    @property
    def functions(self) -> Mapping[str, str]:
        """Function names by logical id."""
        return self.by_type.get("AWS::Lambda::Function", {})

    @property
    def rest_api_id(self) -> str:
        return self.only("AWS::ApiGateway::RestApi")

    @property
    def api_stage(self) -> str:
        """The API's stage: SAM names it by a parameter, so it need not be the lab's stage's name."""
        return self.only("AWS::ApiGateway::Stage")

    @property
    def user_pool_id(self) -> str:
        return self.only("AWS::Cognito::UserPool")

    @property
    def app_client_id(self) -> str:
        return self.only("AWS::Cognito::UserPoolClient")

    @property
    def identity_pool_id(self) -> str:
        return self.only("AWS::Cognito::IdentityPool")

    def only(self, resource_type: str) -> str:
        """Return the physical id of the one resource of a type.

        Raises:
            UsageError: the stack has none, or more than one; lists what it has.
        """
        found = self.by_type.get(resource_type, {})
        if len(found) == 1:
            return next(iter(found.values()))
        raise UsageError(
            f"the stack {self.stack_name} has {len(found) or 'no'} {resource_type}, where one is needed",
            looked_at=f"its resources: {', '.join(sorted(self.by_type)) or 'none'}",
            mend="name the one that is meant" if found else None,
        )

    def function_name(self, function: str) -> str:
        """Return a function's name, given its logical id or the name itself.

        Raises:
            UsageError: the stack has no such function; lists those it has.
        """
        if function in self.functions.values():
            return function
        if function in self.functions:
            return self.functions[function]
        raise UsageError(
            f"the stack {self.stack_name} has no function {function!r}",
            looked_at=f"its functions: {', '.join(sorted(self.functions)) or 'none'}",
        )


def read_resources(target: Target, stack_name: str) -> StageResources:
    """Read a stack's resources (CloudFormation ListStackResources, all pages).

    Raises:
        UsageError: there is no such stack.
    """
    from botocore.exceptions import ClientError

    by_type: dict[str, dict[str, str]] = {}
    try:
        for page in (
            target.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_name)
        ):
            for resource in page["StackResourceSummaries"]:
                if "PhysicalResourceId" in resource and resource["ResourceStatus"] != "DELETE_COMPLETE":
                    of_type = by_type.setdefault(resource["ResourceType"], {})
                    of_type[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise UsageError(
            f"nothing is deployed as {stack_name}",
            looked_at=f"CloudFormation: {error}",
            mend="push, or promote to this stage, first",
        ) from error
    return StageResources(stack_name=stack_name, by_type=by_type)
