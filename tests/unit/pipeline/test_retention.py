from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.shelf import Shelf, package_key
from pytest_rollbacklab.deploy.ledger import Ledger
from pytest_rollbacklab.model import Build, Release
from pytest_rollbacklab.pipeline.retention import prune

Keep = Callable[..., Build]
ReleaseOf = Callable[..., Release]


@pytest.fixture
def ledger(bucket: Bucket) -> Ledger:
    return Ledger(bucket, "prod")


def is_there(shelf: Shelf, build: Build) -> bool:
    return shelf.bucket.size_bytes(package_key(build.packages[0].sha256)) is not None


def test_the_newest_are_kept_and_the_records_of_all(shelf: Shelf, keep: Keep) -> None:
    builds = [keep(f"build {number}") for number in range(1, 6)]
    assert prune(shelf, [], keep_newest=2) == (1, 2, 3)
    assert [is_there(shelf, build) for build in builds] == [False, False, False, True, True]
    assert shelf.builds() == tuple(builds)
    assert shelf.pruned() == {1, 2, 3}
    assert prune(shelf, [], keep_newest=2) == ()


def test_failed_builds_do_not_count(shelf: Shelf, keep: Keep) -> None:
    keep("one")
    keep("two", failure="no handler")
    keep("three")
    assert prune(shelf, [], keep_newest=2) == ()
    assert prune(shelf, [], keep_newest=1) == (1,)


def test_what_is_live_and_what_a_rollback_goes_to_is_kept(
    shelf: Shelf, keep: Keep, ledger: Ledger, release_of: ReleaseOf
) -> None:
    builds = [keep(f"build {number}") for number in range(1, 6)]
    for build in builds[:3]:
        ledger.append(lambda number, build=build: release_of(build, number))  # type: ignore[misc]
    assert prune(shelf, [ledger], keep_newest=1) == (1, 4)
    assert all(is_there(shelf, build) for build in (builds[1], builds[2], builds[4]))


def test_what_is_in_use_is_kept_until_it_no_longer_is(shelf: Shelf, keep: Keep) -> None:
    for number in range(1, 4):
        keep(f"build {number}")
    assert prune(shelf, [], keep_newest=1, in_use={1}) == (2,)
    assert prune(shelf, [], keep_newest=1) == (1,)


def test_a_part_that_a_kept_build_has_too_stays(shelf: Shelf, keep: Keep) -> None:
    first, second = keep("same"), keep("same")
    assert prune(shelf, [], keep_newest=1) == (1,)
    assert is_there(shelf, first)
    shelf.verify(second)


def test_a_push_reads_what_was_kept_and_what_came_since_however_many_there_were(
    bucket: Bucket, shelf: Shelf, keep: Keep, s3: Any
) -> None:
    for number in range(300):
        keep(f"build {number}")
    prune(shelf, [], keep_newest=3)
    newest = keep("one more")
    again = Shelf(bucket)
    again.pruned()
    s3.asked.clear()
    assert prune(again, [], keep_newest=3) == (298,)
    assert s3.asked["get"] <= 10
    assert is_there(shelf, newest)


def test_a_removal_that_was_stopped_half_way_is_finished_by_the_next(
    bucket: Bucket, shelf: Shelf, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = keep("one")
    keep("two")

    class Killed(BaseException):
        pass

    def killed(_: str) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(bucket, "delete", killed)
        with pytest.raises(Killed):
            prune(shelf, [], keep_newest=1)
    assert is_there(shelf, first)
    again = Shelf(bucket)
    assert again.pruned() == {1}
    assert prune(again, [], keep_newest=1) == (1,)
    assert not is_there(again, first)


def test_more_that_is_to_be_kept_does_not_bring_back_what_is_gone(shelf: Shelf, keep: Keep) -> None:
    for number in range(4):
        keep(f"build {number}")
    assert prune(shelf, [], keep_newest=1) == (1, 2, 3)
    assert prune(shelf, [], keep_newest=10) == ()
    assert shelf.pruned() == {1, 2, 3}


def test_one_that_is_live_again_although_it_was_removed_protects_its_parts(
    shelf: Shelf, keep: Keep, ledger: Ledger, release_of: ReleaseOf
) -> None:
    first = keep("same")
    second = keep("same")
    keep("three")
    assert prune(shelf, [], keep_newest=2) == (1,)
    ledger.append(lambda number: replace(release_of(first), number=number))
    assert prune(shelf, [ledger], keep_newest=1) == (2,)
    assert is_there(shelf, second)
