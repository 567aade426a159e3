from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_rollbacklab.deploy.configuration import Configuration
from pytest_rollbacklab.model import Build, Change, Release
from pytest_rollbacklab.pipeline.meanings import change_line
from pytest_rollbacklab.pipeline.remarks import remarks
from pytest_rollbacklab.pipeline.values import Pin

PINNED = "afterwards the stage is pinned: pushes build but do not deploy here until the pin is released"


@pytest.fixture
def live(keep: Callable[..., Build], release_of: Callable[..., Release]) -> Release:
    return release_of(keep("bad"), environment={"LEVEL": "debug", "A": "1"}, parameters={"Stage": "dev"})


def said(kind: Any, live: Release | None, **options: Any) -> list[tuple[str, str]]:
    given: dict[str, Any] = {
        "configuration": Configuration(parameters=live.parameters, environment=live.environment)
        if live
        else Configuration(),
        "changes": (),
        "resources": {},
        "access_logs_on": False,
        "pin": None,
    }
    return [(remark.kind, remark.text) for remark in remarks(kind, live=live, **{**given, **options})]


def test_a_rollback_says_what_it_does_not_bring_back(live: Release) -> None:
    resources = {
        "AWS::DynamoDB::Table": {"Notes": "n", "Drafts": "d"},
        "AWS::S3::Bucket": {"Files": "f"},
        "AWS::Lambda::Function": {"Create": "c"},
    }
    assert said("rollback", live, resources=resources, access_logs_on=True) == [
        (
            "will not come back",
            (
                "what was written since build 1 went live (2024-05-01 12:30:00 UTC) stays as it is: "
                "items in Drafts, Notes; objects in Files"
            ),
        ),
        ("will not come back", "what was sent meanwhile stays sent: answers, messages, events"),
        ("will not come back", "API access logs stay on: they were switched on beside the stack"),
        (
            "will not come back",
            "what was changed beside the stack, by hand or by another tool, is not seen and stays",
        ),
        ("note", PINNED),
    ]


def test_an_app_without_stores_is_told_of_none(live: Release) -> None:
    texts = [text for _, text in said("rollback", live)]
    assert not any("was written" in text or "access logs" in text for text in texts)


def test_other_kinds_have_nothing_that_does_not_come_back(live: Release) -> None:
    assert said("promote", live) == said("deploy", None) == []


def test_data_that_goes_is_said_first() -> None:
    change = Change(
        action="Remove", logical_id="Notes", resource_type="AWS::DynamoDB::Table", replacement=None, properties=()
    )
    assert said("deploy", None, changes=(change_line(change, {}),)) == [
        ("data loss", "Notes: removed, with all its items")
    ]


def test_a_pin_that_stays_is_said(live: Release) -> None:
    pin = Pin(stage="dev", build=1, by="bob", at=datetime.now(UTC), reason=None)
    assert said("config", live, pin=pin) == [("note", "the stage stays pinned, as bob has set it")]


def test_variables_and_parameters_that_change_are_named(live: Release) -> None:
    other = Configuration(parameters={"Stage": "dev", "Memory": "64"}, environment={"LEVEL": "info"})
    assert said("deploy", live, configuration=other) == [
        ("note", "variables that change: A, LEVEL"),
        ("note", "parameters that change: Memory"),
    ]
