"""Trimmed statistics, on values whose figures can be worked out by hand."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.telemetry.metrics.distribution import Distribution
from pytest_rollbacklab.localaws.telemetry.metrics.statistics import read_statistic


def of(name, values):
    distribution = Distribution()
    for value in values:
        distribution.add(float(value))
    statistic = read_statistic(name)
    assert statistic is not None
    return statistic.of(distribution)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tm90", 5.0),
        ("TM(:90%)", 5.0),
        ("TM(10%:90%)", 5.5),
        ("TM(10%:)", 6.0),
        ("TM(2:5)", 4.0),
        ("IQM", 5.5),
        ("tc90", 9.0),
        ("TC(2:5)", 3.0),
        ("TC(:5)", 5.0),
        ("ts90", 45.0),
        ("TS(80%:)", 19.0),
        ("TS(8:)", 19.0),
        ("PR(:3)", 30.0),
        ("PR(2:5)", 30.0),
        ("PR(9:)", 10.0),
        ("wm90", (45 + 9) / 10),
        ("WM(10%:90%)", (2 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 9) / 10),
        ("WM(3:8)", (3 * 3 + 4 + 5 + 6 + 7 + 8 * 3) / 10),
    ],
)
def test_of_one_to_ten(name, value):
    assert of(name, range(1, 11)) == pytest.approx(value)


def test_a_value_on_the_edge_counts_in_part():
    assert of("tc50", [1, 2, 3]) == pytest.approx(1.5)
    assert of("tm50", [1, 2, 3]) == pytest.approx((1 + 2 * 0.5) / 1.5)


@pytest.mark.parametrize("name", ["tm90", "IQM", "PR(:5)"])
def test_negative_values_have_none(name):
    assert of(name, [-1, 2]) is None


def test_values_that_a_statistic_set_hid_have_none():
    distribution = Distribution()
    distribution.add_set(count=3, total=6, minimum=1, maximum=3)
    statistic = read_statistic("tm90")

    assert statistic is not None
    assert statistic.of(distribution) is None


def test_nothing_between_the_bounds_has_no_mean():
    assert of("TM(50:60)", [1, 2]) is None
    assert of("TC(50:60)", [1, 2]) == 0.0
