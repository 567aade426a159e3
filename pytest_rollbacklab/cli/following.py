"""An activity, followed to its end: its log as it is written, and what came of it.

A stream that breaks is taken up again where it was; the activity itself belongs to the lab, and goes on whoever looks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from pytest_rollbacklab.cli.lab import ConnectionLostError, Lab
from pytest_rollbacklab.cli.progress import Progress, waiting_for
from pytest_rollbacklab.cli.terminal import show

__all__ = ["follow_activity"]

_ATTEMPTS = 5
_ENDED = ("done", "failed", "interrupted")


def follow_activity(lab: Lab, number: int, write: Callable[[str], object]) -> dict[str, Any]:
    """Hand over an activity's log, old lines and new, until it ends; returns the activity as the lab tells it.

    Args:
        write: Takes a line of the log.

    Raises:
        KeyboardInterrupt: somebody had enough; they were told that the activity goes on.
        ConnectionLostError: the lab ended, or cannot be followed.
        UsageError: there is no such activity.
    """
    try:
        with waiting_for(f"activity {number}") as progress:
            ended = _until_the_end(lab, number, write, progress)
    except KeyboardInterrupt:
        show([f"activity {number} goes on; follow it with: rollbacklab activity {number} --follow"], err=True)
        raise
    if ended is not None:
        return ended
    raise ConnectionLostError(
        f"the log of activity {number} broke off {_ATTEMPTS} times; the activity itself goes on",
        looked_at=f"GET /activity/{number}/events",
        mend=f"see how it stands: rollbacklab activity {number}",
    )


def _until_the_end(lab: Lab, number: int, write: Callable[[str], object], progress: Progress) -> dict[str, Any] | None:
    """Return the activity when it has ended, None when its stream broke off too often."""
    seen = 0
    for _ in range(_ATTEMPTS):
        after = seen
        with contextlib.suppress(ConnectionLostError):
            for at, event in enumerate(lab.events("activity", number, "events"), 1):
                if event.event == "end":
                    ended: dict[str, Any] = event.data["activity"]
                    return ended
                if at > after:
                    with progress.cleared():
                        write(event.data["text"])
                    seen = at
        activity: dict[str, Any] = lab.get("activity", number)["activity"]
        if activity["state"] in _ENDED:
            return activity
    return None
