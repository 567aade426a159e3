"""What the buttons of a stage offer, as it stands; the pipeline itself decides when it is asked.

A button that would be refused is not shown: whoever would press it is told why instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_rollbacklab.model import Release
from pytest_rollbacklab.pipeline.values import StageStatus

__all__ = ["Offers", "offers", "sources", "takes_builds"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Offers:
    """What can be done with a stage now."""

    promote_to: tuple[str, ...]
    """Stages that what is live here can be promoted to."""
    pinned_targets: tuple[str, ...]
    """Stages that it could be promoted to, were they not pinned."""
    promote_from: tuple[tuple[str, int], ...]
    """Stages whose live build can be promoted here, with its number."""
    deploy: bool
    """Whether a build can be deployed here."""
    roll_back: bool
    """Whether there is one step back to take. After a rollback a build is chosen from the ledger: by then most often
    nothing else was live before, and who needs another one should say which."""


def offers(stage: StageStatus, stages: Sequence[StageStatus]) -> Offers:
    """Return what can be done with a stage.

    Args:
        stages: All of the app, in the order of its file; the stage among them.
    """
    deploy = takes_builds(stage)
    targets = [other for other in _targets(stage, stages) if _is_free(other)]
    builds = {other.name: other.live.build.number for other in stages if other.live is not None}
    return Offers(
        promote_to=tuple(other.name for other in targets if takes_builds(other)),
        pinned_targets=tuple(other.name for other in targets if other.pin is not None),
        promote_from=tuple((name, builds[name]) for name in sources(stage, stages)) if deploy else (),
        deploy=deploy,
        roll_back=_is_free(stage) and stage.live is not None and _has_a_step_back(stage.live),
    )


def takes_builds(stage: StageStatus) -> bool:
    """Return whether a build can be put on a stage now."""
    return _is_free(stage) and stage.pin is None


def sources(stage: StageStatus, stages: Sequence[StageStatus]) -> tuple[str, ...]:
    """Return the stages whose live build differs from what is live here."""
    return tuple(other.name for other in stages if not other.pull_request and _differ(other, stage))


def _targets(stage: StageStatus, stages: Sequence[StageStatus]) -> Sequence[StageStatus]:
    """Return the stages that are only promoted to, and to which this one leads."""
    if stage.pull_request or stage.state in ("stuck", "removed"):
        return ()
    after = stages[stages.index(stage) + 1 :] if stage.promote_only else stages
    return [other for other in after if other.promote_only and _differ(stage, other)]


def _is_free(stage: StageStatus) -> bool:
    """Return whether nobody is at work on a stage, and no person is needed first."""
    return stage.busy is None and stage.state in ("empty", "live", "went back")


def _has_a_step_back(live: Release) -> bool:
    return live.number > 1 and live.kind != "rollback"


def _differ(source: StageStatus, target: StageStatus) -> bool:
    if source.name == target.name or source.live is None or target.pull_request:
        return False
    return target.live is None or target.live.build.number != source.live.build.number
