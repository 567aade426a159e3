"""Which builds are kept: the newest ones, what is live anywhere, and what a rollback would go to.

A build that is not kept loses its packages and its template; its record stays, so that the history can be read.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.deploy.ledger import Ledger
from pytest_rollbacklab.errors import NothingToRollBackError
from pytest_rollbacklab.model import Build

__all__ = ["prune"]


def prune(shelf: Shelf, ledgers: Iterable[Ledger], *, keep_newest: int) -> tuple[int, ...]:
    """Remove what old builds are made of; returns their numbers.

    Args:
        ledgers: Of all stages, those of pull requests too.
        keep_newest: How many of the newest builds that succeeded are kept in any case.
    """
    pruned = shelf.pruned()
    there = [build for build in shelf.builds() if build.succeeded and build.number not in pruned]
    kept = {build.number for build in there[-keep_newest:]}
    for ledger in ledgers:
        kept |= {build.number for build in _needed(ledger)}
    gone = [build for build in there if build.number not in kept]
    return shelf.prune(gone, [build for build in there if build.number in kept]) if gone else ()


def _needed(ledger: Ledger) -> list[Build]:
    live = ledger.live()
    if live is None:
        return []
    try:
        return [live.build, ledger.previous_good().build]
    except NothingToRollBackError:
        return [live.build]
