from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_rollbacklab.deploy.ledger import Ledger
from pytest_rollbacklab.errors import DeployError, NothingToRollBackError
from pytest_rollbacklab.model import Build, Change, Release, ReleaseKind

Put = Callable[..., Release]


@pytest.fixture
def ledger(bucket: Any) -> Ledger:
    return Ledger(bucket, "prod")


@pytest.fixture
def put(ledger: Ledger, make_build: Callable[..., Build]) -> Put:
    """Append a release of a build, made when there is none of its number."""
    builds: dict[int, Build] = {}

    def append(build: int, kind: ReleaseKind = "deploy", **parameters: str) -> Release:
        while build not in builds:
            made = make_build()
            builds[made.number] = made
        return ledger.append(
            lambda number: Release(
                number=number,
                stage="prod",
                kind=kind,
                build=builds[build],
                parameters=parameters,
                released_at=datetime(2024, 5, 1, tzinfo=UTC),
                duration_s=1.5,
                packages_rebuilt=0,
                changes=(
                    Change(
                        action="Modify",
                        logical_id="Create",
                        resource_type="AWS::Lambda::Function",
                        replacement="False",
                        properties=("Code",),
                    ),
                ),
                rolled_back_from=None,
                reason="because",
                outputs={"Url": "https://prod"},
            )
        )

    return append


def test_an_empty_ledger_holds_nothing(ledger: Ledger) -> None:
    assert (ledger.releases(), ledger.live(), ledger.release(1)) == ((), None, None)


def test_releases_are_read_back_as_they_were_written(put: Put, ledger: Ledger, bucket: Any) -> None:
    written = (put(1, Stage="prod"), put(2))
    other = Ledger(bucket, "prod")
    assert other.releases() == written
    assert other.live() == other.release(2) == written[1]
    assert sorted(key for key in bucket.objects if key.startswith("stages/")) == [
        "stages/prod/releases/000001.json",
        "stages/prod/releases/000002.json",
    ]


def test_stages_have_ledgers_of_their_own(put: Put, bucket: Any) -> None:
    put(1)
    assert Ledger(bucket, "pro").live() is None


def test_a_rollback_goes_to_the_release_before(put: Put, ledger: Ledger) -> None:
    first = put(1)
    put(2)
    assert ledger.previous_good() == first


def test_releases_of_the_same_build_are_passed_over(put: Put, ledger: Ledger) -> None:
    first = put(1)
    put(2)
    put(2, "promote")
    assert ledger.previous_good() == first


def test_the_same_build_with_other_parameters_is_another_release(put: Put, ledger: Ledger) -> None:
    put(1, Memory="128")
    first = put(2, Memory="128")
    put(2, Memory="64")
    assert ledger.previous_good() == first


def test_a_second_rollback_goes_further_back(put: Put, ledger: Ledger) -> None:
    first = put(1)
    put(2)
    put(3)
    assert ledger.previous_good().build.number == 2
    put(2, "rollback")
    assert ledger.previous_good() == first
    put(1, "rollback")
    with pytest.raises(NothingToRollBackError, match="nothing else was live before build 1"):
        ledger.previous_good()


def test_what_was_rolled_back_from_is_passed_over_after_the_next_deployment(put: Put, ledger: Ledger) -> None:
    put(1)
    put(2)
    back = put(1, "rollback")
    put(3)
    assert ledger.previous_good() == back


def test_a_rollback_to_a_build_takes_its_last_release(put: Put, ledger: Ledger) -> None:
    put(1, Memory="64")
    later = put(1, Memory="128")
    put(2)
    put(3)
    assert ledger.previous_good(1) == later


def test_a_build_that_was_rolled_back_from_can_be_named(put: Put, ledger: Ledger) -> None:
    put(1)
    second = put(2)
    put(1, "rollback")
    assert ledger.previous_good(2) == second
    put(2, "rollback")
    assert ledger.previous_good().build.number == 1


