"""From a plan to its end: shown, confirmed by somebody, begun, followed. Every change of a stage takes this way.

Nothing is confirmed by reflex: on a terminal it is asked, elsewhere it has to be said (``--yes``), and the loss of data
has to be said by itself. A plan that nobody confirms is dropped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from pytest_rollbacklab.cli.asking import json_option
from pytest_rollbacklab.cli.decoding import decode
from pytest_rollbacklab.cli.following import follow_activity
from pytest_rollbacklab.cli.lab import Lab
from pytest_rollbacklab.cli.progress import waiting_for
from pytest_rollbacklab.cli.terminal import ask, can_be_asked, confirm, show, show_json
from pytest_rollbacklab.cli.views.activities import outcome_line
from pytest_rollbacklab.cli.views.plans import change_log_lines, loses_data, plan_blocks
from pytest_rollbacklab.errors import RollbacklabError, UsageError
from pytest_rollbacklab.pipeline.values import Activity, PlanView

__all__ = ["Consent", "Form", "consent_options", "release", "show_change_set"]

F = TypeVar("F", bound=Callable[..., Any])
Form = Mapping[str, str | int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """What was said in advance, on the command line."""

    yes: bool
    accept_data_loss: bool
    as_json: bool

    @property
    def may_ask(self) -> bool:
        return not self.as_json and can_be_asked()


def consent_options(command: F) -> F:
    """Give a command ``--yes``, ``--accept-data-loss`` and ``--json``."""
    for option in (
        json_option,
        click.option("--accept-data-loss", is_flag=True, help="With --yes: also where data will be lost."),
        click.option("--yes", "-y", is_flag=True, help="Confirm without being asked."),
    ):
        command = option(command)
    return command


def release(context: click.Context, lab: Lab, stage: str, form: Form, consent: Consent) -> None:
    """Plan a release, have it confirmed, follow it, and exit: 0 when it is done, 1 when it is not.

    Raises:
        UsageError: it cannot be done, or nobody can be asked whether to.
    """
    planned = _plan(lab, stage, form)["plan"]
    plan = decode(PlanView, planned, name="plan")
    if not consent.as_json:
        show(plan_blocks(plan))
    with _dropped_unless_confirmed(lab, plan) as keep:
        if not _confirmed(plan, consent):
            show(["nothing was changed"])
            context.exit(1)
        reason = _ask_reason(plan, consent)
        activity = lab.post("stages", stage, "plans", plan.id, "confirm", form={"reason": reason})["activity"]
        keep()
    ended = follow_activity(lab, activity["number"], _say_nothing if consent.as_json else _saying(plan))
    if consent.as_json:
        show_json({"plan": planned, "activity": ended})
    else:
        show([outcome_line(decode(Activity, ended, name="activity"))])
    context.exit(0 if ended["state"] == "done" else 1)


def show_change_set(lab: Lab, stage: str, form: Form, *, as_json: bool) -> None:
    """Plan a release, show what it would change, and drop it."""
    data = _plan(lab, stage, form)
    plan = decode(PlanView, data["plan"], name="plan")
    with _dropped_unless_confirmed(lab, plan):
        if as_json:
            show_json(data)
        else:
            show([*plan_blocks(plan), "nothing was changed: this is what it would do"])


def _plan(lab: Lab, stage: str, form: Form) -> dict[str, Any]:
    with waiting_for("the change set"):
        return lab.post("stages", stage, "plans", form=form)


@contextlib.contextmanager
def _dropped_unless_confirmed(lab: Lab, plan: PlanView) -> Any:
    confirmed = False

    def keep() -> None:
        nonlocal confirmed
        confirmed = True

    try:
        yield keep
    finally:
        if not confirmed:
            with contextlib.suppress(RollbacklabError):
                lab.post("stages", plan.stage, "plans", plan.id, "cancel")


def _confirmed(plan: PlanView, consent: Consent) -> bool:
    data_loss = loses_data(plan)
    if consent.yes and (consent.accept_data_loss or not data_loss):
        return True
    if not consent.may_ask:
        raise _nobody_to_ask(plan, data_loss=data_loss)
    if data_loss:
        return ask(f"data will be lost; type the stage's name, {plan.stage}, to go on").strip() == plan.stage
    return confirm(f"{plan.title}?")


def _ask_reason(plan: PlanView, consent: Consent) -> str | None:
    if plan.reason or not plan.asks_reason or consent.yes or not consent.may_ask:
        return None
    return ask("why? (Enter for no reason)").strip() or None


def _nobody_to_ask(plan: PlanView, *, data_loss: bool) -> UsageError:
    said = "--yes --accept-data-loss" if data_loss else "--yes"
    lost = ", and data would be lost" if data_loss else ""
    return UsageError(
        f"not confirmed, so nothing was changed: {plan.title}",
        looked_at=f"nobody can be asked here{lost}",
        mend=f"look at the change set (rollbacklab change-set), then give {said}",
    )


def _saying(plan: PlanView) -> Callable[[str], None]:
    """Return what shows an activity's log, without the changes that were shown with the plan."""
    known = change_log_lines(plan)

    def say(line: str) -> None:
        if line not in known:
            show([f"  {line}"])

    return say


def _say_nothing(line: str) -> None:
    del line
