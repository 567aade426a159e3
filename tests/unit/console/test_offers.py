"""Buttons offer what the pipeline would do, and nothing that it would refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.fake_pipeline import make_activity, make_build, make_release, make_stage, now
from pytest_rollbacklab.console.pages.offers import offers
from pytest_rollbacklab.pipeline.values import Pin, StageStatus

BUSY = make_activity(9, state="running", ended_at=None, outcome=None)


def stage(name: str, build: int | None = None, release: int = 2, **changed: Any) -> StageStatus:
    live = make_release(release, name, make_build(build)) if build is not None else None
    return make_stage(name, live, **changed)


def pinned(name: str) -> Pin:
    return Pin(stage=name, build=6, by="Minji", at=now(), reason=None)


def test_a_stage_that_differs_can_be_promoted_to_and_from() -> None:
    dev, prod = stage("dev", 7), stage("prod", 6)
    assert offers(dev, (dev, prod)).promote_to == ("prod",)
    assert offers(prod, (dev, prod)).promote_from == (("dev", 7),)
    assert offers(prod, (dev, prod)).promote_to == ()


def test_what_is_live_there_already_is_not_promoted() -> None:
    dev, prod = stage("dev", 6), stage("prod", 6)
    assert offers(dev, (dev, prod)).promote_to == ()
    assert offers(prod, (dev, prod)).promote_from == ()


def test_a_chain_of_promotion_goes_one_way() -> None:
    dev, qa, prod = stage("dev", 7), stage("qa", 6, promote_only=True, branch=None), stage("prod", 5)
    every = (dev, qa, prod)
    assert offers(dev, every).promote_to == ("qa", "prod")
    assert offers(qa, every).promote_to == ("prod",)
    assert offers(prod, every).promote_to == ()


def test_a_pinned_stage_takes_no_build_but_can_go_back() -> None:
    dev, prod = stage("dev", 7), stage("prod", 6, pin=pinned("prod"))
    assert offers(dev, (dev, prod)).promote_to == ()
    assert offers(dev, (dev, prod)).pinned_targets == ("prod",)
    told = offers(prod, (dev, prod))
    assert (told.deploy, told.promote_from, told.roll_back) == (False, (), True)


@pytest.mark.parametrize(
    "changed",
    [{"state": "deploying", "busy": BUSY}, {"state": "stuck"}, {"state": "removed"}, {"state": "deploying"}],
)
def test_a_stage_that_is_not_free_takes_nothing(changed: dict[str, Any]) -> None:
    dev, prod = stage("dev", 7), stage("prod", 6, **changed)
    told = offers(prod, (dev, prod))
    assert (told.deploy, told.promote_from, told.roll_back) == (False, (), False)
    assert offers(dev, (dev, prod)).promote_to == ()


def test_the_first_release_has_nothing_before_it() -> None:
    dev = stage("dev", 7, release=1)
    assert not offers(dev, (dev,)).roll_back
    assert not offers(stage("dev"), (stage("dev"),)).roll_back


def test_after_a_rollback_the_next_one_is_chosen_from_the_ledger() -> None:
    back = make_stage("prod", make_release(3, "prod", make_build(6), "rollback", rolled_back_from=7))
    assert not offers(back, (back,)).roll_back


def test_a_pull_request_is_neither_promoted_nor_promoted_to() -> None:
    branch, prod = stage("pr-x", 8, pull_request=True), stage("prod", 6)
    assert offers(branch, (branch, prod)).promote_to == ()
    assert offers(prod, (branch, prod)).promote_from == ()
    other = replace(branch, promote_only=True)
    dev = stage("dev", 7)
    assert offers(dev, (dev, other)).promote_to == ()
