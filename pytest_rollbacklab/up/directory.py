"""``.rollbacklab``: what a lab keeps in its app's directory, and who may use it.

One lab at a time: whoever runs holds a lock that the system takes back when the process ends, however it ends.
Everything here is the user's alone, and git does not see it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from pytest_rollbacklab.errors import ConfigError, ConflictError, LabNotRunningError
from pytest_rollbacklab.up.place_file import LAB_DIRECTORY, read_lab

__all__ = ["LabDirectory"]

_KEPT = ("state", "git", "students", "addresses.json", "lab.json")
_NOT_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class LabDirectory:
    """The ``.rollbacklab`` of an app.

    Args:
        app_directory: Where ``rollbacklab.toml`` lies.
        app: The app's name.
    """

    def __init__(self, app_directory: Path, *, app: str) -> None:
        self.app_directory = app_directory
        self.path = app_directory / LAB_DIRECTORY
        self.repository_name = f"{_NOT_IN_A_FILE_NAME.sub('-', app).strip('-') or 'app'}.git"
        """Of every owner's repository, in its address too."""
        self.state = self.path / "state"
        self.addresses = self.path / "addresses.json"
        self.log = self.path / "lab.log"

    def make(self) -> None:
        """Make it, where it is not there.

        Raises:
            ConfigError: it cannot be written.
        """
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
            (self.path / ".gitignore").write_text("*\n")
        except OSError as error:
            raise ConfigError(
                f"the lab cannot write into its directory: {error.strerror}",
                looked_at=str(self.path),
                mend="make the directory writable, or work in a copy of the app",
            ) from None

    def bare(self, student: str | None = None) -> Path:
        """Return where an owner's repository lies: the user's, or a student's."""
        return self.path / ("git" if student is None else f"students/{student}") / self.repository_name

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one lab that runs here.

        Raises:
            ConflictError: one runs already; says where.
        """
        handle = os.open(self.path / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                raise self._runs_already() from None
            yield
        finally:
            os.close(handle)

    def forget(self) -> list[str]:
        """Delete what was kept of the last time, and return what that was; to be called by who holds the lock."""
        gone = [name for name in _KEPT if (self.path / name).exists()]
        for name in gone:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        return gone

    def _runs_already(self) -> ConflictError:
        try:
            lab = read_lab(self.app_directory)
            where, mend = f"{lab.console_url}/ (process {lab.pid})", "use that one, or end it with: rollbacklab down"
        except LabNotRunningError:
            where, mend = str(self.path / "up.lock"), "it is starting or ending: try again in a moment"
        return ConflictError("a lab runs in this directory already", looked_at=where, mend=mend)
