"""One request's events, found by its id without looking at any others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rollbacklab.localaws.telemetry.logs.filter_events import filter_log_events
from pytest_rollbacklab.localaws.telemetry.logs.request_ids import ids_in, only_id

ONE, OTHER = "5b1f5f8c-1c1f-4d3c-9b59-0d6f0f1e2a3b", "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (f"START RequestId: {ONE} Version: 3\n", {ONE}),
        (f"({ONE}) Lambda request id: {OTHER}", {ONE, OTHER}),
        (f'{{"requestId":"{ONE}"}}', {ONE}),
        (f"dead{ONE}beef", {ONE}),
        (ONE.upper(), set()),
        (ONE[:-1], set()),
        ("x" + ONE[1:], set()),
        (f"{ONE}-2222-3333-4444-555555555555", {ONE, "0f1e2a3b-2222-3333-4444-555555555555"}),
        ("", set()),
    ],
)
def test_ids_are_found_wherever_they_stand(message: str, found: set[str]) -> None:
    assert ids_in(message) == found


@given(st.text(alphabet="0-a", max_size=90), st.text(alphabet="0-a", max_size=30))
def test_an_id_is_found_in_whatever_surrounds_it(before: str, after: str) -> None:
    assert ONE in ids_in(before + ONE + after)


@pytest.mark.parametrize(
    ("pattern", "only"),
    [
        (f'"{ONE}"', ONE),
        (f' "{ONE}" ', ONE),
        (ONE, None),
        (f'-"{ONE}"', None),
        (f'"{ONE}" ERROR', None),
        (f'"{ONE.upper()}"', None),
        ("", None),
    ],
)
def test_which_patterns_ask_for_an_id_alone(pattern: str, only: str | None) -> None:
    assert only_id(pattern) == only


class TestSearching:
    def search(self, world: Any, **more: Any) -> list[str]:
        asked = {"logGroupName": "g", "filterPattern": f'"{ONE}"', **more}
        return [event["message"] for event in world.logs("FilterLogEvents", **asked)["events"]]

    def write(self, world: Any, *messages: str, stream: str = "a", after_ms: int = 0) -> None:
        at_ms = int(world.clock.now * 1000) + after_ms
        world.telemetry.logs.append(world.scope, "g", stream, messages, at_ms)

    def test_windows_streams_and_directions_hold_as_for_any_pattern(self, world: Any) -> None:
        self.write(world, f"first {ONE}", f"other {OTHER}")
        self.write(world, f"third {ONE}", stream="b", after_ms=2)
        self.write(world, f"late {ONE}", after_ms=1)
        now_ms = int(world.clock.now * 1000)
        assert self.search(world) == [f"first {ONE}", f"late {ONE}", f"third {ONE}"]
        assert self.search(world, endTime=now_ms + 1) == [f"first {ONE}", f"late {ONE}"]
        assert self.search(world, logStreamNames=["a"]) == [f"first {ONE}", f"late {ONE}"]
        assert self.search(world, logStreamNamePrefix="b") == [f"third {ONE}"]
        assert self.search(world, logStreamNamePrefix="none") == []
        assert self.search(world, startTime=now_ms, startFromHead=False, limit=1) == [f"third {ONE}"]

    def test_only_the_requests_own_events_are_looked_at(self, world: Any) -> None:
        self.write(world, f"first {ONE}")
        self.write(world, *(f"line {number} of {OTHER}" for number in range(100_000)))
        self.write(world, f"last {ONE}")
        group = world.telemetry.logs.kept.stores.of(world.scope).group("g")
        # To look at more than so many it would have to hand out a token.
        answer = filter_log_events(group, {"filterPattern": f'"{ONE}"'}, max_examined=2)
        assert ([event["message"] for event in answer["events"]], "nextToken" in answer) == (
            [f"first {ONE}", f"last {ONE}"],
            False,
        )

    def test_what_is_gone_is_not_found(self, world: Any) -> None:
        self.write(world, f"old {ONE}")
        world.logs("PutRetentionPolicy", logGroupName="g", retentionInDays=1)
        world.clock.advance(25 * 3600)
        self.write(world, f"new {ONE}", stream="b")
        self.write(world, f"other {OTHER}", stream="c")
        assert self.search(world) == [f"new {ONE}"]
        world.logs("DeleteLogStream", logGroupName="g", logStreamName="b")
        assert self.search(world) == []
