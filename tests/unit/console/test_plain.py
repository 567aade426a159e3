"""Values as JSON: members by name, no properties, nothing that JSON has no word for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.fake_pipeline import make_build, make_health, make_stage, now
from pytest_rollbacklab.console.plain import as_json, plain


def test_a_dataclass_is_its_members_and_not_its_properties() -> None:
    build = plain(make_build(7))
    assert build["commit"]["sha"].startswith("0000007")
    assert "short_sha" not in build["commit"]
    assert "succeeded" not in build
    assert build["built_at"] == now().isoformat()
    assert isinstance(build["packages"], list)
    assert "failing_share" not in plain(make_health())
    assert plain(make_stage("dev"))["live"] is None


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (float("nan"), None),
        (float("inf"), None),
        (True, True),
        (b"text", "text"),
        (b"\xff", {"base64": "/w=="}),
        (Path("/a/b"), "/a/b"),
        ({1: (2, 3)}, {"1": [2, 3]}),
        (datetime(2025, 11, 2, tzinfo=UTC), "2025-11-02T00:00:00+00:00"),
        ((one for one in (1, 2)), [1, 2]),
    ],
    ids=repr,
)
def test_each_kind_has_its_form(value: Any, written: Any) -> None:
    assert json.loads(as_json(value)) == written


def test_half_a_surrogate_pair_is_written_as_an_escape() -> None:
    assert as_json("\ud83d") == b'"\\ud83d"'


def test_what_is_not_written_is_named() -> None:
    with pytest.raises(TypeError, match="object cannot be written as JSON"):
        plain(object())
