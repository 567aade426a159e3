"""Against what Node 20 printed (``console.dir``), and, where node is installed, against node itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_rollbacklab.call.node_inspect import inspect

RECORDED = [
    ({}, "{}"),
    ([], "[]"),
    ({"status": 200, "data": {"ok": True}}, "{ status: 200, data: { ok: true } }"),
    (
        {"status": 502, "statusText": "Bad Gateway", "data": {"message": "Internal server error"}},
        "{\n  status: 502,\n  statusText: 'Bad Gateway',\n  data: { message: 'Internal server error' }\n}",
    ),
    ({"a": {"b": {"c": {"d": 1}}}, "l": [[[[1]]]]}, "{ a: { b: { c: [Object] } }, l: [ [ [Array] ] ] }"),
    ({"x-y": None, "quote": "it's", "both": 'it\'s "so"'}, "{ 'x-y': null, quote: \"it's\", both: `it's \"so\"` }"),
    ([1, 2, 3, 4, 5, 6, 7], "[\n  1, 2, 3, 4,\n  5, 6, 7\n]"),
    ("line\nline that is long enough to be split by node, because it has more than 80 columns", None),
]
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"])),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text("abcXYZ_19-", min_size=1), inner, max_size=8),
    max_leaves=40,
)


@pytest.mark.parametrize(("value", "printed"), [case for case in RECORDED if case[1] is not None])
def test_prints_what_node_printed(value: Any, printed: str) -> None:
    assert inspect(value) == printed


def test_long_texts_are_split_at_their_line_ends() -> None:
    first, second = "a" * 50 + "\n", "b" * 50
    assert inspect({"t": first + second}) == f"{{\n  t: '{first[:-1]}\\n' +\n    '{second}'\n}}"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed: nothing to compare with")
@settings(max_examples=20, deadline=None)
@given(st.lists(values, min_size=1, max_size=10))
def test_prints_what_this_machines_node_prints(batch: list[Any]) -> None:
    program = (
        "const given = JSON.parse(require('fs').readFileSync(0));"
        "console.log(JSON.stringify(given.map(v => require('util').inspect(v))))"
    )
    ran = subprocess.run(["node", "-e", program], input=json.dumps(batch), capture_output=True, text=True, check=True)
    # JavaScript puts keys that are array indices first: such keys are not compared.
    for value, printed in zip(batch, json.loads(ran.stdout), strict=True):
        if not _has_index_keys(value):
            assert inspect(value) == printed


def _has_index_keys(value: Any) -> bool:
    if isinstance(value, dict):
        return any(key.isdigit() or _has_index_keys(member) for key, member in value.items())
    return isinstance(value, list) and any(map(_has_index_keys, value))
