from __future__ import annotations

from pathlib import Path

import pytest

from pytest_rollbacklab import shipped
from pytest_rollbacklab.config import CONFIG_NAME, load_config
from pytest_rollbacklab.errors import ConfigError


def test_a_projects_own_app_comes_first(tmp_path: Path) -> None:
    (tmp_path / CONFIG_NAME).touch()
    assert shipped.sample_app(tmp_path) == tmp_path


def test_then_the_sample_app_beside_it(tmp_path: Path) -> None:
    (tmp_path / "sample_app").mkdir()
    (tmp_path / "sample_app" / CONFIG_NAME).touch()
    assert shipped.sample_app(tmp_path) == tmp_path / "sample_app"


def test_then_the_one_that_comes_with_the_package(tmp_path: Path) -> None:
    assert load_config(shipped.sample_app(tmp_path)).name == "notes"


def test_what_was_not_installed_is_named() -> None:
    with pytest.raises(ConfigError, match="lessons was not installed with the package") as missing:
        shipped._shipped("lessons")
    assert "install pytest-rollbacklab again" in str(missing.value)
