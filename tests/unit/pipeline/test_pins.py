from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import Build, Release
from pytest_rollbacklab.pipeline.pins import Pins, why_pinned

ReleaseOf = Callable[..., Release]


@pytest.fixture
def pins(bucket: Bucket) -> Pins:
    return Pins(bucket, "dev")


def test_a_stage_is_pinned_until_somebody_lets_it_go(pins: Pins, bucket: Bucket) -> None:
    assert pins.pin() is None
    pin = pins.set(build=7, by="ann", reason="exam")
    assert pins.pin() == Pins(bucket, "dev").pin() == pin
    assert (pin.stage, pin.build, pin.by, pin.reason) == ("dev", 7, "ann", "exam")
    assert Pins(bucket, "prod").pin() is None
    assert pins.release(by="bob", reason=None) == pin
    assert pins.pin() is None
    assert Pins(bucket, "dev").pin() is None


def test_a_stage_that_is_not_pinned_cannot_be_let_go(pins: Pins) -> None:
    with pytest.raises(UsageError) as caught:
        pins.release(by="bob", reason=None)
    assert str(caught.value) == "dev is not pinned\n  what to do: nothing has to be done: deployments reach it"


def test_to_ask_again_costs_nothing(pins: Pins, s3: Any) -> None:
    pins.set(build=7, by="ann", reason=None)
    s3.asked.clear()
    assert pins.pin() is not None
    assert s3.asked.total() == 0


def test_a_rollback_pins_its_stage_and_says_why(pins: Pins, keep: Callable[..., Build], release_of: ReleaseOf) -> None:
    rollback = release_of(keep("good"), 3, kind="rollback", rolled_back_from=2, reason="users get 502")
    assert pins.after(rollback)
    pin = pins.pin()
    assert pin is not None
    assert (pin.build, pin.by, pin.reason) == (1, "ann", "rolled back from build 2: users get 502")
    assert why_pinned(release_of(keep("x"), kind="rollback", rolled_back_from=2)) == "rolled back from build 2"


def test_a_pin_holds_what_is_live_when_a_release_came_to_its_end_after_it(
    pins: Pins, keep: Callable[..., Build], release_of: ReleaseOf
) -> None:
    first, second = keep("one"), keep("two")
    assert not pins.after(release_of(first))
    assert pins.pin() is None
    before = pins.set(build=first.number, by="bob", reason="exam")
    assert not pins.after(release_of(second))
    after = pins.pin()
    assert after is not None
    assert (after.build, after.by, after.at, after.reason) == (2, "bob", before.at, "exam")
