"""A stage: its ledger, its buttons, its pin and its probe."""

from __future__ import annotations

from dataclasses import replace

from console.conftest import KEY, TOKEN, Console
from console.fake_pipeline import (
    FakePipeline,
    make_build,
    now,
)
from console.page import page
from pytest_rollbacklab.pipeline.values import BuildLine, Pin


def test_has_its_ledger_and_can_go_back_to_what_was_live(console: Console) -> None:
    root = page(console, "/stages/prod")
    rows = root.one("section", id="releases").all("li")
    assert "v3 build 6 Notes API 0000006 rolled back from build 7 live" in root.text
    assert "“users see 502”" in root.text
    assert root.button("Roll back to build 7…").fields == {"token": TOKEN, "kind": "rollback", "build": "7"}
    assert rows


def test_as_json_names_what_can_be_promoted(console: Console) -> None:
    data = console.json("/stages/prod")
    assert sorted(data) == ["builds", "promote_from", "releases", "stage"]
    assert data["promote_from"] == ["dev"]
    assert data["stage"]["live"]["build"]["number"] == 6
    assert data["stage"]["pin"]["reason"] == "rolled back from build 7"


def test_offers_what_its_state_lets_one_do(console: Console, pipeline: FakePipeline) -> None:
    pinned = page(console, "/stages/prod").one(id="stage-prod").buttons
    assert pinned == ["Release pin", "Send a probe", "Copy"]
    pipeline.stages["prod"] = replace(pipeline.stages["prod"], pin=None)
    free = page(console, "/stages/prod").one(id="stage-prod")
    assert "Promote build 7 from dev…" in free.buttons
    assert "Redeploy…" in free.buttons
    assert free.button("Promote build 7 from dev…").fields["from"] == "dev"
    assert free.button("Redeploy…").fields == {"token": TOKEN, "kind": "deploy", "build": "6"}
    dev = page(console, "/stages/dev").one(id="stage-dev")
    assert "Promote to prod…" in dev.buttons


def test_without_a_probe_none_is_offered(console: Console, pipeline: FakePipeline) -> None:
    pipeline.config = replace(pipeline.config, probe=None)
    assert "Send a probe" not in page(console, "/stages/prod").buttons


def test_the_newest_build_that_can_be_is_offered(console: Console, pipeline: FakePipeline) -> None:
    bad = make_build(9, failure="no")
    pipeline.all_builds.insert(0, BuildLine(build=make_build(8), live_on=(), changed=()))
    pipeline.all_builds.insert(0, BuildLine(build=bad, live_on=(), changed=()))
    assert page(console, "/stages/dev").button("Deploy build 8…").fields["build"] == "8"


def test_an_unknown_one_is_404_with_what_to_do(console: Console) -> None:
    answer = console.get("/stages/nowhere")
    assert answer.status == 404
    assert "has no stage" in answer.text
    assert "use one of them" in answer.text
    assert console.json("/stages/nowhere")["error"]["mend"] == "use one of them"


def test_is_pinned_with_a_reason(console: Console, pipeline: FakePipeline) -> None:
    form = page(console, "/stages/dev").button("Pin dev")
    assert form.attributes["action"] == f"/{KEY}/stages/dev/pin"
    answer = console.post("/stages/dev/pin", {"reason": " a demo "})
    assert (answer.status, answer.headers["Location"]) == (303, f"/{KEY}/stages/dev")
    assert pipeline.named("pin") == [("dev", "a demo")]
    assert pipeline.asked_by[-1].via == "console"


def test_its_pin_is_released_after_a_question(console: Console, pipeline: FakePipeline) -> None:
    form = page(console, "/stages/prod").button("Release pin")
    assert "Nothing is deployed now." in form.attributes["data-confirm"]
    assert console.post("/stages/prod/unpin").headers["Location"] == f"/{KEY}/stages/prod"
    assert pipeline.named("unpin") == [("prod", None)]


def test_a_pin_without_a_reason_is_shown_without(console: Console, pipeline: FakePipeline) -> None:
    pin = Pin(stage="prod", build=None, by="Minji", at=now(), reason=None)
    pipeline.stages["prod"] = replace(pipeline.stages["prod"], pin=pin)
    assert "“" not in page(console, "/stages/prod").one(id="stage-prod").text


def test_is_probed(console: Console) -> None:
    answer = console.ask(
        "POST", "/stages/prod/probe", headers={"X-Rollbacklab-Token": TOKEN, "Accept": "application/json"}
    )
    request_id = "3f1c0c5e-0000-4000-8000-000000000001"
    assert answer.json()["request_id"] == request_id
    assert answer.json()["answer"]["status"] == 502
    assert console.post("/stages/prod/probe").headers["Location"] == f"/{KEY}/stages/prod/requests/{request_id}"


def test_a_reason_is_no_story(console: Console, pipeline: FakePipeline) -> None:
    answer = console.post("/stages/dev/pin", {"reason": "x" * 301})
    assert answer.status == 400
    assert "a reason has at most 300 letters, not 301" in answer.text
    assert pipeline.named("pin") == []
