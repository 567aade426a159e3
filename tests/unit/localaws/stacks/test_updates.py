"""Updating stacks: what is touched, in which order, and what is replaced."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

KEYS = [{"AttributeName": "id", "KeyType": "HASH"}]


def group(name: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name, **properties}}


def of(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def test_only_what_changed_is_touched(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=1), B=group("b", RetentionInDays=1)))
        aws.calls.clear()
        stack = await console.update(of(A=group("a", RetentionInDays=1), B=group("b", RetentionInDays=3)))
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        assert aws.calls == [("PutRetentionPolicy", {"logGroupName": "b", "retentionInDays": 3})]
        assert await console.moves(since=8) == [
            "notes UPDATE_IN_PROGRESS",
            "B UPDATE_IN_PROGRESS",
            "B UPDATE_COMPLETE",
            "notes UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "notes UPDATE_COMPLETE",
        ]
        assert "LastUpdatedTime" in stack

    drive(story)


def test_additions_come_first_and_removals_last_in_the_clean_up(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        old = {**group("old"), "DependsOn": "Base"}
        await console.create(of(Base=group("base"), Old=old))
        aws.calls.clear()
        await console.update(of(New=group("new")))
        assert aws.names() == ["CreateLogGroup", "DeleteLogGroup", "DeleteLogGroup"]
        assert (await console.moves(since=8))[4:] == [
            "notes UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "Old DELETE_IN_PROGRESS",
            "Old DELETE_COMPLETE",
            "Base DELETE_IN_PROGRESS",
            "Base DELETE_COMPLETE",
            "notes UPDATE_COMPLETE",
        ]
        listed = (await console.call("ListStackResources", StackName="notes"))["StackResourceSummaries"]
        assert [resource["LogicalResourceId"] for resource in listed] == ["New"]

    drive(story)


def test_a_replacement_is_made_before_the_old_one_is_deleted(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        user = group("unused", Tags=[{"Key": "of", "Value": {"Ref": "A"}}])
        await console.create(of(A=group("a"), User=user))
        await console.update(of(A=group("a2"), User=user))
        assert await console.events(since=8) == [
            ("notes", "UPDATE_IN_PROGRESS", "User Initiated"),
            (
                "A",
                "UPDATE_IN_PROGRESS",
                "Requested update requires the creation of a new physical resource; hence creating one.",
            ),
            ("A", "UPDATE_IN_PROGRESS", "Resource creation Initiated"),
            ("A", "UPDATE_COMPLETE", None),
            ("User", "UPDATE_IN_PROGRESS", None),
            ("User", "UPDATE_COMPLETE", None),
            ("notes", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None),
            ("A", "DELETE_IN_PROGRESS", None),
            ("A", "DELETE_COMPLETE", None),
            ("notes", "UPDATE_COMPLETE", None),
        ]
        assert (await console.resource("A"))["PhysicalResourceId"] == "a2"
        assert sorted(aws.of("log group")) == ["a2", "unused"]
        assert aws.last("TagResource")["tags"] == {"of": "a2"}

    drive(story)


@pytest.mark.parametrize(("policy", "left"), [("Delete", ["a2"]), ("Retain", ["a", "a2"])])
def test_the_replaced_one_goes_by_its_update_replace_policy(drive: Any, aws: Any, policy: str, left: list[str]) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        await console.update(of(A={**group("a2"), "UpdateReplacePolicy": policy}))
        assert sorted(aws.of("log group")) == left
        assert ("A DELETE_SKIPPED" in await console.moves()) == (policy == "Retain")

    drive(story)


def test_a_removed_one_is_kept_by_its_deletion_policy(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a"), B={**group("b"), "DeletionPolicy": "Retain"}))
        await console.update(of(A=group("a")))
        assert sorted(aws.of("log group")) == ["a", "b"]
        assert "B DELETE_SKIPPED" in await console.moves()

    drive(story)


def test_a_custom_named_resource_that_must_be_replaced_is_refused_in_awss_words(drive: Any, aws: Any) -> None:
    def table(key: str) -> dict[str, Any]:
        keys = [{"AttributeName": key, "KeyType": "HASH"}]
        return {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "notes", "KeySchema": keys}}

    async def story(console: Any) -> None:
        await console.create(of(Table=table("id")))
        stack = await console.update(of(Table=table("other")))
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        reason = next(reason for name, status, reason in await console.events() if status == "UPDATE_FAILED")
        assert reason == (
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename notes and "
            "update "
            "the stack again."
        )
        assert list(aws.of("table")) == ["notes"]

    drive(story)


def test_a_change_of_keys_makes_a_new_table(drive: Any, aws: Any) -> None:
    def table(key: str) -> dict[str, Any]:
        keys = [{"AttributeName": key, "KeyType": "HASH"}]
        return {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": keys}}

    async def story(console: Any) -> None:
        await console.create(of(Table=table("id")))
        before = (await console.resource("Table"))["PhysicalResourceId"]
        await console.update(of(Table=table("other")))
        after = (await console.resource("Table"))["PhysicalResourceId"]
        assert before != after
        assert list(aws.of("table")) == [after]

    drive(story)


def test_a_parameter_alone_is_a_change(drive: Any, aws: Any) -> None:
    template = {
        "Parameters": {"Days": {"Type": "Number", "Default": 1}},
        **of(A=group("a", RetentionInDays={"Ref": "Days"})),
    }

    async def story(console: Any) -> None:
        await console.create(template)
        await console.do(
            "UpdateStack",
            StackName="notes",
            UsePreviousTemplate=True,
            Parameters=[{"ParameterKey": "Days", "ParameterValue": "5"}],
        )
        assert aws.of("log group")["a"]["retentionInDays"] == 5
        await console.do(
            "UpdateStack",
            StackName="notes",
            TemplateBody=json.dumps({**template, **of(A=group("a", RetentionInDays={"Ref": "Days"}), B=group("b"))}),
            Parameters=[{"ParameterKey": "Days", "UsePreviousValue": True}],
        )
        assert aws.of("log group")["a"]["retentionInDays"] == 5
        assert (await console.stack())["Parameters"] == [{"ParameterKey": "Days", "ParameterValue": "5"}]

    drive(story)


@pytest.mark.parametrize("spelling", ["7", 7, {"Fn::Join": ["", ["", "7"]]}])
def test_another_spelling_of_the_same_is_no_update(drive: Any, refused: Any, spelling: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=7)))
        message = await refused(console.update(of(A=group("a", RetentionInDays=spelling))))
        assert message == "ValidationError: No updates are to be performed."
        assert (await console.stack())["StackStatus"] == "CREATE_COMPLETE"

    drive(story)


def test_outputs_and_tags_alone_are_an_update(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        stack = await console.update({**of(A=group("a")), "Outputs": {"Name": {"Value": {"Ref": "A"}}}})
        assert stack["Outputs"] == [{"OutputKey": "Name", "OutputValue": "a"}]
        stack = await console.update(of(A=group("a")), Tags=[{"Key": "team", "Value": "notes"}])
        assert stack["Tags"] == [{"Key": "team", "Value": "notes"}]
        assert "Outputs" not in stack
        assert aws.last("TagResource")["tags"] == {"team": "notes"}

    drive(story)


def test_metadata_and_policies_change_without_a_call(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        aws.calls.clear()
        kept = {**group("a"), "Metadata": {"why": {"Ref": "AWS::StackName"}}, "DeletionPolicy": "Retain"}
        stack = await console.update(of(A=kept))
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        assert aws.calls == []
        assert json.loads((await console.resource("A"))["Metadata"]) == {"why": "notes"}
        await console.do("DeleteStack", StackName="notes")
        assert list(aws.of("log group")) == ["a"]

    drive(story)


def test_a_resource_cannot_become_one_of_another_type(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        message = await refused(console.update(of(A={"Type": "AWS::S3::Bucket"})))
        assert message == (
            "ValidationError: Update of resource type is not permitted. The new template modifies resource type of the "
            "following resources: [A]"
        )

    drive(story)


def test_what_is_no_stack_or_in_progress_or_rolled_back_cannot_be_updated(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        assert await refused(console.update(of(A=group("a")))) == "ValidationError: Stack [notes] does not exist"
        answer = await console.call("CreateStack", StackName="notes", TemplateBody=json.dumps(of(A=group("a"))))
        message = await refused(console.update(of(A=group("b"))))
        assert message == (
            f"ValidationError: Stack:{answer['StackId']} is in CREATE_IN_PROGRESS state and can not be updated."
        )
        await console.stacks.settled()
        await console.do("DeleteStack", StackName="notes")
        failed = await console.create(of(A={"Type": "AWS::SQS::Queue"}))
        message = await refused(console.update(of(A=group("b"))))
        assert message == (
            f"ValidationError: Stack:{failed['StackId']} is in ROLLBACK_COMPLETE state and can not be updated."
        )

    drive(story)


def test_a_clean_up_that_fails_does_not_fail_the_update(drive: Any, aws: Any) -> None:
    from pytest_rollbacklab.localaws.api import ServiceError

    aws.refuse("DeleteLogGroup", ServiceError("OperationAbortedException", "in use", 400))

    async def story(console: Any) -> None:
        await console.create(of(A=group("a"), B=group("b")))
        stack = await console.update(of(A=group("a")))
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        assert stack["StackStatusReason"] == "Update successful. One or more resources could not be deleted."
        assert "B DELETE_FAILED" in await console.moves()

    drive(story)


def test_a_condition_adds_and_takes_away_a_resource(drive: Any, aws: Any) -> None:
    template = {
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {
            "A": group("a", RetentionInDays={"Fn::If": ["IsProd", 30, {"Ref": "AWS::NoValue"}]}),
            "B": {**group("b"), "Condition": "IsProd"},
        },
        "Outputs": {"B": {"Condition": "IsProd", "Value": {"Ref": "B"}}},
    }

    def stage(value: str) -> list[dict[str, str]]:
        return [{"ParameterKey": "Stage", "ParameterValue": value}]

    async def story(console: Any) -> None:
        await console.create(template)
        assert list(aws.of("log group")) == ["a"]
        stack = await console.update(template, Parameters=stage("prod"))
        assert sorted(aws.of("log group")) == ["a", "b"]
        assert aws.of("log group")["a"]["retentionInDays"] == 30
        assert stack["Outputs"] == [{"OutputKey": "B", "OutputValue": "b"}]
        await console.update(template, Parameters=stage("dev"))
        assert list(aws.of("log group")) == ["a"]
        assert aws.names()[-2:] == ["DeleteRetentionPolicy", "DeleteLogGroup"]

    drive(story)


def test_an_update_of_one_resource_in_a_large_stack_calls_only_for_it(drive: Any, aws: Any) -> None:
    def large(days: int) -> dict[str, Any]:
        groups = {f"G{number}": group(f"g{number}", RetentionInDays=1) for number in range(300)}
        return of(**{**groups, "G7": group("g7", RetentionInDays=days)})

    async def story(console: Any) -> None:
        await console.create(large(1))
        aws.calls.clear()
        await console.update(large(3))
        assert aws.names() == ["PutRetentionPolicy"]

    drive(story)


def test_what_a_failed_creation_left_and_cannot_be_cleared_away_is_still_the_stacks(drive: Any, aws: Any) -> None:
    template = {
        "Resources": {"A": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "a", "RetentionInDays": 1}}}
    }
    aws.refuse("PutRetentionPolicy", ServiceError("LimitExceededException", "no room", 400))

    async def story(console: Any) -> None:
        assert (await console.create(template, DisableRollback=True))["StackStatus"] == "CREATE_FAILED"
        aws.refuse("DeleteLogGroup", ServiceError("AccessDeniedException", "not you", 400))
        assert (await console.update(template))["StackStatus"] == "UPDATE_FAILED"
        resource = await console.resource("A")
        assert resource["PhysicalResourceId"] == "a"
        assert "not you" in resource["ResourceStatusReason"]
        aws.allow_all()
        await console.do("DeleteStack", StackName="notes")
        assert aws.of("log group") == {}

    drive(story)
