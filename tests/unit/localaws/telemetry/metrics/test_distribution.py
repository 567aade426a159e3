"""One bucket of time: what it knows of its values, and how large it may grow."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rollbacklab.localaws.telemetry.metrics.distribution import MAX_DISTINCT_VALUES, Distribution, percentile


def holding(*values: float) -> Distribution:
    distribution = Distribution()
    for value in values:
        distribution.add(value)
    return distribution


def test_a_value_that_came_often_counts_often():
    distribution = Distribution()
    distribution.add(2.0, 3)
    distribution.add(10.0)

    assert (distribution.count, distribution.total) == (4, 16.0)
    assert (distribution.minimum, distribution.maximum) == (2.0, 10.0)
    assert distribution.counts == {2.0: 3, 10.0: 1}


@pytest.mark.parametrize(
    ("percent", "expected"), [(0.0, 1.0), (50, 50.0), (90, 90.0), (99, 99.0), (99.9, 100.0), (100, 100.0)]
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(percent, expected):
    assert percentile(holding(*map(float, range(1, 101))), percent) == expected


def test_a_percentile_is_taken_over_all_buckets_of_a_period():
    assert percentile(Distribution.joined([holding(1.0, 1.0, 1.0), holding(9.0)]), 75) == 1.0
    assert percentile(Distribution.joined([holding(1.0, 1.0, 1.0), holding(9.0)]), 76) == 9.0


def test_nothing_has_no_percentile():
    assert percentile(holding(), 50) is None


def test_negative_values_have_no_percentiles():
    assert percentile(holding(1.0, -1.0), 50) is None


def test_a_statistic_set_hides_its_values_from_percentiles():
    distribution = holding(5.0)
    distribution.add_set(count=10, total=55.0, minimum=1.0, maximum=10.0)

    assert (distribution.count, distribution.total) == (11, 60.0)
    assert (distribution.minimum, distribution.maximum) == (1.0, 10.0)
    assert percentile(distribution, 50) is None


def test_a_value_beside_a_statistic_set_still_counts():
    distribution = Distribution()
    distribution.add_set(count=10, total=55.0, minimum=1.0, maximum=10.0)
    distribution.add(20.0)

    assert (distribution.count, distribution.total, distribution.maximum) == (11, 75.0, 20.0)


def test_a_statistic_set_of_equal_values_hides_nothing():
    distribution = Distribution()
    distribution.add_set(count=4, total=8.0, minimum=2.0, maximum=2.0)

    assert percentile(distribution, 99) == 2.0


def test_many_distinct_values_stay_bounded_and_percentiles_near():
    distribution = Distribution()
    for value in range(1, 100_001):
        distribution.add(value / 7)

    assert len(distribution.counts) < 2 * MAX_DISTINCT_VALUES
    assert (distribution.count, distribution.minimum, distribution.maximum) == (100_000, 1 / 7, 100_000 / 7)
    for percent in (1, 50, 90, 99, 99.9):
        assert percentile(distribution, percent) == pytest.approx(percent * 1000 / 7, rel=0.011)


def test_zero_keeps_a_cell_of_its_own():
    distribution = holding(*([0.0] * 1000), *(1.0 + value / 1000 for value in range(MAX_DISTINCT_VALUES + 1)))

    assert percentile(distribution, 50) == 0.0


@given(st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=60), st.floats(min_value=0, max_value=100))
def test_a_percentile_is_one_of_the_values(values, percent):
    found = percentile(holding(*values), percent)

    rank = max(1, math.ceil(round(len(values) * percent / 100, 9)))
    assert found == sorted(values)[rank - 1]
