from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.numbered import NumberedRecords
from pytest_rollbacklab.errors import DeployError

Records = NumberedRecords[str]


def encode(record: str) -> Mapping[str, Any]:
    return {"text": record}


def decode(values: Mapping[str, Any]) -> str:
    return str(values["text"])


def records_of(bucket: Bucket) -> Records:
    """Another writer, who remembers nothing."""
    return NumberedRecords(bucket, "things/", encode=encode, decode=decode)


@pytest.fixture
def records(bucket: Bucket) -> Records:
    return records_of(bucket)


def test_before_the_first_there_is_none(records: Records) -> None:
    assert (records.all(), records.latest(), records.get(1)) == ((), None, None)


def test_records_are_numbered_from_one_and_kept(records: Records, bucket: Bucket, objects: dict[str, bytes]) -> None:
    for _ in range(3):
        records.append(lambda number: f"thing {number}")
    assert sorted(objects) == ["things/000001.json", "things/000002.json", "things/000003.json"]
    other = records_of(bucket)
    assert other.latest() == "thing 3"
    assert other.all() == records.all() == ("thing 1", "thing 2", "thing 3")
    assert other.get(2) == "thing 2"
    assert other.get(4) is None


def test_what_others_wrote_is_seen(records: Records, bucket: Bucket) -> None:
    records.append(str)
    records_of(bucket).append(lambda number: f"other {number}")
    assert records.latest() == "other 2"
    assert records.append(str) == "3"


def test_a_number_that_others_took_meanwhile_is_passed_over(records: Records, bucket: Bucket) -> None:
    records.append(str)
    other = records_of(bucket)
    for _ in range(5):
        other.append(str)
    made: list[int] = []
    assert records.append(lambda number: made.append(number) or str(number)) == "7"  # type: ignore[func-returns-value]
    assert made == [2, 7]


def test_a_record_is_read_once(records: Records, bucket: Bucket, s3: Any) -> None:
    records.append(str)
    other = records_of(bucket)
    assert [other.latest() for _ in range(3)] == ["1", "1", "1"]
    assert s3.calls.count("get_object things/000001.json") == 1


def test_writers_that_race_get_numbers_of_their_own(bucket: Bucket, objects: dict[str, bytes]) -> None:
    writers = 8
    ready = threading.Barrier(writers)

    def write(_: int) -> str:
        mine = records_of(bucket)
        ready.wait()
        return mine.append(str)

    with ThreadPoolExecutor(writers) as pool:
        taken = sorted(map(int, pool.map(write, range(writers))))
    assert taken == list(range(1, writers + 1))
    assert len(objects) == writers


def test_a_writer_who_is_never_first_is_told() -> None:
    class Busy:
        """A bucket in which someone else is always first."""

        name = "busy"

        def put_new(self, key: str, content: bytes) -> bool:
            return False

        def size_bytes(self, key: str) -> None:
            return None

        def keys(self, prefix: str, *, after: str) -> list[str]:
            return []

    with pytest.raises(DeployError, match=r"no number was free below things/\n  looked at: 100 tries, up to 100"):
        records_of(Busy()).append(str)  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"no json", b'{"other": 1}', b"[]", b"\xff"])
def test_a_record_that_is_damaged_is_named(records: Records, objects: dict[str, bytes], content: bytes) -> None:
    objects["things/000001.json"] = content
    with pytest.raises(DeployError, match=r"record 1 on the shelf cannot be read: .*\n.*s3://.*/things/000001.json"):
        records.latest()


def test_the_newest_come_first_and_no_more_is_read_than_is_returned(records: Records, bucket: Bucket, s3: Any) -> None:
    for _ in range(30):
        records.append(str)
    other = records_of(bucket)
    s3.calls.clear()
    assert other.newest(3) == ("30", "29", "28")
    assert other.newest(2, before=11) == ("10", "9")
    assert sum(call.startswith("get_object") for call in s3.calls) == 5


def test_what_is_asked_for_beyond_the_ends_is_what_there_is(records: Records) -> None:
    assert records.newest(3) == ()
    for _ in range(3):
        records.append(str)
    assert records.newest(10) == records.newest(10, before=1000) == ("3", "2", "1")
    assert records.newest(10, before=1) == records.newest(10, before=-5) == records.newest(0) == ()


def test_the_latest_number_is_asked_for_anew_and_lists_only_when_something_came(
    records: Records, bucket: Bucket
) -> None:
    assert records.latest_number() == 0
    other = records_of(bucket)
    for _ in range(3):
        other.append(str)
    assert records.latest_number() == 3
    listed: list[str] = []
    keys = bucket.keys
    bucket.keys = lambda *asked, **more: listed.append("keys") or keys(*asked, **more)  # type: ignore[func-returns-value,method-assign]
    assert records.latest_number() == 3
    assert listed == []
    other.append(str)
    assert records.latest_number() == 4
    assert listed == ["keys"]
