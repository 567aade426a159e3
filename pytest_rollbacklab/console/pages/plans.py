"""Plans: a release that could be, what it would change, and the confirmation that begins it.

Nothing is confirmed by reflex: a plan has a page of its own, and one that loses data asks for the stage's name, which
is looked at here as well as in the browser. Programs confirm by the plan's id alone: they have no reflexes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from pytest_rollbacklab.console.faults import refused
from pytest_rollbacklab.console.pages import asked
from pytest_rollbacklab.console.visit import Moved, Outcome, Route, Shown, Visit
from pytest_rollbacklab.errors import ConflictError, UnknownStageError, UsageError
from pytest_rollbacklab.model import ReleaseKind
from pytest_rollbacklab.pipeline.values import Configured, PlanView

__all__ = ["ROUTES", "configured"]

_KINDS: Mapping[str, ReleaseKind] = {kind: kind for kind in get_args(ReleaseKind)}


async def make(visit: Visit) -> Outcome:
    """Plan a release."""
    name, asked_kind = visit.part("stage"), visit.form.get("kind", "")
    kind = _KINDS.get(asked_kind)
    if kind is None:
        raise UsageError(f"there is no release of the kind {asked_kind[:40]!r}", mend=f"one of {', '.join(_KINDS)}")
    build = visit.form.get("build", "")
    plan = await visit.run(
        visit.pipeline.plan,
        name,
        kind,
        who=visit.who,
        build=asked.whole_number("build", build) if build else None,
        from_stage=visit.form.get("from") or None,
        configure=configured(visit.form) if kind == "config" else None,
        reason=asked.reason(visit),
    )
    return Moved(to=f"/stages/{name}/plans/{plan.id}", data={"plan": plan}, status=201)


def configured(form: Mapping[str, str]) -> Configured:
    """Return what a form says is to be set by hand from now on.

    Args:
        form: ``environment.NAME`` and ``parameter.NAME``, each a value; or ``environment`` and ``parameters``, each
            with a line ``NAME=VALUE`` for every one.

    Raises:
        UsageError: a line has no ``=`` or no name.
    """
    return Configured(
        environment={**_lines(form, "environment"), **_members(form, "environment.")},
        parameters={**_lines(form, "parameters"), **_members(form, "parameter.")},
    )


def _members(form: Mapping[str, str], prefix: str) -> Mapping[str, str]:
    return {name.removeprefix(prefix): value for name, value in form.items() if name.startswith(prefix)}


def _lines(form: Mapping[str, str], field: str) -> Mapping[str, str]:
    found = {}
    for line in form.get(field, "").splitlines():
        name, equals, value = line.partition("=")
        if not line.strip():
            continue
        if not equals or not name.strip():
            raise UsageError(f"{line[:60]!r} does not set anything", mend="write each line as NAME=VALUE")
        found[name.strip()] = value
    return found


async def show(visit: Visit) -> Outcome:
    """Show a plan before it is confirmed."""
    plan = await _planned(visit, 404)
    stage = await visit.run(visit.pipeline.stage, plan.stage)
    return Shown(
        template="plan.html",
        data={"plan": plan, "stage": stage},
        extra={"loses_data": _loses_data(plan)},
    )


async def confirm(visit: Visit) -> Outcome:
    """Begin what was planned."""
    plan = await _planned(visit, 409)
    if _loses_data(plan) and not visit.wants_json and visit.form.get("stage_name", "").strip() != plan.stage:
        raise UsageError(
            f"nothing was done: this plan loses data, and the stage's name, {plan.stage}, was not typed",
            mend="go back and type it, or cancel the plan",
        )
    begun = await visit.run(
        visit.pipeline.confirm, plan.stage, plan.id, who=visit.who, reason=asked.reason(visit) or plan.reason
    )
    return Moved(to=f"/activity/{begun.number}", data={"activity": begun}, status=202)


async def cancel(visit: Visit) -> Outcome:
    """Drop a plan."""
    name = visit.part("stage")
    await visit.run(visit.pipeline.cancel, name, visit.part("plan"))
    return Moved(to=f"/stages/{name}", data={})


async def _planned(visit: Visit, status_when_gone: int) -> PlanView:
    try:
        return await visit.run(visit.pipeline.planned, visit.part("stage"), visit.part("plan"))
    except (ConflictError, UnknownStageError):
        raise
    except UsageError as error:
        raise refused(status_when_gone, error) from error


def _loses_data(plan: PlanView) -> bool:
    return any(line.loses_data for line in plan.changes)


_PLAN = "/stages/{stage}/plans/{plan}"
ROUTES = (
    Route(method="POST", path="/stages/{stage}/plans", handler=make),
    Route(method="GET", path=_PLAN, handler=show),
    Route(method="POST", path=f"{_PLAN}/confirm", handler=confirm),
    Route(method="POST", path=f"{_PLAN}/cancel", handler=cancel),
)
