"""CloudWatch's operations on dashboards. An account's dashboards are the same in all its regions, as on AWS.

A body is checked to be a JSON object whose ``widgets`` are a list of objects with a type; what the widgets say is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scope, Scoped, ServiceError
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.telemetry.metrics.faults import invalid_token, invalid_value, required
from pytest_rollbacklab.localaws.telemetry.moments import from_epoch
from pytest_rollbacklab.localaws.telemetry.pages import names_with_prefix, read_token, sorted_page, write_token
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["Dashboard", "Dashboards"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_EVERYWHERE = "aws-global"
_PAGE = 1000
_MAX_WIDGETS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Dashboard:
    """One dashboard."""

    name: str
    body: str
    modified_at: float
    """Epoch seconds."""


class Dashboards:
    """Every account's dashboards: a ``keeping.Part`` too.

    Args:
        clock: Gives the time in epoch seconds.
        keeper: Hears of the changes.
    """

    name = "dashboards"

    def __init__(self, clock: Callable[[], float], keeper: Keeper) -> None:
        self._clock = clock
        self._keeper = keeper
        self._stores: Scoped[dict[str, Dashboard]] = Scoped(lambda _: {})
        self.operations: Mapping[str, Operation] = {
            "PutDashboard": self._put,
            "GetDashboard": self._get,
            "ListDashboards": self._list,
            "DeleteDashboards": self._delete,
        }

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return a dashboard; None when it is gone."""
        return self._stores.of(scope).get(key)

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - there are none
        """Put back a dashboard."""
        if state is not None:
            self._stores.of(scope)[key] = state

    def _put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        name, body = required(params, "DashboardName"), required(params, "DashboardBody")
        if not _NAME.fullmatch(name):
            raise invalid_value(f"The value {name} for field DashboardName contains invalid characters.")
        if params.get("Tags"):
            raise not_emulated("Tags of PutDashboard", "Leave them out.")
        _check_body(body)
        scope = _everywhere(call)
        self._stores.of(scope)[name] = Dashboard(name=name, body=body, modified_at=self._clock())
        self._keeper.changed(self, scope, name)
        return {"DashboardValidationMessages": []}

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        name = required(params, "DashboardName")
        found = self._stores.of(_everywhere(call)).get(name)
        if found is None:
            raise _gone([name])
        return {"DashboardArn": _arn(call, name), "DashboardBody": found.body, "DashboardName": name}

    def _list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        store = self._stores.of(_everywhere(call))
        names = names_with_prefix(sorted(store), params.get("DashboardNamePrefix") or "")
        page, more = sorted_page(names, last=_read_last(params), limit=_PAGE)
        entries = [
            {
                "DashboardName": name,
                "DashboardArn": _arn(call, name),
                "LastModified": from_epoch(store[name].modified_at),
                "Size": len(store[name].body.encode()),
            }
            for name in page
        ]
        return {"DashboardEntries": entries} | ({"NextToken": write_token(last=page[-1])} if more else {})

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        scope, names = _everywhere(call), required(params, "DashboardNames")
        store = self._stores.of(scope)
        if gone := [name for name in names if name not in store]:
            raise _gone(gone)
        for name in dict.fromkeys(names):
            del store[name]
            self._keeper.changed(self, scope, name)
        return {}


def _everywhere(call: Call) -> Scope:
    return Scope(account_id=call.scope.account_id, region=_EVERYWHERE)


def _arn(call: Call, name: str) -> str:
    return f"arn:aws:cloudwatch::{call.scope.account_id}:dashboard/{name}"


def _gone(names: Sequence[str]) -> ServiceError:
    verb = "does" if len(names) == 1 else "do"
    return ServiceError("ResourceNotFound", f"Dashboard {', '.join(names)} {verb} not exist", 404)


def _check_body(body: str) -> None:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise _invalid(f"The field DashboardBody must be a valid JSON object: {error}") from None
    widgets = document.get("widgets") if isinstance(document, dict) else None
    if not isinstance(widgets, list):
        raise _invalid("The field DashboardBody must be a JSON object with a list of widgets")
    if len(widgets) > _MAX_WIDGETS:
        raise _invalid(f"A dashboard can have at most {_MAX_WIDGETS} widgets")
    for position, widget in enumerate(widgets):
        if not isinstance(widget, dict) or not isinstance(widget.get("type"), str):
            raise _invalid(f"/widgets/{position} must be an object with a type")


def _invalid(why: str) -> ServiceError:
    return ServiceError("InvalidParameterInput", f"The dashboard body is invalid: {why}.")


def _read_last(params: Mapping[str, Any]) -> str | None:
    if not params.get("NextToken"):
        return None
    try:
        return str(read_token(params["NextToken"], last=str)["last"])
    except ValueError:
        raise invalid_token() from None
