"""Log groups: made, listed, deleted, kept for so many days, tagged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scoped, ServiceError
from pytest_rollbacklab.localaws.telemetry.logs.faults import group_exists, invalid, read_limit, required
from pytest_rollbacklab.localaws.telemetry.logs.naming import check_group_name, group_by_arn, named_group
from pytest_rollbacklab.localaws.telemetry.logs.store import LogGroup, LogStore
from pytest_rollbacklab.localaws.telemetry.pages import names_with_prefix, read_token, sorted_page, write_token
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken, not_emulated

__all__ = ["GroupOperations"]

_CLASSES = ("STANDARD", "INFREQUENT_ACCESS")
_RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
_MAX_PAGE = 50
_MAX_TAGS = 50


class GroupOperations:
    """Logs' operations on groups.

    Args:
        stores: Every account's groups.
        now_ms: Gives the time in milliseconds since the epoch.
    """

    def __init__(self, stores: Scoped[LogStore], now_ms: Callable[[], int]) -> None:
        self._stores = stores
        self._now_ms = now_ms
        self.operations: Mapping[str, Operation] = {
            "CreateLogGroup": self._create,
            "DeleteLogGroup": self._delete,
            "DescribeLogGroups": self._describe,
            "PutRetentionPolicy": self._put_retention,
            "DeleteRetentionPolicy": self._delete_retention,
            "TagLogGroup": lambda call, params: self._tag(self._named(call, params), params),
            "UntagLogGroup": lambda call, params: self._untag(self._named(call, params), required(params, "tags")),
            "ListTagsLogGroup": lambda call, params: {"tags": dict(self._named(call, params).tags)},
            "TagResource": lambda call, params: self._tag(self._by_arn(call, params), params),
            "UntagResource": lambda call, params: self._untag(self._by_arn(call, params), required(params, "tagKeys")),
            "ListTagsForResource": lambda call, params: {"tags": dict(self._by_arn(call, params).tags)},
        }

    def _create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        name, store = check_group_name(required(params, "logGroupName")), self._stores.of(call.scope)
        for option, without in (
            ("kmsKeyId", "nothing is encrypted here"),
            ("deletionProtectionEnabled", "protect it yourself"),
        ):
            if params.get(option):
                raise not_emulated(f"{option} of CreateLogGroup", f"Leave it out: {without}.")
        log_class = params.get("logGroupClass") or "STANDARD"
        if log_class not in _CLASSES:
            raise not_emulated(f"logGroupClass {log_class}", f"Use one of {', '.join(_CLASSES)}.")
        if store.group(name) is not None:
            raise group_exists()
        tags = _check_tags(params.get("tags") or {})
        group = store.add_group(name, now_ms=self._now_ms())
        group.configure({"log_class": log_class, "tags": tags})
        return {}

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self._stores.of(call.scope).remove_group(self._named(call, params).name)
        return {}

    def _describe(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        for option in ("accountIdentifiers", "includeLinkedAccounts"):
            if params.get(option):
                raise not_emulated(f"{option} of DescribeLogGroups", "Ask with the other account's own credentials.")
        limit = read_limit(params, default=_MAX_PAGE, largest=_MAX_PAGE)
        store = self._stores.of(call.scope)
        names, more = sorted_page(_wanted(store, params), last=_read_last(params), limit=limit)
        groups = (group for name in names if (group := store.group(name)) is not None)
        answer: dict[str, Any] = {"logGroups": [self._show(group) for group in groups]}
        return answer | ({"nextToken": write_token(last=names[-1])} if more else {})

    def _show(self, group: LogGroup) -> dict[str, Any]:
        group.drop_expired(now_ms=self._now_ms())
        shown: dict[str, Any] = {
            "logGroupName": group.name,
            "creationTime": group.created_ms,
            "metricFilterCount": len(group.metric_filters),
            "arn": f"{group.arn}:*",
            "storedBytes": group.stored_bytes,
            "logGroupClass": group.log_class,
            "logGroupArn": group.arn,
            "deletionProtectionEnabled": False,
        }
        return shown | ({"retentionInDays": group.retention_days} if group.retention_days else {})

    def _put_retention(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        days = required(params, "retentionInDays")
        if days not in _RETENTIONS:
            constraint = f"Member must satisfy enum value set: [{', '.join(map(str, _RETENTIONS))}]"
            raise invalid(constraint_broken(days, "retentionInDays", constraint))
        self._named(call, params).configure({"retention_days": days})
        return {}

    def _delete_retention(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self._named(call, params).configure({"retention_days": None})
        return {}

    def _tag(self, group: LogGroup, params: Mapping[str, Any]) -> dict[str, Any]:
        group.configure({"tags": _check_tags({**group.tags, **(params.get("tags") or {})})})
        return {}

    def _untag(self, group: LogGroup, keys: Sequence[str]) -> dict[str, Any]:
        group.configure({"tags": {key: value for key, value in group.tags.items() if key not in keys}})
        return {}

    def _named(self, call: Call, params: Mapping[str, Any]) -> LogGroup:
        return named_group(self._stores.of(call.scope), params)

    def _by_arn(self, call: Call, params: Mapping[str, Any]) -> LogGroup:
        return group_by_arn(self._stores.of(call.scope), required(params, "resourceArn"))


def _check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    if len(tags) > _MAX_TAGS:
        raise ServiceError("TooManyTagsException", f"A log group can have at most {_MAX_TAGS} tags.")
    return dict(tags)


def _wanted(store: LogStore, params: Mapping[str, Any]) -> Sequence[str]:
    """Return the sorted names that the filters leave."""
    prefix, pattern = params.get("logGroupNamePrefix"), params.get("logGroupNamePattern")
    if prefix and pattern:
        raise invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    names = names_with_prefix(store.names, prefix or "")
    if pattern:
        names = [name for name in names if pattern in name]
    if identifiers := params.get("logGroupIdentifiers"):
        chosen = {store.name_from_arn(one) if one.startswith("arn:") else one for one in identifiers}
        names = [name for name in names if name in chosen]
    if log_class := params.get("logGroupClass"):
        names = [name for name in names if (group := store.group(name)) is not None and group.log_class == log_class]
    return names


def _read_last(params: Mapping[str, Any]) -> str | None:
    if not params.get("nextToken"):
        return None
    try:
        return str(read_token(params["nextToken"], last=str)["last"])
    except ValueError:
        raise invalid("The specified nextToken is invalid.") from None
