"""What values mean in words: how stages fare, how long ago, how much."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.fake_pipeline import make_build, make_health, make_plan, make_release, make_stage, now
from pytest_rollbacklab.console import moments, sentences
from pytest_rollbacklab.console.words import Words
from pytest_rollbacklab.model import Change, ReleaseKind
from pytest_rollbacklab.pipeline.values import ChangeLine, StageStatus

EN = Words("en")
MINUTE = timedelta(minutes=1)


def fared(released: float, errors: dict[int, float], kind: ReleaseKind = "promote") -> StageStatus:
    """Return a stage with ten calls a minute, 15 minutes to now.

    Args:
        released: The minute in which it became live.
        errors: How many calls failed, by the minute.
    """
    health = replace(
        make_health(),
        since=now(),
        requests=(10.0,) * 15,
        server_errors=tuple(errors.get(minute, 0.0) for minute in range(15)),
    )
    live = make_release(2, "prod", make_build(6), kind, released_at=now() + released * MINUTE)
    return make_stage("prod", live, health=health)


@pytest.mark.parametrize(
    ("stage", "share"),
    [
        (fared(-60, {3: 3.0}), 3 / 150),
        (fared(-60, {}), 0),
        (fared(5.5, {3: 10.0}), 0),
        (fared(5.5, {5: 5.0}), 5 / 100),
        (fared(5.5, {5: 10.0}, "rollback"), 0),
        (fared(5.5, {5: 10.0, 6: 9.0}, "rollback"), 9 / 90),
        (fared(14.5, {14: 10.0}, "rollback"), None),
        (fared(14.5, {14: 10.0}), 1),
    ],
)
def test_what_is_live_is_judged_by_its_own_calls(stage: StageStatus, share: float | None) -> None:
    assert stage.failing_share == (None if share is None else pytest.approx(share))
    assert (sentences.stage_tone(EN, stage) == "broken") is bool(share)


@pytest.mark.parametrize(
    ("changed", "tone", "said"),
    [
        ({"state": "empty", "health": None, "live": None}, "quiet", "nothing deployed yet"),
        ({"state": "removed"}, "quiet", "removed with its branch"),
        ({"state": "stuck"}, "broken", "stuck: a person is needed"),
        ({"state": "deploying"}, "busy", "deploying · healthy"),
        ({"state": "deploying", "health": None, "live": None}, "busy", "deploying"),
        ({"state": "went back"}, "good", "last deployment went back · healthy"),
        ({"health": None}, "good", "live"),
        ({}, "good", "healthy"),
    ],
)
def test_a_stage_in_a_few_words(changed: dict[str, Any], tone: str, said: str) -> None:
    stage = replace(fared(-60, {}), **changed)
    assert (sentences.stage_tone(EN, stage), sentences.stage_sentence(EN, stage)) == (tone, said)


@pytest.mark.parametrize(("since", "share", "said"), [((4, 0), 0, "healthy"), ((4, 3), 0.75, "75% of calls fail")])
def test_what_has_just_become_live_is_judged_by_its_access_log(since: tuple[int, int], share: float, said: str) -> None:
    stage = fared(14.5, {14: 10.0}, "rollback")
    assert stage.health is not None
    stage = replace(stage, health=replace(stage.health, since_release=since))
    assert (stage.failing_share, sentences.stage_sentence(EN, stage)) == (share, said)
    nobody = replace(stage, health=replace(make_health(), since_release=(0, 0)))
    assert sentences.stage_sentence(EN, nobody) == "not called since this release"


def test_a_stage_that_nobody_calls_is_not_called_healthy() -> None:
    silent = replace(fared(-60, {}), health=replace(make_health(), requests=(0.0,) * 15, server_errors=(0.0,) * 15))
    assert sentences.stage_sentence(EN, silent) == "no calls in 15 min"
    assert sentences.stage_sentence(EN, fared(14.5, {}, "rollback")) == "not called since this release"


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "0%"), (0.001, "<1%"), (0.314, "31%"), (0.999, "99%"), (1.0, "100%")]
)
def test_some_is_never_none_and_not_all_is_never_all(share: float, said: str) -> None:
    assert moments.percent(share) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "just now"),
        (4, "just now"),
        (5, "5 s ago"),
        (119, "1 min ago"),
        (7200, "2 h ago"),
        (13 * 86_400, "13 d ago"),
    ],
)
def test_how_long_ago(seconds: float, said: str) -> None:
    assert moments.ago(EN, now() - timedelta(seconds=seconds), now=now()) == said


def test_long_ago_is_a_date() -> None:
    then = datetime(2025, 1, 2, 12, tzinfo=UTC)
    assert moments.ago(EN, then, now=then + timedelta(days=30)) == then.astimezone().date().isoformat()


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (999, "999 B"), (14_213, "14.2 kB"), (2_500_000, "2.5 MB"), (3e12, "3000.0 GB")]
)
def test_sizes_have_units(count: int, said: str) -> None:
    assert moments.size(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "<0.1 s"), (1.24, "1.2 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"), (123, "2 min 3 s")],
)
def test_durations_have_units(seconds: float, said: str) -> None:
    assert moments.lasted(EN, seconds) == said


def test_large_numbers_can_be_read() -> None:
    assert moments.figure(12345.4) == "12,345"


def removed(kind: str) -> ChangeLine:
    change = Change(action="Remove", logical_id="X", resource_type=kind, replacement=None, properties=())
    return ChangeLine(change=change, meaning="removed", loses_data=kind == "AWS::DynamoDB::Table")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "Nothing changes in the stack: it stands so already."),
        ((removed("AWS::Lambda::Version"),), "Nothing but old versions is deleted. No data is touched."),
        ((removed("AWS::Lambda::Function"),), "Deleted: X. No data is touched."),
        ((removed("AWS::DynamoDB::Table"),), "Data will be lost: X."),
    ],
)
def test_a_plan_in_one_sentence(lines: tuple[ChangeLine, ...], said: str) -> None:
    plan = replace(make_plan("prod", "deploy", make_build(7)), changes=lines)
    assert sentences.plan_verdict(EN, plan) == said


@pytest.mark.parametrize(
    ("replacement", "said"),
    [("True", "Replace"), ("Conditional", "Replace, perhaps"), ("False", "Modify"), (None, "Modify")],
)
def test_a_replacement_is_said_aloud(replacement: str | None, said: str) -> None:
    change = Change(action="Modify", logical_id="X", resource_type="T", replacement=replacement, properties=())
    assert sentences.action_word(EN, change) == said
