"""One metric in one unit: periods from buckets, at the resolutions and for as long as CloudWatch keeps them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_rollbacklab.localaws.telemetry.metrics.series import RESOLUTIONS, Series
from pytest_rollbacklab.localaws.telemetry.metrics.statistics import read_statistic

NOON = 1_800_014_400  # a full hour


def series(*times: float, high_resolution: bool = False) -> Series:
    made = Series("Count")
    for at in times:
        for bucket in made.buckets_for(at, high_resolution=high_resolution):
            bucket.add(1.0)
    return made


def counts(made: Series, start: int, end: int, period_s: int) -> dict[int, float]:
    return {period.start - NOON: period.values.count for period in made.periods(start, end, period_s)}


def test_periods_are_counted_from_the_start_of_the_window():
    made = series(NOON + 30, NOON + 90, NOON + 330)

    assert counts(made, NOON, NOON + 600, 300) == {0: 2, 300: 1}
    assert counts(made, NOON + 60, NOON + 660, 300) == {60: 2}


def test_periods_without_data_are_left_out():
    assert counts(series(NOON, NOON + 600), NOON, NOON + 900, 60) == {0: 1, 600: 1}


def test_a_window_begins_at_its_start_and_ends_before_its_end():
    made = series(NOON - 1, NOON, NOON + 60)

    assert counts(made, NOON, NOON + 60, 60) == {0: 1}


def test_the_last_period_is_whole_whatever_the_buckets():
    made = series(NOON + 3000)

    assert counts(made, NOON, NOON + 1800, 3600) == {0: 1}
    assert counts(made, NOON + 60, NOON + 1860, 3600) == {60: 1}


def test_points_that_come_late_are_put_where_they_belong():
    made = series(NOON + 600, NOON, NOON + 300, NOON + 300)

    assert counts(made, NOON, NOON + 900, 60) == {0: 1, 300: 2, 600: 1}


def test_a_period_that_was_read_and_then_added_to_shows_it():
    made, total = series(NOON, NOON + 60), read_statistic("Sum")
    assert counts(made, NOON, NOON + 120, 120) == {0: 2}

    for bucket in made.buckets_for(NOON + 61, high_resolution=False):
        bucket.add(5.0)

    (period,) = made.periods(NOON, NOON + 120, 120)
    assert (period.values.count, total.of(period.values), period.values.maximum) == (3, 7.0, 5.0)
    assert counts(made, NOON, NOON + 120, 60) == {0: 1, 60: 2}


def test_high_resolution_is_read_by_the_second():
    made = series(NOON, NOON + 1, NOON + 1.5, high_resolution=True)

    assert counts(made, NOON, NOON + 10, 1) == {0: 1, 1: 2}
    assert counts(made, NOON, NOON + 10, 10) == {0: 3}


def test_a_minute_read_by_the_second_stands_at_its_beginning():
    assert counts(series(NOON + 42), NOON, NOON + 60, 1) == {0: 1}


def test_each_resolution_is_kept_as_long_as_cloudwatch_keeps_it():
    for resolution in RESOLUTIONS:
        later = NOON + resolution.kept_s + resolution.width_s
        made = series(NOON, later, high_resolution=True)

        kept = counts(made, NOON, NOON + resolution.width_s, resolution.width_s)
        shown_by_coarser = resolution is not RESOLUTIONS[-1]
        assert kept == {}, resolution
        if shown_by_coarser:
            assert counts(made, NOON, NOON + 3600, 3600) == {0: 1}, resolution


def test_the_next_minute_with_data_is_found():
    made = series(NOON + 600)

    assert made.next_minute_with_data(NOON) == NOON + 600
    assert made.next_minute_with_data(NOON + 659) == NOON + 600
    assert made.next_minute_with_data(NOON + 660) is None


@given(
    st.lists(st.integers(min_value=0, max_value=7200), min_size=1, max_size=50),
    st.integers(min_value=0, max_value=60),
    st.sampled_from([1, 5, 10, 30, 60, 120, 300, 600, 3600]),
)
def test_nothing_is_lost_or_counted_twice(offsets, start_minute, period_s):
    made = series(*(NOON + offset for offset in offsets), high_resolution=True)
    start, end = NOON + 60 * start_minute, NOON + 60 * start_minute + 7200
    total = read_statistic("Sum")
    assert total is not None

    summed = sum(total.of(period.values) or 0 for period in made.periods(start, end, period_s))

    whole_end = start + -(-7200 // period_s) * period_s
    assert summed == sum(start <= NOON + offset < whole_end for offset in offsets)
