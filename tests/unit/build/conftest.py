"""What the build's tests stand on: real git in a temporary directory, and an S3 in memory."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.build.source import Repository

APP = "notes"


class FakeS3:
    """Buckets in memory, with S3's error codes and conditional puts."""

    def __init__(self) -> None:
        self.meta = SimpleNamespace(endpoint_url="http://127.0.0.1:4566")
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.created: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.conflicts = 0
        """How many conditional puts to answer with ConditionalRequestConflict first."""
        self._lock = threading.Lock()

    def create_bucket(self, *, Bucket: str, **options: Any) -> None:
        self.calls.append("create_bucket")
        self.created.append(options)
        if Bucket in self.buckets:
            raise _error("BucketAlreadyOwnedByYou", "CreateBucket")
        self.buckets[Bucket] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str | None = None) -> None:
        self.calls.append(f"put_object {Key}")
        with self._lock:
            objects = self._objects(Bucket, "PutObject")
            if IfNoneMatch == "*":
                if self.conflicts:
                    self.conflicts -= 1
                    raise _error("ConditionalRequestConflict", "PutObject")
                if Key in objects:
                    raise _error("PreconditionFailed", "PutObject")
            objects[Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self.calls.append(f"get_object {Key}")
        objects = self._objects(Bucket, "GetObject")
        if Key not in objects:
            raise _error("NoSuchKey", "GetObject")
        return {"Body": io.BytesIO(objects[Key])}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        objects = self.buckets.get(Bucket, {})
        if Key not in objects:
            raise _error("404", "HeadObject")
        return {"ContentLength": len(objects[Key])}

    def delete_object(self, *, Bucket: str, Key: str) -> None:
        self.calls.append(f"delete_object {Key}")
        self._objects(Bucket, "DeleteObject").pop(Key, None)

    def get_paginator(self, operation: str) -> FakeS3:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str, StartAfter: str) -> Iterator[dict[str, Any]]:
        objects = self._objects(Bucket, "ListObjectsV2")
        keys = sorted(key for key in objects if key.startswith(Prefix) and key > StartAfter)
        for at in range(0, max(1, len(keys)), 2):
            page = [{"Key": key} for key in keys[at : at + 2]]
            yield {"Contents": page} if page else {}

    def _objects(self, bucket: str, operation: str) -> dict[str, bytes]:
        if bucket not in self.buckets:
            raise _error("NoSuchBucket", operation)
        return self.buckets[bucket]


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code}, said S3"}}, operation)


class FakeTarget:
    """A target whose only service is S3."""

    account_id = "123456789012"

    def __init__(self, s3: FakeS3, region: str = "us-east-1") -> None:
        self.region = region
        self._s3 = s3

    def client(self, service: str) -> FakeS3:
        assert service == "s3"
        return self._s3


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def target(s3: FakeS3) -> FakeTarget:
    return FakeTarget(s3)


@pytest.fixture
def bucket(target: FakeTarget) -> Bucket:
    return Bucket(target, APP)  # type: ignore[arg-type]


@pytest.fixture
def objects(s3: FakeS3, bucket: Bucket) -> dict[str, bytes]:
    """What lies in the bucket, which is there for this."""
    return s3.buckets.setdefault(bucket.name, {})


@pytest.fixture
def shelf(bucket: Bucket) -> Shelf:
    return Shelf(bucket)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.init(tmp_path / "app")
