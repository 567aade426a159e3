"""IAM: roles, inline policies and managed policies.

Attaching and putting are idempotent in IAM, and what is to go may be gone, so every update can be run back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType, taken
from pytest_rollbacklab.localaws.stacks.resources.tags import gone_tags, new_tags, tag_list

__all__ = ["TYPES"]

_MOST_VERSIONS: Final = 5  # of a managed policy: "IAM and AWS STS quotas"
# By property: the word of the API's operations, and its argument.
_HOLDERS: Final[Mapping[str, tuple[str, str]]] = {
    "Groups": ("Group", "GroupName"),
    "Roles": ("Role", "RoleName"),
    "Users": ("User", "UserName"),
}


def _document(value: Any) -> str:
    """Write a policy; one without a version, as SAM makes them, is given the one that the local IAM insists on."""
    return value if isinstance(value, str) else json.dumps({"Version": "2012-10-17", **value})


class Role(ResourceType):
    type = "AWS::IAM::Role"
    emulated = frozenset(
        {"AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "MaxSessionDuration", "Path"}
        | {"PermissionsBoundary", "Policies", "RoleName", "Tags"}
    )
    name = Name(property="RoleName", longest=64)

    async def create(self, request: Request) -> Attributes:
        name, properties = request.named(self.name), request.properties
        made = await request.call(
            "iam",
            "CreateRole",
            RoleName=name,
            AssumeRolePolicyDocument=_document(properties["AssumeRolePolicyDocument"]),
            **taken(properties, ("Description", "MaxSessionDuration", "Path", "PermissionsBoundary", "Tags")),
        )
        request.made(name)
        await self._permit(request, name)
        return {"Arn": made["Role"]["Arn"], "RoleId": made["Role"]["RoleId"]}

    async def update(self, request: Request) -> Attributes:
        name, properties = request.physical_id, request.properties
        if request.changes("AssumeRolePolicyDocument"):
            document = _document(properties["AssumeRolePolicyDocument"])
            await request.call("iam", "UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=document)
        if request.changes("Description", "MaxSessionDuration"):
            wanted = {"Description": "", "MaxSessionDuration": 3600}
            wanted |= taken(properties, wanted)
            await request.call("iam", "UpdateRole", RoleName=name, **wanted)
        if request.changes("PermissionsBoundary"):
            await self._bound(request, name)
        await self._permit(request, name)
        if tags := new_tags(request):
            await request.call("iam", "TagRole", RoleName=name, Tags=tag_list(tags))
        if keys := gone_tags(request):
            await request.call("iam", "UntagRole", RoleName=name, TagKeys=keys)
        return request.attributes

    async def delete(self, request: Request) -> None:
        name, properties = request.physical_id, request.properties
        for arn in properties.get("ManagedPolicyArns", ()):
            await request.call_if_there("iam", "DetachRolePolicy", RoleName=name, PolicyArn=arn)
        for policy in properties.get("Policies", ()):
            await request.call_if_there("iam", "DeleteRolePolicy", RoleName=name, PolicyName=policy["PolicyName"])
        await request.call_if_there("iam", "DeleteRole", RoleName=name)

    async def _bound(self, request: Request, name: str) -> None:
        boundary = request.properties.get("PermissionsBoundary")
        if boundary is None:
            await request.call_if_there("iam", "DeleteRolePermissionsBoundary", RoleName=name)
        else:
            await request.call("iam", "PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=boundary)

    async def _permit(self, request: Request, name: str) -> None:
        wanted = request.properties.get("ManagedPolicyArns", ())
        attached = [state.get("ManagedPolicyArns", ()) for state in request.before] or [()]
        for arn in wanted:
            if not all(arn in arns for arns in attached):
                await request.call("iam", "AttachRolePolicy", RoleName=name, PolicyArn=arn)
        for arn in {arn for arns in attached for arn in arns}.difference(wanted):
            await request.call_if_there("iam", "DetachRolePolicy", RoleName=name, PolicyArn=arn)
        before = [_by_name(state.get("Policies", ())) for state in request.before] or [{}]
        after = _by_name(request.properties.get("Policies", ()))
        for policy, document in after.items():
            if any(documents.get(policy) != document for documents in before):
                await request.call("iam", "PutRolePolicy", RoleName=name, PolicyName=policy, PolicyDocument=document)
        for policy in {policy for documents in before for policy in documents} - after.keys():
            await request.call_if_there("iam", "DeleteRolePolicy", RoleName=name, PolicyName=policy)


def _by_name(policies: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {policy["PolicyName"]: _document(policy["PolicyDocument"]) for policy in policies}


class Policy(ResourceType):
    type = "AWS::IAM::Policy"
    emulated = frozenset({*_HOLDERS, "PolicyDocument", "PolicyName"})
    _id = Name(property="Id", longest=128)

    async def create(self, request: Request) -> Attributes:
        policy = request.named(self._id)
        request.made(policy)
        await self._put(request)
        return {"Id": policy}

    async def update(self, request: Request) -> Attributes:
        await self._put(request)
        for state in request.before:
            renamed = state["PolicyName"] != request.properties["PolicyName"]
            await self._delete(request, state, kept={} if renamed else request.properties)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await self._delete(request, request.properties, kept={})

    async def _put(self, request: Request) -> None:
        properties = request.properties
        for holders, (word, argument) in _HOLDERS.items():
            for holder in properties.get(holders, ()):
                await request.call(
                    "iam",
                    f"Put{word}Policy",
                    PolicyName=properties["PolicyName"],
                    PolicyDocument=_document(properties["PolicyDocument"]),
                    **{argument: holder},
                )

    async def _delete(self, request: Request, properties: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
        for holders, (word, argument) in _HOLDERS.items():
            for holder in properties.get(holders, ()):
                if holder not in kept.get(holders, ()):
                    name = properties["PolicyName"]
                    await request.call_if_there("iam", f"Delete{word}Policy", PolicyName=name, **{argument: holder})


class ManagedPolicy(ResourceType):
    type = "AWS::IAM::ManagedPolicy"
    emulated = frozenset({*_HOLDERS, "Description", "ManagedPolicyName", "Path", "PolicyDocument"})
    name = Name(property="ManagedPolicyName", longest=128)

    async def create(self, request: Request) -> Attributes:
        made = await request.call(
            "iam",
            "CreatePolicy",
            PolicyName=request.named(self.name),
            PolicyDocument=_document(request.properties["PolicyDocument"]),
            **taken(request.properties, ("Description", "Path")),
        )
        policy = made["Policy"]
        request.made(policy["Arn"])
        await self._attach(request, policy["Arn"])
        return {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"], "DefaultVersionId": "v1"}

    async def update(self, request: Request) -> Attributes:
        attributes = request.attributes
        if request.changes("PolicyDocument"):
            attributes = {**attributes, "DefaultVersionId": await self._publish(request)}
        await self._attach(request, request.physical_id)
        return attributes

    async def delete(self, request: Request) -> None:
        arn = request.physical_id
        await self._detach(request, request.properties, {}, arn)
        found = await request.call_if_there("iam", "ListPolicyVersions", PolicyArn=arn)
        for version in found.get("Versions", ()):
            if not version["IsDefaultVersion"]:
                await request.call_if_there("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version["VersionId"])
        await request.call_if_there("iam", "DeletePolicy", PolicyArn=arn)

    async def _publish(self, request: Request) -> str:
        arn = request.physical_id
        versions = (await request.call("iam", "ListPolicyVersions", PolicyArn=arn))["Versions"]
        if len(versions) >= _MOST_VERSIONS:
            spare = [version for version in versions if not version["IsDefaultVersion"]]
            oldest = min(spare, key=lambda version: str(version["CreateDate"]))
            await request.call("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=oldest["VersionId"])
        document = _document(request.properties["PolicyDocument"])
        made = await request.call(
            "iam", "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=document, SetAsDefault=True
        )
        return str(made["PolicyVersion"]["VersionId"])

    async def _attach(self, request: Request, arn: str) -> None:
        for holders, (word, argument) in _HOLDERS.items():
            for holder in request.properties.get(holders, ()):
                if not all(holder in state.get(holders, ()) for state in request.before or ({},)):
                    await request.call("iam", f"Attach{word}Policy", PolicyArn=arn, **{argument: holder})
        for state in request.before:
            await self._detach(request, state, request.properties, arn)

    async def _detach(self, request: Request, before: Mapping[str, Any], kept: Mapping[str, Any], arn: str) -> None:
        for holders, (word, argument) in _HOLDERS.items():
            for holder in before.get(holders, ()):
                if holder not in kept.get(holders, ()):
                    await request.call_if_there("iam", f"Detach{word}Policy", PolicyArn=arn, **{argument: holder})


TYPES: Final = (Role(), Policy(), ManagedPolicy())
