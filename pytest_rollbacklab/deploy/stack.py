"""A stage's CloudFormation stack: what state it is in, and what went wrong in it.

Whether a deployment succeeded is the stack's own word, its status; why it did not is in its events. The table below
says for each status that a stack can settle in what has become of it. What is deployed is not known here.

Follows "Stack status codes" and "View stack events" of the CloudFormation user guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from pytest_rollbacklab.errors import DeployError
from pytest_rollbacklab.target import Target
from pytest_rollbacklab.wait import wait_for

__all__ = ["DEFAULT_TIMEOUT_S", "DEPLOYED", "Stack", "StackState", "refused"]

DEFAULT_TIMEOUT_S = 1800.0

DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
"""What a stack settles in when a deployment has succeeded."""

_GONE = "DELETE_COMPLETE"
_AGAIN = "mend what the events name, and deploy again"
_CONTINUE = "mend what the events name, then: aws cloudformation continue-update-rollback --stack-name {stack}"
_DELETE = "delete the stack, then deploy again: aws cloudformation delete-stack --stack-name {stack}"
# By the status that a failed deployment settles in: what became of the stack, and what to do.
_FAILED = {
    "UPDATE_ROLLBACK_COMPLETE": ("the stack went back to {before}", _AGAIN),
    "ROLLBACK_COMPLETE": ("the stack's creation was undone, and nothing of it runs", _AGAIN),
    "UPDATE_ROLLBACK_FAILED": ("going back to {before} failed too, and the stack is stuck between the two", _CONTINUE),
    "UPDATE_FAILED": ("nothing was undone, and the stack is neither this nor {before}", _CONTINUE),
    "ROLLBACK_FAILED": ("undoing the stack's creation failed too", _DELETE),
    "CREATE_FAILED": ("nothing was undone", _DELETE),
}
# A stack's own event of one of these begins an operation.
_BEGINS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")
_EVENTS_SHOWN = 5
# What CloudFormation writes on resources that failed only because another one did.
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled")


@dataclass(frozen=True, kw_only=True, slots=True)
class StackState:
    """What DescribeStacks says of a stack."""

    stack_id: str
    status: str
    reason: str | None
    outputs: Mapping[str, str]

    @property
    def settled(self) -> bool:
        """Whether nothing is under way."""
        return not self.status.endswith("_IN_PROGRESS")


class Stack:
    """One stack, by its name.

    Args:
        target: Where AWS is.
        name: The stack's name.
        timeout_s: Seconds that any one of its operations may take.
    """

    def __init__(self, target: Target, name: str, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self.name = name
        self._target, self._timeout_s = target, timeout_s
        self._cloudformation = target.client("cloudformation")

    def state(self, stack_id: str | None = None) -> StackState | None:
        """Return its state, or None when there is none; a deleted one is found by its id alone."""
        try:
            told = self._cloudformation.describe_stacks(StackName=stack_id or self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        return StackState(
            stack_id=told["StackId"],
            status=told["StackStatus"],
            reason=told.get("StackStatusReason"),
            outputs={output["OutputKey"]: output["OutputValue"] for output in told.get("Outputs", ())},
        )

    def execute(self, change_set: str, *, deploying: str, before: str) -> StackState:
        """Execute a change set and wait until the stack has settled.

        Args:
            change_set: Its name.
            deploying: What it brings, for the error: ``build 4``.
            before: What was live until now, for the error: ``build 3``.

        Raises:
            DeployError: it was refused, or did not complete; says why and what the stack went back to.
            WaitTimeout: the stack did not settle in time.
        """
        try:
            self._cloudformation.execute_change_set(StackName=self.name, ChangeSetName=change_set)
        except ClientError as error:
            raise refused(f"{deploying} was not deployed to {self.name}", error) from error
        state = self._settle(begun=True)
        if state.status not in DEPLOYED:
            raise self._failure(state, deploying, before)
        return state

    def settled(self) -> StackState | None:
        """Wait until nothing is under way and return the stack's state, or None when there is none.

        Raises:
            WaitTimeout: it did not settle in time.
        """
        state = self.state()
        # A stack that was only ever planned (REVIEW_IN_PROGRESS) has nothing under way, for all its name.
        return state if state is None or state.status == "REVIEW_IN_PROGRESS" else self._settle()

    def delete(self) -> None:
        """Delete the stack and wait until it is gone; nothing to do when there is none.

        Raises:
            DeployError: it was refused or failed.
            WaitTimeout: it was not gone in time.
        """
        state = self.state()
        if state is None:
            return
        try:
            self._cloudformation.delete_stack(StackName=self.name)
        except ClientError as error:
            raise refused(f"{self.name} was not deleted", error) from error
        settled = self._settle(state.stack_id, begun=True)
        if settled.status != _GONE:
            raise DeployError(f"{self.name} was not deleted: {_status(settled)}", looked_at=self._failed_events())

    def _settle(self, stack_id: str | None = None, *, begun: bool = False) -> StackState:
        """Wait until nothing is under way; what has just begun is not asked after at once."""
        seen: list[StackState] = []

        def settled() -> StackState | None:
            state = self.state(stack_id) or StackState(stack_id="", status=_GONE, reason=None, outputs={})
            seen[:] = [state]
            return state if state.settled else None

        return wait_for(
            f"the stack {self.name} to settle",
            settled,
            timeout_s=self._timeout_s,
            pause_first=begun,
            mend="look at its events: what is under way may still come to its end",
            check=self._target.check,
            last_seen=lambda: _status(seen[0]),
        )

    def _failure(self, state: StackState, deploying: str, before: str) -> DeployError:
        became, mend = _FAILED.get(state.status, ("the stack is gone", None))
        return DeployError(
            f"{deploying} was not deployed to {self.name}: {_status(state)}; {became.format(before=before)}",
            looked_at=self._failed_events(),
            mend=mend.format(stack=self.name) if mend else None,
        )

    def _failed_events(self) -> str:
        """Say which resources failed first in the last operation, and why."""
        failed = [event for event in self._last_operation() if event["ResourceStatus"].endswith("_FAILED")]
        failed.reverse()  # they come newest first
        causes = [event for event in failed if not event.get("ResourceStatusReason", "").startswith(_CANCELLED)]
        told = "; ".join(map(_event, causes[:_EVENTS_SHOWN]))
        more = f" and {len(causes) - _EVENTS_SHOWN} more" if len(causes) > _EVENTS_SHOWN else ""
        return f"its events: {told or 'none failed'}{more}"

    def _last_operation(self) -> Iterator[Mapping[str, Any]]:
        """Yield the events of the stack's last operation, newest first."""
        for page in self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=self.name):
            for event in page["StackEvents"]:
                yield event
                if event.get("PhysicalResourceId") == event["StackId"] and event["ResourceStatus"] in _BEGINS:
                    return


def refused(what: str, error: ClientError) -> DeployError:
    """Return the error for a call that CloudFormation refused, in its words."""
    told = error.response["Error"]
    return DeployError(f"{what}: {told['Message']}", looked_at=f"{error.operation_name}: {told['Code']}")


def _status(state: StackState) -> str:
    return f"{state.status} ({state.reason})" if state.reason else state.status


def _event(event: Mapping[str, Any]) -> str:
    reason = event.get("ResourceStatusReason", "no reason given")
    return f"{event['LogicalResourceId']} ({event['ResourceType']}) {event['ResourceStatus']}: {reason}"
