"""Those who want to hear of a group's events as they come, so that nobody has to poll a group.

A follower is told after the events are stored, with the batch as it came. It may follow a group that is not there yet.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent

__all__ = ["Follower", "Followers"]

logger = logging.getLogger(__name__)

Follower = Callable[[Sequence[LogEvent]], None]


class Followers:
    """Who follows which group."""

    def __init__(self) -> None:
        self._by_group: dict[tuple[Scope, str], list[Follower]] = {}

    def add(self, scope: Scope, group: str, follower: Follower) -> Callable[[], None]:
        """Have a follower told of a group's events from now on, and return what ends that."""
        followers = self._by_group.setdefault((scope, group), [])
        followers.append(follower)

        def leave() -> None:
            if follower in followers:
                followers.remove(follower)
            if not followers:
                self._by_group.pop((scope, group), None)

        return leave

    def counts(self) -> dict[tuple[Scope, str], int]:
        """Return how many follow each group that anybody follows."""
        return {place: len(followers) for place, followers in self._by_group.items()}

    def tell(self, scope: Scope, group: str, events: Sequence[LogEvent]) -> None:
        """Hand a batch to the group's followers. One that fails is logged and harms no one else."""
        for follower in tuple(self._by_group.get((scope, group), ())):
            try:
                follower(events)
            except Exception:
                logger.exception("a follower of the log group %s failed", group)
