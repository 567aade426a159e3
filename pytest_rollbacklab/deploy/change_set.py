"""Change sets: what a deployment would do to a stack, asked of CloudFormation before it is done.

Planning and executing are two steps, so that someone can look in between; and "nothing would change" is an answer, not
an error. Nothing here changes what runs: a change set that is not executed is only a description.

Follows "CreateChangeSet" and "DescribeChangeSet" of the CloudFormation API reference.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.deploy.configuration import Configuration, with_environment
from pytest_rollbacklab.deploy.stack import Stack, refused
from pytest_rollbacklab.errors import DeployError
from pytest_rollbacklab.model import Build, Change, ChangeSet
from pytest_rollbacklab.target import Target
from pytest_rollbacklab.wait import wait_for

__all__ = ["create_change_set", "delete_change_set"]

_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_LONGEST_BODY_BYTES = 51_200
_TIMEOUT_S = 600.0
# CloudFormation's two ways to say so: of a template, and of one with a transform.
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


def create_change_set(
    target: Target, stack: Stack, shelf: Shelf, build: Build, configuration: Configuration
) -> tuple[ChangeSet, bool]:
    """Ask CloudFormation what putting a build on a stack would change.

    A stack whose creation failed and was undone (ROLLBACK_COMPLETE) cannot be updated; it holds nothing and is deleted
    first, as the AWS CDK does.

    Args:
        configuration: What the build is deployed with.

    Returns:
        The change set, and whether there is one to execute. There is none when the stack stands as the build would have
        it. A change set can be executed and yet be empty: when outputs alone change.

    Raises:
        DeployError: CloudFormation refused it, in its words; or the build has no template.
        WaitTimeout: it was not described in time.
    """
    template = with_environment(shelf.template(build), configuration.environment)
    exists = _make_way(stack)
    name = f"build-{build.number}-{uuid.uuid4().hex[:12]}"
    cloudformation = target.client("cloudformation")
    try:
        cloudformation.create_change_set(
            StackName=stack.name,
            ChangeSetName=name,
            ChangeSetType="UPDATE" if exists else "CREATE",
            Capabilities=list(_CAPABILITIES),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in configuration.parameters.items()
            ],
            **_template(template, shelf),
        )
    except ClientError as error:
        raise refused(f"there is no change set of build {build.number} for {stack.name}", error) from error
    told = _described(target, stack.name, name)
    executable = told["Status"] != "FAILED"
    if not executable:
        _accept_no_changes(target, stack.name, name, build, told.get("StatusReason", "no reason given"))
    changes = tuple(_changes(cloudformation, stack.name, name, told))
    return ChangeSet(name=name, stack_name=stack.name, build_number=build.number, changes=changes), executable


def delete_change_set(target: Target, change_set: ChangeSet) -> None:
    """Delete a change set that will not be executed."""
    target.client("cloudformation").delete_change_set(StackName=change_set.stack_name, ChangeSetName=change_set.name)


def _make_way(stack: Stack) -> bool:
    """Return whether there is a stack to update; delete what is left of a failed creation."""
    state = stack.state()
    if state is not None and state.status == "ROLLBACK_COMPLETE":
        stack.delete()
        state = None
    # REVIEW_IN_PROGRESS: there is a change set that would create it, and nothing else.
    return state is not None and state.status != "REVIEW_IN_PROGRESS"


def _template(template: str, shelf: Shelf) -> dict[str, str]:
    if len(template.encode()) <= _LONGEST_BODY_BYTES:
        return {"TemplateBody": template}
    key, _ = shelf.keep_template(template)  # it is there already, unless the stage's variables were put in
    return {"TemplateURL": shelf.bucket.url(key)}


def _described(target: Target, stack_name: str, name: str) -> dict[str, Any]:
    """Wait until the change set is made, and return its first page."""
    cloudformation = target.client("cloudformation")
    seen: list[str] = []

    def made() -> dict[str, Any] | None:
        page: dict[str, Any] = cloudformation.describe_change_set(StackName=stack_name, ChangeSetName=name)
        seen[:] = [page["Status"]]
        return page if page["Status"] in ("CREATE_COMPLETE", "FAILED") else None

    return wait_for(
        f"the change set {name} of {stack_name}",
        made,
        timeout_s=_TIMEOUT_S,
        check=target.check,
        last_seen=lambda: seen[0],
    )


def _accept_no_changes(target: Target, stack_name: str, name: str, build: Build, reason: str) -> None:
    """Take away a failed change set; go on only when it failed because nothing would change."""
    target.client("cloudformation").delete_change_set(StackName=stack_name, ChangeSetName=name)
    if not any(words in reason for words in _NO_CHANGES):
        raise DeployError(
            f"build {build.number} cannot be put on {stack_name}: {reason}",
            looked_at=f"the change set {name}; nothing was changed",
            mend="mend the template or the stage's parameters, and build again",
        )


def _changes(cloudformation: Any, stack_name: str, name: str, page: dict[str, Any]) -> Iterator[Change]:
    while True:
        for change in page.get("Changes", ()):
            if change.get("Type") == "Resource":
                yield _change(change["ResourceChange"])
        if not page.get("NextToken"):
            return
        page = cloudformation.describe_change_set(StackName=stack_name, ChangeSetName=name, NextToken=page["NextToken"])


def _change(told: Mapping[str, Any]) -> Change:
    targets = [detail["Target"] for detail in told.get("Details", ()) if "Target" in detail]
    # One property may be there more than once, for each reason that it changes.
    names = dict.fromkeys(target.get("Name") or target["Attribute"] for target in targets)
    return Change(
        action=told["Action"],
        logical_id=told["LogicalResourceId"],
        resource_type=told["ResourceType"],
        replacement=told.get("Replacement"),
        properties=tuple(names),
    )
