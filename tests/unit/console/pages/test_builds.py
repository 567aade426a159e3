"""Builds: a page at a time, and one with what it is made of and where it can go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.conftest import KEY, TOKEN, Console
from console.fake_pipeline import (
    FUNCTIONS,
    FakePipeline,
    make_build,
)
from console.page import page
from pytest_rollbacklab.pipeline.values import BuildLine


def test_are_listed_with_where_they_are_live(console: Console) -> None:
    rows = [row.text for row in page(console, "/builds").one("section", id="builds").all("li")]
    assert rows[0].startswith("#7 Making a mistake 0000007 dev Kim Minji")
    assert "1 of 5 functions" in rows[0]
    assert "1.2 s" in rows[0]
    assert "did not build" in rows[2]
    assert "invalid syntax" in rows[2]


def test_come_a_page_at_a_time(console: Console, pipeline: FakePipeline) -> None:
    pipeline.all_builds = [BuildLine(build=make_build(number), live_on=(), changed=()) for number in range(45, 0, -1)]
    first = page(console, "/builds")
    (older,) = [link for link in first.all("a") if link.text == "Older"]
    assert older.attributes["href"] == f"/{KEY}/builds?before=26"
    shown = console.json("/builds?before=26")["builds"]
    assert [line["build"]["number"] for line in shown["items"]] == list(range(25, 5, -1))
    assert shown["older"] == 6
    assert console.json("/builds?before=6")["builds"]["older"] is None


def test_one_says_what_it_is_made_of(console: Console) -> None:
    text = page(console, "/builds/7").text
    for said in ("Build 7 Making a mistake", "With a longer text.", "14.2 kB", *FUNCTIONS, "built in 1.2 s"):
        assert said in text
    assert console.json("/builds/7")["log"] == list(console.pipeline.log)


def test_one_can_be_put_on_each_stage_that_takes_builds(console: Console, pipeline: FakePipeline) -> None:
    assert page(console, "/builds/6").button("Deploy to dev…").fields == {
        "token": TOKEN,
        "kind": "deploy",
        "build": "6",
    }
    pinned = page(console, "/builds/7").buttons
    assert not [label for label in pinned if "…" in label]
    pipeline.stages["prod"] = replace(pipeline.stages["prod"], pin=None)
    promotion = page(console, "/builds/7").button("Promote to prod…")
    assert promotion.fields == {"token": TOKEN, "kind": "promote", "build": "7", "from": "dev"}


def test_one_that_is_live_nowhere_is_not_promoted(console: Console, pipeline: FakePipeline) -> None:
    pipeline.stages["prod"] = replace(pipeline.stages["prod"], pin=None)
    pipeline.all_builds.append(BuildLine(build=make_build(4), live_on=(), changed=()))
    assert [label for label in page(console, "/builds/4").buttons if "…" in label] == ["Deploy to dev…"]


def test_one_that_failed_says_why_and_can_not_be_deployed(console: Console) -> None:
    root = page(console, "/builds/5")
    assert "functions/create.py: invalid syntax line 12" in root.classed("broken")[0].text
    assert not [label for label in root.buttons if "…" in label]


def test_one_whose_packages_are_gone_can_not_be_deployed(console: Console, pipeline: FakePipeline) -> None:
    pipeline.all_builds[1] = replace(pipeline.all_builds[1], pruned=True)
    root = page(console, "/builds/6")
    assert "can no longer be deployed" in root.text
    assert not [label for label in root.buttons if "…" in label]


@pytest.mark.parametrize("path", ["/builds/99", "/builds/x", "/builds/-1", "/builds/" + "9" * 30])
def test_one_that_is_not_there_is_404(console: Console, path: str) -> None:
    assert console.get(path).status == 404


def test_before_must_be_a_number(console: Console) -> None:
    answer = console.ask("GET", "/builds?before=x", headers={"Accept": "application/json"})
    assert (answer.status, answer.json()["error"]["what"]) == (400, "before must be a whole number, not 'x'")
