"""The overview: which stage is broken, what stands where, and what can be done now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from console.conftest import KEY, TOKEN, Console
from console.fake_pipeline import (
    FakePipeline,
    make_activity,
    make_build,
    make_health,
    make_release,
    make_stage,
    now,
)
from console.page import card, page


def test_says_at_a_glance_which_stage_is_broken(console: Console) -> None:
    root = page(console, "/")
    assert [one.attributes["id"] for one in root.classed("broken") if one.tag == "article"] == ["stage-dev"]
    assert "47% of calls fail" in card(console, "dev").text
    assert root.one("title").text.startswith("dev broken")


def test_a_stage_that_was_rolled_back_is_not_blamed_for_what_failed_before(
    console: Console, pipeline: FakePipeline
) -> None:
    live = replace(pipeline.all_releases["prod"][0], released_at=now() - timedelta(minutes=4))
    calls = replace(make_health(), server_errors=(12.0,) * 10 + (0.0,) * 5, since=now() - timedelta(minutes=15))
    pipeline.stages["prod"] = replace(pipeline.stages["prod"], live=live, health=calls)
    shown = card(console, "prod")
    assert shown.classed("state")[0].text == "healthy"
    assert "broken" not in shown.attributes["class"]


def test_says_who_put_what_there_and_when(console: Console) -> None:
    text = card(console, "prod").text
    for said in ("build 6", "Notes API", "0000006", "rolled back from build 7", "Minji", "pinned", "promote only"):
        assert said in text
    assert "Pushes build, but do not deploy here" in text
    assert "“rolled back from build 7”" in text


def test_numbers_have_their_units_and_lines_their_words(console: Console) -> None:
    shown = card(console, "dev")
    assert "p99 120 ms" in shown.text
    assert "in 15 min" in shown.text
    assert "requests 201" in shown.text
    (first, second) = shown.all("svg", role="img")
    assert first.attributes["aria-label"].startswith("requests per minute over 15 min")
    assert len(second.all("rect")) == 15


def test_without_calls_there_are_no_lines(console: Console, pipeline: FakePipeline) -> None:
    pipeline.stages["dev"] = replace(
        pipeline.stages["dev"],
        health=replace(make_health(), requests=(0.0,) * 15, server_errors=(0.0,) * 15, p99_ms=None),
    )
    shown = card(console, "dev")
    assert shown.classed("state")[0].text == "no calls in 15 min"
    assert shown.all("svg") == []


def test_a_broken_stage_offers_the_rollback_first(console: Console) -> None:
    shown = card(console, "dev")
    assert shown.buttons[0] == "Roll back…"
    form = shown.button("Roll back…")
    assert form.attributes["action"] == f"/{KEY}/stages/dev/plans"
    assert form.fields == {"token": TOKEN, "kind": "rollback"}


def test_what_is_live_can_be_promoted(console: Console, pipeline: FakePipeline) -> None:
    pipeline.stages["prod"] = replace(pipeline.stages["prod"], pin=None)
    form = card(console, "dev").button("Promote to prod…")
    assert form.attributes["action"] == f"/{KEY}/stages/prod/plans"
    assert form.fields == {"token": TOKEN, "kind": "promote", "from": "dev", "build": "7"}


def test_a_pinned_stage_is_not_offered_and_it_is_said_why(console: Console) -> None:
    shown = card(console, "dev")
    assert "Promote to prod…" not in shown.buttons
    assert "prod is pinned: its pin has to be released before" in shown.text


def test_while_somebody_is_at_work_nothing_is_offered_that_would_be_refused(
    console: Console, pipeline: FakePipeline
) -> None:
    busy = make_activity(13, "promote", stage="prod", state="running", ended_at=None, outcome=None)
    pipeline.stages["prod"] = replace(pipeline.stages["prod"], state="deploying", busy=busy, pin=None, waiting=2)
    shown = card(console, "prod")
    assert shown.classed("state")[0].text.startswith("deploying")
    assert shown.buttons == ["Pin prod"]
    assert "2 waiting" in shown.text
    assert shown.all("a", href=f"/{KEY}/activity/13")
    assert "Promote to prod…" not in card(console, "dev").buttons


def test_a_stuck_stage_names_its_stacks_state(console: Console, pipeline: FakePipeline) -> None:
    pipeline.stages["dev"] = replace(
        pipeline.stages["dev"],
        state="stuck",
        stack_status="UPDATE_ROLLBACK_FAILED",
        last_failure="it failed\n  what to do: mend it",
    )
    text = card(console, "dev").text
    assert "stuck: a person is needed" in text
    assert "UPDATE_ROLLBACK_FAILED" in text
    assert "it failed" in text
    assert "mend it" in page(console, "/stages/dev").text


def test_pull_requests_have_their_own_place(console: Console, pipeline: FakePipeline) -> None:
    live = make_release(1, "pr-login", make_build(8))
    pipeline.stages["pr-login"] = make_stage("pr-login", live, pull_request=True, branch="feature/login")
    branches = page(console, "/").one("section", id="branches")
    assert "hidden" not in branches.attributes
    assert [one.attributes["id"] for one in branches.all("article")] == ["stage-pr-login"]
    assert "follows feature/login" in branches.text


def test_with_nothing_there_it_says_what_to_do(tmp_path: Any) -> None:
    empty = Console(FakePipeline(tmp_path, empty=True))
    text = page(empty, "/").one("main").text
    assert "git push lab HEAD:main" in text
    assert "The next push to main deploys here." in text
    assert "It is reached by promotion" in text
    assert page(empty, "/").all("a", href=f"/{KEY}/labs")
    assert "git push lab HEAD:main" in page(empty, "/stages/dev").text
    assert "git push lab HEAD:main" in page(empty, "/builds").text
    assert "Nothing has been done yet." in page(empty, "/activity").text
