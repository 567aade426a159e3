"""Logs' operations on Insights queries: begun, followed, stopped, listed.

Queries run in the background and are remembered while the process lives, the newest ``MAX_REMEMBERED`` of an account
and region; AWS keeps their results for seven days.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scoped, ServiceError
from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid, read_limit, required
from pytest_rollbacklab.localaws.telemetry.logs.insights.execution import Outcome, execute
from pytest_rollbacklab.localaws.telemetry.logs.insights.query import MAX_ROWS, read_query
from pytest_rollbacklab.localaws.telemetry.logs.store import LogGroup, LogStore
from pytest_rollbacklab.localaws.telemetry.pages import read_token, write_token
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["MAX_REMEMBERED", "InsightsOperations"]

MAX_REMEMBERED = 1000
_MAX_GROUPS = 50
_LANGUAGE = "CWLI"
_STATUSES = ("Scheduled", "Running", "Complete", "Failed", "Cancelled", "Timeout", "Unknown")


@dataclass(kw_only=True, slots=True)
class _Begun:
    """A query that was begun."""

    id: str
    group: str
    text: str
    created_ms: int
    outcome: Outcome
    task: asyncio.Task[None]

    @property
    def status(self) -> str:
        if not self.task.done():
            return "Running"
        return "Cancelled" if self.task.cancelled() else "Failed" if self.task.exception() else "Complete"


class InsightsOperations:
    """Logs' operations on queries.

    Args:
        stores: Every account's groups.
        now_ms: Gives the time in milliseconds since the epoch.
        visible_until_ms: Gives up to when events have to have come in to be seen.
    """

    def __init__(
        self, stores: Scoped[LogStore], now_ms: Callable[[], int], visible_until_ms: Callable[[], int]
    ) -> None:
        self._stores = stores
        self._now_ms = now_ms
        self._visible_until_ms = visible_until_ms
        self._begun: Scoped[dict[str, _Begun]] = Scoped(lambda _: {})
        self.operations: Mapping[str, Operation] = {
            "StartQuery": self._start,
            "GetQueryResults": self._results,
            "StopQuery": self._stop,
            "DescribeQueries": self._describe,
        }

    async def close(self) -> None:
        """End what is still under way."""
        running = [one.task for _, begun in self._begun.items() for one in begun.values() if not one.task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _start(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("queryLanguage") not in (None, _LANGUAGE):
            raise not_emulated(f"the queryLanguage {params['queryLanguage']}", f"Use {_LANGUAGE}.")
        text, start, end = required(params, "queryString"), required(params, "startTime"), required(params, "endTime")
        limit = read_limit(params, default=MAX_ROWS, largest=MAX_ROWS)
        if end < start:
            raise invalid("The start time of the query must not be after its end time.")
        query, groups = read_query(text), self._groups(call, params)
        outcome = Outcome()
        running = execute(
            query,
            groups,
            start_ms=start * 1000,
            end_ms=end * 1000 + 999,
            until_ingested_ms=self._visible_until_ms(),
            limit=limit,
            into=outcome,
        )
        begun = _Begun(
            id=str(uuid.uuid4()),
            group=groups[0].name,
            text=f"{' '.join(_source(group) for group in groups)} START={start}000 END={end}999 | {text}",
            created_ms=self._now_ms(),
            outcome=outcome,
            task=asyncio.ensure_future(running),
        )
        remembered = self._begun.of(call.scope)
        remembered[begun.id] = begun
        if len(remembered) > MAX_REMEMBERED:
            del remembered[next(iter(remembered))]
        return {"queryId": begun.id}

    def _groups(self, call: Call, params: Mapping[str, Any]) -> list[LogGroup]:
        given = [name for name in ("logGroupName", "logGroupNames", "logGroupIdentifiers") if params.get(name)]
        if len(given) != 1:
            raise invalid("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given.")
        value = params[given[0]]
        identifiers = [value] if isinstance(value, str) else list(dict.fromkeys(value))
        if len(identifiers) > _MAX_GROUPS:
            raise invalid(f"A query can be over at most {_MAX_GROUPS} log groups.")
        store, groups = self._stores.of(call.scope), []
        for one in identifiers:
            group = store.group((store.name_from_arn(one) or one) if one.startswith("arn:") else one)
            if group is None:
                raise _no_group(one, call)
            group.drop_expired(now_ms=self._now_ms())
            groups.append(group)
        return groups

    def _results(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        begun = self._of(call, params)
        outcome = begun.outcome
        return {
            "queryLanguage": _LANGUAGE,
            "results": outcome.rows,
            "statistics": {
                "recordsMatched": float(outcome.matched),
                "recordsScanned": float(outcome.scanned),
                "bytesScanned": float(outcome.bytes_scanned),
                "logGroupsScanned": float(outcome.groups),
            },
            "status": begun.status,
        }

    def _stop(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        begun = self._of(call, params)
        if begun.task.done():
            raise invalid(f"The query with id {begun.id} has already ended with status {begun.status}.")
        begun.task.cancel()
        return {"success": True}

    def _describe(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("queryLanguage") not in (None, _LANGUAGE):
            return {"queries": []}
        status, group, limit = (
            params.get("status"),
            params.get("logGroupName"),
            params.get("maxResults") or MAX_REMEMBERED,
        )
        if status is not None and status not in _STATUSES:
            raise invalid(f"There is no status {status}: use one of {', '.join(_STATUSES)}.")
        newest_first = sorted(self._begun.of(call.scope).values(), key=lambda one: one.created_ms, reverse=True)
        found = [one for one in newest_first if group in (None, one.group) and status in (None, one.status)]
        skip = _read_skip(params)
        answer: dict[str, Any] = {"queries": [_shown(one) for one in found[skip : skip + limit]]}
        return answer | ({"nextToken": write_token(given=skip + limit)} if len(found) > skip + limit else {})

    def _of(self, call: Call, params: Mapping[str, Any]) -> _Begun:
        begun = self._begun.of(call.scope).get(required(params, "queryId"))
        if begun is None:
            raise ServiceError("ResourceNotFoundException", f"Query with id {params['queryId']} does not exist.")
        return begun


def _source(group: LogGroup) -> str:
    return f'SOURCE "{group.name}"'


def _shown(begun: _Begun) -> dict[str, Any]:
    return {
        "queryLanguage": _LANGUAGE,
        "queryId": begun.id,
        "queryString": begun.text,
        "status": begun.status,
        "createTime": begun.created_ms,
        "logGroupName": begun.group,
    }


def _no_group(name: str, call: Call) -> ServiceError:
    """Return AWS's refusal, as recorded: it shows the words of the service behind."""
    return ServiceError(
        "ResourceNotFoundException",
        f"Log group '{name}' does not exist for account ID '{call.scope.account_id}' (Service: AWSLogs; Status Code:"
        f" 400; Error Code: ResourceNotFoundException; Request ID: {call.request_id}; Proxy: null)",
    )


def _read_skip(params: Mapping[str, Any]) -> int:
    if not params.get("nextToken"):
        return 0
    try:
        return int(read_token(params["nextToken"], given=int)["given"])
    except ValueError:
        raise invalid("The specified nextToken is invalid.") from None