def test_a_stage_without_releases_says_so(ledger: Ledger) -> None:
    with pytest.raises(NothingToRollBackError) as caught:
        ledger.previous_good()
    assert str(caught.value) == (
        "prod cannot be rolled back: nothing was ever released there\n"
        "  looked at: 0 releases of prod: none\n"
        "  what to do: roll back to a build that the ledger holds, or mend the code and deploy again"
    )


def test_a_first_release_has_nothing_before_it(put: Put, ledger: Ledger) -> None:
    put(1)
    with pytest.raises(
        NothingToRollBackError, match=r"before build 1\n  looked at: 1 releases of prod: 1: deploy of b"
    ):
        ledger.previous_good()


def test_a_build_that_was_never_live_there_says_what_was(put: Put, ledger: Ledger) -> None:
    put(1)
    put(3, "promote")
    with pytest.raises(NothingToRollBackError) as caught:
        ledger.previous_good(2)
    assert caught.value.what == "prod cannot be rolled back: build 2 was never live there"
    assert caught.value.looked_at == "2 releases of prod: 1: deploy of build 1, 2: promote of build 3"


def test_what_is_live_already_is_not_rolled_back_to(put: Put, ledger: Ledger) -> None:
    put(1)
    put(2)
    with pytest.raises(NothingToRollBackError, match="build 2 is live already"):
        ledger.previous_good(2)


def test_a_long_ledger_is_told_in_part(put: Put, ledger: Ledger) -> None:
    for number in range(1, 13):
        put(number)
    with pytest.raises(NothingToRollBackError, match=r"the last of 12 releases of prod: 3: deploy of build 3, "):
        ledger.previous_good(99)


def test_a_damaged_release_is_named(put: Put, bucket: Any) -> None:
    put(1)
    bucket.objects["stages/prod/releases/000001.json"] = b"{}"
    with pytest.raises(DeployError, match=r"record 1 on the shelf cannot be read: KeyError\('format'\)"):
        Ledger(bucket, "prod").live()


def gets_of(bucket: Any, read: Callable[[Ledger], object]) -> int:
    """Count the releases that are read by one who remembers nothing."""
    read_keys: list[str] = []
    get = bucket.get
    bucket.get = lambda key: read_keys.append(key) or get(key)
    try:
        read(Ledger(bucket, "prod"))
    finally:
        bucket.get = get
    return len(read_keys)


def test_what_a_rollback_goes_to_is_found_among_the_newest(put: Put, bucket: Any) -> None:
    for number in range(1, 201):
        put(number)
    assert gets_of(bucket, lambda ledger: ledger.previous_good()) <= 20
    assert gets_of(bucket, lambda ledger: ledger.last_of(195)) <= 20


def test_a_rollback_that_went_far_back_is_followed_as_far(put: Put, bucket: Any) -> None:
    first, second = put(1), put(2)
    for number in range(3, 60):
        put(number)
    put(2, "rollback")
    assert Ledger(bucket, "prod").previous_good() == first
    for _ in range(30):
        put(2, "promote")
    assert Ledger(bucket, "prod").previous_good() == first
    put(60)
    assert Ledger(bucket, "prod").previous_good().build == second.build


def test_however_many_are_read_at_once_the_same_is_found(put: Put, bucket: Any, monkeypatch: Any) -> None:
    kinds: tuple[ReleaseKind, ...] = ("deploy", "promote", "rollback")
    for at in range(120):
        put(1 + at * 7 % 11, kinds[at * 5 % 3])
        found = []
        for first in (1, 3, 1000):
            monkeypatch.setattr("pytest_rollbacklab.deploy.ledger._READ_FIRST", first)
            try:
                found.append(Ledger(bucket, "prod").previous_good().number)
            except NothingToRollBackError:
                found.append(0)
        assert len(set(found)) == 1, (at, found)


def test_the_last_release_of_a_build_is_found_or_there_is_none(put: Put, ledger: Ledger) -> None:
    assert ledger.last_of(1) is None
    for number in range(1, 30):
        put(number)
    again = put(3)
    assert ledger.last_of(3) == again
    assert ledger.last_of(99) is None
