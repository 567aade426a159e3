"""The periods in which a quota is counted."""

from __future__ import annotations

from datetime import date

import pytest

from pytest_rollbacklab.localaws.gateway.usage.counted import Counted
from pytest_rollbacklab.localaws.gateway.usage.usage_plan import Quota


@pytest.mark.parametrize(
    ("period", "offset", "day", "first"),
    [
        ("DAY", 0, "2024-06-17", "2024-06-17"),
        ("WEEK", 0, "2024-06-17", "2024-06-16"),  # a Monday; weeks begin on Sunday
        ("WEEK", 0, "2024-06-16", "2024-06-16"),
        ("WEEK", 1, "2024-06-17", "2024-06-17"),
        ("WEEK", 1, "2024-06-16", "2024-06-10"),
        ("MONTH", 0, "2024-06-17", "2024-06-01"),
        ("MONTH", 14, "2024-06-17", "2024-06-15"),
        ("MONTH", 27, "2024-03-01", "2024-02-28"),
        ("MONTH", 14, "2024-01-03", "2023-12-15"),
    ],
)
def test_the_first_day_of_a_period(period, offset, day, first):
    quota = Quota(limit=1, period=period, offset=offset)
    assert quota.period_of(date.fromisoformat(day)) == date.fromisoformat(first)


def test_without_a_quota_requests_are_counted_all_the_same():
    counted = Counted()
    assert all(counted.take(None, date(2024, 6, 17)) for _ in range(3))
    assert counted.days == {date(2024, 6, 17): (3, 0)}


def test_what_was_added_to_a_period_ends_with_it():
    quota, counted = Quota(limit=1, period="DAY"), Counted()
    counted.leave(5, quota, date(2024, 6, 17))
    assert counted.remaining(quota, date(2024, 6, 17)) == 5
    assert counted.remaining(quota, date(2024, 6, 18)) == 1
