"""What a change of a change set means for a running service, in a plain sentence.

CloudFormation says what it will do (Modify, Replacement: True); whoever confirms it wants to know what its users will
notice, and whether data goes. A table by resource type and property, the closest line first; what is not in it gets a
sentence for its action. Replaced or removed stores lose what is in them, unless the template retains them.

Follows "Update behaviors of stack resources", "DeletionPolicy" and "UpdateReplacePolicy" of the CloudFormation guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.model import Change
from pytest_rollbacklab.pipeline.values import ChangeLine

__all__ = ["STORES", "change_line"]

STORES: Mapping[str, str] = {
    "AWS::Cognito::IdentityPool": "identities",
    "AWS::Cognito::UserPool": "users",
    "AWS::DynamoDB::GlobalTable": "items",
    "AWS::DynamoDB::Table": "items",
    "AWS::Kinesis::Stream": "records",
    "AWS::KMS::Key": "whatever it encrypted",
    "AWS::Logs::LogGroup": "log events",
    "AWS::RDS::DBCluster": "data",
    "AWS::RDS::DBInstance": "data",
    "AWS::S3::Bucket": "objects",
    "AWS::SecretsManager::Secret": "its value",
    "AWS::SQS::Queue": "messages",
    "AWS::SSM::Parameter": "its value",
}
"""Resource types that hold what cannot be made again, and what that is."""

_KEEPING = ("Retain", "RetainExceptOnCreate", "Snapshot")

# (resource type, property or None for any) -> what modifying it means.
_MODIFIED: Mapping[tuple[str, str | None], str] = {
    ("AWS::Lambda::Function", "Code"): "replaced code, no downtime; the next calls start cold",
    ("AWS::Lambda::Function", "Environment"): "other variables, no downtime; the next calls start cold",
    ("AWS::Lambda::Function", "Handler"): "another entry point; the next calls start cold",
    ("AWS::Lambda::Function", "MemorySize"): "another memory size; the next calls start cold",
    ("AWS::Lambda::Function", "ReservedConcurrentExecutions"): "another limit of concurrent calls",
    ("AWS::Lambda::Function", "Role"): "other permissions of the function",
    ("AWS::Lambda::Function", "Runtime"): "another runtime; the next calls start cold",
    ("AWS::Lambda::Function", "Timeout"): "calls may take another time",
    ("AWS::Lambda::Function", None): "configuration of the function, no downtime",
    ("AWS::Lambda::Alias", "FunctionVersion"): "traffic moves at once",
    ("AWS::Lambda::Alias", "RoutingConfig"): "traffic is divided anew",
    ("AWS::Lambda::Permission", None): "who may call the function",
    ("AWS::ApiGateway::RestApi", None): "the API's definition; it is live with the next deployment of the API",
    ("AWS::ApiGateway::Stage", "DeploymentId"): "the API's new routes go live at once",
    ("AWS::ApiGateway::Stage", None): "settings of the API's stage",
    ("AWS::DynamoDB::Table", None): "settings of the table; its items stay",
    ("AWS::IAM::Role", None): "permissions change at once",
    ("AWS::IAM::Policy", None): "permissions change at once",
    ("AWS::IAM::ManagedPolicy", None): "permissions change at once",
    ("AWS::Cognito::UserPool", None): "settings of the user pool; its users stay",
    ("AWS::CloudWatch::Alarm", None): "the alarm watches something else",
}
_ADDED: Mapping[str, str] = {
    "AWS::Lambda::Version": "new version",
    "AWS::ApiGateway::Deployment": "a snapshot of the API's routes",
}
_REMOVED: Mapping[str, str] = {
    "AWS::ApiGateway::Deployment": "an old snapshot of the API's routes goes",
    "AWS::Lambda::Function": "the function is gone; whoever still calls it fails",
    "AWS::Lambda::Permission": "who was allowed by it can no longer call the function",
    "AWS::Lambda::Version": "the version can no longer be called",
}


def change_line(change: Change, template: Mapping[str, Any]) -> ChangeLine:
    """Say what a change means.

    Args:
        template: Of what is live, for its DeletionPolicy and UpdateReplacePolicy; empty when nothing is.
    """
    goes = _what_goes(change, template)
    return ChangeLine(change=change, meaning=_meaning(change, goes), loses_data=goes is not None)


def _what_goes(change: Change, template: Mapping[str, Any]) -> str | None:
    """Return what is lost, or None when nothing is."""
    held = STORES.get(change.resource_type)
    if held is None:
        return None
    if change.action == "Remove":
        policy = "DeletionPolicy"
    elif change.replacement in ("True", "Conditional"):
        policy = "UpdateReplacePolicy"
    else:
        return None
    resource = template.get("Resources", {}).get(change.logical_id, {})
    return None if resource.get(policy) in _KEEPING else held


def _meaning(change: Change, goes: str | None) -> str:
    if change.action == "Add":
        return _ADDED.get(change.resource_type, "new")
    if change.action == "Remove":
        return f"removed, with all its {goes}" if goes else _REMOVED.get(change.resource_type, "removed")
    if change.replacement == "True":
        return f"replaced by an empty one: its {goes} are lost" if goes else "replaced by a new one"
    if change.replacement == "Conditional":
        return f"may be replaced by an empty one, and its {goes} lost" if goes else "may be replaced by a new one"
    told = [_MODIFIED.get((change.resource_type, name)) for name in change.properties]
    known = list(dict.fromkeys(text for text in told if text))
    if known:
        return "; ".join(known)
    return _MODIFIED.get((change.resource_type, None), "changed in place")
