from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_rollbacklab.pipeline.values import AccessLogState


def minute_ago() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)


def test_an_empty_stage_is_empty(lab: Any) -> None:
    status = lab.pipeline.stage("prod")
    assert (status.state, status.stack_status, status.live, status.pin, status.health) == (
        "empty",
        None,
        None,
        None,
        None,
    )
    assert (status.branch, status.promote_only, status.pull_request, status.busy) == (None, True, False, None)
    assert (status.waiting, status.last_failure, status.api_url) == (0, None, None)


def test_a_live_stage_says_what_is_live_and_how_it_answers(lab: Any) -> None:
    lab.push("one")
    at = minute_ago()
    lab.target.cloudwatch.values = {"requests": {at: 4.0}, "server_errors": {at: 1.0}}
    status = lab.pipeline.stage("dev")
    assert (status.state, status.stack_status, status.live.build.number) == ("live", "CREATE_COMPLETE", 1)
    assert status.health.failing_share == 0.25
    assert status.api_url == "http://127.0.0.1:4566/api1/Prod"
    (asked,) = lab.target.cloudwatch.asked
    dimensions = asked["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"]
    assert dimensions[0] == {"Name": "ApiName", "Value": "the api api1"}


@pytest.mark.parametrize(
    ("stack_status", "state"),
    [
        ("UPDATE_COMPLETE", "live"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "live"),
        ("UPDATE_IN_PROGRESS", "deploying"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "deploying"),
        ("UPDATE_ROLLBACK_COMPLETE", "went back"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "went back"),
        ("UPDATE_ROLLBACK_FAILED", "stuck"),
        ("DELETE_FAILED", "stuck"),
        ("ROLLBACK_COMPLETE", "empty"),
        ("REVIEW_IN_PROGRESS", "empty"),
    ],
)
def test_a_stages_state_is_told_by_its_stack(lab: Any, stack_status: str, state: str) -> None:
    lab.push("one")
    lab.cloudformation.stacks["notes-dev"]["statuses"] = [stack_status]
    assert lab.pipeline.stage("dev").state == state


def test_a_stack_that_nothing_of_ours_was_put_on_is_empty(lab: Any) -> None:
    lab.cloudformation.add_stack("notes-dev", "UPDATE_COMPLETE")
    assert lab.pipeline.stage("dev").state == "empty"


def test_a_stage_whose_stack_is_gone_is_empty_whatever_the_ledger_says(lab: Any) -> None:
    lab.push("one")
    del lab.cloudformation.stacks["notes-dev"]
    status = lab.pipeline.stage("dev")
    assert (status.state, status.live, status.health) == ("empty", None, None)


def test_who_is_at_work_is_said(lab: Any) -> None:
    lab.push("one")
    running = lab.ground.journal.begin("promote", lab.ann, "promote build 1 to prod", stage="prod")
    with lab.ground.turn("prod", running, pytest.fail):
        status = lab.pipeline.stage("prod")
    assert (status.state, status.busy) == ("deploying", running.activity)


def test_the_last_release_that_failed_is_told_and_nothing_else_that_did(lab: Any) -> None:
    lab.push("one")
    lab.cloudformation.next_statuses = ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
    lab.push("two")
    with pytest.raises(Exception, match="prod is not pinned"):
        lab.pipeline.unpin("prod", who=lab.ann)
    with pytest.raises(Exception, match="dev is not pinned"):
        lab.pipeline.unpin("dev", who=lab.ann)
    failure = lab.pipeline.stage("dev").last_failure
    assert failure.startswith("build 2 was not deployed to notes-dev")
    assert lab.pipeline.stage("prod").last_failure is None


def test_a_failure_of_long_ago_is_not_looked_for_without_end(lab: Any) -> None:
    lab.push("one")
    lab.cloudformation.stacks["notes-dev"]["statuses"] = ["UPDATE_ROLLBACK_COMPLETE"]
    assert lab.pipeline.stage("dev").last_failure is None


def test_an_api_that_is_being_replaced_has_no_health_and_no_access_logs(lab: Any) -> None:
    lab.push("one")
    lab.target.apigateway.is_gone = True
    assert lab.pipeline.stage("dev").health is None
    assert lab.pipeline.settings("dev").access_logs is None


def test_settings_tell_the_file_from_what_was_set_by_hand(lab: Any) -> None:
    lab.configure(
        'app = "notes"\n[stages.dev]\nbranch = "main"\nenvironment = {A = "1"}\nparameters = {P = "2"}\n'
        "[retention]\nbuilds = 7\n"
    )
    settings = lab.pipeline.settings("dev")
    assert (settings.access_logs, settings.configured.environment) == (None, {})
    lab.push("one")
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:access"
    lab.target.apigateway.settings = {"destinationArn": arn, "format": "$context.status"}
    settings = lab.pipeline.settings("dev")
    assert (settings.file_environment, settings.file_parameters, settings.retention_builds) == (
        {"A": "1"},
        {"P": "2"},
        7,
    )
    assert settings.access_logs == AccessLogState(enabled=True, log_group="access", format="$context.status")
    lab.target.apigateway.settings = {}
    assert lab.pipeline.settings("dev").access_logs == AccessLogState(enabled=False, log_group=None, format=None)


