"""S3's objects are kept one by one, and the bytes of each version once."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.http import HttpRequest

HERE = Scope(account_id="600000000001", region="eu-west-1")
STRANGER = Scope(account_id="600000000002", region="eu-west-1")
MB = 1024 * 1024
KEYS = ("plain", "a/b c%2F+é?&=.bin", "dots/../x", "ends/")


@pytest.fixture
def bucket(world: Any) -> str:
    make(world, "kept-objects")
    return "kept-objects"


def make(world: Any, name: str, *, versioned: bool = False, scope: Scope = HERE) -> None:
    world.call("s3", "CreateBucket", scope, Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    if versioned:
        world.call("s3", "PutBucketVersioning", Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def everything(world: Any, bucket: str) -> dict[str, Any]:
    listed = world.call("s3", "ListObjectVersions", Bucket=bucket)
    versions = {
        (one["Key"], one["VersionId"]): world.call(
            "s3", "GetObject", Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"]
        )
        for one in listed.get("Versions", ())
    }
    return {"listed": listed, "versions": versions}


def same_after_restart(world: Any, bucket: str) -> dict[str, Any]:
    before = everything(world, bucket)
    world.restart()
    assert everything(world, bucket) == before
    world.restart()  # what was put back is written anew
    assert everything(world, bucket) == before
    return before


def bytes_kept(world: Any) -> int:
    return sum(size for key, size in world.written().items() if key.startswith("s3-objects:bytes/"))


def test_bytes_names_metadata_and_tags(world: Any, bucket: str) -> None:
    for number, key in enumerate(KEYS):
        world.call(
            "s3",
            "PutObject",
            Bucket=bucket,
            Key=key,
            Body=bytes([number]) * 1000,
            Metadata={"who": "ann"},
            ContentType="text/x-odd",
            Tagging="a=b",
        )
    found = same_after_restart(world, bucket)
    assert {key for key, _ in found["versions"]} == set(KEYS)
    (first,) = [answer for (key, _), answer in found["versions"].items() if key == "plain"]
    assert (first["Metadata"], first["ContentType"], first["TagCount"]) == ({"who": "ann"}, "text/x-odd", 1)
    tags = world.call("s3", "GetObjectTagging", Bucket=bucket, Key="plain")["TagSet"]
    assert tags == [{"Key": "a", "Value": "b"}]


def test_overwritten_copied_and_deleted(world: Any, bucket: str) -> None:
    for body in (b"one", b"two"):
        world.call("s3", "PutObject", Bucket=bucket, Key="a", Body=body)
    world.call("s3", "PutObject", Bucket=bucket, Key="gone", Body=b"x" * 1000)
    world.call("s3", "CopyObject", Bucket=bucket, Key="copy", CopySource=f"{bucket}/a")
    world.call("s3", "DeleteObject", Bucket=bucket, Key="gone")
    found = same_after_restart(world, bucket)
    assert sorted(key for key, _ in found["versions"]) == ["a", "copy"]
    assert bytes_kept(world) < 100


def test_versions_and_delete_markers(world: Any) -> None:
    make(world, "kept-versions", versioned=True)
    for number in range(5):
        world.call("s3", "PutObject", Bucket="kept-versions", Key="a", Body=b"%d" % number)
    world.call("s3", "DeleteObject", Bucket="kept-versions", Key="a")
    found = same_after_restart(world, "kept-versions")
    assert [answer["Body"] for answer in found["versions"].values()] == [b"4", b"3", b"2", b"1", b"0"]
    (marker,) = found["listed"]["DeleteMarkers"]
    world.call("s3", "DeleteObject", Bucket="kept-versions", Key="a", VersionId=marker["VersionId"])
    same_after_restart(world, "kept-versions")
    assert world.call("s3", "GetObject", Bucket="kept-versions", Key="a")["Body"] == b"4"


def test_many_deleted_at_once(world: Any) -> None:
    make(world, "kept-versions", versioned=True)
    make(world, "kept-objects")
    for bucket in ("kept-versions", "kept-objects"):
        for number in range(6):
            world.call("s3", "PutObject", Bucket=bucket, Key=f"k/{number}", Body=b"x")
        world.call("s3", "DeleteObjects", Bucket=bucket, Delete={"Objects": [{"Key": f"k/{n}"} for n in (1, 3)]})
        same_after_restart(world, bucket)
    assert len(everything(world, "kept-versions")["listed"]["DeleteMarkers"]) == 2
    assert len(everything(world, "kept-objects")["versions"]) == 4


def test_a_bucket_that_is_gone_stays_away_and_its_name_is_free(world: Any, bucket: str) -> None:
    world.call("s3", "PutObject", Bucket=bucket, Key="a", Body=b"x" * 1000)
    world.call("s3", "DeleteObject", Bucket=bucket, Key="a")
    world.call("s3", "DeleteBucket", Bucket=bucket)
    world.restart()
    assert world.call("s3", "ListBuckets")["Buckets"] == []
    assert bytes_kept(world) == 0
    make(world, bucket)
    assert same_after_restart(world, bucket)["versions"] == {}


def test_a_name_stays_taken_for_others(world: Any, bucket: str) -> None:
    world.restart()
    with pytest.raises(Exception, match="BucketAlreadyExists"):
        world.call(
            "s3", "CreateBucket", STRANGER, Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )


def test_an_object_that_another_account_puts(world: Any, bucket: str) -> None:
    world.call("s3", "PutObject", STRANGER, Bucket=bucket, Key="a", Body=b"theirs", Tagging="a=b")
    found = same_after_restart(world, bucket)
    assert [answer["Body"] for answer in found["versions"].values()] == [b"theirs"]


def test_uploads_in_parts(world: Any, bucket: str) -> None:
    upload = {"Bucket": bucket, "Key": "big"}
    upload["UploadId"] = world.call("s3", "CreateMultipartUpload", **upload)["UploadId"]
    etags = [world.call("s3", "UploadPart", **upload, PartNumber=1, Body=b"a" * 5 * MB)["ETag"]]
    world.restart()
    etags += [world.call("s3", "UploadPart", **upload, PartNumber=2, Body=b"b" * 10)["ETag"]]
    world.restart()
    listed = world.call("s3", "ListParts", **upload)["Parts"]
    assert [(part["PartNumber"], part["Size"], part["ETag"]) for part in listed] == [
        (1, 5 * MB, etags[0]),
        (2, 10, etags[1]),
    ]
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
    made = world.call("s3", "CompleteMultipartUpload", **upload, MultipartUpload={"Parts": parts})
    found = same_after_restart(world, bucket)
    (answer,) = found["versions"].values()
    assert (answer["ETag"], answer["Body"]) == (made["ETag"], b"a" * 5 * MB + b"b" * 10)
    assert bytes_kept(world) < 5 * MB + 100
    assert "Uploads" not in world.call("s3", "ListMultipartUploads", Bucket=bucket)


def test_an_upload_that_was_given_up(world: Any, bucket: str) -> None:
    upload = {"Bucket": bucket, "Key": "big"}
    upload["UploadId"] = world.call("s3", "CreateMultipartUpload", **upload)["UploadId"]
    world.call("s3", "UploadPart", **upload, PartNumber=1, Body=b"a" * 1000)
    world.call("s3", "AbortMultipartUpload", **upload)
    world.restart()
    assert bytes_kept(world) == 0
    assert "Uploads" not in world.call("s3", "ListMultipartUploads", Bucket=bucket)


def test_a_change_of_what_is_known_of_an_object_does_not_write_its_bytes(world: Any, bucket: str) -> None:
    world.call("s3", "PutObject", Bucket=bucket, Key="big", Body=b"x" * MB)
    path = world.path / "journal"
    size = path.stat().st_size
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    world.call("s3", "PutObjectTagging", Bucket=bucket, Key="big", Tagging=tags)
    world.call("s3", "PutObject", Bucket=bucket, Key="small", Body=b"y")
    assert path.stat().st_size - size < 20_000
    world.restart()
    assert world.call("s3", "GetObjectTagging", Bucket=bucket, Key="big")["TagSet"] == tags["TagSet"]


def test_an_object_costs_the_same_however_many_there_are(world: Any, bucket: str) -> None:
    path = world.path / "journal"
    grown = []
    for number in range(60):
        size = path.stat().st_size
        world.call("s3", "PutObject", Bucket=bucket, Key=f"{number:03}", Body=b"x", Tagging="a=b")
        grown.append(path.stat().st_size - size)
    assert max(grown) < grown[0] + 10


def test_a_bucket_in_the_host_name(world: Any, bucket: str) -> None:
    request = HttpRequest(
        method="PUT",
        target="/a%20b",
        headers=(("Host", f"{bucket}.s3.eu-west-1.amazonaws.com"),),
        body=b"hosted",
        source_ip="127.0.0.1",
    )
    assert world.client.dispatch(request, signing_name="s3", scope=HERE).status == 200
    world.journal.commit()
    found = same_after_restart(world, bucket)
    assert [(key, answer["Body"]) for (key, _), answer in found["versions"].items()] == [("a b", b"hosted")]
