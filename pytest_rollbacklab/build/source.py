"""The git repository that builds come from.

Only commits are ever built, so that a build can be told again from its commit id; the working tree is where drills
make their edits and where pushes begin. Paths are relative to the repository's top and never leave it. Branches,
remotes and what a push sets off are not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import overload

from pytest_rollbacklab.build import edits
from pytest_rollbacklab.build.git import Git
from pytest_rollbacklab.build.tree import export_tree
from pytest_rollbacklab.errors import SourceError
from pytest_rollbacklab.model import Commit

__all__ = ["DEFAULT_AUTHOR", "Repository"]

DEFAULT_AUTHOR = "rollbacklab <rollbacklab@localhost>"

_COMMIT_FORMAT = "--format=%H%x00%an <%ae>%x00%ct%x00%B"
_AUTHOR = re.compile(r"(?P<name>[^<>\n]*[^<>\s]) <(?P<address>[^<>\s]+)>")
_COMMIT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHOWN = 20


class Repository:
    """A git repository: a working tree with its ``.git``, or a bare one (which has commits and no files to edit).

    Args:
        path: The repository's top.
        quarantine: git's variables for commits that are being pushed and not yet taken (see ``Git``).

    Raises:
        SourceError: no repository has its top there.
    """

    def __init__(self, path: Path, *, quarantine: Mapping[str, str] | None = None) -> None:
        self.path = path.absolute()
        if not (self.path / ".git").exists() and not (self.path / "HEAD").is_file():
            raise SourceError(
                f"{path} is not a git repository",
                looked_at=f"{self.path / '.git'}",
                mend="name the repository's top directory, or make one there: git init",
            )
        self._git = Git(self.path, quarantine=quarantine)

    @classmethod
    def init(cls, path: Path) -> Repository:
        """Make a repository with the branch ``main`` at a directory, which is made when missing.

        Files that lie there are kept, uncommitted. On an existing repository it changes nothing.
        """
        path.mkdir(parents=True, exist_ok=True)
        Git(path).run("init", "--quiet", "--template=")
        return cls(path)

    def commit(self, message: str, *, author: str = DEFAULT_AUTHOR) -> Commit:
        """Commit all that is in the working tree, as author and committer alike.

        Args:
            message: Its first line is the title.
            author: ``Name <address>``. Nothing of git's own configuration is asked.

        Raises:
            SourceError: nothing has changed, the message is empty, or the author is not of that form.
        """
        identity = _identity(author)
        if not message.strip():
            raise SourceError("a commit needs a message", mend="say what changed, and why")
        if self.is_clean():
            raise SourceError(
                "there is nothing to commit",
                looked_at=f"{self.path}: no file differs from the last commit",
                mend="edit a file first, or use the last commit",
            )
        self._git.run("add", "--all")
        self._git.run("commit", "--quiet", "--no-verify", f"--message={message}", env=identity)
        return self.commit_at("HEAD")

    def commit_at(self, ref: str) -> Commit:
        """Return the commit that a branch, a tag, ``HEAD~1`` or a commit id names.

        Raises:
            SourceError: it names none; the message lists the branches and tags there are.
        """
        try:
            sha = ref
            if not _COMMIT_ID.fullmatch(ref):
                sha = self._git.run("rev-parse", "--verify", "--end-of-options", ref + "^{commit}").decode().strip()
            told = self._git.run("log", "-1", _COMMIT_FORMAT, sha + "^{commit}", "--").decode("utf-8", "replace")
        except SourceError as error:
            raise SourceError(
                f"{ref!r} names no commit", looked_at=f"{self.path}: branches and tags: {self._refs()}"
            ) from error
        sha, author, seconds, message = told.split("\0", 3)
        committed_at = datetime.fromtimestamp(int(seconds), UTC)
        return Commit(sha=sha, author=author, message=message.strip("\n"), committed_at=committed_at)

    def branches(self) -> dict[str, str]:
        """Return the commit id of each branch's head, by the branch's name."""
        told = self._git.run("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads").decode()
        return {name: sha for sha, _, name in (line.partition(" ") for line in told.splitlines())}

    def export(self, commit: Commit, to_dir: Path) -> None:
        """Write a commit's files into an empty directory; the working tree has no part in it.

        Raises:
            SourceError: the commit holds what cannot be exported (see ``tree``), or is not in this repository.
        """
        export_tree(self._git, commit.sha, to_dir)

    def is_clean(self) -> bool:
        """Tell whether the working tree is as in the last commit; ignored files do not count."""
        return not self._git.run("status", "--porcelain", "--untracked-files=normal")

    def read(self, path: str) -> str:
        """Return a file of the working tree, with its line ends as they are.

        Raises:
            SourceError: it is not there (the message lists its neighbours), is not UTF-8, or is outside.
        """
        file = self._inside(path)
        if not file.is_file():
            raise SourceError(f"there is no file {path} in the repository", looked_at=self._neighbours(file))
        try:
            return file.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise SourceError(f"{path} is not a UTF-8 text: {error}", looked_at=str(file)) from error

    def write(self, path: str, text: str) -> None:
        """Write a file of the working tree, as UTF-8 and with its line ends as given; directories are made.

        Raises:
            SourceError: the path is outside of the repository, or a directory.
        """
        file = self._inside(path)
        if file.is_dir():
            raise SourceError(f"{path} is a directory", looked_at=str(file))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8"))

    @overload
    def edit(self, path: str, *, at_top_of: str, insert: str) -> None: ...

    @overload
    def edit(self, path: str, *, replace: str, with_: str) -> None: ...

    def edit(
        self,
        path: str,
        *,
        at_top_of: str | None = None,
        insert: str | None = None,
        replace: str | None = None,
        with_: str | None = None,
    ) -> None:
        """Change a file of the working tree.

        Args:
            at_top_of: A function of Python or JavaScript (``main``, in Python ``Notes.create`` too), to get ``insert``
                as its first statement.
            replace: A text that is in the file exactly once, to become ``with_``.

        Raises:
            SourceError: the file, the function or the text is not there, or is there more than once.
        """
        match (at_top_of, insert, replace, with_):
            case (str(), str(), None, None):
                self.write(path, edits.insert_at_top(self.read(path), at_top_of, insert, where=path))
            case (None, None, str(), str()):
                self.write(path, edits.replace_once(self.read(path), replace, with_, where=path))
            case _:
                raise TypeError("edit() takes either at_top_of= and insert=, or replace= and with_=")

    def restore(self, path: str, ref: str = "HEAD") -> None:
        """Make a file (or a directory) of the working tree what it is in a commit; in the index too.

        Raises:
            SourceError: the commit does not hold it; the message lists what it holds beside.
        """
        commit = self.commit_at(ref)
        self._inside(path)
        if not self._git.run("ls-tree", "-z", commit.sha, "--", path):
            beside = self._git.run("ls-tree", "-z", "-r", "--name-only", commit.sha).decode("utf-8", "replace")
            raise SourceError(
                f"there is no {path} in commit {commit.short_sha}",
                looked_at=f"its files: {_listed(beside.rstrip(chr(0)).split(chr(0)))}",
            )
        self._git.run("restore", f"--source={commit.sha}", "--staged", "--worktree", "--", path)

    def _inside(self, path: str) -> Path:
        file = self.path / path
        top = self.path.resolve()
        resolved = file.resolve()
        if not resolved.is_relative_to(top) or resolved == top or ".git" in resolved.relative_to(top).parts:
            raise SourceError(
                f"{path!r} is not a file of the repository",
                looked_at=str(self.path),
                mend="name it relative to the repository's top",
            )
        return file

    def _refs(self) -> str:
        told = self._git.run("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags")
        return _listed(told.decode("utf-8", "replace").split())

    def _neighbours(self, file: Path) -> str:
        """List what is in the nearest directory that exists."""
        near = next(parent for parent in file.parents if parent.is_dir())
        return f"{near}: {_listed(sorted(entry.name for entry in near.iterdir() if entry.name != '.git'))}"


def _identity(author: str) -> dict[str, str]:
    match = _AUTHOR.fullmatch(author)
    if match is None:
        raise SourceError(f"{author!r} is not an author", mend=f"write it as in {DEFAULT_AUTHOR!r}")
    return {
        f"GIT_{who}_{part.upper()}": value
        for who in ("AUTHOR", "COMMITTER")
        for part, value in (("name", match["name"]), ("email", match["address"]))
    }


def _listed(names: list[str]) -> str:
    if len(names) > _SHOWN:
        return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"
    return ", ".join(filter(None, names)) or "(none)"
