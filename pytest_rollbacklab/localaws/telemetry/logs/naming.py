"""Which group a call speaks of (by name, identifier or ARN), and which names are allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid, no_group, no_stream, required
from pytest_rollbacklab.localaws.telemetry.logs.store import LogGroup, LogStore, LogStream
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken, member_missing

__all__ = ["check_group_name", "check_stream_name", "group_by_arn", "group_of", "named_group", "stream_of"]

_GROUP_NAME = re.compile(r"[\.\-_/#A-Za-z0-9]+")
_STREAM_NAME = re.compile(r"[^:*]*")
_MAX_NAME = 512


def check_group_name(name: str) -> str:
    """Return a name that a group can have.

    Raises:
        ServiceError: InvalidParameterException.
    """
    return _check(name, "logGroupName", _GROUP_NAME)


def check_stream_name(name: str) -> str:
    """Return a name that a stream can have.

    Raises:
        ServiceError: InvalidParameterException.
    """
    return _check(name, "logStreamName", _STREAM_NAME)


def named_group(store: LogStore, params: Mapping[str, Any]) -> LogGroup:
    """Return the group under ``logGroupName``.

    Raises:
        ServiceError: ResourceNotFoundException.
    """
    group = store.group(required(params, "logGroupName"))
    if group is None:
        raise no_group()
    return group


def group_of(store: LogStore, params: Mapping[str, Any]) -> LogGroup:
    """Return the group under ``logGroupName`` or ``logGroupIdentifier``, which is a name or an ARN.

    Raises:
        ServiceError: both are given (as recorded), none is, or there is no such group.
    """
    identifier = params.get("logGroupIdentifier")
    if identifier is None:
        return named_group(store, params)
    if params.get("logGroupName") is not None:
        raise ServiceError("ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
    if not identifier:
        raise invalid(member_missing("logGroupIdentifier"))
    return (
        group_by_arn(store, identifier)
        if identifier.startswith("arn:")
        else named_group(store, {"logGroupName": identifier})
    )


def group_by_arn(store: LogStore, arn: str) -> LogGroup:
    """Return the group that an ARN names, with or without ``:*``.

    Raises:
        ServiceError: ResourceNotFoundException.
    """
    group = store.group(store.name_from_arn(arn) or "")
    if group is None:
        raise no_group()
    return group


def stream_of(group: LogGroup, name: str) -> LogStream:
    """Return a stream.

    Raises:
        ServiceError: ResourceNotFoundException.
    """
    stream = group.stream(name)
    if stream is None:
        raise no_stream()
    return stream


def _check(name: str, member: str, allowed: re.Pattern[str]) -> str:
    if len(name) > _MAX_NAME:
        raise invalid(f"Invalid LogGroup or LogStream, both must have length less than or equal to {_MAX_NAME}.")
    if not name:
        raise invalid(constraint_broken(name, member, "Member must have length greater than or equal to 1"))
    if not allowed.fullmatch(name):
        constraint = f"Member must satisfy regular expression pattern: {allowed.pattern}"
        raise invalid(constraint_broken(name, member, constraint))
    return name
