"""API access logs: switched on in one call, with all that AWS demands for it, and read back line by line.

AWS wants three things before a REST API's stage writes them: a log group, a role that API Gateway may write logs with,
and that role named in the account's settings ("Set up CloudWatch logging for REST APIs" of the API Gateway developer
guide). ``enable`` makes what is missing and keeps what is there.

Lines are read by the format that the stage has now: each literal between two ``$context`` variables is found again.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import AccessLogLine, LogLine
from pytest_rollbacklab.observe.log_events import read_events
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target
from pytest_rollbacklab.wait import wait_for

__all__ = ["FORMAT", "Enabled", "disable", "enable", "log_group", "parse_line", "read"]

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
    "integration.status",
    "integration.integrationStatus",
    "integration.requestId",
    "integrationErrorMessage",
    "error.message",
    "error.responseType",
    "identity.sourceIp",
    "identity.userAgent",
    "identity.cognitoIdentityId",
    "identity.caller",
)

FORMAT = json.dumps({name: f"$context.{name}" for name in _VARIABLES})
"""The format that ``enable`` sets: one JSON object a line, with what evidence is joined by."""

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_.-]*[A-Za-z0-9_-])")
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Enabled:
    """What it took to switch access logs on."""

    log_group: str
    role_arn: str
    done: tuple[str, ...]
    """A sentence for each thing that was made or changed; empty when all was there."""


def log_group(resources: StageResources) -> str:
    """Return the name of the group that ``enable`` makes for a stage."""
    return f"/rollbacklab/access/{resources.rest_api_id}/{resources.api_stage}"


def enable(target: Target, resources: StageResources) -> Enabled:
    """Switch a stage's access logs on, and its execution log at INFO."""
    done: list[str] = []
    group = log_group(resources)
    arn = _ensure_group(target, group, done)
    role_arn = _ensure_account_role(target, done)
    wanted = {"destinationArn": arn, "format": FORMAT}
    gateway = target.client("apigateway")
    where = {"restApiId": resources.rest_api_id, "stageName": resources.api_stage}
    stage = gateway.get_stage(**where)
    settings = stage.get("methodSettings", {}).get("*/*", {})
    if stage.get("accessLogSettings") != wanted or settings.get("loggingLevel") != "INFO":
        changes = {
            "/accessLogSettings/destinationArn": arn,
            "/accessLogSettings/format": FORMAT,
            "/*/*/logging/loglevel": "INFO",
        }
        _patch(target, where, [{"op": "replace", "path": path, "value": value} for path, value in changes.items()])
        done.append(f"access logs and the execution log of {resources.api_stage} switched on")
    return Enabled(log_group=group, role_arn=role_arn, done=tuple(done))


def disable(target: Target, resources: StageResources) -> None:
    """Switch a stage's access logs off; what was written stays."""
    where = {"restApiId": resources.rest_api_id, "stageName": resources.api_stage}
    if "accessLogSettings" in target.client("apigateway").get_stage(**where):
        _patch(target, where, [{"op": "remove", "path": "/accessLogSettings"}])


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
    _name_role(gateway, role_arn)
    done.append("the account's settings name it as the role that API Gateway writes logs with")
    return str(role_arn)


def _name_role(gateway: Any, role_arn: str) -> None:
    """Name the role in the account's settings; on AWS a role that was just made is refused for some seconds."""

    def named() -> bool | None:
        try:
            gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role_arn}])
        except gateway.exceptions.BadRequestException as error:
            if "role" not in str(error).lower():
                raise
            return None
        return True

    wait_for(f"API Gateway to accept the role {role_arn}", named, timeout_s=_ROLE_TIMEOUT_S, first_pause_s=1.0)


def _patch(target: Target, where: dict[str, str], operations: list[dict[str, str]]) -> None:
    target.client("apigateway").update_stage(**where, patchOperations=operations)


def read(
    target: Target, resources: StageResources, *, since: datetime | None = None, request_id: str | None = None
) -> tuple[AccessLogLine, ...]:
    """Return a stage's access-log lines, in the order of time.

    Args:
        since: The earliest line's time.
        request_id: To get the line of one request alone.

    Raises:
        UsageError: the stage writes no access logs.
    """
    stage = target.client("apigateway").get_stage(restApiId=resources.rest_api_id, stageName=resources.api_stage)
    settings = stage.get("accessLogSettings")
    if settings is None:
        raise UsageError(
            f"access logs are off on {resources.stack_name}",
            looked_at=f"stage {resources.api_stage} of API {resources.rest_api_id}: no accessLogSettings",
            mend="switch them on first: enable_access_logs(); only later requests are logged",
        )
    group = settings["destinationArn"].partition(":log-group:")[2].removesuffix(":*")
    pattern = f'"{request_id}"' if request_id else None
    events = read_events(target, group, since=since, pattern=pattern)
    return tuple(parse_line(event, settings["format"]) for event in events)


def parse_line(event: LogLine, format_: str) -> AccessLogLine:
    """Read one line by the format that it was written in. A line that does not fit it has no fields."""
    found = _reader(format_).fullmatch(event.message.rstrip("\n"))
    names = _VARIABLE.findall(format_)
    values = found.groups() if found else ()
    fields = {name: value for name, value in zip(names, values, strict=False) if value is not None}
    return AccessLogLine(at=event.at, fields=fields, raw=event.message)


def _reader(format_: str) -> re.Pattern[str]:
    """Make the pattern that finds a format's variables again: what stands between them is literal."""
    literals = _VARIABLE.sub("\0", format_.strip()).split("\0")
    return re.compile("(.*?)".join(re.escape(literal) for literal in literals), re.DOTALL)
