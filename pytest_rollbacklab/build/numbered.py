"""Records that are numbered from 1 and kept for ever: the builds of an app, the releases of a stage.

A number is taken by writing its record, which S3 lets exactly one writer do; whoever comes second takes the next. So
numbers are never given twice and there is none without its record. What was read is remembered, because a record never
changes; what came later is looked for each time, because others write too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.errors import DeployError

__all__ = ["NumberedRecords"]

Record = TypeVar("Record")

_ATTEMPTS = 100


class NumberedRecords(Generic[Record]):
    """The records below one prefix of a bucket, as ``<prefix><NNNNNN>.json``.

    Args:
        bucket: Where they lie.
        prefix: Ends with ``/``.
        encode: A record as JSON values.
        decode: The record of such values; raises KeyError, TypeError or ValueError when they are none.
    """

    def __init__(
        self,
        bucket: Bucket,
        prefix: str,
        *,
        encode: Callable[[Record], Mapping[str, Any]],
        decode: Callable[[Mapping[str, Any]], Record],
    ) -> None:
        self._bucket, self._prefix = bucket, prefix
        self._encode, self._decode = encode, decode
        self._read: dict[int, Record] = {}
        self._highest = 0

    def append(self, make: Callable[[int], Record], *, beside: Mapping[str, Any] | None = None) -> Record:
        """Keep a new record under the next number.

        Args:
            make: Makes the record of a number; called again when another writer was first.
            beside: Members that are written with the record and are no part of it; ``beside`` reads them.

        Raises:
            DeployError: others were first every time.
        """
        number = self._highest or self.latest_number()
        for _ in range(_ATTEMPTS):
            number += 1
            record = make(number)
            members = {**self._encode(record), **(beside or {})}
            content = json.dumps(members, indent=2, ensure_ascii=False).encode()
            if self._bucket.put_new(self._key(number), content):
                self._read[number] = record
                self._highest = max(self._highest, number)
                return record
            number = max([number, *self._numbers(after=number)])
        raise DeployError(f"no number was free below {self._prefix}", looked_at=f"{_ATTEMPTS} tries, up to {number}")

    def all(self) -> tuple[Record, ...]:
        """Return all records, by number."""
        numbers = self._numbers()
        return tuple(record for record in map(self.get, numbers) if record is not None)

    def newest(self, limit: int, *, before: int | None = None) -> tuple[Record, ...]:
        """Return records from the newest down, or from below a number; reads no more than it returns."""
        newest = self.latest_number()
        top = newest if before is None else min(newest, before - 1)
        numbers = range(top, max(0, top - limit), -1)
        return tuple(record for record in map(self.get, numbers) if record is not None)

    def latest_number(self) -> int:
        """Return the highest number; 0 when there is none yet."""
        # To list costs a bucket's length, and mostly nothing has come since: so the next number is asked for first.
        if self._bucket.size_bytes(self._key(self._highest + 1)) is not None:
            self._highest = max(self._numbers(after=self._highest), default=self._highest)
        return self._highest

    def latest(self) -> Record | None:
        """Return the record of the highest number, or None when there is none yet."""
        newest = self.latest_number()
        return self.get(newest) if newest else None

    def get(self, number: int) -> Record | None:
        """Return the record of a number, or None.

        Raises:
            DeployError: what lies there is no such record.
        """
        if number not in self._read:
            content = self._bucket.get(self._key(number))
            if content is None:
                return None
            self._read[number] = self._decoded(number, content)
        return self._read[number]

    def beside(self, number: int, name: str) -> Any:
        """Return what was written with a record under a name; None when there is no such record, or nothing was."""
        content = self._bucket.get(self._key(number))
        return None if content is None else json.loads(content).get(name)

    def _decoded(self, number: int, content: bytes) -> Record:
        try:
            return self._decode(json.loads(content))
        except (KeyError, TypeError, ValueError) as error:
            raise DeployError(
                f"record {number} on the shelf cannot be read: {error!r}",
                looked_at=f"s3://{self._bucket.name}/{self._key(number)}",
                mend="it was changed, or written by another version of pytest-rollbacklab",
            ) from error

    def _numbers(self, *, after: int = 0) -> list[int]:
        keys = self._bucket.keys(self._prefix, after=self._key(after))
        return [int(name) for name in (key.removeprefix(self._prefix).removesuffix(".json") for key in keys)]

    def _key(self, number: int) -> str:
        return f"{self._prefix}{number:06d}.json"
