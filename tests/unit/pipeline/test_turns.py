from __future__ import annotations

import threading
from typing import Any

import pytest

from pytest_rollbacklab.pipeline.turns import Turns

WAIT_S = 20.0


def hold(turns: Turns, stage: str, activity: int, log: list[str], release: threading.Event) -> threading.Thread:
    """Take a turn on a thread of its own, and hold it until it may be released."""
    inside = threading.Event()

    def work() -> None:
        with turns.take(stage, activity, waiting=lambda first: log.append(f"{activity} waits for {first}")):
            log.append(f"{activity} works")
            inside.set()
            assert release.wait(WAIT_S)
            log.append(f"{activity} is done")

    thread = threading.Thread(target=work)
    thread.start()
    assert turns.at_work(stage) != activity or inside.wait(WAIT_S)
    return thread


def wait_for_line(turns: Turns, stage: str, length: int) -> None:
    with turns._changed:
        assert turns._changed.wait_for(lambda: len(turns._queues.get(stage, ())) == length, WAIT_S)


def test_who_comes_first_works_first_and_the_others_are_told_whom_they_wait_for() -> None:
    turns, log = Turns(), list[str]()
    releases = [threading.Event() for _ in range(3)]
    threads = []
    for activity, release in enumerate(releases, start=1):
        threads.append(hold(turns, "prod", activity, log, release))
        wait_for_line(turns, "prod", activity)
    assert (turns.at_work("prod"), turns.waiting("prod")) == (1, 2)
    for release in releases:
        release.set()
    for thread in threads:
        thread.join(WAIT_S)
    works = [line for line in log if "waits" not in line]
    assert works == ["1 works", "1 is done", "2 works", "2 is done", "3 works", "3 is done"]
    assert {line for line in log if "waits" in line} == {"2 waits for 1", "3 waits for 1"}


def test_stages_do_not_wait_for_each_other() -> None:
    turns = Turns()
    with turns.take("dev", 1, waiting=pytest.fail), turns.take("prod", 2, waiting=pytest.fail):
        assert (turns.at_work("dev"), turns.at_work("prod")) == (1, 2)
    assert (turns.at_work("dev"), turns.waiting("dev"), turns.at_work("other")) == (None, 0, None)


def test_who_fails_leaves_the_stage_to_the_next() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.take("prod", 1, waiting=pytest.fail):
        raise ZeroDivisionError
    with turns.take("prod", 2, waiting=pytest.fail):
        assert turns.at_work("prod") == 2


def test_who_cannot_be_told_that_it_waits_leaves_the_line() -> None:
    def broken(_: int) -> None:
        raise ConnectionError

    turns = Turns()
    with turns.take("prod", 1, waiting=pytest.fail):
        with pytest.raises(ConnectionError), turns.take("prod", 2, waiting=broken):
            pytest.fail("it is not its turn")
        assert turns.waiting("prod") == 0


def test_it_is_told_whether_all_came_to_rest_in_time() -> None:
    turns, log, release = Turns(), list[Any](), threading.Event()
    thread = hold(turns, "prod", 1, log, release)
    assert not turns.wait_until_idle(0.0)
    release.set()
    assert turns.wait_until_idle(WAIT_S)
    thread.join(WAIT_S)
