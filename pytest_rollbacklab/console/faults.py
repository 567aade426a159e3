"""Errors as answers: which status an error has, and what is said about it.

The text is the error's own (what happened, what was looked at, what to do); what nobody foresaw is logged in full and
told without its insides.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from pytest_rollbacklab.errors import (
    BuildError,
    CallError,
    CloudError,
    ConflictError,
    DeployError,
    RollbacklabError,
    UnknownStageError,
    UsageError,
    WaitTimeout,
)

__all__ = ["Refused", "as_data", "explain", "refused"]

_log = logging.getLogger(__name__)


class Refused(RollbacklabError):  # noqa: N818 - the word for it
    """A request that is answered with a status of its own."""

    def __init__(self, status: int, what: str, *, looked_at: str | None = None, mend: str | None = None) -> None:
        self.status = status
        super().__init__(what, looked_at=looked_at, mend=mend)


def refused(status: int, error: RollbacklabError) -> Refused:
    """Return an error of the pipeline as one with a status: 404 for what is not there, 409 for what has moved on."""
    return Refused(status, error.what, looked_at=error.looked_at, mend=error.mend)


_STATUSES: tuple[tuple[type[RollbacklabError], int], ...] = (
    (UnknownStageError, 404),
    (BuildError, 404),
    (ConflictError, 409),
    (UsageError, 400),
    (DeployError, 502),
    (CallError, 502),
    (CloudError, 502),
    (WaitTimeout, 502),
)
"""The first line that fits. A BuildError in a page is a build that there is not: nothing is built here."""

_HTTP: Mapping[int, tuple[str, str]] = {
    404: ("there is no such page", "start from the overview"),
    405: ("this page cannot be asked for in this way", "use the page's own links and buttons"),
    413: ("that is too much for a form", "send less at once"),
}


def explain(error: Exception) -> tuple[int, RollbacklabError]:
    """Return an error's status, and the error to show: the same, or one that says that the fault is ours."""
    if isinstance(error, Refused):
        return error.status, error
    if isinstance(error, RollbacklabError):
        return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500), error
    if isinstance(error, web.HTTPException):
        what, mend = _HTTP.get(error.status, (error.reason, "start from the overview"))
        return error.status, RollbacklabError(what, mend=mend)
    if isinstance(error, BotoCoreError | ClientError):
        return 502, RollbacklabError(
            "AWS did not answer as it should", looked_at=str(error), mend="see whether the local AWS still runs"
        )
    _log.error("a page failed", exc_info=error)
    return 500, RollbacklabError(
        f"the console itself failed: {type(error).__name__}",
        mend="the lab's log, .rollbacklab/lab.log, has the details; what was under way on a stage goes on",
    )


def as_data(error: RollbacklabError) -> Mapping[str, Any]:
    """Return what programs get."""
    return {"error": {"what": error.what, "looked_at": error.looked_at, "mend": error.mend}}
