from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.parsers import RpcV2CBORParser
from hypothesis import given
from hypothesis import strategies as st

from pytest_rollbacklab.localaws.moto_seam import cbor


def decode(data: bytes) -> Any:
    return RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(data)))


scalars = (
    st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(values)
def test_what_is_written_is_read_back_by_botocore(value: Any) -> None:
    assert decode(cbor.encode(value)) == value


def test_an_instant_is_tagged_as_seconds_since_the_epoch() -> None:
    at = datetime(2026, 11, 23, 5, 42, tzinfo=UTC)
    assert cbor.encode(at)[:1] == b"\xc1"
    assert decode(cbor.encode(at)) == at


def test_members_that_are_None_are_left_out() -> None:
    assert decode(cbor.encode({"NextToken": None, "Metrics": []})) == {"Metrics": []}


def test_what_has_no_form_is_named() -> None:
    with pytest.raises(TypeError, match="CBOR has no form for object"):
        cbor.encode({"a": object()})
    with pytest.raises(TypeError, match="an integer of 65 bits"):
        cbor.encode(2**64)
