"""Faults that an instructor can push into everyone's app: real commits on top of what each student has.

Each is an edit of the sample app; where a student's app has no such place any more, that student is named and nothing
is changed there. A student who pushes at the same moment wins: the fault is then made anew, on top of that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_rollbacklab.build.git import Git
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.errors import ConflictError, SourceError, UsageError
from pytest_rollbacklab.pipeline.values import Actor
from pytest_rollbacklab.up.owner import AppOwner

__all__ = ["FAULTS", "Fault", "fault_named", "plant"]

_AUTHOR = "A colleague <colleague@localhost>"
_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Something that goes wrong after a push."""

    name: str
    message: str
    """The commit's: it does not give the fault away."""
    what: str
    """What it does, for the instructor."""
    edit: Callable[[Repository], None]


FAULTS = (
    Fault(
        name="gibberish",
        message="Making a mistake",
        what="a name that is not defined: POST /notes answers 502",
        edit=lambda app: app.edit("functions/create.py", at_top_of="main", insert="gibberish.what"),
    ),
    Fault(
        name="malformed",
        message="Say what the status means",
        what="an answer that API Gateway cannot read: POST /notes answers 502, and the function logs no error",
        edit=lambda app: app.edit(
            "functions/create.py", replace="return notes.answer(200, note)", with_='return notes.answer("200 OK", note)'
        ),
    ),
    Fault(
        name="slow",
        message="Wait until the table is ready",
        what="a wait that is longer than the function may take: POST /notes answers 502 after the timeout",
        edit=lambda app: app.edit("functions/create.py", at_top_of="main", insert="time.sleep(60)"),
    ),
)


def fault_named(name: str) -> Fault:
    """Return a fault of the catalogue. Raises UsageError when there is none of this name."""
    for fault in FAULTS:
        if fault.name == name:
            return fault
    raise UsageError(
        f"there is no fault {name!r}",
        looked_at="the catalogue of faults",
        mend=f"use one of {', '.join(fault.name for fault in FAULTS)}",
    )


def plant(owner: AppOwner, fault: Fault, who: Actor) -> str:
    """Commit a fault on top of an owner's branch and have it built and deployed as a push is; returns what came of it.

    Raises:
        RollbacklabError: the app has no such place, or it does not build; nothing has changed then.
    """
    said: list[str] = []
    for _ in range(_ATTEMPTS):
        head = Repository(owner.bare).commit_at(f"refs/heads/{owner.branch}").sha
        sha = _commit(owner.bare, owner.branch, fault)
        pipeline = owner.ready_pipeline()
        pipeline.pushed_commit(owner.branch, sha, who=who, say=said.append, quarantine={})
        try:
            Git(owner.bare).run("update-ref", f"refs/heads/{owner.branch}", sha, head)
        except SourceError:
            continue  # the branch is no longer where it was
        pipeline.moved(owner.branch, sha, who=who, say=said.append)
        return said[-1]
    raise ConflictError(
        f"{owner.name} pushed each time in between",
        looked_at=f"{owner.branch} of {owner.name}, {_ATTEMPTS} times",
        mend="push the fault again",
    )


def _commit(bare: Path, branch: str, fault: Fault) -> str:
    """Make the fault's commit, known to the repository and on no branch yet; returns its id."""
    with tempfile.TemporaryDirectory() as scratch:
        Git(Path(scratch)).run(
            "clone", "--quiet", "--shared", "--template=", f"--branch={branch}", str(bare), str(Path(scratch) / "work")
        )
        work = Repository(Path(scratch) / "work")
        fault.edit(work)
        sha = work.commit(fault.message, author=_AUTHOR).sha
        Git(bare).run("fetch", "--quiet", "--no-write-fetch-head", str(work.path), "HEAD")
    return sha
