from __future__ import annotations

import pytest

from pytest_rollbacklab.errors import CloudError, WaitTimeout
from pytest_rollbacklab.wait import wait_for


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


def test_returns_what_the_probe_finds_without_a_pause() -> None:
    time = Time()
    assert wait_for("it", lambda: "found", timeout_s=1, sleep=time.sleep, clock=time.clock) == "found"
    assert time.pauses == []


def test_what_has_just_begun_is_asked_after_one_pause_even_at_the_deadline() -> None:
    time = Time()
    found = wait_for("it", lambda: time.now, timeout_s=1, pause_first=True, sleep=time.sleep, clock=time.clock)
    assert found == 0.005
    with pytest.raises(WaitTimeout):
        wait_for("it", lambda: None, timeout_s=0, pause_first=True, sleep=time.sleep, clock=time.clock)
    assert time.pauses == [0.005, 0]


def test_pauses_grow_up_to_the_longest() -> None:
    time = Time()
    answers = iter([None] * 6 + ["found"])
    wait_for(
        "it",
        lambda: next(answers),
        timeout_s=60,
        first_pause_s=1,
        longest_pause_s=3,
        sleep=time.sleep,
        clock=time.clock,
    )
    assert time.pauses == [1, 1.5, 2.25, 3, 3, 3]


def test_a_deadline_names_what_did_not_come_what_was_seen_and_the_mend() -> None:
    time = Time()
    with pytest.raises(WaitTimeout) as late:
        wait_for(
            "the stack notes-dev to settle",
            lambda: None,
            timeout_s=2,
            mend="look at its events",
            last_seen=lambda: "UPDATE_IN_PROGRESS",
            sleep=time.sleep,
            clock=time.clock,
        )
    assert str(late.value).splitlines() == [
        "the stack notes-dev to settle did not come within 2 s",
        "  looked at: last seen: 'UPDATE_IN_PROGRESS'",
        "  what to do: look at its events",
    ]
    assert time.now == pytest.approx(2)


def test_gives_up_at_once_when_waiting_has_become_pointless() -> None:
    time = Time()

    def dead() -> None:
        raise CloudError("the local AWS is gone")

    with pytest.raises(CloudError, match="is gone"):
        wait_for("it", lambda: None, timeout_s=60, check=dead, sleep=time.sleep, clock=time.clock)
    assert len(time.pauses) == 1
