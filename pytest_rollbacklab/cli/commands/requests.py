"""Commands about single requests, and those who make them: ``probe``, ``evidence``, ``user add``."""

from __future__ import annotations

import tomllib

import click

from pytest_rollbacklab.cli.asking import chosen_stage, connect, json_option, stage_argument, stage_option
from pytest_rollbacklab.cli.decoding import decode
from pytest_rollbacklab.cli.lab import Lab
from pytest_rollbacklab.cli.progress import waiting_for
from pytest_rollbacklab.cli.terminal import Cell, ask, can_be_asked, show, show_json
from pytest_rollbacklab.cli.views.requests import evidence_blocks
from pytest_rollbacklab.config import CONFIG_NAME
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import Answer, Evidence
from pytest_rollbacklab.observe.explain import explain_answer

__all__ = ["evidence", "probe", "user"]

_OK = 200


@click.command()
@stage_argument
@json_option
@click.pass_context
def probe(context: click.Context, stage: str | None, as_json: bool) -> None:
    """Send the app's probe, signed as a user of it.

    Exits with 1 unless it is answered as rollbacklab.toml expects.
    """
    lab = connect(context)
    name = chosen_stage(lab, stage)
    with waiting_for(f"an answer of {name}"):
        data = lab.post("stages", name, "probe")
    answer = decode(Answer, data["answer"], name="answer")
    expected = _expected_status(lab)
    good = answer.status == expected
    if as_json:
        show_json({**data, "expected_status": expected})
    else:
        show([Cell(explain_answer(answer, expected=expected), "good" if good else "bad")])
        if data.get("request_id"):
            show([f"what it left behind: rollbacklab evidence {data['request_id']} --stage {name}"])
    context.exit(0 if good else 1)


def _expected_status(lab: Lab) -> int:
    """Return the status of a healthy stage, as the app's file says now."""
    try:
        said = tomllib.loads(lab.get("settings")["file"]).get("probe", {}).get("expect_status", _OK)
        return int(said)
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{CONFIG_NAME} does not say which answer is expected",
            looked_at=f"expect_status in [probe]: {error}",
            mend="mend the file; the probe was sent, and its answer is in the logs",
        ) from None


@click.command()
@click.argument("request_id")
@stage_option
@json_option
@click.pass_context
def evidence(context: click.Context, request_id: str, stage: str | None, as_json: bool) -> None:
    """Show what one request left behind, in every log.

    REQUEST_ID is API Gateway's, as answers carry it (x-amzn-RequestId), or Lambda's.
    """
    lab = connect(context)
    name = chosen_stage(lab, stage)
    with waiting_for("what the request left behind"):
        data = lab.get("stages", name, "requests", request_id)
    if as_json:
        show_json(data)
    else:
        show(evidence_blocks(decode(Evidence, data["evidence"], name="evidence")))


@click.group()
def user() -> None:
    """Make users of the app."""


@user.command("add")
@click.argument("username")
@click.option("--password", help="Asked for at a terminal when it is not given.")
@stage_option
@json_option
@click.pass_context
def user_add(context: click.Context, username: str, password: str | None, stage: str | None, as_json: bool) -> None:
    """Make a user of a stage's app, who can sign in at once."""
    lab = connect(context)
    name = chosen_stage(lab, stage)
    secret = password or _ask_password(username, may_ask=not as_json and can_be_asked())
    with waiting_for(f"{username} to be made"):
        data = lab.post("stages", name, "users", form={"username": username, "password": secret})
    if as_json:
        show_json(data)
    else:
        show([f"{username} can sign in to {name}"])


def _ask_password(username: str, *, may_ask: bool) -> str:
    if not may_ask:
        raise UsageError(
            f"the password of {username} is not given", looked_at="nobody can be asked here", mend="give --password"
        )
    return ask(f"password of {username}", hide_input=True, confirmation_prompt=True, default=None)
