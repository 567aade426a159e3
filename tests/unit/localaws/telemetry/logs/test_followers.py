"""Following a group: told of events as they are written, without asking."""

from __future__ import annotations

import asyncio
import logging

from pytest_rollbacklab.localaws.api import Scope


def messages(events):
    return [event.message for event in events]


def test_a_follower_is_told_of_what_is_written_either_way(world):
    told = []
    world.telemetry.logs.subscribe(world.scope, "g", lambda events: told.append(messages(events)))

    world.telemetry.logs.append(world.scope, "g", "s", ["a", "b"])
    now_ms = int(world.clock.now * 1000)
    event = {"timestamp": now_ms, "message": "c"}
    world.logs("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=[event])

    assert told == [["a", "b"], ["c"]]


def test_events_are_stored_before_they_are_told_of(world):
    found = []
    world.telemetry.logs.subscribe(
        world.scope, "g", lambda _: found.extend(world.logs("FilterLogEvents", logGroupName="g")["events"])
    )
    world.telemetry.logs.append(world.scope, "g", "s", ["a"])

    assert [event["message"] for event in found] == ["a"]


def test_other_groups_accounts_and_nothing_are_not_told_of(world):
    told = []
    world.telemetry.logs.subscribe(world.scope, "g", told.append)

    world.telemetry.logs.append(world.scope, "other", "s", ["a"])
    world.telemetry.logs.append(Scope(account_id="222222222222", region="eu-west-1"), "g", "s", ["a"])
    world.telemetry.logs.append(world.scope, "g", "s", [])

    assert told == []


def test_a_follower_that_has_left_is_told_no_more(world):
    told, still = [], []
    leave = world.telemetry.logs.subscribe(world.scope, "g", told.append)
    world.telemetry.logs.subscribe(world.scope, "g", still.append)
    leave()
    leave()
    world.telemetry.logs.append(world.scope, "g", "s", ["a"])

    assert (told, len(still)) == ([], 1)


def test_a_follower_may_leave_while_it_is_told(world):
    told = []

    def once(events):
        told.extend(messages(events))
        leave()

    leave = world.telemetry.logs.subscribe(world.scope, "g", once)
    world.telemetry.logs.append(world.scope, "g", "s", ["a"])
    world.telemetry.logs.append(world.scope, "g", "s", ["b"])

    assert told == ["a"]


def test_a_follower_that_fails_is_logged_and_harms_no_one_else(world, caplog):
    told = []

    def fail(events):
        raise RuntimeError("no more room")

    world.telemetry.logs.subscribe(world.scope, "g", fail)
    world.telemetry.logs.subscribe(world.scope, "g", told.append)
    with caplog.at_level(logging.ERROR):
        world.telemetry.logs.append(world.scope, "g", "s", ["a"])

    assert len(told) == 1
    assert "a follower of the log group g failed" in caplog.text
    assert "no more room" in caplog.text


def test_a_task_can_wait_for_events(world):
    async def first_message():
        queue = asyncio.Queue()
        leave = world.telemetry.logs.subscribe(world.scope, "g", queue.put_nowait)
        asyncio.get_running_loop().call_soon(world.telemetry.logs.append, world.scope, "g", "s", ["a"])
        events = await asyncio.wait_for(queue.get(), timeout=5)
        leave()
        return messages(events)

    assert asyncio.run(first_message()) == ["a"]
