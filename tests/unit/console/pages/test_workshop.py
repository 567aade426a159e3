"""The workshop's page, as the console shows it: students in every state, in both languages, with hostile texts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.conftest import KEY, Console
from console.fake_pipeline import FakePipeline, make_health, make_stage
from console.page import read
from console.reachable import lacks
from console.test_hostile import HOSTILE, UNSEEN, acts
from pytest_rollbacklab.up.pages import workshop_routes
from pytest_rollbacklab.up.workshop import Student


class FakeWorkshop:
    """A workshop whose students stay as they are."""

    def __init__(self, *students: Student) -> None:
        self._students = students

    def students(self) -> tuple[Student, ...]:
        return self._students


@pytest.fixture
def students(pipeline: FakePipeline) -> tuple[Student, ...]:
    dev = pipeline.stages["dev"]
    healthy, quiet = replace(dev, health=make_health()), replace(dev, health=make_health(calls=-2))
    states: tuple[dict[str, Any], ...] = (
        {"state": "ready", "stages": (dev, pipeline.stages["prod"]), "activity": pipeline.all_activities[0]},
        {"state": "ready", "stages": (healthy, quiet, make_stage("prod"), replace(dev, state="stuck"))},
        {"state": "ready", "fault": "slow: dev: build 2 is live on dev as release 2, in 0.06 s"},
        {"state": "failed", "failure": "there is no build 9"},
        {"state": "starting", "fault": "gibberish: waiting for its turn"},
        {"state": "waiting"},
    )
    return tuple(
        Student(name=f"s{at}", account_id="1", personal_url=f"http://127.0.0.1/{at}", git_url=f"/git/{at}", **state)
        for at, state in enumerate(states)
    )


def show(pipeline: FakePipeline, students: tuple[Student, ...], language: str = "en") -> str:
    """Return the workshop's page."""
    routes = workshop_routes(FakeWorkshop(*students), KEY)  # type: ignore[arg-type]
    answer = Console(pipeline, routes).get("/workshop", **{"Accept-Language": language})
    assert answer.status == 200
    return answer.text


@pytest.mark.parametrize("language", ["en", "ko"])
def test_lacks_nothing(pipeline: FakePipeline, students: tuple[Student, ...], language: str) -> None:
    assert lacks(read(show(pipeline, students, language))) == []
    assert lacks(read(show(pipeline, (), language))) == []


def test_who_is_broken_is_louder_than_what_breaks_them(pipeline: FakePipeline, students: tuple[Student, ...]) -> None:
    root = read(show(pipeline, students))
    assert [chip.text for chip in root.one(id="student-s0").classed("broken")] == ["dev · build 7 · 47% of calls fail"]
    assert root.one("section", id="faults").classed("danger") == []


def test_what_became_of_a_fault_is_told_in_korean(pipeline: FakePipeline, students: tuple[Student, ...]) -> None:
    text = read(show(pipeline, students, "ko")).one("main").text
    for said in ("2번 빌드가 dev 스테이지의 2번 릴리스로 라이브(0.06초)", "차례를 기다리는 중", "9번 빌드가 없습니다"):
        assert said in text


@pytest.mark.parametrize("text", HOSTILE, ids=["markup", "steering", "long"])
def test_holds_what_anybody_wrote_as_text(pipeline: FakePipeline, students: tuple[Student, ...], text: str) -> None:
    written = tuple(replace(one, failure=text, fault=f"slow: {text}", git_url=text) for one in students)
    root = read(show(pipeline, written))
    assert acts(root) == []
    assert not UNSEEN.search(root.one("main").raw_text)
