"""What comes with the package: the sample app and the labs, found wherever it is installed, and written out."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

from pytest_rollbacklab.config import CONFIG_NAME
from pytest_rollbacklab.errors import ConfigError

__all__ = ["copy_app", "sample_app", "shipped_labs", "write_out"]

_NOT_THE_APP = (".git", ".venv", ".aws-sam", ".rollbacklab", "__pycache__", "*.pyc", ".*_cache", "node_modules")


def copy_app(source: Path, to: Path) -> None:
    """Copy an app's files, without what tools leave beside them; what is there is kept."""
    shutil.copytree(source, to, ignore=shutil.ignore_patterns(*_NOT_THE_APP), dirs_exist_ok=True)


def sample_app(root: Path) -> Path:
    """Return the app to drill when none is named: the one at a project's root, else the sample app.

    Args:
        root: The project's root.
    """
    for candidate in (root, root / "sample_app"):
        if (candidate / CONFIG_NAME).is_file():
            return candidate
    return _shipped("sample_app")


def shipped_labs() -> Path:
    """Return the labs' directory, with their list ``labs.toml`` in it."""
    return _shipped("labs")


def write_out(directory: Path) -> int:
    """Write the sample app and the labs into a directory and return the number of files.

    Raises:
        ConfigError: the directory is there and not empty.
    """
    if directory.exists() and any(directory.iterdir()):
        raise ConfigError(
            f"{directory} is not empty",
            looked_at=str(directory.absolute()),
            mend="name a new directory, or an empty one",
        )
    copy_app(_shipped("sample_app"), directory)
    copy_app(_shipped("labs"), directory / "labs")
    (directory / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\ntestpaths = labs tests\n")
    return sum(1 for path in directory.rglob("*") if path.is_file())


def _shipped(name: str) -> Path:
    """Return what the wheel carries, or, in a checkout, what lies beside the package."""
    package = Path(str(resources.files("pytest_rollbacklab")))
    for candidate in (package / "_shipped" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise ConfigError(
        f"{name} was not installed with the package", looked_at=str(package), mend="install pytest-rollbacklab again"
    )
