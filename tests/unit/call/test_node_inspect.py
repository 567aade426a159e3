"""Against what Node v20.20.2 printed (``node_prints.json``), and, where node is installed, against node itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_rollbacklab.call.node_inspect import inspect

RECORDED = json.loads(Path(__file__).with_name("node_prints.json").read_text(encoding="utf-8"))
CHAPTER = {"status": 502, "statusText": "Bad Gateway", "data": {"message": "Internal server error"}}
TEXTS = st.text(st.sampled_from("abz019-_ '\"`${}\\\n\t\x1b\x7fé한글😀"), max_size=90)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(TEXTS, inner, max_size=8),
    max_leaves=40,
)


def test_prints_the_chapters_failure_as_node_20_does() -> None:
    assert inspect(CHAPTER) == (
        "{\n  status: 502,\n  statusText: 'Bad Gateway',\n  data: { message: 'Internal server error' }\n}"
    )


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case["given"][:40])
def test_prints_what_node_printed(case: dict[str, str]) -> None:
    assert inspect(json.loads(case["given"])) == case["printed"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed: nothing to compare with")
@settings(max_examples=8, deadline=None)
@given(st.lists(VALUES.map(lambda value: {"status": 200, "data": value}), min_size=1, max_size=10))
def test_prints_what_this_machines_node_prints(batch: list[Any]) -> None:
    program = (
        "const given = JSON.parse(require('fs').readFileSync(0));"
        "const { inspect } = require('util');"
        "console.log(JSON.stringify(given.map(text => inspect(JSON.parse(text), { customInspect: false }))))"
    )
    texts = [json.dumps(value) for value in batch]
    ran = subprocess.run(["node", "-e", program], input=json.dumps(texts), capture_output=True, text=True, check=True)
    for text, printed in zip(texts, json.loads(ran.stdout), strict=True):
        assert inspect(json.loads(text, parse_int=float)) == printed
