"""The operations on change sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.stacks.operations.options import check_stack_name, refuse_options
from pytest_rollbacklab.localaws.stacks.operations.pages import page
from pytest_rollbacklab.localaws.stacks.operations.present import change_set_of, change_set_summary
from pytest_rollbacklab.localaws.stacks.planning.plan import Plan, make_plan
from pytest_rollbacklab.localaws.stacks.planning.preparation import Prepared, prepare
from pytest_rollbacklab.localaws.stacks.refusals import (
    already_exists_for_change_set,
    change_set_exists,
    change_set_not_executable,
    not_emulated,
    stack_does_not_exist,
)
from pytest_rollbacklab.localaws.stacks.state.change_set import NO_CHANGES, ChangeSet
from pytest_rollbacklab.localaws.stacks.state.names import change_set_arn, stack_arn
from pytest_rollbacklab.localaws.stacks.state.stack import Stack
from pytest_rollbacklab.localaws.stacks.state.store import Store
from pytest_rollbacklab.localaws.stacks.state.values import importer
from pytest_rollbacklab.localaws.stacks.work.engine import Engine
from pytest_rollbacklab.localaws.stacks.work.launching import launch_create, launch_update, refuse_unless_updatable

__all__ = ["ChangeSetOperations"]


class ChangeSetOperations:
    """A change set is made in the call that asks for it: its status is final when the call is answered."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateChangeSet": self.create_change_set,
            "DeleteChangeSet": self.delete_change_set,
            "DescribeChangeSet": self.describe_change_set,
            "ExecuteChangeSet": self.execute_change_set,
            "ListChangeSets": self.list_change_sets,
        }

    async def create_change_set(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's CreateChangeSet; of type CREATE it makes a stack in REVIEW_IN_PROGRESS."""
        refuse_options("CreateChangeSet", params)
        store, name = self._engine.store(call.scope), params["ChangeSetName"]
        stack = self._target(store, call, params)
        prepared = await prepare(self._engine.aws, stack, params, reviewed=True, previous=stack.deployment)
        if any(item.name == name and not item.was_executed for item in store.change_sets_of(stack)):
            raise change_set_exists(name)
        if not stack.status:
            # Looked for again: another call may have made it in the meantime.
            stack = store.find(stack.name) or stack
        if not stack.status:
            store.add(stack)
            stack.become("REVIEW_IN_PROGRESS", "User Initiated")
        plan = make_plan(stack, prepared.deployment, importer(store.stacks)) if prepared.deployment else None
        change_set = _change_set(stack, params, prepared, plan)
        store.add_change_set(change_set)
        return {"Id": change_set.change_set_id, "StackId": stack.stack_id}

    def _target(self, store: Store, call: Call, params: Mapping[str, Any]) -> Stack:
        """Return the stack that a change set is for; a new one is not in the store yet."""
        kind, name = params.get("ChangeSetType", "UPDATE"), params["StackName"]
        stack = store.find(name)
        if kind == "CREATE":
            if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
                raise already_exists_for_change_set(name, params["ChangeSetName"])
            check_stack_name(name if stack is None else stack.name)
            return stack or Stack(scope=call.scope, stack_id=stack_arn(call.scope, name), name=name)
        if kind != "UPDATE":
            raise not_emulated(f"change sets of the type {kind}")
        if stack is None:
            raise stack_does_not_exist(name)
        refuse_unless_updatable(stack)
        return stack

    def describe_change_set(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's DescribeChangeSet."""
        refuse_options("DescribeChangeSet", params)
        found = self._find(call, params)
        changes, rest = page(sorted(found.changes.values(), key=lambda change: change.logical_id), params)
        return {**change_set_of(found, list(changes)), **rest}

    def list_change_sets(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's ListChangeSets: those that are yet to be executed."""
        store = self._engine.store(call.scope)
        stack = store.find(params["StackName"])
        if stack is None:
            raise stack_does_not_exist(params["StackName"])
        open_ones = [item for item in store.change_sets_of(stack) if not item.was_executed]
        shown, rest = page(open_ones, params)
        return {"Summaries": [change_set_summary(item) for item in shown], **rest}

    def delete_change_set(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's DeleteChangeSet; the stack of the last one stays in review."""
        found = self._find(call, params)
        if found.execution_status == "EXECUTE_IN_PROGRESS":
            raise change_set_not_executable(found.change_set_id, "execution status", found.execution_status)
        del self._engine.store(call.scope).change_sets[found.change_set_id]
        return {}

    def execute_change_set(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's ExecuteChangeSet; the stack's other change sets are gone then."""
        refuse_options("ExecuteChangeSet", params)
        store, found = self._engine.store(call.scope), self._find(call, params)
        if found.status == "FAILED":
            raise change_set_not_executable(found.change_set_id, "status", found.status)
        if found.execution_status != "AVAILABLE":
            raise change_set_not_executable(found.change_set_id, "execution status", found.execution_status)
        stack = store.stacks[found.stack_id]
        if stack.status != "REVIEW_IN_PROGRESS":
            refuse_unless_updatable(stack)
        self._launch(stack, found, params)
        store.drop_change_sets(stack, keep=found)
        return {}

    def _launch(self, stack: Stack, change_set: ChangeSet, params: Mapping[str, Any]) -> None:
        stack.disable_rollback = bool(params.get("DisableRollback"))
        stack.on_failure = change_set.options.get("OnStackFailure", "ROLLBACK")
        stack.change_set_id = change_set.change_set_id
        change_set.become("EXECUTE_IN_PROGRESS")
        prepared = Prepared(text=change_set.template_text, deployment=change_set.deployment)
        token = params.get("ClientRequestToken")
        if stack.status == "REVIEW_IN_PROGRESS":
            launch_create(self._engine, stack, prepared, token, change_set.executed)
            stack.updated_at = stack.events[-1].at
        else:
            launch_update(self._engine, stack, prepared, change_set.changes, token, change_set.executed)

    def _find(self, call: Call, params: Mapping[str, Any]) -> ChangeSet:
        return self._engine.store(call.scope).find_change_set(params["ChangeSetName"], params.get("StackName"))


def _change_set(stack: Stack, params: Mapping[str, Any], prepared: Prepared, plan: Plan | None) -> ChangeSet:
    failure = prepared.failure
    if plan is not None and plan.is_empty and stack.status.endswith("_COMPLETE"):
        failure = NO_CHANGES
    return ChangeSet(
        change_set_id=change_set_arn(stack.scope, params["ChangeSetName"]),
        name=params["ChangeSetName"],
        stack_id=stack.stack_id,
        stack_name=stack.name,
        template_text=prepared.text,
        deployment=prepared.deployment,
        changes={} if plan is None else plan.changes,
        status="FAILED" if failure else "CREATE_COMPLETE",
        status_reason=failure,
        description=params.get("Description"),
        tags={tag["Key"]: tag["Value"] for tag in params.get("Tags", ())},
        capabilities=list(params.get("Capabilities", ())),
        options={name: params[name] for name in ("IncludeNestedStacks", "OnStackFailure") if name in params},
    )
