"""Creating stacks: order, events, values, and what happens when a resource fails."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

GROUPS = {
    "Resources": {
        "Second": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": {"Fn::Sub": "${First}-copy"}, "RetentionInDays": "7"},
        },
        "First": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "first"}},
    }
}


def group(name: str, *depends_on: str) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}, "DependsOn": list(depends_on)}


def of(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def named(name: str) -> Any:
    return lambda params: params.get("logGroupName") == name


BROKEN = ServiceError("InvalidParameterException", "no room", 400)


def test_resources_are_made_in_the_order_of_their_references_with_awss_events(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        stack = await console.create(GROUPS, ClientRequestToken="token-1")
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        assert await console.events() == [
            ("notes", "CREATE_IN_PROGRESS", "User Initiated"),
            ("First", "CREATE_IN_PROGRESS", None),
            ("First", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
            ("First", "CREATE_COMPLETE", None),
            ("Second", "CREATE_IN_PROGRESS", None),
            ("Second", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
            ("Second", "CREATE_COMPLETE", None),
            ("notes", "CREATE_COMPLETE", None),
        ]
        assert aws.names() == ["CreateLogGroup", "CreateLogGroup", "PutRetentionPolicy"]
        assert aws.last("PutRetentionPolicy") == {"logGroupName": "first-copy", "retentionInDays": 7}

    drive(story)


def test_events_carry_the_token_their_properties_and_distinct_ids_in_order(drive: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(GROUPS, ClientRequestToken="token-1")
        events = (await console.call("DescribeStackEvents", StackName="notes"))["StackEvents"]
        assert {event["ClientRequestToken"] for event in events} == {"token-1"}
        assert len({event["EventId"] for event in events}) == len(events)
        times = [event["Timestamp"] for event in events]
        assert times == sorted(times, reverse=True)
        first = [event for event in events[::-1] if event["LogicalResourceId"] == "First"]
        assert [event["PhysicalResourceId"] for event in first] == ["", "first", "first"]
        assert json.loads(first[0]["ResourceProperties"]) == {"LogGroupName": "first"}

    drive(story)


def test_the_answer_comes_at_once_and_the_work_follows(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        answer = await console.call("CreateStack", StackName="notes", TemplateBody=json.dumps(GROUPS))
        assert answer["StackId"].startswith("arn:aws:cloudformation:eu-west-1:111122223333:stack/notes/")
        assert (await console.stack())["StackStatus"] == "CREATE_IN_PROGRESS"
        assert aws.calls == []
        await console.stacks.settled()
        assert (await console.stack())["StackStatus"] == "CREATE_COMPLETE"

    drive(story)


def test_a_failure_cancels_what_has_begun_and_rolls_everything_back(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        template = of(
            Good=group("good"), Bad=group("bad", "Good"), Beside=group("beside", "Good"), Later=group("l", "Bad")
        )
        stack = await console.create(template)
        assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
        events = await console.events()
        reason = next(reason for name, status, reason in events if (name, status) == ("Bad", "CREATE_FAILED"))
        assert reason.startswith(
            'Resource handler returned message: "no room (Service: CloudWatchLogs, Status Code: 400'
        )
        assert reason.endswith("HandlerErrorCode: InvalidRequest)")
        assert [event for event in events if event[0] != "Bad" or event[1] != "CREATE_FAILED"][4:] == [
            ("Bad", "CREATE_IN_PROGRESS", None),
            ("Beside", "CREATE_IN_PROGRESS", None),
            ("Beside", "CREATE_FAILED", "Resource creation cancelled"),
            (
                "notes",
                "ROLLBACK_IN_PROGRESS",
                "The following resource(s) failed to create: [Bad, Beside]. Rollback requested by user.",
            ),
            ("Bad", "DELETE_COMPLETE", None),
            ("Beside", "DELETE_COMPLETE", None),
            ("Good", "DELETE_IN_PROGRESS", None),
            ("Good", "DELETE_COMPLETE", None),
            ("notes", "ROLLBACK_COMPLETE", None),
        ]
        assert aws.of("log group") == {}
        assert "Outputs" not in stack

    drive(story)


def test_a_resource_that_fails_after_it_was_made_is_deleted_again(drive: Any, aws: Any) -> None:
    aws.refuse("PutRetentionPolicy", BROKEN)

    async def story(console: Any) -> None:
        await console.create(GROUPS)
        assert aws.of("log group") == {}
        assert aws.names()[-2:] == ["DeleteLogGroup", "DeleteLogGroup"]

    drive(story)


def test_what_is_under_way_when_another_fails_is_waited_for_and_deleted(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))
    gate = aws.hold("CreateTable")

    async def story(console: Any) -> None:
        table = {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {"TableName": "slow", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]},
        }
        await console.call("CreateStack", StackName="notes", TemplateBody=json.dumps(of(Slow=table, Bad=group("bad"))))
        await aws.refused.wait()
        assert "Bad CREATE_FAILED" in await console.moves()
        assert (await console.stack())["StackStatus"] == "CREATE_IN_PROGRESS"
        gate.opened.set()
        await console.stacks.settled()
        assert (await console.stack())["StackStatus"] == "ROLLBACK_COMPLETE"
        assert aws.of("table") == {}

    drive(story)


def test_a_resource_that_is_retained_is_skipped_by_the_rollback(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        kept = {**group("kept"), "DeletionPolicy": "Retain"}
        passing = {**group("passing"), "DeletionPolicy": "RetainExceptOnCreate"}
        await console.create(of(Kept=kept, Passing=passing, Bad=group("bad", "Kept", "Passing")))
        assert "Kept DELETE_SKIPPED" in await console.moves()
        assert list(aws.of("log group")) == ["kept"]

    drive(story)


def test_a_rollback_that_cannot_delete_says_so(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))
    aws.refuse("DeleteLogGroup", ServiceError("OperationAbortedException", "in use", 400), named("good"))

    async def story(console: Any) -> None:
        stack = await console.create(of(Good=group("good"), Bad=group("bad", "Good")))
        assert stack["StackStatus"] == "ROLLBACK_FAILED"
        assert stack["StackStatusReason"] == "The following resource(s) failed to delete: [Good]. "
        aws.allow_all()
        await console.do("DeleteStack", StackName="notes")
        assert aws.of("log group") == {}

    drive(story)


@pytest.mark.parametrize("option", [{"DisableRollback": True}, {"OnFailure": "DO_NOTHING"}])
def test_without_rollback_everything_stays_as_it_failed(drive: Any, aws: Any, option: dict[str, Any]) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        stack = await console.create(of(Good=group("good"), Bad=group("bad", "Good")), **option)
        assert stack["StackStatus"] == "CREATE_FAILED"
        assert stack["StackStatusReason"] == "The following resource(s) failed to create: [Bad]. "
        assert list(aws.of("log group")) == ["good"]
        assert (await console.resource("Bad"))["ResourceStatus"] == "CREATE_FAILED"

    drive(story)


def test_a_stack_that_was_left_failed_can_be_mended_by_an_update(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        await console.create(of(Good=group("good"), Bad=group("bad", "Good")), DisableRollback=True)
        stack = await console.update(of(Good=group("good"), Bad=group("better", "Good")))
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        assert sorted(aws.of("log group")) == ["better", "good"]

    drive(story)


def test_on_failure_delete_leaves_nothing(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", BROKEN, named("bad"))

    async def story(console: Any) -> None:
        answer = await console.do(
            "CreateStack",
            StackName="notes",
            TemplateBody=json.dumps(of(Good=group("good"), Bad=group("bad", "Good"))),
            OnFailure="DELETE",
        )
        assert (await console.stack(answer["StackId"]))["StackStatus"] == "DELETE_COMPLETE"
        assert aws.of("log group") == {}

    drive(story)


def test_disable_rollback_and_on_failure_exclude_each_other(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        message = await refused(console.create(GROUPS, DisableRollback=True, OnFailure="DELETE"))
        assert message == "ValidationError: You may only specify one of DisableRollback or OnFailure."

    drive(story)


def test_an_output_that_cannot_be_evaluated_fails_the_stack(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        template = {**GROUPS, "Outputs": {"None": {"Value": {"Fn::Select": [3, {"Fn::Split": [",", "a,b"]}]}}}}
        stack = await console.create(template)
        assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
        _, _, reason = next(event for event in await console.events() if event[1] == "ROLLBACK_IN_PROGRESS")
        assert reason == (
            "Template error: Fn::Select cannot select nonexistent value at index 3. Rollback requested by user."
        )
        assert aws.of("log group") == {}

    drive(story)


def test_outputs_are_there_when_the_stack_is(drive: Any) -> None:
    async def story(console: Any) -> None:
        outputs = {
            "Group": {"Value": {"Ref": "Second"}, "Description": "the second"},
            "Arn": {"Value": {"Fn::GetAtt": ["First", "Arn"]}, "Export": {"Name": "first-arn"}},
        }
        stack = await console.create({**GROUPS, "Outputs": outputs})
        assert stack["Outputs"] == [
            {"OutputKey": "Group", "OutputValue": "first-copy", "Description": "the second"},
            {
                "OutputKey": "Arn",
                "OutputValue": "arn:aws:logs:eu-west-1:111122223333:log-group:first:*",
                "ExportName": "first-arn",
            },
        ]

    drive(story)


def test_a_type_that_the_local_aws_has_not_fails_by_name(drive: Any) -> None:
    async def story(console: Any) -> None:
        stack = await console.create(of(Queue={"Type": "AWS::SQS::Queue"}))
        assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
        assert ("Queue", "CREATE_FAILED", "The local AWS does not emulate resources of the type AWS::SQS::Queue.") in (
            await console.events()
        )

    drive(story)


def test_a_property_that_the_local_aws_has_not_fails_by_name(drive: Any) -> None:
    async def story(console: Any) -> None:
        table = {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "ContributorInsightsSpecification": {"Enabled": True},
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "by-date",
                        "KeySchema": [{"AttributeName": "date", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                        "ContributorInsightsSpecification": {"Enabled": True},
                    }
                ],
            },
        }
        await console.create(of(Table=table))
        failed = next(event for event in await console.events() if event[:2] == ("Table", "CREATE_FAILED"))
        assert failed[2] == (
            "The local AWS does not emulate these properties of AWS::DynamoDB::Table: "
            "ContributorInsightsSpecification, GlobalSecondaryIndexes/ContributorInsightsSpecification"
        )

    drive(story)


def test_properties_that_aws_has_not_fail_with_their_path(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        function = {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Code": {"S3Bukket": "shelf"}, "Timeout": "soon", "Rolle": "r"},
        }
        await console.create(of(Function=function))
        failed = next(event for event in await console.events() if event[:2] == ("Function", "CREATE_FAILED"))
        assert failed[2] == (
            "Properties validation failed for resource Function with message:\n"
            "#: extraneous key [Rolle] is not permitted\n"
            "#: required key [Role] not found\n"
            "#/Code: extraneous key [S3Bukket] is not permitted\n"
            "#/Timeout: expected type: Integer, found: String"
        )
        assert aws.calls == []

    drive(story)


def test_a_resource_type_that_stumbles_fails_its_resource_and_the_service_goes_on(
    drive: Any, aws: Any, caplog: Any
) -> None:
    def stumble(_params: Any) -> None:
        raise KeyError("arn")

    aws._CreateTable = stumble

    async def story(console: Any) -> None:
        table = {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]},
        }
        await console.create(of(Table=table))
        assert ("Table", "CREATE_FAILED", "Internal Failure: KeyError('arn')") in await console.events()
        await console.do("DeleteStack", StackName="notes")
        assert (await console.create(GROUPS))["StackStatus"] == "CREATE_COMPLETE"

    drive(story)
    assert "a resource type failed" in caplog.text


@pytest.mark.parametrize(
    ("code", "status", "handler_error_code"),
    [
        ("ResourceNotFoundException", 404, "NotFound"),
        ("ResourceAlreadyExistsException", 400, "AlreadyExists"),
        ("AccessDeniedException", 403, "AccessDenied"),
        ("ThrottlingException", 400, "Throttling"),
        ("InvalidParameterException", 400, "InvalidRequest"),
        ("ServiceUnavailableException", 503, "GeneralServiceException"),
    ],
)
def test_a_services_refusal_is_told_as_awss_handlers_tell_it(
    drive: Any, aws: Any, code: str, status: int, handler_error_code: str
) -> None:
    aws.refuse("CreateLogGroup", ServiceError(code, "no", status))

    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        reason = next(reason for _, status, reason in await console.events() if status == "CREATE_FAILED")
        assert reason.startswith(
            f'Resource handler returned message: "no (Service: CloudWatchLogs, Status Code: {status},'
        )
        assert reason.endswith(f"HandlerErrorCode: {handler_error_code})")

    drive(story)


def test_names_that_the_template_does_not_give_are_made_up(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(Logs={"Type": "AWS::Logs::LogGroup"}, Files={"Type": "AWS::S3::Bucket"}))
        (group_name,), (bucket,) = aws.of("log group"), aws.of("bucket")
        assert group_name.startswith("notes-Logs-")
        assert bucket.startswith("notes-files-")
        assert bucket == bucket.lower()

    drive(story)


def test_the_stacks_tags_go_to_the_resources_that_take_tags(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        own = {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": "own", "Tags": [{"Key": "team", "Value": "own"}]},
        }
        pool = {"Type": "AWS::Cognito::UserPool"}
        tags = [{"Key": "team", "Value": "notes"}, {"Key": "stage", "Value": "dev"}]
        stack = await console.create(of(Plain=group("plain"), Own=own, Pool=pool), Tags=tags)
        assert stack["Tags"] == tags
        assert aws.of("log group")["plain"]["tags"] == {"team": "notes", "stage": "dev"}
        assert aws.of("log group")["own"]["tags"] == {"team": "own", "stage": "dev"}
        assert next(iter(aws.of("user pool").values()))["UserPoolTags"] == {"team": "notes", "stage": "dev"}

    drive(story)


def test_a_name_is_taken_until_its_stack_is_deleted(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        first = await console.create(GROUPS)
        message = await refused(console.create(GROUPS))
        assert message == "AlreadyExistsException: Stack [notes] already exists"
        await console.do("DeleteStack", StackName="notes")
        second = await console.create(GROUPS)
        assert second["StackId"] != first["StackId"]

    drive(story)


def test_of_two_calls_for_one_name_at_once_one_is_refused(drive: Any) -> None:
    async def story(console: Any) -> None:
        body = "Transform: AWS::Serverless-2016-10-31\nResources:\n  L: {Type: AWS::Logs::LogGroup}\n"
        calls = [
            console.call("CreateStack", StackName="notes", TemplateBody=body, Capabilities=["CAPABILITY_AUTO_EXPAND"])
            for _ in range(2)
        ]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ServiceError", "dict"]
        await console.stacks.settled()

    drive(story)


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
        (
            "*@da591fa3_$",
            "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*",
        ),
        ("n" * 129, "Member must have length less than or equal to 128"),
    ],
)
def test_what_can_be_no_name_is_refused(drive: Any, refused: Any, name: str, constraint: str) -> None:
    async def story(console: Any) -> None:
        assert await refused(console.create(GROUPS, StackName=name)) == (
            f"ValidationError: 1 validation error detected: Value '{name}' at 'stackName' failed to satisfy "
            f"constraint: {constraint}"
        )

    drive(story)


@pytest.mark.parametrize(
    ("option", "named_as"),
    [
        ({"NotificationARNs": ["arn:aws:sns:eu-west-1:1:t"]}, "the option NotificationARNs"),
        ({"TimeoutInMinutes": 5}, "the option TimeoutInMinutes"),
        ({"StackPolicyBody": "{}"}, "the option StackPolicyBody"),
        ({"RollbackConfiguration": {"MonitoringTimeInMinutes": 1}}, "the option RollbackConfiguration"),
    ],
)
def test_options_that_are_not_emulated_are_refused_by_name(
    drive: Any, refused: Any, option: dict[str, Any], named_as: str
) -> None:
    async def story(console: Any) -> None:
        message = await refused(console.create(GROUPS, **option))
        assert message == f"ValidationError: The local AWS does not emulate {named_as} of CreateStack."

    drive(story)


def test_only_types_that_the_caller_allows_are_made(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        message = await refused(console.create(GROUPS, ResourceTypes=["AWS::EC2::*"]))
        assert message == (
            "ValidationError: Resource type AWS::Logs::LogGroup is not allowed by parameter ResourceTypes [AWS::EC2::*]"
        )
        assert (await console.create(GROUPS, ResourceTypes=["AWS::Logs::*"]))["StackStatus"] == "CREATE_COMPLETE"

    drive(story)
