"""Deleting stacks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pytest_rollbacklab.localaws.api import ServiceError


def group(name: str, *depends_on: str) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}, "DependsOn": list(depends_on)}


def of(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def test_what_depends_on_others_is_deleted_before_them(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        stack_id = (await console.create(of(A=group("a"), B=group("b", "A"))))["StackId"]
        await console.do("DeleteStack", StackName="notes", ClientRequestToken="token-2")
        assert await console.events(stack_id, since=8) == [
            ("notes", "DELETE_IN_PROGRESS", "User Initiated"),
            ("B", "DELETE_IN_PROGRESS", None),
            ("B", "DELETE_COMPLETE", None),
            ("A", "DELETE_IN_PROGRESS", None),
            ("A", "DELETE_COMPLETE", None),
            ("notes", "DELETE_COMPLETE", None),
        ]
        stack = await console.stack(stack_id)
        assert stack["StackStatus"] == "DELETE_COMPLETE"
        assert "DeletionTime" in stack
        assert aws.of("log group") == {}

    drive(story)


def test_deleting_what_is_not_there_is_no_error(drive: Any) -> None:
    async def story(console: Any) -> None:
        assert await console.do("DeleteStack", StackName="nothing") == {}
        stack_id = (await console.create(of(A=group("a"))))["StackId"]
        await console.do("DeleteStack", StackName=stack_id)
        assert await console.do("DeleteStack", StackName=stack_id) == {}

    drive(story)


def test_a_resource_that_is_gone_already_counts_as_deleted(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        stack_id = (await console.create(of(A=group("a"))))["StackId"]
        aws.of("log group").clear()
        await console.do("DeleteStack", StackName="notes")
        assert (await console.stack(stack_id))["StackStatus"] == "DELETE_COMPLETE"

    drive(story)


def test_a_deletion_that_fails_leaves_what_it_depends_on_and_can_go_on(drive: Any, aws: Any, refused: Any) -> None:
    in_use = ServiceError("OperationAbortedException", "in use", 400)
    aws.refuse("DeleteLogGroup", in_use, lambda params: params["logGroupName"] == "b")

    async def story(console: Any) -> None:
        await console.create(of(A=group("a"), B=group("b", "A"), Other=group("other")))
        message = await refused(console.do("DeleteStack", StackName="notes", RetainResources=["B"]))
        assert "RetainResources may only be given when the stack is in DELETE_FAILED" in message
        await console.do("DeleteStack", StackName="notes")
        stack = await console.stack()
        assert stack["StackStatus"] == "DELETE_FAILED"
        assert stack["StackStatusReason"] == "The following resource(s) failed to delete: [B]. "
        assert sorted(aws.of("log group")) == ["a", "b"]
        await console.do("DeleteStack", StackName="notes", RetainResources=["B"])
        assert (await console.stack(stack["StackId"]))["StackStatus"] == "DELETE_COMPLETE"
        assert list(aws.of("log group")) == ["b"]

    drive(story)


def test_retained_resources_are_skipped(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        stack_id = (await console.create(of(A={**group("a"), "DeletionPolicy": "Retain"})))["StackId"]
        await console.do("DeleteStack", StackName="notes")
        assert "A DELETE_SKIPPED" in await console.moves(stack_id)
        assert list(aws.of("log group")) == ["a"]

    drive(story)


def test_a_stack_that_is_being_created_can_be_deleted(drive: Any, aws: Any) -> None:
    gate = aws.hold("CreateLogGroup")

    async def story(console: Any) -> None:
        answer = await console.call(
            "CreateStack", StackName="notes", TemplateBody=json.dumps(of(A=group("a"), B=group("b", "A")))
        )
        await gate.reached.wait()
        await console.call("DeleteStack", StackName="notes")
        assert (await console.stack())["StackStatus"] == "DELETE_IN_PROGRESS"
        gate.opened.set()
        await console.stacks.settled()
        assert (await console.stack(answer["StackId"]))["StackStatus"] == "DELETE_COMPLETE"
        assert aws.of("log group") == {}

    drive(story)


def test_a_stack_that_is_being_updated_cannot_be_deleted(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        stack = await console.create(of(A=group("a")))
        await console.call("UpdateStack", StackName="notes", TemplateBody=json.dumps(of(A=group("b"))))
        assert await refused(console.call("DeleteStack", StackName="notes")) == (
            f"ValidationError: Stack [{stack['StackId']}] cannot be deleted while in status UPDATE_IN_PROGRESS"
        )

    drive(story)


def test_a_protected_stack_is_not_deleted(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        stack = await console.create(of(A=group("a")), EnableTerminationProtection=True)
        assert stack["EnableTerminationProtection"] is True
        assert await refused(console.call("DeleteStack", StackName="notes")) == (
            "ValidationError: Stack [notes] cannot be deleted while TerminationProtection is enabled"
        )
        await console.call("UpdateTerminationProtection", StackName="notes", EnableTerminationProtection=False)
        await console.do("DeleteStack", StackName="notes")
        assert (await console.stack(stack["StackId"]))["StackStatus"] == "DELETE_COMPLETE"

    drive(story)


def test_what_is_not_emulated_of_a_deletion_is_refused_by_name(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        call = console.call("DeleteStack", StackName="notes", DeletionMode="FORCE_DELETE_STACK")
        assert await refused(call) == (
            "ValidationError: The local AWS does not emulate the DeletionMode FORCE_DELETE_STACK of DeleteStack."
        )
        call = console.call("UpdateTerminationProtection", StackName="x", EnableTerminationProtection=True)
        assert await refused(call) == "ValidationError: Stack [x] does not exist"

    drive(story)


def test_an_engine_that_stumbles_leaves_no_stack_in_progress(drive: Any, caplog: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        stack = next(iter(console.stacks._engine.store(console.scope).stacks.values()))
        stack.resources = None
        await console.do("DeleteStack", StackName="notes")
        assert stack.status == "DELETE_FAILED"
        assert stack.status_reason.startswith("Internal Failure: AttributeError(")

    drive(story)
    assert "an operation on the stack notes failed" in caplog.text


def test_closing_stops_what_is_in_progress(drive: Any, aws: Any) -> None:
    gate = aws.hold("CreateLogGroup")

    async def story(console: Any) -> None:
        await console.call("CreateStack", StackName="notes", TemplateBody=json.dumps(of(A=group("a"))))
        await gate.reached.wait()
        await console.stacks.close()
        await console.stacks.settled()
        assert (await console.stack())["StackStatus"] == "CREATE_IN_PROGRESS"
        assert len(asyncio.all_tasks()) == 2

    drive(story)
