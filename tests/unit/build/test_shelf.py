from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.errors import BuildError, DeployError
from pytest_rollbacklab.model import Build, Commit, Package

COMMIT = Commit(
    sha="0123456789abcdef0123456789abcdef01234567",
    author="Jin <jin@example.com>",
    message="노트 API\n\nWhy.",
    committed_at=datetime(2024, 5, 1, 12, 0, tzinfo=timezone(timedelta(hours=9))),
)


def build_of(number: int, *, failure: str | None = None) -> Build:
    return Build(
        number=number,
        app="notes",
        commit=COMMIT,
        packages=(),
        template_key=None,
        template_sha256=None,
        built_at=datetime(2024, 5, 1, tzinfo=UTC),
        duration_s=0.25,
        failure=failure,
    )


@pytest.fixture
def good(shelf: Shelf) -> Build:
    """A build whose parts lie on the shelf."""
    stored = shelf.keep_package(b"a zip", "digest")
    key, sha256 = shelf.keep_template('{"Resources": {}}')
    package = Package(function="Create", sha256=stored.sha256, size_bytes=stored.size_bytes, reused=False)
    return shelf.add_build(
        lambda number: replace(build_of(number), packages=(package,), template_key=key, template_sha256=sha256)
    )


def test_builds_are_read_back_as_they_were_kept(shelf: Shelf, good: Build, bucket: Bucket) -> None:
    failed = shelf.add_build(lambda number: build_of(number, failure="no handler"))
    other = Shelf(bucket)
    assert other.builds() == (good, failed)
    assert other.latest() == failed
    assert other.build(1) == good
    assert not failed.succeeded


def test_a_build_that_there_is_not_is_said(shelf: Shelf) -> None:
    with pytest.raises(BuildError, match=r"there is no build 1\n.*there is no build yet"):
        shelf.build(1)
    shelf.add_build(build_of)
    with pytest.raises(BuildError, match=r"there is no build 9\n  looked at: s3://.*/builds/: there are builds 1 to 1"):
        shelf.build(9)


def test_a_build_of_another_format_is_said(
    shelf: Shelf, good: Build, bucket: Bucket, objects: dict[str, bytes]
) -> None:
    objects["builds/000001.json"] = json.dumps({**json.loads(objects["builds/000001.json"]), "format": 2}).encode()
    with pytest.raises(DeployError, match=r"record 1 .*format 2, and this version reads 1"):
        Shelf(bucket).build(1)


def test_a_package_is_found_by_what_it_was_made_of(shelf: Shelf) -> None:
    assert shelf.find_package("digest") is None
    kept = shelf.keep_package(b"a zip", "digest")
    assert shelf.find_package("digest") == kept
    assert kept.size_bytes == 5
    assert shelf.find_package("other") is None


def test_what_another_kept_is_found_too(shelf: Shelf, bucket: Bucket) -> None:
    kept = shelf.keep_package(b"a zip", "digest")
    other = Shelf(bucket)
    assert other.find_package("digest") == other.find_package("digest") == kept


def test_a_package_that_was_removed_is_not_found_by_the_next_who_looks(
    shelf: Shelf, bucket: Bucket, objects: dict[str, bytes]
) -> None:
    kept = shelf.keep_package(b"a zip", "digest")
    del objects[f"packages/{kept.sha256}.zip"]
    assert Shelf(bucket).find_package("digest") is None


def test_what_is_found_to_be_gone_is_looked_for_anew(shelf: Shelf, good: Build, objects: dict[str, bytes]) -> None:
    kept = shelf.keep_package(b"a zip", "digest")
    assert shelf.build_of(good.commit.sha) == good
    del objects[f"packages/{kept.sha256}.zip"]
    del objects[good.template_key or ""]
    with pytest.raises(DeployError, match="its template is gone from the shelf"):
        shelf.verify(good)
    assert shelf.find_package("digest") is None
    assert shelf.build_of(good.commit.sha) is None


def test_what_was_said_while_a_build_was_made_is_kept_with_it(shelf: Shelf, bucket: Bucket, good: Build) -> None:
    build = shelf.add_build(lambda number: replace(good, number=number), log=["one", "two"])
    assert Shelf(bucket).log(build.number) == ("one", "two")
    assert Shelf(bucket).build(build.number) == build
    assert shelf.log(good.number) == ()
    assert shelf.log(99) == ()


def test_what_was_kept_is_verified(shelf: Shelf, good: Build) -> None:
    shelf.verify(good)
    assert shelf.template(good) == '{"Resources": {}}'


def test_a_package_that_is_gone_is_named(shelf: Shelf, good: Build, objects: dict[str, bytes]) -> None:
    key = f"packages/{good.packages[0].sha256}.zip"
    del objects[key]
    with pytest.raises(DeployError) as caught:
        shelf.verify(good)
    assert str(caught.value) == (
        "build 1 cannot be deployed: its package of Create is gone from the shelf\n"
        f"  looked at: s3://{shelf.bucket.name}/{key}, sha256 {good.packages[0].sha256}\n"
        "  what to do: go to another build, or build commit 0123456 again (which may come out otherwise)"
    )


