"""Stacks, resources, events and change sets in boto3's shapes, with the members that AWS's recordings have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.stacks.planning.changes import Change, Detail
from pytest_rollbacklab.localaws.stacks.state.change_set import ChangeSet
from pytest_rollbacklab.localaws.stacks.state.stack import Deployment, Event, Output, Resource, Stack

__all__ = [
    "change_set_of",
    "change_set_summary",
    "event_of",
    "resource_detail",
    "resource_of",
    "resource_summary",
    "stack_of",
    "stack_summary",
]

_NOT_CHECKED = {"StackDriftStatus": "NOT_CHECKED"}


def _given(**members: Any) -> dict[str, Any]:
    """Return the members that have a value."""
    return {name: value for name, value in members.items() if value is not None}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _parameters(deployment: Deployment | None) -> list[dict[str, str]] | None:
    if deployment is None or not deployment.blueprint.parameters:
        return None
    shown = []
    for name, parameter in deployment.blueprint.parameters.items():
        item = {"ParameterKey": name, "ParameterValue": parameter.shown}
        if parameter.definition.type.startswith("AWS::SSM::") and not parameter.definition.no_echo:
            item["ResolvedValue"] = str(parameter.resolved)
        shown.append(item)
    return shown


def stack_of(stack: Stack) -> dict[str, Any]:
    """Return a stack as DescribeStacks shows it."""
    deployment = stack.deployment
    deleted = stack.status == "DELETE_COMPLETE"
    return _given(
        StackId=stack.stack_id,
        StackName=stack.name,
        ChangeSetId=stack.change_set_id,
        Description=deployment.blueprint.template.description if deployment else None,
        Parameters=_parameters(deployment),
        CreationTime=stack.created_at,
        LastUpdatedTime=stack.updated_at,
        DeletionTime=stack.deleted_at,
        RollbackConfiguration={},
        StackStatus=stack.status,
        StackStatusReason=stack.status_reason,
        DisableRollback=stack.disable_rollback,
        NotificationARNs=[],
        Capabilities=list(deployment.capabilities) or None if deployment else None,
        Outputs=[_output(output) for output in stack.outputs] or None,
        RoleARN=deployment.role_arn if deployment else None,
        Tags=_tags(deployment.tags) if deployment else [],
        EnableTerminationProtection=None if deleted else stack.termination_protection,
        DriftInformation=_NOT_CHECKED,
    )


def _output(output: Output) -> dict[str, Any]:
    return _given(
        OutputKey=output.key,
        OutputValue=output.value,
        Description=output.description,
        ExportName=output.export_name,
    )


def stack_summary(stack: Stack) -> dict[str, Any]:
    """Return a stack as ListStacks shows it."""
    return _given(
        StackId=stack.stack_id,
        StackName=stack.name,
        TemplateDescription=stack.deployment.blueprint.template.description if stack.deployment else None,
        CreationTime=stack.created_at,
        LastUpdatedTime=stack.updated_at,
        DeletionTime=stack.deleted_at,
        StackStatus=stack.status,
        StackStatusReason=stack.status_reason,
        DriftInformation=_NOT_CHECKED,
    )


def event_of(stack: Stack, event: Event) -> dict[str, Any]:
    """Return an event as DescribeStackEvents shows it."""
    return _given(
        StackId=stack.stack_id,
        EventId=event.event_id,
        StackName=stack.name,
        LogicalResourceId=event.logical_id,
        PhysicalResourceId=event.physical_id,
        ResourceType=event.type,
        Timestamp=event.at,
        ResourceStatus=event.status,
        ResourceStatusReason=event.reason,
        ResourceProperties=None if event.properties is None else json.dumps(event.properties),
        ClientRequestToken=event.token,
    )


def resource_of(stack: Stack, resource: Resource) -> dict[str, Any]:
    """Return a resource as DescribeStackResources shows it."""
    shown = resource_summary(resource)
    shown["Timestamp"] = shown.pop("LastUpdatedTimestamp")
    return {"StackName": stack.name, "StackId": stack.stack_id, **shown}


def resource_detail(stack: Stack, resource: Resource) -> dict[str, Any]:
    """Return a resource as DescribeStackResource shows it."""
    shown = {"StackName": stack.name, "StackId": stack.stack_id, **resource_summary(resource)}
    return shown if resource.metadata is None else {**shown, "Metadata": json.dumps(resource.metadata)}


def resource_summary(resource: Resource) -> dict[str, Any]:
    """Return a resource as ListStackResources shows it."""
    return _given(
        LogicalResourceId=resource.logical_id,
        PhysicalResourceId=resource.physical_id or None,
        ResourceType=resource.type,
        LastUpdatedTimestamp=resource.updated_at,
        ResourceStatus=resource.status,
        ResourceStatusReason=resource.reason,
        DriftInformation={"StackResourceDriftStatus": "NOT_CHECKED"},
    )


def change_set_summary(change_set: ChangeSet) -> dict[str, Any]:
    """Return a change set as ListChangeSets shows it."""
    return _given(
        StackId=change_set.stack_id,
        StackName=change_set.stack_name,
        ChangeSetId=change_set.change_set_id,
        ChangeSetName=change_set.name,
        ExecutionStatus=change_set.execution_status,
        Status=change_set.status,
        StatusReason=change_set.status_reason,
        CreationTime=change_set.created_at,
        Description=change_set.description,
        IncludeNestedStacks=bool(change_set.options.get("IncludeNestedStacks")),
    )


def change_set_of(change_set: ChangeSet, changes: list[Change]) -> dict[str, Any]:
    """Return a change set as DescribeChangeSet shows it, with a page of its changes."""
    return _given(
        **change_set_summary(change_set),
        Parameters=_parameters(change_set.deployment),
        NotificationARNs=[],
        RollbackConfiguration={},
        Capabilities=list(change_set.capabilities),
        Tags=_tags(change_set.tags) or None,
        OnStackFailure=change_set.options.get("OnStackFailure"),
        Changes=[{"Type": "Resource", "ResourceChange": _change(change)} for change in changes],
    )


def _change(change: Change) -> dict[str, Any]:
    return _given(
        PolicyAction=change.policy_action,
        Action=change.action,
        LogicalResourceId=change.logical_id,
        PhysicalResourceId=change.physical_id or None,
        ResourceType=change.type,
        Replacement=change.replacement,
        Scope=change.scope,
        Details=[_detail(detail) for detail in change.details],
    )


def _detail(detail: Detail) -> dict[str, Any]:
    return _given(
        Target=_given(Attribute=detail.attribute, Name=detail.name, RequiresRecreation=detail.recreation),
        Evaluation=detail.evaluation,
        ChangeSource=detail.source,
        CausingEntity=detail.causing_entity,
    )
