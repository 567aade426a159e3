"""The account's settings: the role that API Gateway writes logs with.

As on AWS the role must be there and trust API Gateway before it is taken, so that logs that are switched on are
written. That it may also write them is not looked at: writing needs nobody's permission here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from pytest_rollbacklab.localaws.api import Aws, Call, Operation, ServiceError
from pytest_rollbacklab.localaws.gateway.control.patches import Patch, read_patches
from pytest_rollbacklab.localaws.gateway.refusals import bad_request
from pytest_rollbacklab.localaws.gateway.registry import Account, Registry

__all__ = ["AccountOperations"]

_SERVICE = "apigateway.amazonaws.com"
_NOT_TRUSTED = (
    "The role ARN does not have required permissions configured. "
    "Please grant trust permission for API Gateway and add the required role policy."
)


class AccountOperations:
    """GetAccount, UpdateAccount.

    Args:
        registry: Where accounts are.
        aws: Where IAM is.
    """

    def __init__(self, *, registry: Registry, aws: Aws) -> None:
        self._registry = registry
        self._aws = aws
        self.operations: Mapping[str, Operation] = {"GetAccount": self._get, "UpdateAccount": self._update}

    def _get(self, call: Call, _: dict[str, Any]) -> dict[str, Any]:
        return _shape(self._registry.account(call.scope))

    async def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        for patch in read_patches(call.operation, params):
            await self._patch(call, patch)
        return _shape(self._registry.account(call.scope))

    async def _patch(self, call: Call, patch: Patch) -> None:
        match patch.path:
            case "/cloudwatchRoleArn":
                patch.only("replace", "remove")
                role_arn = patch.text()
                if role_arn is not None:
                    await self._check_role(call, role_arn)
                self._registry.allow_logs(call.scope, role_arn)
            case "/features" if patch.value in (None, "UsagePlans"):
                pass  # every account has them by now
            case _:
                raise patch.unknown()

    async def _check_role(self, call: Call, role_arn: str) -> None:
        if not role_arn.startswith(f"arn:aws:iam::{call.scope.account_id}:role/"):
            raise bad_request(f"Invalid ARN specified in the request: {role_arn} is no role of this account")
        name = role_arn.rpartition("/")[2]
        try:
            role = (await self._aws.call(call.scope, "iam", "GetRole", {"RoleName": name}))["Role"]
        except ServiceError as error:
            raise bad_request(f"{_NOT_TRUSTED} ({error.message})") from error
        if _SERVICE not in _document(role["AssumeRolePolicyDocument"]):
            raise bad_request(f"{_NOT_TRUSTED} ({name}'s trust policy does not name {_SERVICE})")


def _document(policy: Any) -> str:
    return unquote(policy) if isinstance(policy, str) else json.dumps(policy)


def _shape(account: Account) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    }
    role_arn = account.cloudwatch_role_arn
    return {**shape, "cloudwatchRoleArn": role_arn} if role_arn else shape
