from __future__ import annotations

from types import SimpleNamespace
from typing import Any, get_args

import pytest

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import ReleaseKind
from pytest_rollbacklab.pipeline.plans import Plans, title_of


def waiting(plan_id: str, stage: str = "dev", build: int = 7, kind: str = "deploy") -> Any:
    plan = SimpleNamespace(stage=stage, build=SimpleNamespace(number=build), kind=kind)
    return SimpleNamespace(plan=plan, view=SimpleNamespace(id=plan_id))


def test_a_plan_waits_until_it_is_taken_once() -> None:
    plans, plan = Plans(), waiting("a")
    assert plans.add(plan) is None
    assert plans.get("dev", "a") is plans.get("dev", "a") is plan
    assert plans.take("dev", "a") is plan
    with pytest.raises(UsageError) as caught:
        plans.take("dev", "a")
    assert str(caught.value) == (
        "there is no plan a of dev\n"
        "  looked at: the plans that wait: it was confirmed, cancelled, or the lab was started again since\n"
        "  what to do: make it again: nothing was changed by it"
    )


def test_a_plan_of_another_stage_is_none_of_this_one() -> None:
    plans = Plans()
    plans.add(waiting("a", "prod"))
    with pytest.raises(UsageError, match="there is no plan a of dev"):
        plans.take("dev", "a")
    assert plans.get("prod", "a")


def test_the_oldest_is_dropped_when_there_are_too_many() -> None:
    plans = Plans()
    made = [waiting(str(number)) for number in range(101)]
    assert [plans.add(plan) for plan in made] == [None] * 100 + [made[0]]
    with pytest.raises(UsageError, match="there is no plan 0 of dev"):
        plans.get("dev", "0")


def test_ids_cannot_be_guessed_and_builds_that_are_planned_are_known() -> None:
    plans = Plans()
    assert len({plans.new_id() for _ in range(100)}) == 100
    plans.add(waiting("a", build=3))
    plans.add(waiting("b", build=4))
    assert plans.builds() == {3, 4}


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("deploy", "Deploy build 7 to dev"),
        ("promote", "Promote build 7 to dev"),
        ("rollback", "Roll back dev to build 7"),
        ("config", "Change the configuration of dev"),
    ],
)
def test_a_plan_has_a_title(kind: str, title: str) -> None:
    assert title_of(waiting("a", kind=kind).plan) == title
    assert kind in get_args(ReleaseKind)
