"""The policies that a role or a user holds, read from IAM.

Inline and attached policies, those of a user's groups, and the permissions boundary. A policy that is attached but
cannot be read (IAM has no document of it) is told by name: it grants nothing here, and whoever is denied for it must
be able to find out. Nothing is evaluated, and nothing is remembered.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.identity.policy_language.document import Policy, read_policy

__all__ = ["Holdings", "PolicyReader"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Holdings:
    """All policies of one role or user."""

    policies: tuple[Policy, ...]
    boundary: tuple[Policy, ...] | None
    """None when it has no permissions boundary."""
    unread: tuple[str, ...] = ()
    """ARNs of attached policies whose document IAM does not have."""


class PolicyReader:
    """Reads what roles and users hold.

    Args:
        aws: Where IAM is.
    """

    def __init__(self, *, aws: Aws) -> None:
        self._aws = aws

    async def of_role(self, scope: Scope, name: str) -> Holdings | None:
        """Return a role's policies; None when there is no such role."""
        role = await self._get(scope, "Role", name)
        return None if role is None else await self._holdings(scope, role, [("Role", name)])

    async def of_user(self, scope: Scope, name: str) -> Holdings | None:
        """Return a user's policies, those of its groups among them; None when there is no such user."""
        user = await self._get(scope, "User", name)
        if user is None:
            return None
        groups = self._pages(scope, "ListGroupsForUser", "Groups", UserName=name)
        holders = [("User", name), *[("Group", group["GroupName"]) async for group in groups]]
        return await self._holdings(scope, user, holders)

    async def _get(self, scope: Scope, kind: str, name: str) -> dict[str, Any] | None:
        try:
            answer = await self._aws.call(scope, "iam", f"Get{kind}", {f"{kind}Name": name})
        except ServiceError as error:
            if error.code in _GONE:
                return None
            raise
        found: dict[str, Any] = answer[kind]
        return found

    async def _holdings(self, scope: Scope, holder: dict[str, Any], holders: list[tuple[str, str]]) -> Holdings:
        policies: list[Policy] = []
        unread: list[str] = []
        for kind, name in holders:
            policies += [policy async for policy in self._inline(scope, kind, name)]
            attached = self._pages(scope, f"ListAttached{kind}Policies", "AttachedPolicies", **{f"{kind}Name": name})
            for arn in [policy["PolicyArn"] async for policy in attached]:
                policy = await self._managed(scope, arn)
                if policy is None:
                    unread.append(arn)
                else:
                    policies.append(policy)
        return Holdings(policies=tuple(policies), boundary=await self._boundary(scope, holder), unread=tuple(unread))

    async def _boundary(self, scope: Scope, holder: dict[str, Any]) -> tuple[Policy, ...] | None:
        arn = holder.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        if arn is None:
            return None
        policy = await self._managed(scope, arn)
        return () if policy is None else (policy,)

    async def _inline(self, scope: Scope, kind: str, holder: str) -> AsyncIterator[Policy]:
        key = f"{kind}Name"
        names = self._pages(scope, f"List{kind}Policies", "PolicyNames", **{key: holder})
        for name in [name async for name in names]:
            answer = await self._aws.call(scope, "iam", f"Get{kind}Policy", {key: holder, "PolicyName": name})
            yield read_policy(f"inline policy {name} of {kind.lower()} {holder}", answer["PolicyDocument"])

    async def _managed(self, scope: Scope, arn: str) -> Policy | None:
        try:
            policy = await self._aws.call(scope, "iam", "GetPolicy", {"PolicyArn": arn})
            version = {"PolicyArn": arn, "VersionId": policy["Policy"]["DefaultVersionId"]}
            answer = await self._aws.call(scope, "iam", "GetPolicyVersion", version)
        except ServiceError as error:
            if error.code in _GONE:
                logger.warning("policy %s is attached, but IAM has no document of it: it grants nothing", arn)
                return None
            raise
        return read_policy(arn, answer["PolicyVersion"]["Document"])

    async def _pages(self, scope: Scope, operation: str, member: str, **params: str) -> AsyncIterator[Any]:
        more: dict[str, str] = {}
        while True:
            answer = await self._aws.call(scope, "iam", operation, params | more)
            for item in answer.get(member, ()):
                yield item
            if not answer.get("IsTruncated"):
                return
            more = {"Marker": answer["Marker"]}


_GONE = ("NoSuchEntity", "NoSuchEntityException")
