"""Every page, empty or full, and every error: for keyboard and ear, with nothing that the policy would block."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.conftest import Console
from console.fake_pipeline import FakePipeline, make_activity, make_plan
from console.page import page, read
from console.pages.test_every_page import PAGES
from console.reachable import lacks
from pytest_rollbacklab.errors import ConflictError, DeployError, UsageError
from pytest_rollbacklab.model import Change
from pytest_rollbacklab.pipeline.values import ChangeLine, Remark

EMPTY = ("/", "/builds", "/activity", "/stages/dev", "/stages/prod", "/stages/prod/settings", "/stages/prod/releases")


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page(console: Console, path: str, language: str) -> None:
    assert lacks(page(console, path, language)) == []


@pytest.mark.parametrize("path", EMPTY)
def test_a_page_where_there_is_nothing_yet(tmp_path: Path, path: str) -> None:
    assert lacks(page(Console(FakePipeline(tmp_path, empty=True)), path)) == []


@pytest.mark.parametrize("count", [1, 40])
def test_a_plan_that_loses_data(console: Console, pipeline: FakePipeline, count: int) -> None:
    change = Change(
        action="Remove", logical_id="T", resource_type="AWS::DynamoDB::Table", replacement=None, properties=()
    )
    line = ChangeLine(change=change, meaning="removed, with all its items", loses_data=True)
    remark = Remark(kind="data loss", text="T: removed, with all its items")
    plan = make_plan("prod", "promote", pipeline.all_builds[0].build)
    pipeline.plans["p1"] = make_plan(
        "prod", "promote", pipeline.all_builds[0].build, changes=plan.changes + (line,) * count, remarks=(remark,)
    )
    root = page(console, "/stages/prod/plans/p1")
    assert lacks(root) == []
    assert root.all("details", id="all-changes") == []


def test_many_changes_are_folded_when_none_of_them_loses_data(console: Console, pipeline: FakePipeline) -> None:
    plan = make_plan("prod", "promote", pipeline.all_builds[0].build)
    pipeline.plans["p1"] = make_plan("prod", "promote", pipeline.all_builds[0].build, changes=plan.changes * 5)
    root = page(console, "/stages/prod/plans/p1")
    assert lacks(root) == []
    assert len(root.one("details", id="all-changes").one("table", id="changes").all("tr")) == 16


def test_what_is_under_way(console: Console, pipeline: FakePipeline) -> None:
    pipeline.all_activities.insert(0, make_activity(13, state="running", ended_at=None, outcome=None))
    root = page(console, "/activity/13")
    assert lacks(root) == []
    assert root.one("ol", role="log").attributes["data-follow"].endswith("/activity/13/events")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("no", looked_at="here", mend="do so"), 400),
        (ConflictError("no"), 409),
        (DeployError("no", looked_at="events\n  CreateFunction"), 502),
        (RuntimeError("no"), 500),
    ],
    ids=lambda value: str(value),
)
def test_an_error(console: Console, pipeline: FakePipeline, error: Exception, status: int) -> None:
    pipeline.fails["stage"] = error
    answer = console.get("/stages/prod")
    assert answer.status == status
    assert lacks(read(answer.text)) == []


def test_a_refusal(console: Console) -> None:
    answer = console.ask("POST", "/stages/prod/pin", headers={"Accept": "text/html"})
    assert answer.status == 403
    assert lacks(read(answer.text)) == []
