from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.build.bucket import Bucket, bucket_name
from pytest_rollbacklab.errors import ConfigError, DeployError


def test_the_bucket_is_named_after_app_account_and_region() -> None:
    assert bucket_name("Notes", "123456789012", "us-east-1") == "rollbacklab-notes-123456789012-us-east-1"


@pytest.mark.parametrize("app", ["", "my_app", "9lives", "noté", "a b"])
def test_a_name_that_no_bucket_can_have_is_refused(app: str) -> None:
    with pytest.raises(
        ConfigError, match=r"cannot be an app's name: .*\n.*app in rollbacklab.toml.*\n.*letters, digits"
    ):
        bucket_name(app, "123456789012", "us-east-1")


def test_a_name_that_is_too_long_says_how_long_it_may_be() -> None:
    assert len(bucket_name("a" * 28, "123456789012", "us-east-1")) == 63
    with pytest.raises(ConfigError, match="at most 28 of them"):
        bucket_name("a" * 29, "123456789012", "us-east-1")


def test_the_bucket_is_made_by_the_first_write_alone(bucket: Bucket, s3: Any) -> None:
    assert bucket.get("a") is None
    assert bucket.size_bytes("a") is None
    assert list(bucket.keys("")) == []
    assert s3.buckets == {}
    assert bucket.put_new("a", b"1")
    assert bucket.put_new("b", b"2")
    assert s3.calls.count("create_bucket") == 1
    assert s3.created == [{}]


def test_a_region_is_named_where_s3_wants_it(s3: Any, target: Any) -> None:
    target.region = "ap-northeast-2"
    Bucket(target, "notes").put("a", b"1")
    assert s3.created == [{"CreateBucketConfiguration": {"LocationConstraint": "ap-northeast-2"}}]


def test_an_object_is_written_once(bucket: Bucket) -> None:
    assert bucket.put_new("a", b"1")
    assert not bucket.put_new("a", b"2")
    assert (bucket.get("a"), bucket.size_bytes("a")) == (b"1", 1)
    bucket.put("a", b"22")
    assert (bucket.get("a"), bucket.size_bytes("a")) == (b"22", 2)


def test_a_write_that_s3_wants_to_be_tried_again_is(bucket: Bucket, s3: Any, objects: dict[str, bytes]) -> None:
    s3.conflicts = 2
    assert bucket.put_new("a", b"1")
    assert objects == {"a": b"1"}


def test_a_write_that_is_never_settled_is_said(target: Any, s3: Any, objects: dict[str, bytes]) -> None:
    s3.conflicts = 99
    pauses_s: list[float] = []
    bucket = Bucket(target, "notes", sleep=pauses_s.append)
    with pytest.raises(DeployError, match=r"S3 could not settle who writes a\n  looked at: 8 tries"):
        bucket.put_new("a", b"1")
    assert (len(pauses_s), sum(pauses_s)) == (8, pytest.approx(2.55))


def test_keys_are_listed_over_all_pages(bucket: Bucket) -> None:
    for name in ("b/1", "a/1", "a/2", "a/3", "a/4", "a/5"):
        bucket.put(name, b"")
    assert list(bucket.keys("a/")) == ["a/1", "a/2", "a/3", "a/4", "a/5"]
    assert list(bucket.keys("a/", after="a/3")) == ["a/4", "a/5"]


def test_a_bucket_that_was_made_meanwhile_is_taken(bucket: Bucket, s3: Any) -> None:
    class LateS3(type(s3)):  # type: ignore[misc]
        """The bucket is missing for the first write, and there when it is to be made."""

        def put_object(self, **request: Any) -> None:
            if not self.calls:
                try:
                    super().put_object(**request)
                finally:
                    self.buckets[bucket.name] = {}
            super().put_object(**request)

    s3.__class__ = LateS3
    assert bucket.put_new("a", b"1")
    assert s3.calls.count("create_bucket") == 1


def test_a_bucket_of_another_account_is_said(bucket: Bucket, s3: Any) -> None:
    class TakenS3(type(s3)):  # type: ignore[misc]
        def create_bucket(self, *, Bucket: str) -> None:
            from botocore.exceptions import ClientError

            raise ClientError({"Error": {"Code": "BucketAlreadyExists", "Message": ""}}, "CreateBucket")

    s3.__class__ = TakenS3
    with pytest.raises(DeployError, match=r"belongs to another account\n.*give the app another name"):
        bucket.put("a", b"1")


def test_an_object_has_an_address_for_cloudformation(bucket: Bucket) -> None:
    assert bucket.url("templates/a.json") == (
        "http://127.0.0.1:4566/rollbacklab-notes-123456789012-us-east-1/templates/a.json"
    )
