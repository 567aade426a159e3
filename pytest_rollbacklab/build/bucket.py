"""The S3 bucket that an app's builds and releases lie in: written once, never changed.

S3's conditional writes (``If-None-Match: *``) make "there is exactly one object of this key" a promise that holds for
any number of writers, so nothing here needs a lock or a database. The bucket is made by the first write. What the
objects are is ``shelf``'s and ``numbered``'s business.

Follows "Prevent object overwrites with conditional writes" of the S3 user guide.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from pytest_rollbacklab.errors import ConfigError, DeployError
from pytest_rollbacklab.target import Target

__all__ = ["Bucket", "bucket_name"]

_LONGEST_NAME = 63
_APP_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_MISSING = ("404", "NoSuchBucket", "NoSuchKey", "NotFound")
_CONFLICT_ATTEMPTS = 8
_CONFLICT_PAUSE_S = 0.01


def bucket_name(app: str, account_id: str, region: str) -> str:
    """Return the name of the bucket of an app in an account and region.

    Raises:
        ConfigError: the app's name cannot be part of a bucket's and a stack's name.
    """
    name = f"rollbacklab-{app}-{account_id}-{region}".lower()
    longest = len(app) - max(0, len(name) - _LONGEST_NAME)
    if not _APP_NAME.fullmatch(app) or len(app) > longest:
        raise ConfigError(
            f"{app!r} cannot be an app's name: a bucket and stacks are named after it",
            looked_at=f"app in rollbacklab.toml; the bucket would be {name}",
            mend=f"use letters, digits and hyphens, a letter first, at most {longest} of them",
        )
    return name


class Bucket:
    """A bucket of one app in the target's account and region.

    Args:
        target: Where AWS is.
        app: The app's name.
        sleep: Pauses for so many seconds before a write is tried again.

    Raises:
        ConfigError: see ``bucket_name``.
    """

    def __init__(self, target: Target, app: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.name = bucket_name(app, target.account_id, target.region)
        self._region = target.region
        self._s3 = target.client("s3")
        self._sleep = sleep

    def url(self, key: str) -> str:
        """Return the address of an object, as CloudFormation takes it for ``TemplateURL``."""
        return f"{self._s3.meta.endpoint_url}/{self.name}/{key}"

    def get(self, key: str) -> bytes | None:
        """Return an object's content, or None when it is not there."""
        try:
            content: bytes = self._s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise
        return content

    def size_bytes(self, key: str) -> int | None:
        """Return an object's size, or None when it is not there."""
        try:
            size: int = self._s3.head_object(Bucket=self.name, Key=key)["ContentLength"]
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise
        return size

    def keys(self, prefix: str, *, after: str = "") -> Iterator[str]:
        """Yield the keys that begin with a prefix and follow ``after``, in order."""
        try:
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix, StartAfter=after
            )
            for page in pages:
                yield from (entry["Key"] for entry in page.get("Contents", ()))
        except ClientError as error:
            if _code(error) not in _MISSING:
                raise

    def put(self, key: str, content: bytes) -> None:
        """Write an object, over one that is there."""
        self._put(Key=key, Body=content)

    def put_new(self, key: str, content: bytes) -> bool:
        """Write an object unless there is one of this key; tell whether it was written.

        Raises:
            DeployError: others write the same key at the same time without end.
        """
        for attempt in range(_CONFLICT_ATTEMPTS):
            try:
                self._put(Key=key, Body=content, IfNoneMatch="*")
            except ClientError as error:
                if _code(error) == "PreconditionFailed":
                    return False
                if _code(error) != "ConditionalRequestConflict":
                    raise
                self._sleep(_CONFLICT_PAUSE_S * 2**attempt)  # S3 asks for another try: the other write is under way
            else:
                return True
        raise DeployError(
            f"S3 could not settle who writes {key}", looked_at=f"{_CONFLICT_ATTEMPTS} tries in bucket {self.name}"
        )

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        try:
            self._s3.delete_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if _code(error) not in _MISSING:
                raise

    def _put(self, **request: Any) -> None:
        try:
            self._s3.put_object(Bucket=self.name, **request)
        except ClientError as error:
            if _code(error) != "NoSuchBucket":
                raise
            self._make()
            self._s3.put_object(Bucket=self.name, **request)

    def _make(self) -> None:
        # us-east-1 is S3's default and the one region that may not be named.
        where = {} if self._region == "us-east-1" else {"LocationConstraint": self._region}
        try:
            self._s3.create_bucket(Bucket=self.name, **({"CreateBucketConfiguration": where} if where else {}))
        except ClientError as error:
            if _code(error) == "BucketAlreadyExists":
                raise DeployError(
                    f"the bucket {self.name} belongs to another account", mend="give the app another name"
                ) from error
            if _code(error) != "BucketAlreadyOwnedByYou":  # someone of ours was first
                raise


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
