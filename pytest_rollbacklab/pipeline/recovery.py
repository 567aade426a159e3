"""After a stop: what was under way is settled, named, and, where it was a push that git had taken, finished.

A lab that was killed starts again with a stack that the local AWS has brought to rest, a note of the release that was
wanted, and activities without an end. Here these are brought together: a release that did become live is written into
the ledger; one that went back is said to have; nobody's promotion or rollback is begun again, for a person decided on
it and a person should look; a push's deployment is, because git said yes to it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from pytest_rollbacklab.deploy.stack import Stack
from pytest_rollbacklab.errors import RollbacklabError
from pytest_rollbacklab.model import Build
from pytest_rollbacklab.pipeline.ground import Ground
from pytest_rollbacklab.pipeline.pins import why_pinned
from pytest_rollbacklab.pipeline.pushes import take_down
from pytest_rollbacklab.pipeline.releasing import Releasing
from pytest_rollbacklab.pipeline.values import RELEASING, Activity, Actor

__all__ = ["recover"]

logger = logging.getLogger(__name__)

_LAB = Actor(name="lab", via="lab")
_LOOKED_BACK = 50


def recover(ground: Ground, releasing: Releasing) -> tuple[str, ...]:
    """Settle what was under way; returns a sentence for each thing."""
    return tuple(_recover(ground, releasing))


def _recover(ground: Ground, releasing: Releasing) -> Iterator[str]:
    interrupted = ground.journal.interrupted()
    for stage in ground.app.stages:
        try:
            yield from _settle(ground, stage.name)
            _drop_change_sets(ground, stage.name)
        except RollbacklabError as error:  # one that is stuck does not keep the others from being settled
            yield f"{stage.name} could not be settled: {_first_line(error)}"
    for activity in interrupted:
        yield from _pin_after_rollback(ground, activity)
        yield from _finish_taking_down(ground, activity)
        outcome = f"interrupted when the lab was stopped; {_standing(ground, activity)}"
        ground.journal.end_interrupted(activity, outcome)
        yield f"activity {activity.number} ({activity.summary}) was {outcome}"
    yield from _finish_pushes(ground, releasing)


def _settle(ground: Ground, stage: str) -> Iterator[str]:
    settled = ground.releases.settle(stage)
    if settled is None:
        return
    wanted = settled.wanted
    if settled.released is not None:
        ground.released(settled.released)
        yield f"{stage}: build {wanted.build.number} had become live, as release {settled.released.number}"
    else:
        yield f"{stage}: build {wanted.build.number} did not become live; {_stands(ground, stage)}"


def _pin_after_rollback(ground: Ground, activity: Activity) -> Iterator[str]:
    """Pin a stage whose rollback became live and was stopped before it could say so."""
    if activity.kind != "rollback" or activity.stage not in {stage.name for stage in ground.app.stages}:
        return
    live, pins = ground.releases.ledger(activity.stage).live(), ground.pins(activity.stage)
    if live is None or live.kind != "rollback" or live.released_at < activity.begun_at:
        return
    pin = pins.pin()
    if pin is not None and pin.build == live.build.number:  # and not one that was set before
        return
    pins.set(build=live.build.number, by=activity.by, reason=why_pinned(live))
    yield f"{activity.stage}: pinned, as after any rollback"


def _finish_taking_down(ground: Ground, activity: Activity) -> Iterator[str]:
    """Delete what is left of a stage whose branch is gone, when that was begun."""
    stage = activity.stage
    if activity.kind != "remove stage" or stage is None or stage in {stage.name for stage in ground.app.stages}:
        return
    stack = Stack(ground.target, f"{ground.app.name}-{stage}")  # the file names the stage no longer
    try:
        if stack.state() is not None:
            take_down(ground, stage, stack, who=_LAB, say=logger.info)
            yield f"{stage} is gone, with all that was in it"
    except RollbacklabError as error:
        yield f"{stage} could not be removed: {_first_line(error)}"


def _standing(ground: Ground, activity: Activity) -> str:
    if activity.stage is None:
        return "what was pushed is built when it is pushed again"
    if activity.stage not in {stage.name for stage in ground.app.stages}:
        return f"{activity.stage} is no longer a stage of the app"
    return f"{activity.stage} stands at {_stands(ground, activity.stage)}"


def _stands(ground: Ground, stage: str) -> str:
    state = ground.releases.stack(stage).state()
    live = ground.releases.ledger(stage).live() if state is not None else None
    what = f"build {live.build.number}" if live else "nothing"
    return f"{what} (its stack: {state.status})" if state else "nothing"


def _drop_change_sets(ground: Ground, stage: str) -> None:
    """Delete change sets that were made to be looked at, and that nobody will confirm any more."""
    stack = ground.releases.stack(stage)
    if stack.state() is None:
        return
    cloudformation = ground.target.client("cloudformation")
    pages = cloudformation.get_paginator("list_change_sets").paginate(StackName=stack.name)
    names = [summary["ChangeSetName"] for page in pages for summary in page["Summaries"]]
    for name in names:
        if name.startswith("build-"):
            cloudformation.delete_change_set(StackName=stack.name, ChangeSetName=name)


def _finish_pushes(ground: Ground, releasing: Releasing) -> Iterator[str]:
    """Deploy what git had taken and no stage has seen."""
    newest = ground.journal.newest(_LOOKED_BACK)
    for branch, sha in ground.repository.branches().items():
        build = ground.shelf.build_of(sha)
        for stage in ground.app.following(branch):
            if build is not None and _is_kept_back(ground, stage.name, build, newest):
                said: list[str] = []
                summary = f"deploy build {build.number} to {stage.name}, which a stop had kept back"
                released = releasing.deploy(build, stage.name, who=_LAB, say=said.append, summary=summary)
                if released is not None:
                    yield f"{stage.name}: build {build.number} is live now"
                else:
                    failed = ground.journal.newest(1)[0]
                    why = (failed.outcome or "").partition("\n")[0]
                    yield f"{stage.name}: build {build.number} did not become live: {why}"


def _is_kept_back(ground: Ground, stage: str, build: Build, newest: Sequence[Activity]) -> bool:
    """Tell whether nothing came to its end on a stage since a build was pushed.

    A push that lies further back than what is looked at was followed by others, and is nothing that a stop kept back.

    Args:
        newest: The newest activities, the newest first.
    """
    if ground.pins(stage).pin() is not None:
        return False
    live = ground.releases.ledger(stage).live()
    if live is not None and live.build.number == build.number:
        return False
    pushed = (one for one in newest if one.kind == "push" and one.build == build.number and one.state == "done")
    push = next(pushed, None)
    return push is not None and not any(
        one.stage == stage and one.number > push.number and one.kind in RELEASING and one.state in ("done", "failed")
        for one in newest
    )


def _first_line(error: RollbacklabError) -> str:
    return str(error).partition("\n")[0]
