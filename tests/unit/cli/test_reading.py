"""What comes from the lab, read: values out of JSON, events out of a stream, several streams as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from pytest_rollbacklab.cli.decoding import decode
from pytest_rollbacklab.cli.server_events import ServerEvent, read_events
from pytest_rollbacklab.cli.streams import merged
from pytest_rollbacklab.errors import RollbacklabError
from pytest_rollbacklab.pipeline.values import Page


@dataclass(frozen=True, kw_only=True)
class Thing:
    at: datetime
    body: bytes
    kind: Literal["a", "b"]
    share: float | None
    names: tuple[str, ...]
    points: tuple[tuple[datetime, float | None], ...]
    by_name: Mapping[str, Mapping[str, int]]
    sure: bool = True


THING: dict[str, Any] = {
    "at": "2026-11-23T12:05:31+00:00",
    "body": "한",
    "kind": "a",
    "share": 1,
    "names": ["x"],
    "points": [["2026-11-23T12:05:31Z", None]],
    "by_name": {"n": {"m": 3}},
    "new": "in a later version",
}
AT = datetime(2026, 11, 23, 12, 5, 31, tzinfo=UTC)


class TestDecode:
    def test_every_kind_of_member(self) -> None:
        assert decode(Thing, THING) == Thing(
            at=AT,
            body="한".encode(),
            kind="a",
            share=1.0,
            names=("x",),
            points=((AT, None),),
            by_name={"n": {"m": 3}},
        )

    def test_bytes_that_are_no_text(self) -> None:
        assert decode(Thing, THING | {"body": {"base64": "//4="}}).body == b"\xff\xfe"

    def test_a_page_of_things(self) -> None:
        page = decode(Page[Thing], {"items": [THING], "older": 4})
        assert (page.items[0].at, page.older) == (AT, 4)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"at": "yesterday"}, "thing.at is 'yesterday', which is no time"),
            ({"share": "much"}, "thing.share is str, not float"),
            ({"share": True}, "thing.share is bool, not float"),
            ({"names": "x"}, "thing.names is str, not list"),
            ({"names": [3]}, "thing.names[0] is int, not str"),
            ({"points": [["2026-11-23T12:05:31Z"]]}, "thing.points[0] has 1 items, not 2"),
            ({"by_name": {"n": {"m": "3"}}}, "thing.by_name.n.m is str, not int"),
            ({"body": {}}, "thing.body.base64 is NoneType, not str"),
            ({"sure": 1}, "thing.sure is int, not bool"),
        ],
    )
    def test_another_shape_is_named(self, changes: dict[str, Any], said: str) -> None:
        with pytest.raises(RollbacklabError) as raised:
            decode(Thing, THING | changes, name="thing")
        assert raised.value.what == f"the lab answers otherwise than this command knows: {said}"

    def test_a_missing_member_is_named(self) -> None:
        with pytest.raises(RollbacklabError, match=r"thing\.kind is missing"):
            decode(Thing, {name: value for name, value in THING.items() if name != "kind"}, name="thing")


class TestEvents:
    def test_come_with_their_names_and_data(self) -> None:
        lines = [
            b": hello\n",
            b"\n",
            b"event: line\r\n",
            b'data: {"a":\n',
            b"data:1}\n",
            b"id: 3\n",
            b"\n",
            b"data: 2\n",
        ]
        assert list(read_events([*lines, b"\n"])) == [
            ServerEvent(event="line", data={"a": 1}),
            ServerEvent(event="message", data=2),
        ]

    def test_one_that_was_cut_off_is_none(self) -> None:
        assert list(read_events([b"event: line\n", b"data: 1\n"])) == []

    def test_one_that_is_no_json_is_told(self) -> None:
        with pytest.raises(RollbacklabError) as raised:
            list(read_events([b"data: no\n", b"\n"]))
        assert str(raised.value) == "the lab sent an event that is no JSON\n  looked at: no"


class TestMerged:
    def test_everything_comes_under_its_streams_name(self) -> None:
        came = list(merged({"a": iter([1, 2]), "b": iter([3])}))
        assert sorted(came) == [("a", 1), ("a", 2), ("b", 3)]

    def test_the_first_error_is_raised(self) -> None:
        def fails() -> Iterator[int]:
            yield 1
            raise RollbacklabError("it broke")

        with pytest.raises(RollbacklabError, match="it broke"):
            list(merged({"a": fails()}))
