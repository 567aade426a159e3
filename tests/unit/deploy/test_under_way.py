from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pytest_rollbacklab.deploy.release import Plan, Releases
from pytest_rollbacklab.errors import DeployError
from pytest_rollbacklab.model import Build

TEMPLATE = json.dumps({"Resources": {"Create": {"Type": "AWS::Lambda::Function"}}})


class _Stopped(BaseException):
    """The process is killed here."""


def stop_before_the_ledger(releases: Releases, monkeypatch: pytest.MonkeyPatch, plan: Plan) -> None:
    def stopped(*_: object) -> None:
        raise _Stopped

    with monkeypatch.context() as patch:
        patch.setattr(releases.ledger(plan.stage), "append", stopped)
        with pytest.raises(_Stopped):
            releases.execute(plan)


@pytest.fixture
def plan(releases: Releases, make_build: Callable[..., Build]) -> Plan:
    return releases.plan(make_build("1", template=TEMPLATE), "dev", kind="deploy", by="ann")


def test_nothing_under_way_is_nothing_to_settle(releases: Releases, plan: Plan) -> None:
    assert releases.settle("dev") is None
    releases.execute(plan)
    assert releases.settle("dev") is None


def test_a_release_that_became_live_unseen_is_written_down(
    releases: Releases, plan: Plan, cloudformation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_before_the_ledger(releases, monkeypatch, plan)
    assert releases.ledger("dev").live() is None
    settled = releases.settle("dev")
    assert settled is not None
    assert settled.released == releases.ledger("dev").live()
    assert (settled.released.build, settled.released.by, settled.released.number) == (plan.build, "ann", 1)
    assert releases.settle("dev") is None


def test_a_release_that_went_back_unseen_is_told_and_not_written_down(
    releases: Releases, plan: Plan, cloudformation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_before_the_ledger(releases, monkeypatch, plan)
    cloudformation.stacks["notes-dev"]["statuses"] = ["UPDATE_ROLLBACK_COMPLETE"]
    settled = releases.settle("dev")
    assert settled is not None
    assert (settled.released, settled.stack_status) == (None, "UPDATE_ROLLBACK_COMPLETE")
    assert settled.wanted.build == plan.build
    assert releases.ledger("dev").live() is None


def test_a_stack_that_stands_otherwise_is_not_taken_for_the_release(
    releases: Releases, plan: Plan, cloudformation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_before_the_ledger(releases, monkeypatch, plan)
    cloudformation.stacks["notes-dev"]["template"] = json.dumps({"Resources": {"Other": {"Type": "AWS::SNS::Topic"}}})
    settled = releases.settle("dev")
    assert settled is not None
    assert settled.released is None


def test_a_note_whose_line_was_written_is_only_taken_away(releases: Releases, plan: Plan, bucket: Any) -> None:
    releases.execute(plan)
    noted = bucket.objects["stages/dev/releases/000001.json"]
    bucket.objects["stages/dev/under-way.json"] = noted
    settled = releases.settle("dev")
    assert settled is not None
    assert settled.released == releases.ledger("dev").live()
    assert len(releases.ledger("dev").releases()) == 1


def test_a_deployment_that_fails_leaves_no_note(releases: Releases, plan: Plan, cloudformation: Any) -> None:
    cloudformation.next_statuses = ["ROLLBACK_COMPLETE"]
    with pytest.raises(DeployError):
        releases.execute(plan)
    assert releases.settle("dev") is None
