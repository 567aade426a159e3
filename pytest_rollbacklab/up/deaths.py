"""How often the local AWS may die by itself and be started again, before the lab gives up and says so.

One that was killed for its memory, or by somebody's slip, has kept all that it had answered, and the lab goes on with
it. One that dies again and again has a reason that another start does not mend. Nothing is started here.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from pytest_rollbacklab.errors import CloudError

__all__ = ["Deaths"]

_MOST = 3
_WITHIN_S = 600.0


class Deaths:
    """The local AWS's deaths, as far as they count.

    Args:
        most: So many within the time are got over.
        within_s: Seconds after which a death counts no more.
        clock: Seconds, from any beginning.
    """

    def __init__(
        self, *, most: int = _MOST, within_s: float = _WITHIN_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._within_s, self._clock = most, within_s, clock
        self._times: deque[float] = deque()

    def note(self, died: CloudError) -> None:
        """Count a death.

        Raises:
            CloudError: there were too many; carries the last one's words.
        """
        now = self._clock()
        while self._times and now - self._times[0] >= self._within_s:
            self._times.popleft()
        self._times.append(now)
        if len(self._times) > self._most:
            raise CloudError(
                f"{died.what}; it died {len(self._times)} times within {self._within_s / 60:g} min, "
                "and is not started again",
                looked_at=died.looked_at,
                mend="what it had answered is kept: see why it dies, then start the lab again with: rollbacklab up",
            ) from died
