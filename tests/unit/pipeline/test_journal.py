from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.pipeline.journal import Journal
from pytest_rollbacklab.pipeline.values import Actor

ANN = Actor(name="ann", via="console")


@pytest.fixture
def heard() -> list[int]:
    return []


@pytest.fixture
def journal(bucket: Bucket, heard: list[int]) -> Journal:
    return Journal(bucket, changed=heard.append)


def test_an_activity_is_there_from_its_beginning(journal: Journal, heard: list[int]) -> None:
    running = journal.begin("promote", ANN, "promote build 7 to prod", stage="prod", reason="asked for")
    activity = journal.activity(1)
    assert activity == running.activity
    assert (activity.kind, activity.stage, activity.by, activity.via) == ("promote", "prod", "ann", "console")
    assert (activity.state, activity.outcome, activity.ended_at, activity.reason) == (
        "running",
        None,
        None,
        "asked for",
    )
    assert heard == [1]


def test_what_came_of_it_is_written_down_with_its_log(journal: Journal, bucket: Bucket, heard: list[int]) -> None:
    running = journal.begin("push", ANN, "push")
    running.say("one")
    journal.moved_on(running, build=7, releases=("dev/3",))
    ended = journal.end(running, "done", "build 7 is live")
    again = Journal(bucket, changed=heard.append)
    assert again.activity(1) == ended == journal.activity(1)
    assert (ended.state, ended.outcome, ended.build, ended.releases) == ("done", "build 7 is live", 7, ("dev/3",))
    assert again.log(1) == journal.log(1) == ("one",)
    assert heard == [1, 1, 1]


def test_an_activity_that_there_is_not_is_said(journal: Journal) -> None:
    journal.begin("push", ANN, "push")
    with pytest.raises(UsageError) as caught:
        journal.activity(12)
    assert str(caught.value) == (
        "there is no activity 12\n  looked at: the newest is 1\n  what to do: see the list of activities"
    )
    assert journal.log(12) == ()


def test_the_newest_come_first_and_only_what_is_shown_is_read(journal: Journal, bucket: Bucket, s3: Any) -> None:
    for number in range(1, 201):
        journal.end(journal.begin("push", ANN, f"push {number}"), "done", "done")
    again = Journal(bucket, changed=lambda _: None)
    s3.asked.clear()
    assert [activity.number for activity in again.newest(3)] == [200, 199, 198]
    assert s3.asked["get"] == 6  # a beginning and an end of each
    assert [activity.number for activity in again.newest(3, before=100)] == [99, 98, 97]
    assert [activity.number for activity in again.newest(2, before=10_000)] == [200, 199]


def test_what_was_at_work_when_the_process_ended_is_found_and_can_be_ended(journal: Journal, bucket: Bucket) -> None:
    journal.end(journal.begin("push", ANN, "one"), "done", "done")
    journal.begin("deploy", ANN, "two", stage="dev").say("lost")
    journal.begin("promote", ANN, "three", stage="prod")
    assert journal.interrupted() == ()
    again = Journal(bucket, changed=lambda _: None)
    assert [activity.number for activity in again.interrupted()] == [2, 3]
    again.end_interrupted(again.activity(2), "it was interrupted")
    assert (again.activity(2).state, again.activity(2).outcome) == ("interrupted", "it was interrupted")
    assert again.log(2) == ()
    assert [activity.number for activity in again.interrupted()] == [3]


def test_a_log_can_be_followed_until_its_end(journal: Journal) -> None:
    running = journal.begin("push", ANN, "push")
    running.say("one")
    lines = running.follow(threading.Event())
    assert next(lines) == "one"
    running.say("two")
    assert next(lines) == "two"
    running.say("three")
    journal.end(running, "done", "done")
    assert list(lines) == ["three"]
    assert list(running.follow(threading.Event())) == ["one", "two", "three"]


def test_nobody_follows_longer_than_they_want(journal: Journal) -> None:
    stop = threading.Event()
    stop.set()
    assert list(journal.begin("push", ANN, "push").follow(stop)) == []


def test_whoever_follows_is_let_go_when_the_end_cannot_be_written(journal: Journal, s3: Any) -> None:
    running = journal.begin("push", ANN, "push")
    s3.refuses = "activity/ended/"
    with pytest.raises(ClientError, match="no disk"):
        journal.end(running, "done", "done")
    assert list(running.follow(threading.Event())) == []
    assert journal.running(1) is None
    assert [activity.number for activity in journal.interrupted()] == [1]


def test_the_builds_that_are_at_work_are_known(journal: Journal) -> None:
    running = journal.begin("deploy", ANN, "deploy", stage="dev")
    journal.begin("pin", ANN, "pin", stage="dev")
    journal.moved_on(running, build=7)
    assert journal.builds_at_work() == {7}
    journal.end(running, "done", "done")
    assert journal.builds_at_work() == frozenset()
