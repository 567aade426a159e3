"""Which builds are kept: the newest ones, what is live anywhere, what a rollback would go to, and what is in use.

A build that is not kept loses its packages and its template; its record stays, so that the history can be read. What
was kept last time is noted in ``retention.json``, so that a push looks at these and at what came since, and not at
every build that there ever was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.deploy.ledger import Ledger
from pytest_rollbacklab.errors import NothingToRollBackError
from pytest_rollbacklab.model import Build

__all__ = ["prune"]

_NOTE = "retention.json"


def prune(shelf: Shelf, ledgers: Iterable[Ledger], *, keep_newest: int, in_use: Iterable[int] = ()) -> tuple[int, ...]:
    """Remove what old builds are made of; returns their numbers.

    Args:
        ledgers: Of all stages, those of pull requests too.
        keep_newest: How many of the newest builds that succeeded are kept in any case.
        in_use: Numbers of builds that are being deployed, or planned to be.
    """
    found, pruned = _left(shelf), shelf.pruned()
    needed = [build for ledger in ledgers for build in _needed(ledger)]
    newest = [build.number for build in found if build.number not in pruned][-keep_newest:]
    kept = {*newest, *in_use, *(build.number for build in needed)}
    # One that is marked already and was found is one whose removal was stopped half-way.
    gone = [build for build in found if build.number not in kept]
    if not gone:
        return ()
    left = [build for build in found if build.number in kept]
    done = shelf.prune(gone, [*left, *needed])
    newest_number = max(build.number for build in found)
    note = {"through": newest_number, "kept": [build.number for build in left]}
    shelf.bucket.put(_NOTE, json.dumps(note).encode())
    return done


def _left(shelf: Shelf) -> list[Build]:
    """Return the builds that may have parts, by number: those kept last time, and those that came since."""
    through, kept = _noted(shelf.bucket)
    latest = shelf.latest()
    since = shelf.newest(latest.number - through) if latest is not None else ()
    return [build for build in (*map(shelf.build, kept), *reversed(since)) if build.succeeded]


def _noted(bucket: Bucket) -> tuple[int, list[int]]:
    content = bucket.get(_NOTE)
    if content is None:
        return 0, []
    note = json.loads(content)
    return note["through"], note["kept"]


def _needed(ledger: Ledger) -> list[Build]:
    live = ledger.live()
    if live is None:
        return []
    try:
        return [live.build, ledger.previous_good().build]
    except NothingToRollBackError:
        return [live.build]
