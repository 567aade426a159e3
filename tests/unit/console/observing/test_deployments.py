"""What became of each release, by the ledger and by the API's metrics."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from console.fake_pipeline import FakePipeline, make_build, make_release, now
from pytest_rollbacklab.console.observing.deployments import deployments
from pytest_rollbacklab.model import Release
from pytest_rollbacklab.observe.series import Series

START = now().replace(second=0) - timedelta(minutes=20)
GOOD, BAD = make_build(6), make_build(7)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def series(calls: dict[int, tuple[float, float]]) -> tuple[Series, ...]:
    """Make Count and 5XXError of some minutes."""
    names = ("Count", "5XXError")
    return tuple(
        Series(
            name=name,
            unit="Count",
            points=tuple((at(minute), calls.get(minute, (0.0, 0.0))[number]) for minute in range(20)),
            period_s=60,
        )
        for number, name in enumerate(names)
    )


@pytest.fixture
def fates(tmp_path: Path):  # type: ignore[no-untyped-def]
    def told(
        *releases: Release, calls: dict[int, tuple[float, float]], since: datetime = START
    ) -> list[tuple[int, str]]:
        pipeline = FakePipeline(tmp_path)
        pipeline.all_releases["prod"] = list(reversed(releases))
        found = deployments(pipeline, "prod", since, series(calls))
        return [(one.release.number, one.fate) for one in found]

    return told


FIRST = make_release(1, "prod", GOOD, released_at=at(2.5))
SECOND = make_release(2, "prod", BAD, "promote", released_at=at(6.5))
BACK = make_release(3, "prod", GOOD, "rollback", released_at=at(10.5), rolled_back_from=7)


def test_good_rolled_back_and_good_again(fates) -> None:  # type: ignore[no-untyped-def]
    calls = {4: (9.0, 0.0), 8: (9.0, 5.0), 12: (9.0, 0.0)}
    assert fates(FIRST, SECOND, BACK, calls=calls) == [(1, "good"), (2, "rolled back"), (3, "good")]


def test_a_release_whose_calls_fail_is_broken(fates) -> None:  # type: ignore[no-untyped-def]
    assert fates(FIRST, SECOND, calls={4: (9.0, 0.0), 8: (9.0, 1.0)}) == [(1, "good"), (2, "broken")]


def test_no_release_is_blamed_for_a_minute_that_it_shared(fates) -> None:  # type: ignore[no-untyped-def]
    calls = {4: (9.0, 0.0), 6: (9.0, 9.0), 10: (9.0, 9.0), 12: (1.0, 0.0)}
    assert fates(FIRST, SECOND, BACK, calls=calls) == [(1, "good"), (2, "rolled back"), (3, "good")]


def test_before_the_first_release_there_was_nobody_to_blame(fates) -> None:  # type: ignore[no-untyped-def]
    assert fates(FIRST, calls={2: (1.0, 1.0)}) == [(1, "broken")]


def test_a_release_without_calls_of_its_own_has_no_verdict(fates) -> None:  # type: ignore[no-untyped-def]
    assert fates(FIRST, SECOND, calls={}) == [(1, "unknown"), (2, "unknown")]


def test_releases_of_before_are_left_out(fates) -> None:  # type: ignore[no-untyped-def]
    assert fates(FIRST, SECOND, BACK, calls={}, since=at(7)) == [(3, "unknown")]
