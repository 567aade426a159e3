"""Tags of APIs, stages, API keys and usage plans."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.refusals import bad_request
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry
from pytest_rollbacklab.localaws.gateway.usage.api_key import ApiKey
from pytest_rollbacklab.localaws.gateway.usage.book import UsageBook
from pytest_rollbacklab.localaws.gateway.usage.usage_plan import UsagePlan

__all__ = ["TagOperations"]

_ARN = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+::/restapis/([a-z0-9]+)(?:/stages/([A-Za-z0-9_-]+))?")
_USAGE_ARN = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+::/(apikeys|usageplans)/([a-z0-9]+)")

Tags = Mapping[str, str]


class TagOperations:
    """TagResource, UntagResource, GetTags.

    Args:
        registry: The APIs.
        book: The keys and plans.
    """

    def __init__(self, *, registry: Registry, book: UsageBook) -> None:
        self._registry = registry
        self._book = book
        self.operations: Mapping[str, Operation] = {
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "GetTags": self._get,
        }

    def _tag(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return self._change(call, params, lambda tags: {**tags, **params["tags"]})

    def _untag(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        gone = set(params["tagKeys"])
        return self._change(call, params, lambda tags: {key: tag for key, tag in tags.items() if key not in gone})

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        if of_usage := _USAGE_ARN.fullmatch(params["resourceArn"]):
            return {"tags": dict(self._key_or_plan(call, *of_usage.groups()).tags)}
        record, stage_name = self._tagged(call, params)
        return {"tags": dict(record.stage(stage_name).tags if stage_name else record.api.tags)}

    def _change(self, call: Call, params: Mapping[str, Any], change: Callable[[Tags], Tags]) -> dict[str, Any]:
        if of_usage := _USAGE_ARN.fullmatch(params["resourceArn"]):
            self._change_of_usage(call, self._key_or_plan(call, *of_usage.groups()), change)
            return {}
        record, stage_name = self._tagged(call, params)
        if stage_name:
            stage = record.stage(stage_name)
            record.put_stage(replace(stage, tags=change(stage.tags)))
        else:
            record.api = replace(record.api, tags=change(record.api.tags))
        return {}

    def _key_or_plan(self, call: Call, kind: str, id_: str) -> ApiKey | UsagePlan:
        return self._book.key(call.scope, id_) if kind == "apikeys" else self._book.plan(call.scope, id_)

    def _change_of_usage(self, call: Call, tagged: ApiKey | UsagePlan, change: Callable[[Tags], Tags]) -> None:
        if isinstance(tagged, ApiKey):
            self._book.put_key(call.scope, replace(tagged, tags=change(tagged.tags)))
        else:
            self._book.put_plan(call.scope, replace(tagged, tags=change(tagged.tags)))

    def _tagged(self, call: Call, params: Mapping[str, Any]) -> tuple[ApiRecord, str | None]:
        found = _ARN.fullmatch(params["resourceArn"])
        if found is None:
            raise bad_request(
                f"Invalid ARN specified in the request: {params['resourceArn']} is no REST API, stage, API key or "
                "usage plan"
            )
        return self._registry.record(call.scope, found[1]), found[2]