def test_a_package_that_was_changed_is_named(shelf: Shelf, good: Build, objects: dict[str, bytes]) -> None:
    objects[f"packages/{good.packages[0].sha256}.zip"] = b"another zip"
    with pytest.raises(DeployError, match=r"build 1 cannot be deployed: its package of Create is not what was kept"):
        shelf.verify(good)


def test_a_template_that_is_gone_or_changed_is_named(shelf: Shelf, good: Build, objects: dict[str, bytes]) -> None:
    assert good.template_key is not None
    objects[good.template_key] += b" "
    with pytest.raises(DeployError, match=r"its template is not what was kept\n  looked at: s3://.*/templates/"):
        shelf.verify(good)
    del objects[good.template_key]
    with pytest.raises(DeployError, match="its template is gone"):
        shelf.template(good)


def test_a_failed_build_has_no_template(shelf: Shelf) -> None:
    with pytest.raises(
        DeployError, match=r"build 3 cannot be deployed: it failed\n  looked at: its reason: no handler"
    ):
        shelf.template(build_of(3, failure="no handler"))


def test_the_same_parts_are_kept_once(shelf: Shelf, good: Build, objects: dict[str, bytes]) -> None:
    before = dict(objects)
    shelf.keep_package(b"a zip", "digest")
    shelf.keep_template('{"Resources": {}}')
    assert objects == before


def another(shelf: Shelf, number: int, content: bytes) -> Build:
    """A build of another commit, with a package and a template of its own."""
    stored = shelf.keep_package(content, content.decode())
    key, sha256 = shelf.keep_template(f'{{"Resources": {{"X": {content.decode()!r}}}}}')
    package = Package(function="Create", sha256=stored.sha256, size_bytes=stored.size_bytes, reused=False)
    commit = replace(COMMIT, sha=f"{number:040x}")
    return shelf.add_build(
        lambda number: replace(
            build_of(number), commit=commit, packages=(package,), template_key=key, template_sha256=sha256
        )
    )


def test_a_commit_leads_to_its_build_unless_that_failed(shelf: Shelf, good: Build, bucket: Bucket) -> None:
    assert shelf.build_of("f" * 40) is None
    assert shelf.build_of(COMMIT.sha) == Shelf(bucket).build_of(COMMIT.sha) == good
    failed = replace(COMMIT, sha="e" * 40)
    shelf.add_build(lambda number: replace(build_of(number, failure="no handler"), commit=failed))
    assert shelf.build_of(failed.sha) is None
    assert shelf.build_of(COMMIT.sha) == good


def test_builds_come_from_the_newest_down(shelf: Shelf) -> None:
    for number in range(1, 6):
        another(shelf, number, f"zip {number}".encode())
    assert [build.number for build in shelf.newest(2)] == [5, 4]
    assert [build.number for build in shelf.newest(2, before=3)] == [2, 1]
    assert shelf.newest(2, before=1) == ()


def test_a_build_that_was_pruned_keeps_its_record_alone(
    shelf: Shelf, good: Build, bucket: Bucket, objects: dict[str, bytes]
) -> None:
    kept = another(shelf, 2, b"other")
    assert shelf.prune([good], [kept]) == (1,)
    assert shelf.pruned() == Shelf(bucket).pruned() == {1}
    assert f"packages/{good.packages[0].sha256}.zip" not in objects
    assert good.template_key not in objects
    assert shelf.build(1) == good
    assert shelf.build_of(COMMIT.sha) is None
    assert shelf.find_package("digest") is None
    shelf.verify(kept)


def test_parts_that_a_kept_build_has_too_stay(shelf: Shelf, good: Build) -> None:
    same = shelf.add_build(lambda number: replace(good, number=number))
    assert shelf.prune([good], [same]) == (1,)
    shelf.verify(same)
    assert shelf.find_package("digest") is not None
    assert shelf.build_of(COMMIT.sha) == same


def test_a_build_that_was_pruned_is_refused_by_name(shelf: Shelf, good: Build) -> None:
    shelf.refuse_pruned(good)
    shelf.prune([good], [])
    for look in (shelf.verify, shelf.template, shelf.refuse_pruned):
        with pytest.raises(BuildError) as caught:
            look(good)
        assert str(caught.value) == (
            "build 1 cannot be deployed: it was removed by retention\n"
            f"  looked at: s3://{shelf.bucket.name}/pruned/000001: its record is kept, its parts are not\n"
            "  what to do: choose a build that is kept, or push commit 0123456 as a new branch: "
            "it is then built again, under a new number"
        )


def test_what_was_pruned_is_listed_once(shelf: Shelf, good: Build, s3: Any) -> None:
    assert shelf.pruned() == frozenset()
    s3.calls.clear()
    shelf.prune([good], [])
    assert shelf.pruned() == {1}
    assert not any("pruned" in call and "get" in call for call in s3.calls)


def test_what_has_nothing_to_do_with_what_was_pruned_is_still_known(shelf: Shelf, good: Build, s3: Any) -> None:
    other = another(shelf, 2, b"other")
    shelf.prune([good], [other])
    s3.calls.clear()
    assert shelf.find_package("other") is not None
    assert shelf.build_of(other.commit.sha) == other
    assert shelf.template(other)
    assert s3.calls == []
