"""The roles of identity pools: which one an identity may take on, and whether that role trusts the pool.

The trust is evaluated as STS does for AssumeRoleWithWebIdentity, because a role that trusts another pool, or guests
where somebody signed in, is how identity pools break in practice (developer guide, "Role trust and permissions").
Role mappings are refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.identity.credentials import CognitoCaller, name_in
from pytest_rollbacklab.localaws.identity.identity_pools import refusals
from pytest_rollbacklab.localaws.identity.policies import cognito_keys
from pytest_rollbacklab.localaws.identity.policy_evaluation import trusts
from pytest_rollbacklab.localaws.identity.policy_language.context import Context
from pytest_rollbacklab.localaws.identity.policy_language.document import read_policy

__all__ = ["Role", "Roles"]

_KINDS = ("authenticated", "unauthenticated")


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """A role that an identity takes on."""

    arn: str
    role_id: str


class Roles:
    """The roles of one region's identity pools.

    Args:
        aws: Where IAM is.
        changed: Told the id of each pool whose roles have changed.
    """

    def __init__(self, *, aws: Aws, changed: Callable[[str], None]) -> None:
        self._aws = aws
        self._changed = changed
        self._of_pool: dict[str, dict[str, str]] = {}

    def set(self, pool_id: str, roles: Mapping[str, str], mappings: Mapping[str, Any]) -> None:
        """Set a pool's roles, by ``authenticated`` and ``unauthenticated``.

        Raises:
            ServiceError: InvalidParameterException; or there are role mappings.
        """
        if mappings:
            raise refusals.not_emulated("RoleMappings")
        for kind in roles:
            if kind not in _KINDS:
                raise ServiceError(
                    "InvalidParameterException", f"'{kind}' is no key of Roles; they are {' and '.join(_KINDS)}."
                )
        self._of_pool[pool_id] = dict(roles)
        self._changed(pool_id)

    def get(self, pool_id: str) -> dict[str, str]:
        """Return a pool's roles."""
        return dict(self._of_pool.get(pool_id, {}))

    def forget(self, pool_id: str) -> None:
        """Forget a pool's roles."""
        self._of_pool.pop(pool_id, None)
        self._changed(pool_id)

    def put_back(self, pool_id: str, roles: Mapping[str, str]) -> None:
        """Put back the roles that a pool had."""
        self._of_pool[pool_id] = dict(roles)

    async def role_for(self, scope: Scope, caller: CognitoCaller) -> Role:
        """Return the role that an identity takes on.

        Raises:
            ServiceError: InvalidIdentityPoolConfigurationException, the pool has none for it, or one that does not
                exist or does not trust it.
        """
        arn = self.get(caller.identity_pool_id).get(caller.authentication_type)
        role = await self._read(scope, arn) if arn else None
        if arn is None or role is None or not _trusts(role, arn, caller):
            raise refusals.invalid_roles()
        return Role(arn=arn, role_id=role["RoleId"])

    async def _read(self, scope: Scope, arn: str) -> dict[str, Any] | None:
        try:
            answer = await self._aws.call(scope, "iam", "GetRole", {"RoleName": name_in(arn)})
        except ServiceError as error:
            if error.code == "NoSuchEntity":
                return None
            raise
        role: dict[str, Any] = answer["Role"]
        return role


def _trusts(role: Mapping[str, Any], arn: str, caller: CognitoCaller) -> bool:
    return trusts(
        read_policy(f"trust policy of {arn}", role["AssumeRolePolicyDocument"]),
        kind="Federated",
        principal="cognito-identity.amazonaws.com",
        action="sts:AssumeRoleWithWebIdentity",
        context=Context.of(cognito_keys(caller)),
    )
