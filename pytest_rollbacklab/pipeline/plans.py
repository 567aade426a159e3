"""Plans that wait for somebody to confirm them, and the words that they are shown with.

Kept in memory alone: a plan is a change set that CloudFormation describes, and when the lab starts again it is made
again. At most so many wait at once; the oldest is dropped for a new one.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from pytest_rollbacklab.deploy.release import Plan
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.pipeline.values import PlanView

__all__ = ["Plans", "Waiting", "title_of"]

_MOST = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A plan and how it is shown."""

    plan: Plan
    view: PlanView


class Plans:
    """The plans of one app. May be used from any thread."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()
        self._lock = threading.Lock()

    def new_id(self) -> str:
        """Return an id for a plan."""
        return secrets.token_hex(6)

    def add(self, waiting: Waiting) -> Waiting | None:
        """Keep a plan; returns the one that was dropped for it, if any."""
        with self._lock:
            self._waiting[waiting.view.id] = waiting
            return self._waiting.popitem(last=False)[1] if len(self._waiting) > _MOST else None

    def builds(self) -> frozenset[int]:
        """Return the numbers of the builds that plans are about."""
        with self._lock:
            return frozenset(waiting.plan.build.number for waiting in self._waiting.values())

    def get(self, stage: str, plan_id: str) -> Waiting:
        """Return a plan of a stage.

        Raises:
            UsageError: it is gone.
        """
        with self._lock:
            waiting = self._waiting.get(plan_id)
        if waiting is None or waiting.plan.stage != stage:
            raise UsageError(
                f"there is no plan {plan_id} of {stage}",
                looked_at="the plans that wait: it was confirmed, cancelled, or the lab was started again since",
                mend="make it again: nothing was changed by it",
            )
        return waiting

    def take(self, stage: str, plan_id: str) -> Waiting:
        """Return a plan and let nobody else have it.

        Raises:
            UsageError: it is gone.
        """
        self.get(stage, plan_id)
        with self._lock:
            taken = self._waiting.pop(plan_id, None)
        return taken if taken is not None else self.get(stage, plan_id)


def title_of(plan: Plan) -> str:
    """Say what a plan is for, as its page is headed."""
    number, stage = plan.build.number, plan.stage
    return {
        "deploy": f"Deploy build {number} to {stage}",
        "promote": f"Promote build {number} to {stage}",
        "rollback": f"Roll back {stage} to build {number}",
        "config": f"Change the configuration of {stage}",
    }[plan.kind]
