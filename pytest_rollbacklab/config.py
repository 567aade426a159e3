"""What ``rollbacklab.toml`` says about an app: its template, its stages and the call that tells healthy from broken.

Read strictly: an unknown key or a wrong type names the file, the key and what is allowed, because a misspelt
``promote_only`` that is silently ignored deploys to production. It reads one file and nothing else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_rollbacklab.errors import ConfigError, UnknownStageError

__all__ = ["CONFIG_NAME", "AppConfig", "Probe", "StageConfig", "load_config"]

CONFIG_NAME = "rollbacklab.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class StageConfig:
    """One stage of the app: a stack of its own, named ``{app}-{stage}``."""

    name: str
    branch: str | None = None
    """Pushes to this branch are deployed here; None for none."""
    promote_only: bool = False
    """Reached by promotion alone, never by a push."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The template's parameters on this stage."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """The signed call that tells a healthy stage from a broken one."""

    method: str = "GET"
    path: str = "/"
    body: Any = None
    """Sent as JSON; None for no body."""
    expect_status: int = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class AppConfig:
    """An app as its ``rollbacklab.toml`` describes it."""

    name: str
    directory: Path
    """Where the file lies; all paths in it are relative to this."""
    template: str = "template.yaml"
    stages: tuple[StageConfig, ...]
    probe: Probe | None = None

    def stage(self, name: str) -> StageConfig:
        """Return the stage of this name.

        Raises:
            UnknownStageError: there is none; the message lists those there are.
        """
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise UnknownStageError(
            f"the app {self.name!r} has no stage {name!r}",
            looked_at=f"{self.directory / CONFIG_NAME}: stages {', '.join(s.name for s in self.stages)}",
            mend=f"use one of them, or add [stages.{name}] to {CONFIG_NAME}",
        )

    def following(self, branch: str) -> tuple[StageConfig, ...]:
        """Return the stages that a push to this branch deploys to."""
        return tuple(stage for stage in self.stages if stage.branch == branch and not stage.promote_only)


_KINDS: Mapping[type, str] = {str: "a string", bool: "true or false", int: "a whole number", dict: "a table"}


def load_config(directory: Path) -> AppConfig:
    """Read the app's ``rollbacklab.toml``.

    Raises:
        ConfigError: the file is missing, does not parse, or holds a key or a value that is not allowed.
    """
    path = directory / CONFIG_NAME
    table = _Table(path, "", _parse(path), {"app": str, "template": str, "stages": dict, "probe": dict})
    stages = tuple(_stage(path, name, value) for name, value in table.get("stages", {}).items())
    if not stages:
        raise ConfigError(
            "the app has no stages",
            looked_at=str(path),
            mend='add at least one, such as [stages.dev] with branch = "main"',
        )
    return AppConfig(
        name=table.require("app"),
        directory=directory,
        template=table.get("template", "template.yaml"),
        stages=stages,
        probe=_probe(path, table.get("probe", None)),
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"there is no {CONFIG_NAME}",
            looked_at=str(path),
            mend="run this in an app's directory, or make one with: rollbacklab init DIR",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{CONFIG_NAME} does not parse: {error}", looked_at=str(path)) from error


class _Table:
    """A TOML table whose keys and types are known; anything else is an error that says so."""

    def __init__(self, path: Path, prefix: str, values: Any, allowed: Mapping[str, type | None]) -> None:
        self._path, self._prefix = path, prefix
        if not isinstance(values, dict):
            raise self._wrong(prefix.rstrip("."), dict, values)
        for key, value in values.items():
            if key not in allowed:
                raise ConfigError(
                    f"unknown key {prefix + key!r} in {CONFIG_NAME}",
                    looked_at=str(path),
                    mend=f"allowed here: {', '.join(sorted(allowed))}",
                )
            kind = allowed[key]
            if kind is not None and not (isinstance(value, kind) and (kind is bool or not isinstance(value, bool))):
                raise self._wrong(prefix + key, kind, value)
        self._values: dict[str, Any] = values

    def _wrong(self, key: str, kind: type, value: object) -> ConfigError:
        return ConfigError(f"{key!r} in {CONFIG_NAME} must be {_KINDS[kind]}, not {value!r}", looked_at=str(self._path))

    def get(self, key: str, default: Any) -> Any:
        return self._values.get(key, default)

    def require(self, key: str) -> Any:
        if key not in self._values:
            raise ConfigError(f"{self._prefix + key!r} is missing in {CONFIG_NAME}", looked_at=str(self._path))
        return self._values[key]


def _stage(path: Path, name: str, values: Any) -> StageConfig:
    table = _Table(path, f"stages.{name}.", values, {"branch": str, "promote_only": bool, "parameters": dict})
    parameters = table.get("parameters", {})
    _Table(path, f"stages.{name}.parameters.", parameters, dict.fromkeys(parameters, str))
    return StageConfig(
        name=name,
        branch=table.get("branch", None),
        promote_only=table.get("promote_only", False),
        parameters=parameters,
    )


def _probe(path: Path, values: Any) -> Probe | None:
    if values is None:
        return None
    allowed = {"method": str, "path": str, "body": None, "expect_status": int}
    table = _Table(path, "probe.", values, allowed)
    return Probe(**{key: table.get(key, None) for key in allowed if key in values})
