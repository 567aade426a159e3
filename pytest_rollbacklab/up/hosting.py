"""The repositories that are pushed to, and the remote ``lab`` that leads to the user's.

A hosted repository is a bare one in the lab's directory with the lab's hooks in it. It is mended at each start, since
hooks hold the port and a token. The user's own remote is its path, for git needs half the time that it takes over HTTP
and the hooks can say that the lab does not run; students reach theirs by ``smart_http``.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from pytest_rollbacklab.build.git import Git
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.errors import SourceError
from pytest_rollbacklab.up.hooks import HOOKS, hook_script
from pytest_rollbacklab.up.place_file import LAB_DIRECTORY

__all__ = ["REMOTE", "Remote", "add_remote", "host"]

REMOTE = "lab"

_OURS = re.compile(rf".*/{re.escape(LAB_DIRECTORY)}/git/[^/]+\.git")
_PACKED_FROM = 4000
"""Loose objects: git packs them at the next start."""


def host(bare: Path, *, branch: str, port: int, hook_token: str, directory: Path) -> Repository:
    """Make or mend a bare repository whose pushes go to the lab.

    Args:
        bare: Where it lies; made when it is missing.
        branch: What a clone checks out.
        port: Of the console, which may be another than the last time.
        hook_token: What its hooks send along.
        directory: Where the lab is started.

    Raises:
        SourceError: git refuses.
        ToolMissingError: there is no git, or no bash.
    """
    bare.mkdir(parents=True, exist_ok=True)
    git = Git(bare)
    if not (bare / "HEAD").is_file():
        git.run("init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}")
    (bare / "config").write_text(_config(bare))
    git.run("-c", f"gc.auto={_PACKED_FROM}", "gc", "--auto", "--quiet")
    (bare / "hooks").mkdir(exist_ok=True)
    for hook in HOOKS:
        _write_program(bare / "hooks" / hook, hook_script(hook, port=port, token=hook_token, directory=str(directory)))
    return Repository(bare)


def _config(bare: Path) -> str:
    """Return the repository's configuration.

    Objects are checked as they come in, so that no path leads out of the tree or into .git. A push does not wait for
    housekeeping. Whoever knows the address may push.
    """
    hooks = str((bare / "hooks").absolute()).replace("\\", "\\\\").replace('"', '\\"')
    return (
        f'[core]\n\trepositoryformatversion = 0\n\tbare = true\n\thooksPath = "{hooks}"\n'
        "[receive]\n\tfsckObjects = true\n\tautogc = false\n\tdenyNonFastForwards = false\n"
        "[http]\n\treceivepack = true\n\tgetanyfile = false\n"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """The user's repository, after it got its remote."""

    repository_made: bool
    """There was none: it has no commit yet."""
    branch: str | None
    """What is checked out; None when that is no branch."""
    has_commits: bool


def add_remote(directory: Path, bare: Path) -> Remote:
    """See that the user's directory is a repository, and that its remote ``lab`` leads to the hosted one.

    Raises:
        SourceError: the app is not at its repository's top, or a remote of this name leads elsewhere.
    """
    git, url = Git(directory), str(bare.absolute())
    made = not (directory / ".git").exists()
    if made:
        _refuse_inside_another(directory)
        git.run("init", "--quiet")
    known = _asked(git, "config", "--get", f"remote.{REMOTE}.url")
    if known is None:
        git.run("remote", "add", REMOTE, url)
    elif known != url:
        _refuse_elsewhere(directory, known)
        git.run("remote", "set-url", REMOTE, url)
    return Remote(
        repository_made=made,
        branch=_asked(git, "symbolic-ref", "--quiet", "--short", "HEAD"),
        has_commits=_asked(git, "rev-parse", "--quiet", "--verify", "HEAD") is not None,
    )


def _asked(git: Git, *arguments: str) -> str | None:
    with contextlib.suppress(SourceError):
        return git.run(*arguments).decode("utf-8", "replace").rstrip("\n")
    return None


def _refuse_inside_another(directory: Path) -> None:
    top = next((parent for parent in directory.absolute().parents if (parent / ".git").exists()), None)
    if top is not None:
        raise SourceError(
            "the app is not at the top of its repository, and only a whole repository can be pushed",
            looked_at=f"{directory}, inside the repository {top}",
            mend="make a repository of the app's directory: git init",
        )


def _refuse_elsewhere(directory: Path, known: str) -> None:
    if _OURS.fullmatch(known) is None:
        raise SourceError(
            f"this repository has a remote {REMOTE!r} that leads elsewhere",
            looked_at=f"{directory}: git remote get-url {REMOTE}: {known}",
            mend=f"give that one another name: git remote rename {REMOTE} another-name",
        )


def _write_program(file: Path, text: str) -> None:
    """Write a script for its owner alone: there is a token in it."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o700)
    with os.fdopen(handle, "w", encoding="utf-8") as written:
        written.write(text)
    file.chmod(0o700)
