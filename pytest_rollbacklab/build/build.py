"""From a commit to a Build: export, read the template, package, keep.

A build that fails is a build too: it has its number and its reason, so that the pusher is told and the next number
does not hide it. Only what the commit can be blamed for fails a build; a shelf that cannot be reached or a program
that this machine lacks is an error, and no number is spent on it. Nothing is deployed here.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pytest_rollbacklab.build.package import package_function
from pytest_rollbacklab.build.shelf import Shelf, package_key
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.build.template import read_template
from pytest_rollbacklab.config import AppConfig
from pytest_rollbacklab.errors import BuildError, SourceError, TemplateError
from pytest_rollbacklab.model import Build, Commit, Package

__all__ = ["BuildLog", "last_line", "make_build"]

logger = logging.getLogger(__name__)

BuildLog = Callable[[str], None]
"""Takes the build's progress, a line at a time, without line ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    """What a build leads to, before it has a number."""

    packages: tuple[Package, ...] = ()
    template_key: str | None = None
    template_sha256: str | None = None
    failure: str | None = None


def make_build(
    app: AppConfig,
    repository: Repository,
    commit: Commit,
    shelf: Shelf,
    *,
    app_path: str = ".",
    log: BuildLog = logger.info,
) -> Build:
    """Build a commit and keep the build on the shelf, whether it succeeds or fails.

    Args:
        app: Says which file is the template.
        app_path: Where the app lies in the repository; the template is relative to it.
        log: Takes the build's progress.

    Raises:
        ToolMissingError: there is no git.
        DeployError: the shelf gave no number.
    """
    built_at, begun = datetime.now(UTC), time.monotonic()
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        log(line)

    say(f"Building {commit.short_sha} {commit.title!r} by {commit.author}")
    made = _make(app, repository, commit, shelf, app_path, say)
    duration_s = time.monotonic() - begun
    build = shelf.add_build(
        lambda number: Build(
            number=number,
            app=app.name,
            commit=commit,
            packages=made.packages,
            template_key=made.template_key,
            template_sha256=made.template_sha256,
            built_at=built_at,
            duration_s=duration_s,
            failure=made.failure,
        ),
        log=said,
    )
    log(last_line(build))
    return build


def last_line(build: Build) -> str:
    """Return the line that ends a build's log."""
    return f"Build {build.number} {'succeeded' if build.succeeded else 'failed'} in {build.duration_s:.2f} s"


def _make(app: AppConfig, repository: Repository, commit: Commit, shelf: Shelf, app_path: str, log: BuildLog) -> _Made:
    with tempfile.TemporaryDirectory(prefix="rollbacklab-build-") as directory:
        root = Path(directory).resolve()
        try:
            repository.export(commit, root)
            return _package(root, root / app_path / app.template, shelf, log)
        except (SourceError, TemplateError, BuildError) as error:
            for line in str(error).splitlines():
                log(line)
            return _Made(failure=str(error))


def _package(root: Path, template_path: Path, shelf: Shelf, log: BuildLog) -> _Made:
    template = read_template(template_path, root=root)
    packages = []
    for function in template.functions:
        package = package_function(function, shelf, root=root)
        packages.append(package)
        how = "unchanged" if package.reused else "packaged"
        log(f"  {how} {package.function}: {package.size_bytes} bytes, sha256 {package.sha256}")
    keys = {package.function: package_key(package.sha256) for package in packages}
    template_key, template_sha256 = shelf.keep_template(template.packaged(shelf.bucket.name, keys))
    return _Made(packages=tuple(packages), template_key=template_key, template_sha256=template_sha256)
