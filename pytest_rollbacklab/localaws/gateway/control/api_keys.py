"""Operations on API keys. A key's value is told only to whoever asks for it, as on AWS.

ImportApiKeys reads CSV: ``name,key,description,enabled,usageplanIds``, with one header line.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, ServiceError
from pytest_rollbacklab.localaws.gateway.control.paging import page
from pytest_rollbacklab.localaws.gateway.control.patches import Patch, read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import given
from pytest_rollbacklab.localaws.gateway.identifiers import new_api_id
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated, refuse_others
from pytest_rollbacklab.localaws.gateway.usage.api_key import ApiKey
from pytest_rollbacklab.localaws.gateway.usage.book import UsageBook

__all__ = ["ApiKeyOperations", "key_shape"]

_VALUE = re.compile(r"[\x21-\x7e]{20,128}")
_ALPHABET = string.ascii_letters + string.digits
_VALUE_LENGTH = 40
_OBEYED = ("name", "description", "enabled", "generateDistinctId", "value", "customerId", "tags")


class ApiKeyOperations:
    """Create, Get, Update and DeleteApiKey, GetApiKeys, ImportApiKeys.

    Args:
        book: The keys and plans.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, book: UsageBook, clock: Callable[[], float]) -> None:
        self._book = book
        self._clock = clock
        self.operations: Mapping[str, Operation] = {
            "CreateApiKey": self._create,
            "GetApiKey": self._get,
            "GetApiKeys": self._list,
            "UpdateApiKey": self._update,
            "DeleteApiKey": self._delete,
            "ImportApiKeys": self._import,
        }

    def _create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("stageKeys"):
            raise not_emulated("stageKeys of CreateApiKey", "Put the key on a usage plan: CreateUsagePlanKey.")
        refuse_others("CreateApiKey", params, _OBEYED)
        key = self._new(params)
        self._book.put_key(call.scope, key)
        return key_shape(key, with_value=True)

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return key_shape(self._book.key(call.scope, params["apiKey"]), with_value=bool(params.get("includeValue")))

    def _list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        name, customer = params.get("nameQuery") or "", params.get("customerId")
        keys = [
            key
            for key in self._book.keys(call.scope)
            if (key.name or "").startswith(name) and customer in (None, key.customer_id)
        ]
        with_value = bool(params.get("includeValues"))
        return page(keys, params, lambda key: key_shape(key, with_value=with_value))

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        key = self._book.key(call.scope, params["apiKey"])
        for patch in read_patches(call.operation, params):
            key = _patched(key, patch)
        key = replace(key, updated_at=self._now())
        self._book.put_key(call.scope, key)
        return key_shape(key)

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self._book.remove_key(call.scope, self._book.key(call.scope, params["apiKey"]))
        return {}

    def _import(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("format") != "csv":
            raise bad_request(f"Invalid format {params.get('format')!r}: it must be csv")
        ids, warnings = [], []
        for number, row in enumerate(csv.DictReader(io.StringIO(params["body"].decode())), 1):
            lowered = {str(name).strip().lower(): (value or "").strip() for name, value in row.items()}
            try:
                ids.append(self._import_one(call, lowered))
            except ServiceError as error:
                if params.get("failOnWarnings"):
                    raise
                warnings.append(f"Line {number}: {error.message}")
        return {"ids": ids, "warnings": warnings}

    def _import_one(self, call: Call, row: Mapping[str, str]) -> str:
        if not row.get("key"):
            raise bad_request("it has no key")
        plans = [self._book.plan(call.scope, plan.strip()) for plan in _plans_of(row)]
        key = self._new(
            {
                "name": row.get("name"),
                "value": row["key"],
                "description": row.get("description"),
                "enabled": row.get("enabled", "").lower() == "true",
            }
        )
        self._book.put_key(call.scope, key)
        for plan in plans:
            self._book.put_plan(call.scope, replace(plan, key_ids=(*plan.key_ids, key.id)))
        return key.id

    def _new(self, params: Mapping[str, Any]) -> ApiKey:
        value = params.get("value") or "".join(secrets.choice(_ALPHABET) for _ in range(_VALUE_LENGTH))
        if not _VALUE.fullmatch(value):
            raise bad_request("API Key value should be at least 20 characters and at most 128, of printable ASCII")
        now = self._now()
        return ApiKey(
            id=new_api_id(),
            value=value,
            created_at=now,
            updated_at=now,
            name=params.get("name") or None,
            description=params.get("description") or None,
            enabled=bool(params.get("enabled")),
            customer_id=params.get("customerId") or None,
            tags=dict(params.get("tags") or {}),
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(int(self._clock()), UTC)


def key_shape(key: ApiKey, *, with_value: bool = False) -> dict[str, Any]:
    """Return a key in AWS's shape."""
    shape = given(
        id=key.id,
        value=key.value if with_value else None,
        name=key.name,
        customerId=key.customer_id,
        description=key.description,
        createdDate=key.created_at,
        lastUpdatedDate=key.updated_at,
        tags=dict(key.tags),
    )
    return {**shape, "enabled": key.enabled, "stageKeys": []}


def _plans_of(row: Mapping[str, str]) -> list[str]:
    return [plan for plan in row.get("usageplanids", "").split(",") if plan.strip()]


def _patched(key: ApiKey, patch: Patch) -> ApiKey:
    match patch.path:
        case "/name":
            return replace(key, name=patch.text())
        case "/description":
            return replace(key, description=patch.text())
        case "/enabled":
            patch.only("replace")
            return replace(key, enabled=patch.truth())
        case "/customerId":
            return replace(key, customer_id=patch.text())
        case "/stages" | "/labels":
            raise not_emulated(f"{patch.path} of UpdateApiKey", "Put the key on a usage plan: CreateUsagePlanKey.")
        case _:
            raise patch.unknown(("/customerId", "/description", "/enabled", "/name"))
