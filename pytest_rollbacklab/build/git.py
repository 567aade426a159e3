"""The ``git`` program, run so that nothing of the machine it runs on changes what it does.

A build must come out the same for everyone, so git hears neither the system's nor the user's configuration, asks no
questions, runs no hooks and speaks English; ``GIT_*`` variables, which git itself sets around hooks, are dropped. What
the repository says of itself (its own config, ``.gitattributes``, ``.gitignore``) is kept. This module knows how to run
git; what to ask of it is ``source`` and ``tree``.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pytest_rollbacklab.errors import SourceError, ToolMissingError

__all__ = ["Git"]

_SETTINGS = (
    f"core.hooksPath={os.devnull}",
    "core.autocrlf=false",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "commit.gpgSign=false",
    "gc.auto=0",
    "init.defaultBranch=main",
    "log.showSignature=false",
    # Whoever asks for a build runs the repository's code; its owner's user id is no further question. git would look
    # for exceptions in the user's configuration, which is not read here.
    "safe.directory=*",
)

_QUARANTINE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")


class Git:
    """git in one directory.

    Args:
        directory: The top of a working tree, or a bare repository. Repositories further up are not looked for.
        quarantine: git's variables for objects that are being pushed and not yet taken, as a pre-receive hook has them.
    """

    def __init__(self, directory: Path, *, quarantine: Mapping[str, str] | None = None) -> None:
        self.directory = directory.absolute()
        self._quarantine = {name: value for name, value in (quarantine or {}).items() if name in _QUARANTINE}

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> bytes:
        """Run a git command and return its standard output.

        Raises:
            SourceError: git refused; carries its words.
            ToolMissingError: there is no git on the PATH.
        """
        with self.open(*arguments, env=env) as process:
            output, words = process.communicate()
        if process.returncode != 0:
            raise SourceError(
                f"git {arguments[0]} failed: {_last_line(words or output)}",
                looked_at=f"{self.directory}: git {' '.join(arguments)}",
            )
        return output

    def open(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a git command with its three streams as pipes; to be used in ``with``.

        Raises:
            SourceError: the directory is not there.
            ToolMissingError: there is no git on the PATH.
        """
        settings = (word for setting in _SETTINGS for word in ("-c", setting))
        environment = {**_environment(self.directory), **self._quarantine, **(env or {})}
        # Ctrl-C in a terminal reaches children too. It is for this process, which may let what it has begun come to its
        # end; what is blocked here is blocked there, from the first moment on.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return subprocess.Popen(
                ["git", *settings, *arguments],
                cwd=self.directory,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except (FileNotFoundError, NotADirectoryError) as error:
            if not self.directory.is_dir():
                raise SourceError("there is no such directory", looked_at=str(self.directory)) from error
            raise ToolMissingError(
                "there is no git on this machine",
                looked_at=f"PATH={environment['PATH']}",
                mend="install git (https://git-scm.com/downloads), or put it on the PATH",
            ) from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _environment(directory: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "XDG_CONFIG_HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        # A replacement ref would put another tree in place of the commit that was named.
        "GIT_NO_REPLACE_OBJECTS": "1",
        # A path is a path, whatever characters it holds.
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_CEILING_DIRECTORIES": str(directory.resolve().parent),
    }


def _last_line(words: bytes) -> str:
    """git says what is wrong in its last ``fatal:`` or ``error:`` line; hints come before and after."""
    lines = [line for line in words.decode("utf-8", "replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (told or lines or ["it said nothing"])[-1]
