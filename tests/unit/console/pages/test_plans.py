"""Plans: made, shown with what they mean, and confirmed by somebody who has read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.conftest import KEY, TOKEN, Console
from console.fake_pipeline import (
    FakePipeline,
    make_build,
    make_plan,
)
from console.page import page
from pytest_rollbacklab.model import Change
from pytest_rollbacklab.pipeline.values import ChangeLine, Configured, Remark


@pytest.mark.parametrize("kind", ["deploy", "promote", "rollback"])
def test_is_made_and_shown_before_anything_happens(console: Console, pipeline: FakePipeline, kind: str) -> None:
    answer = console.post("/stages/prod/plans", {"kind": kind, "build": "7", "from": "dev", "reason": "r"})
    assert (answer.status, answer.headers["Location"]) == (303, f"/{KEY}/stages/prod/plans/p1")
    assert pipeline.named("plan") == [("prod", kind, 7, "dev", None, "r")]
    assert pipeline.named("confirm") == []


def test_programs_get_it_with_201(console: Console) -> None:
    headers = {"X-Rollbacklab-Token": TOKEN, "Accept": "application/json"}
    answer = console.ask("POST", "/stages/prod/plans", data={"kind": "rollback"}, headers=headers)
    assert answer.status == 201
    assert answer.json()["plan"]["id"] == "p1"


def test_of_a_configuration_takes_names_one_by_one_or_a_line_each(console: Console, pipeline: FakePipeline) -> None:
    console.post("/stages/dev/plans", {"kind": "config", "environment.A": "1", "parameter.P": "x=y"})
    console.post(
        "/stages/dev/plans", {"kind": "config", "environment": "A=1\r\n\r\n B =two words\r\n", "parameters": ""}
    )
    told = [what[4] for what in pipeline.named("plan")]
    assert told == [
        Configured(environment={"A": "1"}, parameters={"P": "x=y"}),
        Configured(environment={"A": "1", "B": "two words"}, parameters={}),
    ]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "burn"}, "there is no release of the kind &#39;burn&#39;"),
        ({}, "there is no release of the kind"),
        ({"kind": "deploy", "build": "seven"}, "build must be a whole number"),
        ({"kind": "config", "environment": "LEVEL"}, "does not set anything"),
        ({"kind": "config", "environment": "=x"}, "does not set anything"),
    ],
)
def test_that_makes_no_sense_is_refused(
    console: Console, pipeline: FakePipeline, form: dict[str, str], said: str
) -> None:
    answer = console.post("/stages/dev/plans", form)
    assert answer.status == 400
    assert said in answer.text
    assert pipeline.named("plan") == []


def test_says_in_one_sentence_what_happens_and_in_a_table_how(console: Console) -> None:
    root = page(console, "/stages/prod/plans/p1")
    assert root.one("h2", class_="title").text == "Roll back prod to build 6"
    assert "Change set · 3 changes" in root.text
    assert "Nothing is deleted. No data is touched." in root.text
    rows = [[cell.text for cell in row.all("td")] for row in root.one("table", id="changes").all("tr")[1:]]
    assert rows[0] == ["Modify", "CreateFunction AWS::Lambda::Function", "Code", "replaced code, no downtime"]
    assert rows[1][0] == "Add"


def test_of_a_rollback_says_what_it_will_not_bring_back_and_asks_why(console: Console) -> None:
    root = page(console, "/stages/prod/plans/p1")
    assert "What this will not bring back what was written since build 7 went live" in root.text
    assert "stays as it is: items in NotesTable" in root.text
    reason = root.one("input", name="reason")
    assert "required" not in reason.attributes
    assert root.one("form", id="confirm-plan").attributes["action"] == f"/{KEY}/stages/prod/plans/p1/confirm"
    assert root.one("form", id="cancel-plan").attributes["action"] == f"/{KEY}/stages/prod/plans/p1/cancel"
    assert [button.text for button in root.all("button", form=None)] == ["Confirm", "Cancel"]


def test_of_a_promotion_asks_for_no_reason(console: Console, pipeline: FakePipeline) -> None:
    pipeline.plans["p1"] = make_plan("prod", "promote", make_build(7))
    assert page(console, "/stages/prod/plans/p1").all("input", name="reason") == []


def test_is_confirmed_and_then_followed(console: Console, pipeline: FakePipeline) -> None:
    answer = console.post("/stages/prod/plans/p1/confirm", {"reason": "users see 502"})
    assert (answer.status, answer.headers["Location"]) == (303, f"/{KEY}/activity/13")
    assert pipeline.named("confirm") == [("prod", "p1", "users see 502")]


def test_programs_get_the_activity_with_202(console: Console) -> None:
    headers = {"X-Rollbacklab-Token": TOKEN, "Accept": "application/json"}
    answer = console.ask("POST", "/stages/prod/plans/p1/confirm", headers=headers)
    assert (answer.status, answer.json()["activity"]["number"]) == (202, 13)


def test_the_reason_it_was_made_with_is_kept(console: Console, pipeline: FakePipeline) -> None:
    pipeline.plans["p1"] = replace(pipeline.plans["p1"], reason="because")
    assert page(console, "/stages/prod/plans/p1").one("input", name="reason").attributes["value"] == "because"
    console.post("/stages/prod/plans/p1/confirm")
    assert pipeline.named("confirm") == [("prod", "p1", "because")]


def test_is_cancelled(console: Console, pipeline: FakePipeline) -> None:
    assert console.post("/stages/prod/plans/p1/cancel").headers["Location"] == f"/{KEY}/stages/prod"
    assert pipeline.named("cancel") == [("prod", "p1")]


def test_that_is_gone_is_404_and_can_not_be_confirmed(console: Console) -> None:
    assert console.get("/stages/prod/plans/gone").status == 404
    answer = console.post("/stages/prod/plans/gone/confirm")
    assert answer.status == 409
    assert "this plan is gone" in answer.text


def test_that_changes_nothing_says_so(console: Console, pipeline: FakePipeline) -> None:
    pipeline.plans["p1"] = replace(pipeline.plans["p1"], changes=(), executable=False)
    text = page(console, "/stages/prod/plans/p1").text
    assert "it stands so already" in text
    assert "Confirming it only records the release." in text


def test_that_loses_data_says_so_and_wants_the_stages_name(console: Console, pipeline: FakePipeline) -> None:
    pipeline.plans["p1"] = _that_loses_data()
    root = page(console, "/stages/prod/plans/p1")
    assert "Data will be lost: NotesTable." in root.text
    assert root.classed("loses")[0].text == (
        "Replace NotesTable AWS::DynamoDB::Table KeySchema loses data · replaced by an empty one: its items are lost"
    )
    assert root.one("input", name="stage_name").attributes["data-unlocks"] == "prod"
    refused = console.post("/stages/prod/plans/p1/confirm", {"stage_name": "dev"})
    assert refused.status == 400
    assert "was not typed" in refused.text
    assert pipeline.named("confirm") == []
    assert console.post("/stages/prod/plans/p1/confirm", {"stage_name": " prod "}).status == 303


def _that_loses_data() -> Any:
    made = make_plan("prod", "deploy", make_build(7))
    change = Change(
        action="Modify",
        logical_id="NotesTable",
        resource_type="AWS::DynamoDB::Table",
        replacement="True",
        properties=("KeySchema",),
    )
    lost = ChangeLine(change=change, meaning="replaced by an empty one: its items are lost", loses_data=True)
    return replace(made, changes=(*made.changes, lost), remarks=(Remark(kind="data loss", text="NotesTable: lost"),))
