"""What the pipeline's values mean, as sentences: how a stage is, what an activity was, what a plan would do.

Written once for all pages, each a function of the visitor's words and a value. ``html`` gives them to the templates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pytest_rollbacklab.console.moments import percent
from pytest_rollbacklab.console.words import Words
from pytest_rollbacklab.model import Change, Release, ReleaseKind
from pytest_rollbacklab.pipeline.values import Activity, BuildLine, ChangeLine, Pin, PlanView, StageStatus

__all__ = ["PLAN_TITLES", "RELEASE_KINDS", "SENTENCES", "Tone"]

Tone = Literal["broken", "busy", "good", "quiet"]
"""How loud something is shown: broken is the one accent, busy moves, the rest is calm."""


def stage_tone(_: Words, stage: StageStatus) -> Tone:
    """Return how a stage is to be shown: broken when calls fail or its stack needs a person."""
    if stage.state == "stuck" or stage.failing_share:
        return "broken"
    if stage.state == "deploying":
        return "busy"
    return "good" if stage.live is not None and stage.state in ("live", "went back") else "quiet"


def stage_sentence(words: Words, stage: StageStatus) -> str:
    """Return a stage's state in a few words, how its calls fare first."""
    if stage.state == "stuck":
        return words("stuck: a person is needed")
    if stage.state == "empty":
        return words("nothing deployed yet")
    if stage.state == "removed":
        return words("removed with its branch")
    said = health_sentence(words, stage)
    if stage.state == "deploying":
        return words("deploying") + (f" · {said}" if said else "")
    if stage.state == "went back":
        return words("last deployment went back") + (f" · {said}" if said else "")
    return said or words("live")


def health_sentence(words: Words, stage: StageStatus) -> str:
    """Return how calls of what is live fared: ``31% of calls fail``; empty where nothing is live."""
    if stage.health is None:
        return ""
    share = stage.failing_share
    if share:
        return words("{share} of calls fail", share=percent(share))
    if share is not None:
        return words("healthy")
    if any(stage.health.requests):
        return words("not called since this release")
    return words("no calls in {minutes} min", minutes=stage.health.minutes)


def broken_stages(words: Words, stages: Sequence[StageStatus]) -> str:
    """Return the names of the stages that are broken, for a title; empty when none is."""
    names = [stage.name for stage in stages if stage_tone(words, stage) == "broken"]
    return words("{stages} broken", stages=", ".join(names)) if names else ""


RELEASE_KINDS: Mapping[ReleaseKind, str] = {
    "deploy": "deployed",
    "promote": "promoted",
    "rollback": "rolled back",
    "config": "configured",
}


def release_kind(words: Words, release: Release) -> str:
    """Return what a release was: ``rolled back from build 7``."""
    if release.rolled_back_from is not None:
        return words("rolled back from build {number}", number=release.rolled_back_from)
    return words(RELEASE_KINDS[release.kind])


def activity_sentence(words: Words, activity: Activity) -> str:
    """Return what was asked for."""
    return words.retell(activity.summary)


def pin_reason(words: Words, pin: Pin) -> str:
    """Return why a stage is pinned: as somebody wrote it, or as a rollback did."""
    return (
        words.retell(pin.reason or "") if (pin.reason or "").startswith("rolled back from build ") else pin.reason or ""
    )


def plan_title(words: Words, plan: PlanView) -> str:
    """Return what a plan would do, as a title."""
    return words(PLAN_TITLES[plan.kind], build=plan.build.number, stage=plan.stage)


PLAN_TITLES: Mapping[ReleaseKind, str] = {
    "deploy": "Deploy build {build} to {stage}",
    "promote": "Promote build {build} to {stage}",
    "rollback": "Roll back {stage} to build {build}",
    "config": "Change the configuration of {stage}",
}


def plan_verdict(words: Words, plan: PlanView) -> str:
    """Return a plan in one plain sentence: what is deleted, and whether data is touched."""
    if not plan.changes:
        return words("Nothing changes in the stack: it stands so already.")
    if lost := [line.change.logical_id for line in plan.changes if line.loses_data]:
        return words("Data will be lost: {resources}.", resources=", ".join(lost))
    if deleted := [line.change.logical_id for line in plan.changes if line.change.action == "Remove" and _counts(line)]:
        return words("Deleted: {resources}. No data is touched.", resources=", ".join(deleted))
    if any(line.change.action == "Remove" for line in plan.changes):
        return words("Nothing but old versions is deleted. No data is touched.")
    return words("Nothing is deleted. No data is touched.")


def _counts(line: ChangeLine) -> bool:
    """Return whether somebody would miss it: a deployment makes new versions and snapshots and lets the old ones go."""
    return line.change.resource_type not in ("AWS::Lambda::Version", "AWS::ApiGateway::Deployment")


def changed_functions(words: Words, line: BuildLine) -> str:
    """Return how many of a build's functions differ from the build before."""
    return words("{changed} of {all} functions", changed=len(line.changed), all=len(line.build.packages))


def spark_label(words: Words, what: str, values: Sequence[float]) -> str:
    """Return a sparkline in words, for those who do not see it."""
    if not values:
        return words("{what}: nothing yet", what=what)
    return words(
        "{what} per minute over {minutes} min: {last} in the last one, {most} at most",
        what=what,
        minutes=len(values),
        last=f"{values[-1]:g}",
        most=f"{max(values):g}",
    )


def action_word(words: Words, change: Change) -> str:
    """Return what CloudFormation will do, with a replacement said aloud."""
    if change.replacement == "True":
        return words("Replace")
    return words("Replace, perhaps") if change.replacement == "Conditional" else words(change.action)


def meaning(words: Words, line: ChangeLine) -> str:
    """Return what a change means, each part of it in the visitor's language."""
    return "; ".join(words.retell(part) for part in line.meaning.split("; "))


def count_changes(words: Words, changes: Sequence[object]) -> str:
    """Return how much is changed."""
    if not changes:
        return words("no change in the stack")
    return words("1 change") if len(changes) == 1 else words("{count} changes", count=len(changes))


def retell(words: Words, text: str) -> str:
    """Return a text of the pipeline's in the visitor's language, line by line, where it is known."""
    return "\n".join(_line(words, line) for line in text.split("\n"))


def _line(words: Words, line: str) -> str:
    """Return a line; an error's further lines begin with what they are."""
    for begin, title in (("  looked at: ", words("Looked at")), ("  what to do: ", words("What to do"))):
        if line.startswith(begin):
            return f"  {title}: {words.retell(line.removeprefix(begin))}"
    return words.retell(line)


SENTENCES: Mapping[str, Callable[..., Any]] = {
    "action_word": action_word,
    "meaning": meaning,
    "count_changes": count_changes,
    "retell": retell,
    "stage_tone": stage_tone,
    "stage_sentence": stage_sentence,
    "broken_stages": broken_stages,
    "release_kind": release_kind,
    "activity_sentence": activity_sentence,
    "pin_reason": pin_reason,
    "plan_title": plan_title,
    "plan_verdict": plan_verdict,
    "changed_functions": changed_functions,
    "spark_label": spark_label,
}
