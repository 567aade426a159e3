"""The directory that a local AWS keeps its state in: whose it is, who uses it, and who wrote it.

What is read from it is unpickled, and a pickle can do anything. So it must be the user's own, and nobody else may be
able to write there. One process uses it at a time, which a lock sees to that ends with the process.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import platform
import stat
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pytest_rollbacklab.errors import StateError

__all__ = ["StateDirectory", "open_directory"]

logger = logging.getLogger(__name__)

FORMAT: Final = 1
"""Raised when what is written down is no longer what an older version understands, or the other way."""

_JOURNAL, _META, _LOCK = "journal", "meta.json", "lock"
_OURS: Final = frozenset({_JOURNAL, f"{_JOURNAL}.new", _META, f"{_META}.new", _LOCK})
_MODE: Final = 0o600
_PRIVATE: Final = 0o700
_FRESH: Final = "give another directory with --state, or forget what is kept there with --fresh"


class StateDirectory:
    """A directory that this process alone uses. Use ``open_directory()``, which gives it back."""

    def __init__(self, path: Path, written_by: Mapping[str, str]) -> None:
        self.path = path
        self.journal = path / _JOURNAL
        self.written_by = written_by
        """The versions that what is there was written with; this process's own where there is nothing yet."""

    def unreadable(self, why: str) -> StateError:
        """Return the error for what is there and cannot be read."""
        by, now = _text(self.written_by), _text(_versions())
        return StateError(
            f"the state in {self.path} cannot be read: {why}",
            looked_at=f"it was written with {by}; this is {now}",
            mend=_FRESH if by == now else f"use the versions that wrote it, or {_FRESH}",
        )

    def taken_over(self) -> None:
        """Note that from now on everything there is written by this process's versions."""
        _write_meta(self.path)


@contextlib.contextmanager
def open_directory(path: Path, *, fresh: bool = False) -> Iterator[StateDirectory]:
    """Take a directory for this process alone, made when it does not exist.

    Args:
        path: Of the directory, which belongs to the user and holds nothing else.
        fresh: Forget what is kept there.

    Raises:
        StateError: another process uses it, it is somebody else's or for something else, or it is not understood.
    """
    path = path.absolute()
    _provide(path)
    with _locked(path):
        if fresh:
            for name in (_JOURNAL, _META):
                (path / name).unlink(missing_ok=True)
        yield StateDirectory(path, _read_meta(path))


def _provide(path: Path) -> None:
    try:
        path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        found = path.stat()
        strange = sorted(entry.name for entry in path.iterdir() if entry.name not in _OURS)
    except OSError as error:
        raise StateError(
            f"no state can be kept in {path}: {error.strerror or error}",
            mend="give a directory of your own with --state; it is made when it does not exist",
        ) from error
    if found.st_uid != os.getuid():
        raise _not_private(path, f"it belongs to the user with the id {found.st_uid}")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _not_private(path, f"others may write there (its mode is {stat.S_IMODE(found.st_mode):o})")
    if strange and not (path / _META).exists():
        raise StateError(
            f"{path} is no directory for the state of a local AWS: there are other things in it",
            looked_at=f"{', '.join(strange[:3])}{', ...' if len(strange) > 3 else ''}",
            mend="give a directory of its own with --state; it is made when it does not exist",
        )
    path.chmod(_PRIVATE)
    for name in (_JOURNAL, _META):
        _require_own_file(path / name)


def _require_own_file(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        found = path.lstat()
        if (
            found.st_uid != os.getuid()
            or not stat.S_ISREG(found.st_mode)
            or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        ):
            raise _not_private(path.parent, f"{path.name} in it is not a file that its user alone can write")


def _not_private(path: Path, why: str) -> StateError:
    return StateError(
        f"the state in {path} is not read, because somebody else may have written it: {why}",
        looked_at="what is kept there can run code when it is read",
        mend="give a directory of your own with --state; it is made, for you alone, when it does not exist",
    )


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            who = os.read(descriptor, 20).decode("ascii", "replace").strip()
            raise StateError(
                f"the state in {path} is in use by {f'process {who}' if who else 'another process'}",
                mend="end that process, or give another directory with --state",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _read_meta(path: Path) -> Mapping[str, str]:
    try:
        meta = json.loads((path / _META).read_text("utf-8"))
        found, versions = int(meta["format"]), {str(name): str(value) for name, value in meta["versions"].items()}
    except FileNotFoundError:
        if (path / _JOURNAL).exists():
            raise _not_understood(path, f"it has no {_META}") from None
        _write_meta(path)
        return _versions()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _not_understood(path, f"its {_META} is not what was written there") from error
    if found != FORMAT:
        raise _not_understood(path, f"it has the format {found}, of {_text(versions)}; this version has {FORMAT}")
    if versions != _versions():
        logger.warning("the state in %s was written with %s; this is %s", path, _text(versions), _text(_versions()))
    return versions


def _not_understood(path: Path, why: str) -> StateError:
    return StateError(f"the state in {path} cannot be read: {why}", mend=_FRESH)


def _write_meta(path: Path) -> None:
    meta: dict[str, Any] = {"format": FORMAT, "versions": _versions()}
    beside = path / f"{_META}.new"
    beside.unlink(missing_ok=True)
    beside.touch(mode=_MODE)
    beside.write_text(json.dumps(meta, indent=2) + "\n", "utf-8")
    beside.replace(path / _META)


def _versions() -> dict[str, str]:
    return {
        "pytest-rollbacklab": version("pytest-rollbacklab"),
        "moto": version("moto"),
        "python": ".".join(platform.python_version_tuple()[:2]),
    }


def _text(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in versions.items())
