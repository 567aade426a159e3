"""Students of a workshop: their names, and the repository that each begins with."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pytest_rollbacklab.build.git import Git
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.errors import ConfigError
from pytest_rollbacklab.shipped import copy_app

__all__ = ["first_commit", "give_first_commit", "student_names"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_MOST = 99


def student_names(given: Iterable[str]) -> tuple[str, ...]:
    """Return the students' names.

    Args:
        given: Names, in words of their own or with commas between; a number alone stands for so many students, named
            ``student-01`` and so on.

    Raises:
        ConfigError: a name cannot be one, or two differ in nothing but case.
    """
    words = [word.strip() for text in given for word in text.split(",") if word.strip()]
    if len(words) == 1 and words[0].isdecimal():
        words = _numbered(int(words[0]))
    seen: dict[str, str] = {}
    for word in words:
        if _NAME.fullmatch(word) is None:
            raise ConfigError(
                f"{word!r} cannot be a student's name",
                looked_at="--students",
                mend="use letters, digits, - and _, 40 at most, beginning with a letter or a digit",
            )
        if seen.setdefault(word.lower(), word) != word:
            raise ConfigError(
                f"the students {seen[word.lower()]!r} and {word!r} differ in nothing but case",
                looked_at="--students",
                mend="name one of them otherwise: each has a directory of that name",
            )
    return tuple(seen.values())


def _numbered(count: int) -> list[str]:
    if not 1 <= count <= _MOST:
        raise ConfigError(
            f"a workshop of {count} students is not possible here",
            looked_at="--students",
            mend=f"give a number from 1 to {_MOST}, or names",
        )
    return [f"student-{number:02d}" for number in range(1, count + 1)]


def first_commit(app_directory: Path, into: Path) -> Repository:
    """Return a repository whose HEAD is what students begin with: the app's last commit, else its files as they are.

    Args:
        app_directory: The instructor's.
        into: An empty directory for a repository, where there is no commit yet.

    Raises:
        SourceError: git refuses.
    """
    if (app_directory / ".git").exists():
        repository = Repository(app_directory)
        if repository.branches():
            repository.commit_at("HEAD")
            return repository
    repository = Repository.init(into)
    copy_app(app_directory, into)
    repository.commit("The app, as it was handed out")
    return repository


def give_first_commit(bare: Path, branch: str, app_directory: Path) -> None:
    """Put the app's commit on the branch of a student's repository, unless it has one.

    Raises:
        SourceError: git refuses.
    """
    if branch in Repository(bare).branches():
        return
    with tempfile.TemporaryDirectory() as scratch:
        begin = first_commit(app_directory, Path(scratch) / "app")
        Git(bare).run("fetch", "--quiet", "--no-write-fetch-head", str(begin.path), f"HEAD:refs/heads/{branch}")
