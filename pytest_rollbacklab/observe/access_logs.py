"""API access logs: switched on in one call, with all that AWS demands for it, read back, and switched off.

AWS wants three things before a stage writes them: a log group, a role that API Gateway may write logs with, and that
role named in the account's settings ("Set up CloudWatch logging for REST APIs in API Gateway"). What is missing is
made; what is there is kept: an account's role, a stage's own format and group. A second call changes nothing. Reading
is done in ``access_log_lines``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.observe.access_log_lines import group_in, read
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target
from pytest_rollbacklab.wait import wait_for

__all__ = ["FORMAT", "Enabled", "disable", "enable", "read"]

_IDENTITY = (
    "sourceIp",
    "userAgent",
    "accountId",
    "caller",
    "user",
    "userArn",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
)
_VARIABLES = (
    "requestId",
    "extendedRequestId",
    "requestTime",
    "requestTimeEpoch",
    "httpMethod",
    "resourcePath",
    "path",
    "protocol",
    "status",
    "responseLength",
    "responseLatency",
    "integrationLatency",
    "integration.requestId",
    "integration.status",
    "integration.integrationStatus",
    "integrationErrorMessage",
    "error.message",
    "error.responseType",
    *(f"identity.{member}" for member in _IDENTITY),
)

FORMAT = json.dumps({name: f"$context.{name}" for name in _VARIABLES})
"""What ``enable`` sets where a stage has no format: one JSON object a line, with what evidence is joined by."""

_ROLE_NAME = "rollbacklab-apigateway-logs"
_ROLE_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
_RETENTION_DAYS = 14
_ROLE_TIMEOUT_S = 60.0
_ROLE_FIRST_PAUSE_S = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Enabled:
    """What it took to switch access logs on."""

    log_group: str
    format: str
    role_arn: str
    done: tuple[str, ...]
    """A sentence for each thing that was made or changed; empty when all was there."""


def enable(target: Target, resources: StageResources, *, log_format: str | None = None) -> Enabled:
    """Switch a stage's access logs on, and its execution log at INFO.

    Args:
        log_format: What a line holds; None keeps the stage's own format and group, or sets ``FORMAT``.

    Raises:
        UsageError: the stage sends its access logs to a delivery stream.
        WaitTimeout: API Gateway does not accept the role.
    """
    done: list[str] = []
    gateway, where = target.client("apigateway"), _where(resources)
    stage = gateway.get_stage(**where)
    settings = stage.get("accessLogSettings") or {}
    if not settings or log_format is not None:
        arn = _ensure_group(target, _own_group(resources), done)
        settings = {"destinationArn": arn, "format": log_format or FORMAT}
    group = group_in(settings)
    role_arn = _ensure_account_role(target, done)
    if changes := _changes(stage, settings):
        gateway.update_stage(**where, patchOperations=changes)
        done.append(f"stage {resources.api_stage}: {', '.join(change['path'] for change in changes)} set")
    return Enabled(log_group=group, format=settings["format"], role_arn=role_arn, done=tuple(done))


def disable(target: Target, resources: StageResources) -> None:
    """Switch a stage's access logs off; what was written stays, and so do the execution log, the role and the group."""
    gateway, where = target.client("apigateway"), _where(resources)
    if gateway.get_stage(**where).get("accessLogSettings"):
        gateway.update_stage(**where, patchOperations=[{"op": "remove", "path": "/accessLogSettings"}])


def _where(resources: StageResources) -> dict[str, str]:
    return {"restApiId": resources.rest_api_id, "stageName": resources.api_stage}


def _own_group(resources: StageResources) -> str:
    return f"/rollbacklab/access/{resources.rest_api_id}/{resources.api_stage}"


def _changes(stage: Mapping[str, Any], settings: Mapping[str, str]) -> list[dict[str, str]]:
    now = stage.get("accessLogSettings") or {}
    wanted = {f"/accessLogSettings/{name}": value for name, value in settings.items() if now.get(name) != value}
    if stage.get("methodSettings", {}).get("*/*", {}).get("loggingLevel") != "INFO":
        wanted["/*/*/logging/loglevel"] = "INFO"
    return [{"op": "replace", "path": path, "value": value} for path, value in wanted.items()]


def _ensure_group(target: Target, group: str, done: list[str]) -> str:
    logs = target.client("logs")
    try:
        logs.create_log_group(logGroupName=group)
    except logs.exceptions.ResourceAlreadyExistsException:
        pass
    else:
        logs.put_retention_policy(logGroupName=group, retentionInDays=_RETENTION_DAYS)
        done.append(f"log group {group} made, kept for {_RETENTION_DAYS} days")
    return f"arn:aws:logs:{target.region}:{target.account_id}:log-group:{group}"


def _ensure_account_role(target: Target, done: list[str]) -> str:
    gateway, iam = target.client("apigateway"), target.client("iam")
    known = gateway.get_account().get("cloudwatchRoleArn")
    if known:
        return str(known)
    try:
        role_arn = iam.get_role(RoleName=_ROLE_NAME)["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        made = iam.create_role(RoleName=_ROLE_NAME, AssumeRolePolicyDocument=json.dumps(_TRUST))
        role_arn = made["Role"]["Arn"]
        done.append(f"role {_ROLE_NAME} made")
    iam.attach_role_policy(RoleName=_ROLE_NAME, PolicyArn=_ROLE_POLICY)
    _name_role(target, gateway, role_arn)
    done.append("the account's settings name it as the role that API Gateway writes logs with")
    return str(role_arn)


def _name_role(target: Target, gateway: Any, role_arn: str) -> None:
    """Name the role in the account's settings; on AWS a role that was just made is refused for some seconds."""
    refusals: list[str] = []

    def named() -> bool | None:
        try:
            gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role_arn}])
        except gateway.exceptions.BadRequestException as error:
            if "role" not in str(error).lower():
                raise
            refusals.append(str(error))
            return None
        return True

    wait_for(
        f"API Gateway to accept the role {role_arn}",
        named,
        timeout_s=_ROLE_TIMEOUT_S,
        first_pause_s=_ROLE_FIRST_PAUSE_S,
        mend=f"see that its trust policy names apigateway.amazonaws.com and that {_ROLE_POLICY} is attached",
        check=target.check,
        last_seen=lambda: refusals[-1],
    )
