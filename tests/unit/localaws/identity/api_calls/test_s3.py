"""What requests to S3 ask for."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.identity.api_calls.s3 import asked_of_s3


def asked(method: str, target: str, *, body: bytes = b"", **headers: str) -> list[tuple[str, str | None]]:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    request = HttpRequest(method=method, target=target, headers=named, body=body, source_ip="127.0.0.1")
    return [(one.action.removeprefix("s3:"), one.resource) for one in asked_of_s3(request)]


BUCKET = "arn:aws:s3:::pictures"
OBJECT = f"{BUCKET}/a/b c.jpg"


@pytest.mark.parametrize(
    ("method", "target", "action", "resource"),
    [
        ("GET", "/", "ListAllMyBuckets", "arn:aws:s3:::*"),
        ("GET", "/pictures?list-type=2&prefix=a/", "ListBucket", BUCKET),
        ("HEAD", "/pictures", "ListBucket", BUCKET),
        ("PUT", "/pictures", "CreateBucket", BUCKET),
        ("DELETE", "/pictures", "DeleteBucket", BUCKET),
        ("GET", "/pictures?location", "GetBucketLocation", BUCKET),
        ("PUT", "/pictures?lifecycle", "PutLifecycleConfiguration", BUCKET),
        ("DELETE", "/pictures?policy", "DeleteBucketPolicy", BUCKET),
        ("DELETE", "/pictures?tagging", "PutBucketTagging", BUCKET),
        ("GET", "/pictures/a/b%20c.jpg", "GetObject", OBJECT),
        ("HEAD", "/pictures/a/b%20c.jpg", "GetObject", OBJECT),
        ("GET", "/pictures/a/b%20c.jpg?versionId=1", "GetObjectVersion", OBJECT),
        ("PUT", "/pictures/a/b%20c.jpg", "PutObject", OBJECT),
        ("PUT", "/pictures/a/b%20c.jpg?partNumber=1&uploadId=x", "PutObject", OBJECT),
        ("POST", "/pictures/a/b%20c.jpg?uploads", "PutObject", OBJECT),
        ("DELETE", "/pictures/a/b%20c.jpg?uploadId=x", "AbortMultipartUpload", OBJECT),
        ("DELETE", "/pictures/a/b%20c.jpg", "DeleteObject", OBJECT),
        ("PUT", "/pictures/a/b%20c.jpg?tagging", "PutObjectTagging", OBJECT),
        ("PATCH", "/pictures/a/b%20c.jpg", "PatchObject", OBJECT),
    ],
)
def test_a_request_asks_for_an_action(method: str, target: str, action: str, resource: str) -> None:
    assert asked(method, target) == [(action, resource)]


def test_the_bucket_may_be_in_the_hosts_name() -> None:
    assert asked("GET", "/a/b%20c.jpg", host="pictures.s3.eu-west-1.amazonaws.com") == [("GetObject", OBJECT)]


def test_a_copy_reads_its_source_too() -> None:
    assert asked("PUT", "/pictures/new", x_amz_copy_source="/others/old%20one") == [
        ("GetObject", "arn:aws:s3:::others/old one"),
        ("PutObject", f"{BUCKET}/new"),
    ]
    [source, _] = asked("PUT", "/pictures/new", x_amz_copy_source="others/old?versionId=7")
    assert source == ("GetObjectVersion", "arn:aws:s3:::others/old")


def test_several_objects_are_deleted_one_by_one() -> None:
    body = b"<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>"
    assert asked("POST", "/pictures?delete", body=body) == [
        ("DeleteObject", f"{BUCKET}/a"),
        ("DeleteObject", f"{BUCKET}/b"),
    ]


def test_what_a_listing_and_an_upload_say_are_condition_keys() -> None:
    listing = HttpRequest(method="GET", target="/pictures?prefix=a/&delimiter=/", headers=(), body=b"", source_ip="")
    [one] = asked_of_s3(listing)
    assert one.keys == {"s3:prefix": "a/", "s3:delimiter": "/"}
    upload = HttpRequest(
        method="PUT", target="/pictures/x", headers=(("x-amz-acl", "private"),), body=b"", source_ip=""
    )
    [one] = asked_of_s3(upload)
    assert one.keys == {"s3:x-amz-acl": "private"}
