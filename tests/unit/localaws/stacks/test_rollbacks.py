"""Updates that fail: everything is as it was before, and the events say how it came to be."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

BROKEN = ServiceError("InvalidParameterException", "no room", 400)


def group(name: str, *depends_on: str, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": name, **properties},
        "DependsOn": list(depends_on),
    }


def of(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def named(name: str) -> Any:
    return lambda params: params.get("logGroupName") == name


def test_an_update_that_fails_goes_back_to_where_it_was(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        await console.create(
            {**of(A=group("a", RetentionInDays=1), B=group("b")), "Outputs": {"B": {"Value": {"Ref": "B"}}}}
        )
        before = copy.deepcopy(aws.things)
        stack = await console.update(
            of(
                A=group("a", RetentionInDays=9),
                B=group("b2"),
                New=group("new", "A"),
                Bad=group("bad", "A", "B", "New"),
                Never=group("never", "Bad"),
            ),
        )
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert aws.things == before
        assert stack["Outputs"] == [{"OutputKey": "B", "OutputValue": "b"}]
        assert (await console.resource("B"))["PhysicalResourceId"] == "b"
        events = [event for event in await console.events(since=8) if event[1] != "CREATE_FAILED"]
        rollback = [event[1] for event in events].index("UPDATE_ROLLBACK_IN_PROGRESS")
        assert events[rollback:] == [
            ("notes", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Bad]. "),
            ("A", "UPDATE_IN_PROGRESS", None),
            ("B", "UPDATE_IN_PROGRESS", None),
            ("A", "UPDATE_COMPLETE", None),
            ("B", "UPDATE_COMPLETE", None),
            ("notes", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None),
            ("Bad", "DELETE_COMPLETE", None),
            ("B", "DELETE_IN_PROGRESS", None),
            ("New", "DELETE_IN_PROGRESS", None),
            ("B", "DELETE_COMPLETE", None),
            ("New", "DELETE_COMPLETE", None),
            ("notes", "UPDATE_ROLLBACK_COMPLETE", None),
        ]

    drive(story)


def test_after_a_rollback_the_stack_can_be_updated_again(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=1)))
        await console.update(of(A=group("a", RetentionInDays=9), Bad=group("bad", "A")))
        template = (await console.call("GetTemplate", StackName="notes"))["TemplateBody"]
        assert json.loads(template) == of(A=group("a", RetentionInDays=1))
        stack = await console.update(of(A=group("a", RetentionInDays=9)))
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        assert aws.of("log group")["a"]["retentionInDays"] == 9

    drive(story)


def test_a_resource_whose_own_update_failed_is_put_back(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        tags = [{"Key": "k", "Value": "1"}]
        await console.create(of(A=group("a", RetentionInDays=1, Tags=tags)))
        aws.refuse("TagResource", BROKEN, lambda params: params["tags"] == {"k": "2"})
        stack = await console.update(of(A=group("a", RetentionInDays=9, Tags=[{"Key": "k", "Value": "2"}])))
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert aws.of("log group")["a"]["retentionInDays"] == 1
        assert aws.last("TagResource")["tags"] == {"k": "1"}
        assert (await console.events())[-5:-1] == [
            ("notes", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [A]. "),
            ("A", "UPDATE_IN_PROGRESS", None),
            ("A", "UPDATE_COMPLETE", None),
            ("notes", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None),
        ]

    drive(story)


def test_a_refusal_before_any_call_needs_no_call_to_go_back(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        pool = {"Type": "AWS::Cognito::UserPool", "Properties": {"UsernameAttributes": ["email"]}}
        await console.create(of(Pool=pool))
        aws.calls.clear()
        other = {"Type": "AWS::Cognito::UserPool", "Properties": {"UsernameAttributes": ["phone_number"]}}
        stack = await console.update(of(Pool=other))
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert aws.calls == []
        assert (
            "Pool",
            "UPDATE_FAILED",
            "Invalid request provided: Updates are not allowed for property - UsernameAttributes.",
        ) in await console.events()

    drive(story)


def test_what_had_begun_beside_the_failure_is_cancelled_and_stays_as_it_was(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=1), B=group("b", RetentionInDays=1)))
        aws.refuse("PutRetentionPolicy", BROKEN, lambda params: params["retentionInDays"] == 9)
        aws.calls.clear()
        await console.update(of(A=group("a", RetentionInDays=9), B=group("b", RetentionInDays=3)))
        assert ("B", "UPDATE_FAILED", "Resource update cancelled") in await console.events()
        assert [params["retentionInDays"] for _, params in aws.calls] == [9, 1]
        assert aws.of("log group")["b"]["retentionInDays"] == 1

    drive(story)


def test_a_replacement_that_fails_half_way_leaves_the_old_one(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=1)))
        before = copy.deepcopy(aws.things)
        aws.refuse("PutRetentionPolicy", BROKEN)
        stack = await console.update(of(A=group("a2", RetentionInDays=1)))
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert aws.things == before
        assert (await console.resource("A"))["PhysicalResourceId"] == "a"

    drive(story)


def test_what_the_update_made_is_retained_by_its_deletion_policy(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        kept = {**group("kept"), "DeletionPolicy": "Retain"}
        await console.update(of(A=group("a"), Kept=kept, Bad=group("bad", "Kept")))
        assert "Kept DELETE_SKIPPED" in await console.moves()
        assert sorted(aws.of("log group")) == ["a", "kept"]

    drive(story)


def test_without_rollback_the_stack_stays_half_updated_and_can_be_mended(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=1), B=group("b")))
        mixed = of(A=group("a", RetentionInDays=9), B=group("b2", "A"), Bad=group("bad", "B"))
        stack = await console.update(mixed, DisableRollback=True)
        assert stack["StackStatus"] == "UPDATE_FAILED"
        assert stack["StackStatusReason"] == "The following resource(s) failed to create: [Bad]. "
        assert aws.of("log group")["a"]["retentionInDays"] == 9
        assert sorted(aws.of("log group")) == ["a", "b", "b2"]
        aws.allow_all()
        assert (await console.update(mixed))["StackStatus"] == "UPDATE_COMPLETE"
        assert sorted(aws.of("log group")) == ["a", "b2", "bad"]

    drive(story)


def test_after_a_failure_without_rollback_the_next_one_goes_back_to_the_last_whole_state(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=1), B=group("b")))
        before = copy.deepcopy(aws.things)
        mixed = of(A=group("a", RetentionInDays=9), B=group("b2", "A"), Bad=group("bad", "B"))
        await console.update(mixed, DisableRollback=True)
        stack = await console.update({**mixed, "Outputs": {"New": {"Value": "new"}}})
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert aws.things == before

    drive(story)


def test_a_rollback_that_fails_itself_says_so_and_can_only_be_deleted(drive: Any, aws: Any, refused: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=1)))
        aws.refuse("PutRetentionPolicy", BROKEN, lambda params: params["retentionInDays"] == 1)
        stack = await console.update(of(A=group("a", RetentionInDays=9), Bad=group("bad", "A")))
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
        assert stack["StackStatusReason"] == "The following resource(s) failed to update: [A]. "
        assert (await console.resource("A"))["ResourceStatus"] == "UPDATE_FAILED"
        message = await refused(console.update(of(A=group("a", RetentionInDays=3))))
        assert "is in UPDATE_ROLLBACK_FAILED state and can not be updated." in message
        await console.do("DeleteStack", StackName="notes")
        assert aws.of("log group") == {}

    drive(story)


def test_an_output_that_fails_rolls_the_update_back(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=1)))
        template = of(A=group("a", RetentionInDays=9), B=group("b"))
        stack = await console.update({**template, "Outputs": {"X": {"Value": {"Fn::GetAtt": ["B", "KmsKeyId"]}}}})
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert aws.of("log group")["a"]["retentionInDays"] == 1
        reason = next(reason for _, status, reason in await console.events() if status == "UPDATE_ROLLBACK_IN_PROGRESS")
        assert reason == "Fn::GetAtt: the resource B of type AWS::Logs::LogGroup has no attribute KmsKeyId"

    drive(story)


def test_what_is_wanted_of_a_resource_may_be_wrong_by_the_time_its_turn_comes(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=1)))
        before = copy.deepcopy(aws.things)
        stack = await console.update(of(A=group("a", RetentionInDays="soon")))
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert aws.things == before
        assert (
            "A",
            "UPDATE_FAILED",
            (
                "Properties validation failed for resource A with message:\n"
                "#/RetentionInDays: expected type: Integer, found: String"
            ),
        ) in await console.events()

    drive(story)


def test_what_changed_without_a_call_goes_back_without_an_event(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        aws.calls.clear()
        kept = {**group("a"), "DeletionPolicy": "Retain", "Metadata": {"k": "v"}}
        await console.update(of(A=kept, Bad=group("bad", "A")))
        assert aws.names() == ["CreateLogGroup"]
        assert "A UPDATE_IN_PROGRESS" not in await console.moves()
        await console.do("DeleteStack", StackName="notes")
        assert aws.of("log group") == {}

    drive(story)


def test_a_half_made_replacement_that_was_left_is_out_of_the_way_of_the_next(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=1)))
        aws.refuse("PutRetentionPolicy", BROKEN)
        stack = await console.update(of(A=group("a2", RetentionInDays=1)), DisableRollback=True)
        assert stack["StackStatus"] == "UPDATE_FAILED"
        assert sorted(aws.of("log group")) == ["a", "a2"]
        assert (await console.resource("A"))["PhysicalResourceId"] == "a"
        aws.allow_all()
        stack = await console.update(of(A=group("a2", RetentionInDays=1)))
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        assert aws.of("log group") == {"a2": {"logGroupName": "a2", "retentionInDays": 1}}

    drive(story)


@pytest.mark.parametrize("failing", ["A", "B", "C"])
def test_whichever_of_a_chain_fails_all_go_back(drive: Any, aws: Any, failing: str) -> None:
    def chain(days: int) -> dict[str, Any]:
        return of(
            A=group("A", RetentionInDays=days),
            B=group("B", "A", RetentionInDays=days),
            C=group("C", "B", RetentionInDays=days),
        )

    async def story(console: Any) -> None:
        await console.create(chain(1))
        before = copy.deepcopy(aws.things)
        aws.refuse(
            "PutRetentionPolicy",
            BROKEN,
            lambda params: params["logGroupName"] == failing and params["retentionInDays"] == 9,
        )
        assert (await console.update(chain(9)))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert aws.things == before

    drive(story)
