"""Waiting for something that AWS does in its own time: a deadline, growing pauses, and the last thing seen.

One mechanism for both ends of the range: the local AWS settles in milliseconds, so the first pauses are short; a real
account takes minutes, so the pauses grow. boto3's own waiters start at 5 to 30 seconds and are not used.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from pytest_rollbacklab.errors import WaitTimeout

__all__ = ["wait_for"]

T = TypeVar("T")

_GROWTH = 1.5


def wait_for(
    what: str,
    probe: Callable[[], T | None],
    *,
    timeout_s: float,
    first_pause_s: float = 0.005,
    pause_first: bool = False,
    longest_pause_s: float = 2.0,
    mend: str | None = None,
    check: Callable[[], None] | None = None,
    last_seen: Callable[[], object] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """Ask until the probe answers with something.

    Args:
        what: What is waited for, as in "the stack notes-dev to settle".
        probe: Returns None for "not yet". Its errors pass through at once.
        timeout_s: Seconds until this gives up. The probe is asked at least once, and once more at the end.
        first_pause_s: The first pause; each next one is half as long again, up to ``longest_pause_s``.
        pause_first: Whether it is not worth asking before the first pause.
        mend: What to do when it never comes.
        check: Called before every further look; raises when waiting has become pointless (the cloud died).
        last_seen: What to show in the error, called when the deadline has passed.

    Raises:
        WaitTimeout: the deadline passed.
    """
    deadline = clock() + timeout_s
    pause = first_pause_s
    if pause_first:
        sleep(min(pause, timeout_s))
    while True:
        found = probe()
        if found is not None:
            return found
        left = deadline - clock()
        if left <= 0:
            seen = last_seen() if last_seen else None
            raise WaitTimeout(f"{what} did not come within {timeout_s:g} s", last_seen=seen, mend=mend)
        sleep(min(pause, left))
        pause = min(pause * _GROWTH, longest_pause_s)
        if check is not None:
            check()
