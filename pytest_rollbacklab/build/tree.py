"""A commit's tree as files on disk.

The blobs are read from git's object store as they are: ``git archive`` and a checkout would both let attributes
(``export-subst``, ``export-ignore``, filters, line ends) change the bytes, and then one commit could be two packages.
What cannot be a file of a package is refused by name: symbolic links, submodules, and names that would be written
elsewhere.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pytest_rollbacklab.build.git import Git
from pytest_rollbacklab.errors import SourceError

__all__ = ["export_tree"]

_CHUNK_BYTES = 1 << 20
_EXECUTABLE = "100755"
_FILES = ("100644", "100664", _EXECUTABLE)
_REFUSED = {"120000": "a symbolic link", "160000": "a submodule"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    mode: str
    object_id: str
    name: str


def export_tree(git: Git, commit_sha: str, to_dir: Path) -> None:
    """Write a commit's files, executable bits kept.

    Args:
        to_dir: Made when missing; must be empty.

    Raises:
        SourceError: the tree holds a link, a submodule or a name that leaves the directory; nothing is written then.
            Also when the directory is not empty.
    """
    entries = [_checked(entry) for entry in _entries(git, commit_sha)]
    to_dir.mkdir(parents=True, exist_ok=True)
    if any(to_dir.iterdir()):
        raise SourceError("a commit is exported into an empty directory", looked_at=str(to_dir))
    with git.open("cat-file", "--batch") as process:
        for entry in entries:
            _write(process, entry, to_dir)
        process.communicate()


def _entries(git: Git, commit_sha: str) -> Iterator[_Entry]:
    listing = git.run("ls-tree", "-r", "-z", "--full-tree", commit_sha)
    for line in listing.split(b"\0")[:-1]:
        meta, _, name = line.partition(b"\t")
        mode, _, object_id = meta.decode().split(" ")
        try:
            yield _Entry(mode=mode, object_id=object_id, name=name.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise SourceError(f"the commit holds a name that is not UTF-8: {name!r}") from error


def _checked(entry: _Entry) -> _Entry:
    if entry.mode not in _FILES:
        raise SourceError(
            f"the commit holds {_REFUSED.get(entry.mode, f'an entry of mode {entry.mode}')}: {entry.name}",
            mend="a package holds plain files alone: commit the file itself in its place",
        )
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in entry.name.split("/")):
        raise SourceError(f"the commit holds a name that leaves the directory: {entry.name}", mend="rename it")
    return entry


def _write(process: subprocess.Popen[bytes], entry: _Entry, to_dir: Path) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    path = to_dir / entry.name
    path.parent.mkdir(parents=True, exist_ok=True)
    process.stdin.write(entry.object_id.encode() + b"\n")
    process.stdin.flush()
    try:
        # Exclusive: on a file system that folds case, two names of the tree may be one file.
        with path.open("xb") as file:
            _copy_blob(process.stdout, file, entry)
    except FileExistsError as error:
        raise SourceError(
            f"the commit holds two names that are one file on this machine: {entry.name}", looked_at=str(path)
        ) from error
    path.chmod(0o755 if entry.mode == _EXECUTABLE else 0o644)


def _copy_blob(source: IO[bytes], file: IO[bytes], entry: _Entry) -> None:
    """Read one answer of ``git cat-file --batch``: ``<id> blob <size>``, the content, a newline."""
    answer = source.readline().split()
    if len(answer) != 3:
        raise SourceError(f"the repository lacks the content of {entry.name}", looked_at=f"object {entry.object_id}")
    left = int(answer[2])
    while left:
        chunk = source.read(min(left, _CHUNK_BYTES))
        if not chunk:
            raise SourceError(f"git ended in the middle of {entry.name}", looked_at=f"object {entry.object_id}")
        file.write(chunk)
        left -= len(chunk)
    source.read(1)
