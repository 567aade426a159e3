"""Reading stacks, resources and events."""

from __future__ import annotations

from typing import Any

from pytest_rollbacklab.localaws.api import Call, Scope


def group(name: str) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}


TEMPLATE = {"Description": "two", "Resources": {"B": group("b"), "A": group("a")}}


def test_a_stack_has_the_members_that_aws_gives(drive: Any) -> None:
    async def story(console: Any) -> None:
        stack = await console.create(TEMPLATE, RoleARN="arn:aws:iam::111122223333:role/deployer")
        assert stack.pop("StackId").startswith("arn:aws:cloudformation:")
        assert stack.pop("CreationTime")
        assert stack == {
            "StackName": "notes",
            "Description": "two",
            "DisableRollback": False,
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
            "EnableTerminationProtection": False,
            "NotificationARNs": [],
            "RoleARN": "arn:aws:iam::111122223333:role/deployer",
            "RollbackConfiguration": {},
            "StackStatus": "CREATE_COMPLETE",
            "Tags": [],
        }

    drive(story)


def test_resources_are_listed_by_stack_and_found_by_physical_id(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(TEMPLATE)
        resources = (await console.call("DescribeStackResources", StackName="notes"))["StackResources"]
        assert [item["LogicalResourceId"] for item in resources] == ["A", "B"]
        assert {"StackName", "StackId", "Timestamp", "PhysicalResourceId", "ResourceStatus"} <= resources[0].keys()
        one = await console.call("DescribeStackResources", StackName="notes", LogicalResourceId="B")
        assert [item["PhysicalResourceId"] for item in one["StackResources"]] == ["b"]
        by_physical = await console.call("DescribeStackResources", PhysicalResourceId="a")
        assert len(by_physical["StackResources"]) == 2
        listed = (await console.call("ListStackResources", StackName="notes"))["StackResourceSummaries"]
        assert [item["ResourceStatus"] for item in listed] == ["CREATE_COMPLETE", "CREATE_COMPLETE"]
        assert await refused(console.call("DescribeStackResources", PhysicalResourceId="c")) == (
            "ValidationError: Stack for c does not exist"
        )
        assert await refused(console.call("DescribeStackResources")) == (
            "ValidationError: One of StackName or PhysicalResourceId must be specified."
        )

    drive(story)


def test_what_is_not_there_is_said_in_each_operations_words(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        assert await refused(console.call("DescribeStacks", StackName="x")) == (
            "ValidationError: Stack with id x does not exist"
        )
        assert await refused(console.call("DescribeStackEvents", StackName="x")) == (
            "ValidationError: Stack [x] does not exist"
        )
        assert await refused(console.call("ListStackResources", StackName="x")) == (
            "ValidationError: Stack with id x does not exist"
        )
        assert await refused(console.call("ListChangeSets", StackName="x")) == (
            "ValidationError: Stack [x] does not exist"
        )
        call = console.call("DescribeStackResource", StackName="x", LogicalResourceId="A")
        assert await refused(call) == "ValidationError: Stack 'x' does not exist"
        await console.create(TEMPLATE)
        call = console.call("DescribeStackResource", StackName="notes", LogicalResourceId="C")
        assert await refused(call) == "ValidationError: Resource C does not exist for stack notes"

    drive(story)


def test_deleted_stacks_are_found_by_their_id_and_in_the_list(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        stack_id = (await console.create(TEMPLATE))["StackId"]
        await console.do("DeleteStack", StackName="notes")
        assert await refused(console.stack()) == "ValidationError: Stack with id notes does not exist"
        assert "EnableTerminationProtection" not in await console.stack(stack_id)
        assert (await console.call("DescribeStacks"))["Stacks"] == []
        await console.create(TEMPLATE)
        summaries = (await console.call("ListStacks"))["StackSummaries"]
        assert [item["StackStatus"] for item in summaries] == ["CREATE_COMPLETE", "DELETE_COMPLETE"]
        assert summaries[0]["TemplateDescription"] == "two"
        filtered = await console.call("ListStacks", StackStatusFilter=["DELETE_COMPLETE"])
        assert [item["StackId"] for item in filtered["StackSummaries"]] == [stack_id]
        resources = (await console.call("DescribeStackResources", StackName=stack_id))["StackResources"]
        assert {item["ResourceStatus"] for item in resources} == {"DELETE_COMPLETE"}

    drive(story)


def test_events_come_in_pages_from_the_newest(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        await console.create({"Resources": {f"G{number}": group(f"g{number}") for number in range(50)}})
        first = await console.call("DescribeStackEvents", StackName="notes")
        assert len(first["StackEvents"]) == 100
        assert first["StackEvents"][0]["ResourceStatus"] == "CREATE_COMPLETE"
        rest = await console.call("DescribeStackEvents", StackName="notes", NextToken=first["NextToken"])
        assert len(rest["StackEvents"]) == 52
        assert rest["StackEvents"][-1]["ResourceStatusReason"] == "User Initiated"
        ids = {event["EventId"] for event in [*first["StackEvents"], *rest["StackEvents"]]}
        assert len(ids) == 152
        call = console.call("ListStackResources", StackName="notes", NextToken="none")
        assert await refused(call) == "ValidationError: Invalid NextToken 'none'"
        call = console.call("DescribeStackEvents", StackName="notes", NextToken="none")
        assert await refused(call) == "ValidationError: Invalid NextToken 'none'"

    drive(story)


def test_nothing_of_one_account_or_region_is_seen_in_another(drive: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(TEMPLATE)
        for account, region in (("999988887777", "eu-west-1"), ("111122223333", "us-east-1")):
            call = Call(
                scope=Scope(account_id=account, region=region),
                service="cloudformation",
                operation="DescribeStacks",
                access_key=account,
                request_id="r",
            )
            assert console.stacks.service.operations["DescribeStacks"](call, {}) == {"Stacks": []}

    drive(story)
