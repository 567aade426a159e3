"""What a stage does not allow as it stands now: somebody is at work on it, it is pinned, or it has moved on.

Asked when a release is planned, when it is confirmed, and again when its turn has come: each time somebody else may
have been first. What to do about a refusal is the caller's business.
"""

from __future__ import annotations

from pytest_rollbacklab.deploy.release import Plan
from pytest_rollbacklab.errors import ConflictError
from pytest_rollbacklab.model import ReleaseKind
from pytest_rollbacklab.pipeline.ground import Ground

__all__ = ["refuse_busy", "refuse_moved_on", "refuse_pinned"]


def refuse_busy(ground: Ground, stage: str) -> None:
    """Refuse while somebody is at work on a stage.

    Raises:
        ConflictError: says who, and at what.
    """
    at_work = ground.turns.at_work(stage)
    if at_work is not None:
        activity = ground.journal.activity(at_work)
        raise ConflictError(
            f"{stage} is being worked on: {activity.summary}, by {activity.by}",
            looked_at=f"activity {activity.number}",
            mend="wait until it has ended, and look again",
        )


def refuse_pinned(ground: Ground, stage: str, kind: ReleaseKind) -> None:
    """Refuse to bring another build to a stage that is pinned; to go back, or to configure, is allowed.

    Raises:
        ConflictError: says by whom it was pinned, and why.
    """
    pin = ground.pins(stage).pin()
    if pin is not None and kind in ("deploy", "promote"):
        raise ConflictError(
            f"{stage} is pinned to {'nothing' if pin.build is None else f'build {pin.build}'} by {pin.by}",
            looked_at=f"{pin.reason or 'no reason was given'}, {pin.at:%Y-%m-%d %H:%M:%S} UTC",
            mend=f"release the pin of {stage} first, when what it saved you from is mended",
        )


def refuse_moved_on(ground: Ground, plan: Plan) -> None:
    """Refuse a plan that was made when another release was live.

    Raises:
        ConflictError: says which is live now.
    """
    live = ground.releases.ledger(plan.stage).live()
    if live is not None and live.number != plan.after:
        raise ConflictError(
            f"{plan.stage} has moved on since this was planned: release {live.number} is live, "
            f"build {live.build.number}",
            looked_at=f"it was planned when release {plan.after} was live",
            mend="look at how it stands, and plan again",
        )
