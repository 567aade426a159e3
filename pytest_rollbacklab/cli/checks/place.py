"""What is in the directory: whether it can be written to, an app, a lab that runs or has left its file behind."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from pytest_rollbacklab.cli.checks.check import Check, checked
from pytest_rollbacklab.cli.lab import Lab
from pytest_rollbacklab.config import CONFIG_NAME, load_config
from pytest_rollbacklab.errors import ConfigError, RollbacklabError
from pytest_rollbacklab.up.place_file import LAB_DIRECTORY, read_lab

__all__ = ["app", "directory", "lab"]

_ANSWER_S = 5.0


def directory(directory: Path) -> Check:
    """Look whether the lab can keep its files there."""
    place = directory / LAB_DIRECTORY if (directory / LAB_DIRECTORY).is_dir() else directory
    writable = os.access(place, os.W_OK | os.X_OK)
    return checked(
        "the directory",
        ok=writable,
        found=f"{place.absolute()} {'can' if writable else 'cannot'} be written to",
        mend="change its owner or permissions, or work in another directory",
    )


def app(directory: Path) -> Check:
    """Look whether there is an app, and what stages it has."""
    try:
        config = load_config(directory)
    except ConfigError as error:
        mend = error.mend or f"make an app with rollbacklab init DIR; rollbacklab works where a {CONFIG_NAME} is"
        return checked("an app", ok=False, needed=False, found=error.what, mend=mend)
    stages = ", ".join(stage.name for stage in config.stages)
    return checked("an app", ok=True, needed=False, found=f"{config.name}, stages {stages}", mend=None)


def lab(directory: Path) -> Check:
    """Look whether the lab runs and answers; what is left of one that has died is told apart by its file."""
    try:
        place = read_lab(directory)
        Lab(place, patience_s=_ANSWER_S).get("settings")
    except RollbacklabError as error:
        mend = error.mend or "start it with: rollbacklab up"
        return checked("the lab", ok=False, needed=False, found=error.what, mend=mend)
    found = f"{place.app} runs at {urlsplit(place.console_url).netloc}, process {place.pid}"
    return checked("the lab", ok=True, needed=False, found=found, mend=None)
