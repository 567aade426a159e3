"""What a stage's stack is made of: each resource by its ids, with links to what can be looked at of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.console.observing.looking import stage_resources
from pytest_rollbacklab.console.visit import Outcome, Route, Shown, Visit
from pytest_rollbacklab.observe.lambda_logs import group_of
from pytest_rollbacklab.observe.resources import StageResources

__all__ = ["GROUPS", "ROUTES"]

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Functions", ("AWS::Lambda::Function",)),
    ("API", ("AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::")),
    ("Data", ("AWS::DynamoDB::", "AWS::S3::Bucket", "AWS::SQS::", "AWS::SNS::", "AWS::RDS::", "AWS::Kinesis::")),
    ("Users", ("AWS::Cognito::",)),
    ("Logs and alarms", ("AWS::Logs::", "AWS::CloudWatch::")),
)
"""What people look for, in this order, by the beginnings of the types; the rest comes behind it, folded."""


async def resources(visit: Visit) -> Outcome:
    """Show what a stage is made of."""
    stage = visit.part("stage")
    found = await visit.run(stage_resources, visit.pipeline, stage)
    rows = _rows(stage, found) if found else []
    return Shown(
        template="observing/resources.html",
        data={"stage": stage, "resources": rows},
        extra={"groups": _grouped(rows), "stack_name": found.stack_name if found else None},
    )


def _rows(stage: str, found: StageResources) -> list[Mapping[str, Any]]:
    return [
        {
            "logical_id": logical_id,
            "type": kind,
            "physical_id": physical_id,
            "links": _links(stage, found, kind, logical_id, physical_id),
        }
        for kind, of_kind in sorted(found.by_type.items())
        for logical_id, physical_id in sorted(of_kind.items())
    ]


def _links(stage: str, found: StageResources, kind: str, logical_id: str, physical_id: str) -> Mapping[str, str]:
    below = f"/stages/{stage}"
    if kind == "AWS::Lambda::Function":
        return {name: f"{below}/functions/{logical_id}/{name}" for name in ("logs", "metrics")}
    if kind in ("AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage"):
        return {"access logs": f"{below}/access-logs", "metrics": f"{below}/metrics"}
    if kind == "AWS::Logs::LogGroup":
        owner = next((known for known, name in found.functions.items() if group_of(name) == physical_id), None)
        return {"logs": f"{below}/functions/{owner}/logs"} if owner else {}
    return {}


def _grouped(rows: list[Mapping[str, Any]]) -> list[tuple[str | None, list[Mapping[str, Any]]]]:
    """Return the rows by what people look for; the last group, without a name, is the rest."""
    rest, groups = rows, []
    for title, kinds in GROUPS:
        groups.append((title, [row for row in rest if row["type"].startswith(kinds)]))
        rest = [row for row in rest if not row["type"].startswith(kinds)]
    return [(title, of_group) for title, of_group in [*groups, (None, rest)] if of_group]


ROUTES = (Route(method="GET", path="/stages/{stage}/resources", handler=resources),)
