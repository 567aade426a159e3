"""After a stop: what was under way is settled, named, and, where it was a push that git had taken, finished.

A lab that was killed starts again with a stack that the local AWS has brought to rest, a note of the release that was
wanted, and activities without an end. Here these are brought together: a release that did become live is written into
the ledger; one that went back is said to have; nobody's promotion or rollback is begun again, for a person decided on
it and a person should look; a push's deployment is, because git said yes to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rollbacklab.errors import RollbacklabError
from pytest_rollbacklab.model import Build
from pytest_rollbacklab.pipeline.ground import Ground
from pytest_rollbacklab.pipeline.pins import why_pinned
from pytest_rollbacklab.pipeline.releasing import Releasing
from pytest_rollbacklab.pipeline.values import Activity, Actor

__all__ = ["recover"]

_LAB = Actor(name="lab", via="lab")


def recover(ground: Ground, releasing: Releasing) -> tuple[str, ...]:
    """Settle what was under way; returns a sentence for each thing."""
    return tuple(_recover(ground, releasing))


def _recover(ground: Ground, releasing: Releasing) -> Iterator[str]:
    interrupted = ground.journal.interrupted()
    for stage in ground.app.stages:
        yield from _settle(ground, stage.name)
        _drop_change_sets(ground, stage.name)
    for activity in interrupted:
        yield from _pin_after_rollback(ground, activity)
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
    if live is None or live.kind != "rollback" or live.released_at < activity.begun_at or pins.pin() is not None:
        return
    pins.set(build=live.build.number, by=activity.by, reason=why_pinned(live))
    yield f"{activity.stage}: pinned, as after any rollback"


def _standing(ground: Ground, activity: Activity) -> str:
    if activity.stage is None:
        return "what was pushed is built when it is pushed again"
    try:
        return f"{activity.stage} stands at {_stands(ground, activity.stage)}"
    except RollbacklabError as error:  # the stage is no longer in the file
        return str(error).splitlines()[0]


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
    for branch, sha in ground.repository.branches().items():
        build = ground.shelf.build_of(sha)
        for stage in ground.app.following(branch):
            if build is not None and not _seen(ground, stage.name, build):
                lines: list[str] = []
                summary = f"deploy build {build.number} to {stage.name}, which a stop had kept back"
                released = releasing.deploy(build, stage.name, who=_LAB, say=lines.append, summary=summary)
                yield f"{stage.name}: {lines[-1] if released is None else f'build {build.number} is live now'}"


def _seen(ground: Ground, stage: str, build: Build) -> bool:
    """Tell whether a build was ever live on a stage, or its deployment came to an end there."""
    if ground.pins(stage).pin() is not None:
        return True
    live = ground.releases.ledger(stage).live()
    if live is not None and live.build.number >= build.number:
        return True
    return any(
        activity.stage == stage and activity.build == build.number and activity.state in ("done", "failed")
        for activity in ground.journal.newest(50)
    )
