"""Settings of a stage and of the app, and their forms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.conftest import KEY, TOKEN, Console
from console.fake_pipeline import (
    FakePipeline,
    make_stage,
)
from console.page import page
from pytest_rollbacklab.config import StageConfig
from pytest_rollbacklab.pipeline.values import AccessLogState, Configured


def test_show_what_the_file_says_and_what_is_set_over_it(console: Console, pipeline: FakePipeline) -> None:
    pipeline.configured = Configured(environment={"LOG_LEVEL": "debug", "NEW": "1"}, parameters={})
    root = page(console, "/stages/prod/settings")
    rows = [[cell.text for cell in row.all("td")] for row in root.all("table")[0].all("tr")[1:]]
    assert rows == [["LOG_LEVEL", "info", "debug"], ["NEW", "\u2013", "1"]]
    assert root.one("textarea", name="environment").raw_text == "LOG_LEVEL=debug\nNEW=1\n"
    assert root.button("Plan the change…").fields == {"token": TOKEN, "kind": "config"}


def test_what_the_form_shows_is_what_it_sets(console: Console, pipeline: FakePipeline) -> None:
    odd = {"A": "</textarea><b>&amp; \x1b\u202e", "B": "x=y z"}
    pipeline.configured = Configured(environment=odd, parameters={})
    shown = page(console, "/stages/prod/settings").one("textarea", name="environment").raw_text
    console.post("/stages/prod/plans", {"kind": "config", "environment": shown})
    assert pipeline.named("plan")[0][4] == Configured(environment=odd, parameters={})


@pytest.mark.parametrize(("enabled", "label"), [(True, "Switch off"), (False, "Switch on")])
def test_access_logs_are_switched(console: Console, pipeline: FakePipeline, enabled: bool, label: str) -> None:
    pipeline.access_logs = AccessLogState(enabled=enabled, log_group="/g", format="$context.requestId")
    form = page(console, "/stages/prod/settings").button(label)
    answer = console.post(form.attributes["action"].removeprefix(f"/{KEY}"), form.fields)
    assert answer.headers["Location"] == f"/{KEY}/stages/prod/settings"
    assert pipeline.named("set_access_logs") == [("prod", not enabled)]


def test_access_logs_are_on_or_off(console: Console, pipeline: FakePipeline) -> None:
    assert console.post("/stages/prod/access-logs", {"enabled": "maybe"}).status == 400
    assert pipeline.named("set_access_logs") == []


def test_from_the_access_logs_page_one_comes_back_to_it(console: Console) -> None:
    answer = console.post("/stages/prod/access-logs", {"enabled": "true", "back": "access-logs"})
    assert answer.headers["Location"] == f"/{KEY}/stages/prod/access-logs"


def test_programs_hear_what_was_done(console: Console) -> None:
    headers = {"X-Rollbacklab-Token": TOKEN, "Accept": "application/json"}
    answer = console.ask("POST", "/stages/prod/access-logs", data={"enabled": "true"}, headers=headers)
    assert answer.json() == {"done": ["log group /rollbacklab/access/notes-prod made, kept for 14 days"]}


def test_a_user_is_added(console: Console, pipeline: FakePipeline) -> None:
    answer = console.post("/stages/prod/users", {"username": " minji ", "password": " a b "})
    assert answer.headers["Location"] == f"/{KEY}/stages/prod/settings"
    assert pipeline.named("add_user") == [("prod", "minji", " a b ")]
    assert " a b " not in answer.text
    assert console.post("/stages/prod/users", {"username": "", "password": "x"}).status == 400


def test_where_nothing_is_deployed_there_is_nothing_to_set(console: Console, pipeline: FakePipeline) -> None:
    pipeline.stages["prod"], pipeline.access_logs = make_stage("prod"), None
    root = page(console, "/stages/prod/settings")
    assert "there is no API to log" in root.text
    assert "no user pool yet" in root.text
    assert root.all("textarea") == []


def test_of_the_app_show_its_file(console: Console, pipeline: FakePipeline) -> None:
    text = page(console, "/settings").text
    assert "promote_only = true" in text
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:4566" in text
    data = console.json("/settings")
    assert (data["app"], data["stages"]) == ("notes", ["dev", "prod"])
    assert "[stages.prod]" in data["file"]


def test_of_the_app_say_when_its_file_is_gone(console: Console, pipeline: FakePipeline) -> None:
    (pipeline.config.directory / "rollbacklab.toml").unlink()
    answer = console.get("/settings")
    assert answer.status == 400
    assert "rollbacklab.toml cannot be read" in answer.text


def test_of_the_app_name_every_stage(console: Console, pipeline: FakePipeline) -> None:
    pipeline.config = replace(
        pipeline.config, stages=(StageConfig(name="pr-x", branch="feature/x", pull_request=True),)
    )
    assert "pr-x pull request follows feature/x" in page(console, "/settings").text
