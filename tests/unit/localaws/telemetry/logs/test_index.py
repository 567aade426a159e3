"""Events in order of their place, however they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent, place_from_id
from pytest_rollbacklab.localaws.telemetry.logs.index import EventIndex


def indexed(times):
    index = EventIndex()
    events = [
        LogEvent(at_ms=at_ms, number=number, stream="s", message="m", ingested_ms=0)
        for number, at_ms in enumerate(times)
    ]
    for event in events:
        index.add(event)
    return index, events


@given(st.lists(st.integers(min_value=0, max_value=20), max_size=40), st.integers(0, 21), st.integers(0, 21))
def test_a_window_holds_what_lies_in_it_in_order(times, start, end):
    index, events = indexed(times)

    walked = list(index.walk(index.first_from((start, 0)), index.first_from((end, 0))))

    assert walked == sorted((event for event in events if start <= event.at_ms < end), key=lambda event: event.place)


def test_events_of_one_moment_stay_in_the_order_in_which_they_came():
    index, _ = indexed([5, 5, 3, 5])

    assert [event.number for event in index.walk(0, len(index))] == [2, 0, 1, 3]
    assert [event.number for event in index.walk(0, len(index), ascending=False)] == [3, 1, 0, 2]


def test_what_comes_before_a_place_can_be_dropped():
    index, _ = indexed([1, 2, 3])

    assert [event.at_ms for event in index.drop_before((3, 0))] == [1, 2]
    assert [event.at_ms for event in index.walk(0, len(index))] == [3]


def test_an_id_is_56_digits_and_says_the_place():
    event = LogEvent(at_ms=1_396_235_813_000, number=7, stream="s", message="m", ingested_ms=0)

    assert len(event.id) == 56
    assert event.id.startswith("3113")  # as AWS's own ids of that time do
    assert place_from_id(event.id) == event.place
    with pytest.raises(ValueError, match="not an event id: 'seven'"):
        place_from_id("seven")
