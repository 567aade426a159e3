"""Commits, packages and builds as the JSON that lies on the shelf.

The members are the classes' own; ``format`` says by which rules they were written, so that a later version knows what
it reads. Reading is strict: a member that is missing is an error, never a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pytest_rollbacklab.model import Build, Commit, Package

__all__ = ["FORMAT", "build_from_json", "build_to_json", "check_format"]

FORMAT = 1


def build_to_json(build: Build) -> dict[str, Any]:
    """Return a build as JSON values."""
    values = asdict(build)
    values["built_at"] = build.built_at.isoformat()
    values["commit"]["committed_at"] = build.commit.committed_at.isoformat()
    return {"format": FORMAT, **values}


def build_from_json(values: Mapping[str, Any]) -> Build:
    """Return the build of such values.

    Raises:
        KeyError, TypeError, ValueError: they are none.
    """
    check_format(values)
    commit = values["commit"]
    return Build(
        number=values["number"],
        app=values["app"],
        commit=Commit(**{**commit, "committed_at": datetime.fromisoformat(commit["committed_at"])}),
        packages=tuple(Package(**package) for package in values["packages"]),
        template_key=values["template_key"],
        template_sha256=values["template_sha256"],
        built_at=datetime.fromisoformat(values["built_at"]),
        duration_s=values["duration_s"],
        failure=values["failure"],
    )


def check_format(values: Mapping[str, Any]) -> None:
    """Refuse a record of other rules.

    Raises:
        ValueError: it says so.
    """
    if values["format"] != FORMAT:
        raise ValueError(f"format {values['format']}, and this version reads {FORMAT}")
