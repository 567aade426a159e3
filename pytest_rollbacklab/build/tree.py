"""A commit's tree as files on disk.

Trees and blobs are read from git's object store as they are, by one process: ``git archive`` and a checkout would both
let attributes (``export-subst``, ``export-ignore``, filters, line ends) change the bytes, and then one commit could be
two packages.
What cannot be a file of a package is refused by name: symbolic links, submodules, and names that would be written
elsewhere.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_rollbacklab.build.git import Git
from pytest_rollbacklab.errors import SourceError

__all__ = ["export_tree"]

_CHUNK_BYTES = 1 << 20
_EXECUTABLE = "100755"
_FILES = ("100644", "100664", _EXECUTABLE)
_TREE = "40000"
_LONGEST_NAME = 255
_LONGEST_PATH_BYTES = 1024
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
    with git.open("cat-file", "--batch") as process:
        objects = _Objects(process)
        entries = [_checked(entry) for entry in _entries(objects, commit_sha)]
        to_dir.mkdir(parents=True, exist_ok=True)
        if any(to_dir.iterdir()):
            raise SourceError("a commit is exported into an empty directory", looked_at=str(to_dir))
        for entry in entries:
            _write(objects, entry, to_dir)
        process.communicate()


class _Objects:
    """What ``git cat-file --batch`` answers: ``<id> <type> <size>``, the content, a newline."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._asked, self._answers = process.stdin, process.stdout

    def read(self, name: str, *, what: str) -> Iterator[bytes]:
        """Yield an object's content in pieces, all of which must be taken.

        Raises:
            SourceError: it is not there, or git ended.
        """
        self._asked.write(name.encode() + b"\n")
        self._asked.flush()
        answer = self._answers.readline().split()
        if len(answer) != 3:
            raise SourceError(f"the repository lacks the content of {what}", looked_at=f"object {name}")
        left = int(answer[2])
        while left:
            chunk = self._answers.read(min(left, _CHUNK_BYTES))
            if not chunk:
                raise SourceError(f"git ended in the middle of {what}", looked_at=f"object {name}")
            yield chunk
            left -= len(chunk)
        self._answers.read(1)


def _entries(objects: _Objects, commit_sha: str) -> Iterator[_Entry]:
    """Yield a commit's files, and what else is no directory, in the order of their names."""
    left = [_Entry(mode=_TREE, object_id=commit_sha + "^{tree}", name="")]
    while left:
        entry = left.pop()
        if entry.mode != _TREE:
            yield entry
            continue
        content = b"".join(objects.read(entry.object_id, what=f"the directory {entry.name or '.'}"))
        left.extend(reversed([*_inside(entry.name, content, id_bytes=len(commit_sha) // 2)]))


def _inside(directory: str, content: bytes, *, id_bytes: int) -> Iterator[_Entry]:
    """Yield what a tree lists: ``<mode> <name>``, a zero byte and the bytes of an id, again and again."""
    while content:
        meta, _, rest = content.partition(b"\0")
        object_id, content = rest[:id_bytes].hex(), rest[id_bytes:]
        mode, _, name = meta.partition(b" ")
        try:
            path = f"{directory}/{name.decode('utf-8')}" if directory else name.decode("utf-8")
        except UnicodeDecodeError as error:
            raise SourceError(f"the commit holds a name that is not UTF-8: {name!r}") from error
        yield _Entry(mode=mode.decode(), object_id=object_id, name=path)


def _checked(entry: _Entry) -> _Entry:
    if entry.mode not in _FILES:
        raise SourceError(
            f"the commit holds {_REFUSED.get(entry.mode, f'an entry of mode {entry.mode}')}: {entry.name}",
            mend="a package holds plain files alone: commit the file itself in its place",
        )
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in entry.name.split("/")):
        raise SourceError(f"the commit holds a name that leaves the directory: {entry.name}", mend="rename it")
    if len(entry.name.encode()) > _LONGEST_PATH_BYTES or max(map(len, entry.name.encode().split(b"/"))) > _LONGEST_NAME:
        raise SourceError(f"the commit holds a name that is too long: {entry.name[:80]}...", mend="rename it")
    return entry


def _write(objects: _Objects, entry: _Entry, to_dir: Path) -> None:
    path = to_dir / entry.name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Exclusive: on a file system that folds case, two names of the tree may be one file.
        with path.open("xb") as file:
            file.writelines(objects.read(entry.object_id, what=entry.name))
    except FileExistsError as error:
        raise SourceError(
            f"the commit holds two names that are one file on this machine: {entry.name}", looked_at=str(path)
        ) from error
    path.chmod(0o755 if entry.mode == _EXECUTABLE else 0o644)
