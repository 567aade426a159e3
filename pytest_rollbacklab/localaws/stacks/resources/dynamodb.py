"""DynamoDB: tables.

UpdateTable changes one kind of thing at a time, and one index at a time, so an update is a short list of calls made
from what differs. A table keeps its items through every update in place; a change of its keys makes a new one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType, taken
from pytest_rollbacklab.localaws.stacks.resources.tags import gone_tags, new_tags, tag_list

__all__ = ["TYPES"]

_AS_THEY_ARE: Final = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
    "Tags",
)
# What UpdateTable takes, in the groups in which it takes it, with what a missing property means.
_UPDATES: Final[tuple[Mapping[str, Any], ...]] = (
    {"BillingMode": "PROVISIONED", "ProvisionedThroughput": None, "OnDemandThroughput": None},
    {"SSESpecification": {"Enabled": False}},
    {"TableClass": "STANDARD"},
    {"DeletionProtectionEnabled": False},
)
_THROUGHPUTS: Final = ("ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput")


class Table(ResourceType):
    type = "AWS::DynamoDB::Table"
    emulated = frozenset(
        {*_AS_THEY_ARE, "PointInTimeRecoverySpecification", "ResourcePolicy", "SSESpecification", "StreamSpecification"}
        | {"TableName", "TimeToLiveSpecification"}
    )
    not_emulated = frozenset(
        {"GlobalSecondaryIndexes/ContributorInsightsSpecification", "StreamSpecification/ResourcePolicy"}
    )
    name = Name(property="TableName", longest=255)
    replaced_for = frozenset({"KeySchema"})

    async def create(self, request: Request) -> Attributes:
        name = request.named(self.name)
        wanted = {**taken(request.properties, _AS_THEY_ARE), **_translated(request.properties)}
        if "ResourcePolicy" in request.properties:
            wanted["ResourcePolicy"] = json.dumps(request.properties["ResourcePolicy"]["PolicyDocument"])
        made = await request.call("dynamodb", "CreateTable", TableName=name, **wanted)
        request.made(name)
        await self._expire(request, name)
        await self._back_up(request, name)
        return _attributes(made["TableDescription"])

    async def update(self, request: Request) -> Attributes:
        table = request.physical_id
        for change in await self._changes(request):
            await request.call("dynamodb", "UpdateTable", TableName=table, **change)
        if request.changes("TimeToLiveSpecification"):
            await self._expire(request, table)
        if request.changes("PointInTimeRecoverySpecification"):
            await self._back_up(request, table)
        await self._update_policy(request)
        await self._tag(request)
        if not request.changes("StreamSpecification"):
            return request.attributes
        return _attributes((await request.call("dynamodb", "DescribeTable", TableName=table))["Table"])

    async def delete(self, request: Request) -> None:
        await request.call_if_there("dynamodb", "DeleteTable", TableName=request.physical_id)

    async def _changes(self, request: Request) -> list[dict[str, Any]]:
        """Return what UpdateTable has to be called with, one after the other."""
        wanted = {**request.properties, **_translated(request.properties)}
        changes: list[dict[str, Any]] = []
        for group in _UPDATES:
            if request.changes(*group):
                values = {name: wanted.get(name, missing) for name, missing in group.items()}
                changes.append({name: value for name, value in values.items() if value is not None})
        if request.changes("StreamSpecification", "GlobalSecondaryIndexes"):
            found = await request.call("dynamodb", "DescribeTable", TableName=request.physical_id)
            changes += _stream_changes(found["Table"], request)
            changes += _index_changes(found["Table"], request)
        return changes

    async def _expire(self, request: Request, table: str) -> None:
        wanted = request.properties.get("TimeToLiveSpecification")
        before = [state.get("TimeToLiveSpecification", {}) for state in request.before]
        enabled = next((state for state in before if state.get("Enabled")), None)
        if wanted is None and enabled is not None:
            wanted = {**enabled, "Enabled": False}
        if wanted is not None:
            await request.call("dynamodb", "UpdateTimeToLive", TableName=table, TimeToLiveSpecification=wanted)

    async def _back_up(self, request: Request, table: str) -> None:
        name = "PointInTimeRecoverySpecification"
        wanted = request.properties.get(name)
        if wanted is None and request.had(name):
            wanted = {"PointInTimeRecoveryEnabled": False}
        if wanted is not None:
            await request.call("dynamodb", "UpdateContinuousBackups", TableName=table, **{name: wanted})

    async def _update_policy(self, request: Request) -> None:
        if not request.changes("ResourcePolicy"):
            return
        arn, policy = request.attributes["Arn"], request.properties.get("ResourcePolicy")
        if policy is None:
            await request.call_if_there("dynamodb", "DeleteResourcePolicy", ResourceArn=arn)
        else:
            document = json.dumps(policy["PolicyDocument"])
            await request.call("dynamodb", "PutResourcePolicy", ResourceArn=arn, Policy=document)

    async def _tag(self, request: Request) -> None:
        arn = request.attributes.get("Arn", "")
        if tags := new_tags(request):
            await request.call("dynamodb", "TagResource", ResourceArn=arn, Tags=tag_list(tags))
        if keys := gone_tags(request):
            await request.call("dynamodb", "UntagResource", ResourceArn=arn, TagKeys=keys)


def _translated(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the API spells otherwise than the template."""
    translated: dict[str, Any] = {}
    if "StreamSpecification" in properties:
        translated["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
    if "SSESpecification" in properties:
        encryption = properties["SSESpecification"]
        translated["SSESpecification"] = {
            "Enabled": encryption["SSEEnabled"],
            **taken(encryption, ("SSEType", "KMSMasterKeyId")),
        }
    return translated


def _attributes(description: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {"Arn": description["TableArn"]}
    if description.get("LatestStreamArn"):
        attributes["StreamArn"] = description["LatestStreamArn"]
    return attributes


def _stream_changes(table: Mapping[str, Any], request: Request) -> list[dict[str, Any]]:
    """Switch a stream off before it is switched on with another view: a view cannot be changed."""
    name = "StreamSpecification"
    wanted = _translated(request.properties).get(name)
    there = table.get(name) or {}
    if not request.changes(name) or there == wanted:
        return []
    off = [{name: {"StreamEnabled": False}}] if there.get("StreamEnabled") else []
    return off + ([{name: wanted}] if wanted else [])


def _index_changes(table: Mapping[str, Any], request: Request) -> list[dict[str, Any]]:
    """Compare the indexes that a table has with those that it is to have."""
    if not request.changes("GlobalSecondaryIndexes"):
        return []
    there = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes") or ()}
    wanted = {index["IndexName"]: index for index in request.properties.get("GlobalSecondaryIndexes", ())}
    before = [index for state in request.before for index in state.get("GlobalSecondaryIndexes", ())]
    updates: list[dict[str, Any]] = []
    for name, index in there.items():
        remade = name in wanted and any(index.get(key) != wanted[name].get(key) for key in ("KeySchema", "Projection"))
        if name not in wanted or remade:
            updates.append({"Delete": {"IndexName": name}})
        elif any(old["IndexName"] == name and old != wanted[name] for old in before):
            updates.append({"Update": {"IndexName": name, **taken(wanted[name], _THROUGHPUTS)}})
        if remade:
            updates.append({"Create": wanted[name]})
    updates += [{"Create": index} for name, index in wanted.items() if name not in there]
    definitions = request.properties.get("AttributeDefinitions", [])
    return [{"AttributeDefinitions": definitions, "GlobalSecondaryIndexUpdates": [update]} for update in updates]


TYPES: Final = (Table(),)
