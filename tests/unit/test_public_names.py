from __future__ import annotations

import pytest

import pytest_rollbacklab


def test_every_public_name_is_there() -> None:
    for name in pytest_rollbacklab.__all__:
        assert getattr(pytest_rollbacklab, name).__name__ == name


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Lob'"):
        pytest_rollbacklab.Lob  # noqa: B018 - asking is the point
