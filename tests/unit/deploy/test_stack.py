from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.deploy.stack import Stack
from pytest_rollbacklab.errors import CloudError, DeployError, WaitTimeout

NAME = "notes-prod"


def event(logical_id: str, status: str, reason: str | None = None, *, kind: str = "AWS::Lambda::Function") -> Any:
    physical_id = f"arn:{NAME}" if logical_id == NAME else f"{logical_id}-physical"
    told = {
        "StackId": f"arn:{NAME}",
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceType": "AWS::CloudFormation::Stack" if logical_id == NAME else kind,
        "ResourceStatus": status,
    }
    return told if reason is None else {**told, "ResourceStatusReason": reason}


FAILED_UPDATE = [
    event(NAME, "UPDATE_ROLLBACK_COMPLETE"),
    event("List", "UPDATE_FAILED", "Resource update cancelled"),
    event("Table", "CREATE_FAILED"),
    event("Create", "UPDATE_FAILED", "Error occurred while GetObject. S3 Error Code: NoSuchKey."),
    event(NAME, "UPDATE_IN_PROGRESS", "User Initiated"),
    event("Older", "CREATE_FAILED", "of an earlier operation"),
]


@pytest.fixture
def stack(target: Any, cloudformation: Any) -> Stack:
    cloudformation.add_stack(NAME, "UPDATE_COMPLETE", Url="https://prod")
    cloudformation.change_sets["good"] = {}
    return Stack(target, NAME, timeout_s=5)


def execute(stack: Stack) -> Any:
    return stack.execute("good", deploying="build 4", before="build 3")


def test_a_stack_tells_its_state(stack: Stack, target: Any) -> None:
    state = stack.state()
    assert state is not None
    assert (state.status, state.reason, state.settled) == ("UPDATE_COMPLETE", None, True)
    assert state.outputs == {"Url": "https://prod"}
    assert Stack(target, "nosuch").state() is None


def test_an_execution_ends_when_the_stack_has_settled(stack: Stack, cloudformation: Any) -> None:
    cloudformation.next_statuses = [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]
    assert execute(stack).status == "UPDATE_COMPLETE"
    assert len(cloudformation.called("DescribeStacks")) == 3


def test_a_failed_update_says_why_and_what_the_stack_went_back_to(stack: Stack, cloudformation: Any) -> None:
    cloudformation.next_statuses = ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
    cloudformation.next_events = FAILED_UPDATE
    with pytest.raises(DeployError) as caught:
        execute(stack)
    assert str(caught.value) == (
        "build 4 was not deployed to notes-prod: UPDATE_ROLLBACK_COMPLETE; the stack went back to build 3\n"
        "  looked at: its events: Create (AWS::Lambda::Function) UPDATE_FAILED: "
        "Error occurred while GetObject. S3 Error Code: NoSuchKey.; "
        "Table (AWS::Lambda::Function) CREATE_FAILED: no reason given\n"
        "  what to do: mend what the events name, and deploy again"
    )


@pytest.mark.parametrize(
    ("status", "became", "mend"),
    [
        ("ROLLBACK_COMPLETE", "creation was undone, and nothing of it runs", "and deploy again"),
        (
            "UPDATE_ROLLBACK_FAILED",
            "going back to build 3 failed too",
            "continue-update-rollback --stack-name notes-prod",
        ),
        ("UPDATE_FAILED", "neither this nor build 3", "continue-update-rollback --stack-name notes-prod"),
        ("ROLLBACK_FAILED", "undoing the stack's creation failed too", "delete-stack --stack-name notes-prod"),
        ("CREATE_FAILED", "nothing was undone", "delete-stack --stack-name notes-prod"),
        ("DELETE_COMPLETE", "the stack is gone", ""),
    ],
)
def test_every_status_that_a_failure_can_settle_in_is_explained(
    stack: Stack, cloudformation: Any, status: str, became: str, mend: str
) -> None:
    cloudformation.next_statuses = [status]
    cloudformation.next_reason = "The following resource(s) failed"
    with pytest.raises(DeployError) as caught:
        execute(stack)
    assert f"{status} (The following resource(s) failed); " in caught.value.what
    assert became in caught.value.what
    assert mend in (caught.value.mend or "")
    assert caught.value.looked_at == "its events: none failed"


def test_only_the_first_failures_are_listed(stack: Stack, cloudformation: Any) -> None:
    cloudformation.next_statuses = ["ROLLBACK_COMPLETE"]
    cloudformation.next_events = [event(f"F{at}", "CREATE_FAILED", "no") for at in reversed(range(7))]
    with pytest.raises(DeployError, match=r"events: F0 .*F4 \(AWS::Lambda::Function\) CREATE_FAILED: no and 2 more"):
        execute(stack)


def test_a_refused_execution_is_told_in_cloudformations_words(stack: Stack, cloudformation: Any) -> None:
    cloudformation.refuses["ExecuteChangeSet"] = "Stack:arn:notes-prod is in UPDATE_IN_PROGRESS state"
    with pytest.raises(DeployError) as caught:
        execute(stack)
    assert str(caught.value) == (
        "build 4 was not deployed to notes-prod: Stack:arn:notes-prod is in UPDATE_IN_PROGRESS state\n"
        "  looked at: ExecuteChangeSet: ValidationError"
    )


def test_a_stack_that_does_not_settle_is_said_with_its_last_status(
    target: Any, cloudformation: Any, stack: Stack
) -> None:
    cloudformation.next_statuses = ["UPDATE_IN_PROGRESS"]
    with pytest.raises(WaitTimeout, match=r"the stack notes-prod to settle .*\n.*UPDATE_IN_PROGRESS"):
        execute(Stack(target, NAME, timeout_s=0))


def test_a_cloud_that_dies_ends_the_wait(stack: Stack, target: Any, cloudformation: Any) -> None:
    def dead() -> None:
        raise CloudError("the local AWS is gone")

    target.check = dead
    cloudformation.next_statuses = ["UPDATE_IN_PROGRESS"]
    with pytest.raises(CloudError):
        execute(stack)


def test_a_deletion_ends_when_the_stack_is_gone(stack: Stack, cloudformation: Any) -> None:
    stack.delete()
    assert stack.state() is None
    stack.delete()
    assert len(cloudformation.called("DeleteStack")) == 1


def test_a_deletion_that_fails_says_why(stack: Stack, cloudformation: Any) -> None:
    cloudformation.delete_leaves = "DELETE_FAILED"
    cloudformation.events[NAME] = [event("Bucket", "DELETE_FAILED", "The bucket is not empty", kind="AWS::S3::Bucket")]
    with pytest.raises(DeployError, match=r"notes-prod was not deleted: DELETE_FAILED\n.*The bucket is not empty"):
        stack.delete()


def test_a_deletion_that_is_refused_says_why(stack: Stack, cloudformation: Any) -> None:
    cloudformation.refuses["DeleteStack"] = (
        "Stack [notes-prod] cannot be deleted while TerminationProtection is enabled"
    )
    with pytest.raises(DeployError, match=r"notes-prod was not deleted: .*TerminationProtection is enabled"):
        stack.delete()


def test_a_stack_that_was_only_planned_is_not_waited_for(target: Any, cloudformation: Any) -> None:
    cloudformation.add_stack("notes-dev", "REVIEW_IN_PROGRESS")
    state = Stack(target, "notes-dev").settled()
    assert state is not None
    assert state.status == "REVIEW_IN_PROGRESS"
    assert len(cloudformation.called("DescribeStacks")) == 1