def test_builds_say_where_they_are_live_and_which_functions_changed(lab: Any) -> None:
    lab.push("one")
    lab.confirm("prod", "promote", from_stage="dev")
    lab.repository.write("README.md", "more")
    sha = lab.repository.commit("more").sha
    lab.move(lab.build_commit(sha))
    lab.push("three")
    third, second, first = lab.pipeline.builds().items
    assert [line.build.number for line in (third, second, first)] == [3, 2, 1]
    assert (third.live_on, second.live_on, first.live_on) == (("dev",), (), ("prod",))
    assert (third.changed, second.changed, first.changed) == (("Create",), (), ("Create",))
    assert lab.pipeline.build(2) == second
    assert lab.pipeline.build(1) == first


def test_builds_whose_parts_were_removed_say_so(lab: Any) -> None:
    removed = lab.build("one")
    lab.build("two")
    lab.ground.shelf.prune([removed], [])
    assert [line.pruned for line in lab.pipeline.builds().items] == [False, True]
    assert lab.pipeline.build(1).pruned


def test_long_lists_come_in_pages(lab: Any) -> None:
    for number in range(5):
        lab.push(str(number))
    pages = {
        "builds": lambda before: lab.pipeline.builds(before=before, limit=2),
        "releases": lambda before: lab.pipeline.releases("dev", before=before, limit=2),
    }
    for read in pages.values():
        seen, before = [], None
        while True:
            page = read(before)
            seen += [getattr(item, "build", item).number for item in page.items]
            before = page.older
            if before is None:
                break
        assert seen == [5, 4, 3, 2, 1]
    assert [one.number for one in lab.pipeline.activities(limit=3, before=5).items] == [4, 3, 2]


def fill(lab: Any, count: int) -> None:
    """Write as many builds, releases and activities beside the first."""
    for prefix in ("builds", "activity/begun", "activity/ended", "stages/dev/releases"):
        content = lab.objects[f"{prefix}/000001.json"]
        for number in range(3, count + 1):
            text = content.decode().replace('"number": 1,', f'"number": {number},', 1)
            lab.objects.setdefault(f"{prefix}/{number:06d}.json", text.encode())


@pytest.mark.parametrize("look", ["overview", "builds", "releases", "activities", "stage", "settings"])
def test_a_look_costs_the_same_however_much_there_is(lab: Any, look: str) -> None:
    def asked(count: int) -> dict[str, int]:
        fill(lab, count)
        lab.open()
        lab.pipeline.overview()  # what is read once, when the lab starts
        lab.s3.asked.clear()
        looks = {
            "overview": lab.pipeline.overview,
            "builds": lambda: lab.pipeline.builds(before=count - 50),
            "releases": lambda: lab.pipeline.releases("dev", before=count - 50),
            "activities": lambda: lab.pipeline.activities(before=count - 50),
            "stage": lambda: lab.pipeline.stage("dev"),
            "settings": lambda: lab.pipeline.settings("dev"),
        }
        looks[look]()
        return dict(lab.s3.asked)

    lab.push("one")
    lab.push("two")
    few, many = asked(100), asked(1000)
    assert few == many
    assert "list" not in many
    assert many.get("get", 0) <= 42


def test_a_push_costs_the_same_however_much_there_is(lab: Any) -> None:
    lab.configure('app = "notes"\n[stages.dev]\nbranch = "main"\n[retention]\nbuilds = 3\n')

    def asked(count: int, text: str) -> dict[str, int]:
        fill(lab, count)
        lab.open()
        lab.push(f"{text} first")  # what is read once, when the lab starts
        lab.s3.asked.clear()
        lab.push(text)
        return dict(lab.s3.asked)

    lab.push("one")
    lab.push("two")
    few, many = asked(100, "few"), asked(1000, "many")
    assert all(many[call] <= few[call] for call in many)
    assert "list" not in many


def test_a_rollback_reads_the_newest_releases_alone(lab: Any) -> None:
    lab.push("one")
    lab.push("two")
    fill(lab, 1000)
    lab.open()
    lab.push("three")
    lab.open()
    lab.pipeline.stage("dev")
    lab.s3.asked.clear()
    assert lab.plan("dev", "rollback").build.number == 1
    assert lab.s3.asked["get"] <= 30
