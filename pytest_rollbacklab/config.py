"""What ``rollbacklab.toml`` says about an app: its template, its stages and the call that tells healthy from broken.

Read strictly: an unknown key or a wrong type names the file, the key and what is allowed, because a misspelt
``promote_only`` that is silently ignored deploys to production. It reads one file and nothing else.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_rollbacklab.errors import ConfigError, UnknownStageError

__all__ = ["CONFIG_NAME", "AppConfig", "Probe", "PullRequests", "StageConfig", "load_config"]

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
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that all functions are given on this stage, over the template's."""
    pull_request: bool = False
    """Whether it came with its branch and goes with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """The signed call that tells a healthy stage from a broken one."""

    method: str = "GET"
    path: str = "/"
    body: Any = None
    """Sent as JSON; None for no body."""
    expect_status: int = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequests:
    """Which branches have a stage of their own, and how it is set up."""

    branches: tuple[str, ...]
    """Patterns of names: ``feature/*``."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """As a stage's; ``{stage}`` in a value becomes the stage's name."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Likewise."""

    def stage(self, branch: str) -> StageConfig | None:
        """Return the stage of a branch, or None when it has none."""
        if not any(fnmatch.fnmatchcase(branch, pattern) for pattern in self.branches):
            return None
        name = _stage_name(branch)
        return StageConfig(
            name=name,
            branch=branch,
            parameters={key: value.replace("{stage}", name) for key, value in self.parameters.items()},
            environment={key: value.replace("{stage}", name) for key, value in self.environment.items()},
            pull_request=True,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class AppConfig:
    """An app as its ``rollbacklab.toml`` describes it."""

    name: str
    directory: Path
    """Where the file lies; all paths in it are relative to this."""
    template: str = "template.yaml"
    stages: tuple[StageConfig, ...]
    probe: Probe | None = None
    pull_requests: PullRequests | None = None
    retained_builds: int | None = None
    """How many of the newest builds are kept; None for all. What is live and what a rollback goes to is always kept."""

    def with_branches(self, branches: Iterable[str]) -> AppConfig:
        """Return the app with the pull-request stages that these branches have."""
        if self.pull_requests is None:
            return self
        followed = {stage.branch for stage in self.stages}
        found = (self.pull_requests.stage(branch) for branch in branches if branch not in followed)
        return replace(self, stages=(*self.stages, *(stage for stage in found if stage is not None)))

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


_LONGEST_SLUG = 24


def _stage_name(branch: str) -> str:
    """Name a branch's stage: ``pr-`` and what of its name can be in a stack's; told apart where something was cut."""
    slug = re.sub(r"[^a-z0-9]+", "-", branch.lower()).strip("-")[:_LONGEST_SLUG].strip("-")
    digest = hashlib.sha256(branch.encode()).hexdigest()[:4]
    return f"pr-{slug}" if slug == branch else f"pr-{slug}-{digest}".replace("--", "-")


_KINDS: Mapping[type, str] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    dict: "a table",
    list: "a list",
}


_TOP = {"app": str, "template": str, "stages": dict, "probe": dict, "pull_requests": dict, "retention": dict}


def load_config(directory: Path) -> AppConfig:
    """Read the app's ``rollbacklab.toml``.

    Raises:
        ConfigError: the file is missing, does not parse, or holds a key or a value that is not allowed.
    """
    path = directory / CONFIG_NAME
    table = _Table(path, "", _parse(path), _TOP)
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
        pull_requests=_pull_requests(path, table.get("pull_requests", None)),
        retained_builds=_retained(path, table.get("retention", {})),
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

    def texts(self, key: str) -> Mapping[str, str]:
        """Return a table below this one whose values are strings; empty when it is not there."""
        values = self._values.get(key, {})
        _Table(self._path, f"{self._prefix}{key}.", values, dict.fromkeys(values, str))
        return dict(values)

    def require(self, key: str) -> Any:
        if key not in self._values:
            raise ConfigError(f"{self._prefix + key!r} is missing in {CONFIG_NAME}", looked_at=str(self._path))
        return self._values[key]


def _stage(path: Path, name: str, values: Any) -> StageConfig:
    if not _STAGE_NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be a stage's name: a stack is named after it",
            looked_at=str(path),
            mend="use letters, digits and hyphens, a letter first",
        )
    allowed = {"branch": str, "promote_only": bool, "parameters": dict, "environment": dict}
    table = _Table(path, f"stages.{name}.", values, allowed)
    return StageConfig(
        name=name,
        branch=table.get("branch", None),
        promote_only=table.get("promote_only", False),
        parameters=table.texts("parameters"),
        environment=table.texts("environment"),
    )


_STAGE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def _pull_requests(path: Path, values: Any) -> PullRequests | None:
    if values is None:
        return None
    table = _Table(path, "pull_requests.", values, {"branches": list, "parameters": dict, "environment": dict})
    patterns = table.require("branches")
    if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        raise ConfigError(
            f"'pull_requests.branches' in {CONFIG_NAME} must be a list of names with *, not {patterns!r}",
            looked_at=str(path),
            mend='write it as in branches = ["feature/*"]',
        )
    return PullRequests(
        branches=tuple(patterns), parameters=table.texts("parameters"), environment=table.texts("environment")
    )


def _retained(path: Path, values: Any) -> int | None:
    kept: int | None = _Table(path, "retention.", values, {"builds": int}).get("builds", None)
    if kept is not None and kept < 1:
        raise ConfigError(
            f"'retention.builds' in {CONFIG_NAME} must be 1 or more, not {kept}",
            looked_at=str(path),
            mend="leave it out to keep all builds",
        )
    return kept


def _probe(path: Path, values: Any) -> Probe | None:
    if values is None:
        return None
    allowed = {"method": str, "path": str, "body": None, "expect_status": int}
    table = _Table(path, "probe.", values, allowed)
    return Probe(**{key: table.get(key, None) for key in allowed if key in values})
