"""The operations that change a stack directly: CreateStack, UpdateStack, DeleteStack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.stacks.operations.options import check_stack_name, refuse_options
from pytest_rollbacklab.localaws.stacks.planning.plan import make_plan
from pytest_rollbacklab.localaws.stacks.planning.preparation import prepare
from pytest_rollbacklab.localaws.stacks.refusals import already_exists, invalid, no_updates, stack_does_not_exist
from pytest_rollbacklab.localaws.stacks.state.names import stack_arn
from pytest_rollbacklab.localaws.stacks.state.stack import Stack
from pytest_rollbacklab.localaws.stacks.state.store import Store
from pytest_rollbacklab.localaws.stacks.state.values import importer
from pytest_rollbacklab.localaws.stacks.work.engine import Engine
from pytest_rollbacklab.localaws.stacks.work.launching import (
    launch_create,
    launch_delete,
    launch_update,
    refuse_unless_updatable,
)

__all__ = ["StackOperations"]


class StackOperations:
    """Operations that are answered at once, and whose work then runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateStack": self.create_stack,
            "DeleteStack": self.delete_stack,
            "UpdateStack": self.update_stack,
            "UpdateTerminationProtection": self.update_termination_protection,
        }

    async def create_stack(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's CreateStack; a stack that has only change sets yet is taken over."""
        name = params["StackName"]
        check_stack_name(name)
        refuse_options("CreateStack", params)
        if params.get("DisableRollback") and params.get("OnFailure"):
            raise invalid("You may only specify one of DisableRollback or OnFailure.")
        store = self._engine.store(call.scope)
        stack = _reviewed(store, name) or Stack(scope=call.scope, stack_id=stack_arn(call.scope, name), name=name)
        prepared = await prepare(self._engine.aws, stack, params)
        if (_reviewed(store, name) or stack) is not stack:
            # Another call made it while this one's template was fetched and transformed.
            raise already_exists(name)
        stack.disable_rollback = bool(params.get("DisableRollback"))
        stack.on_failure = params.get("OnFailure", "ROLLBACK")
        stack.termination_protection = bool(params.get("EnableTerminationProtection"))
        store.add(stack)
        store.make_obsolete(stack)
        launch_create(self._engine, stack, prepared, params.get("ClientRequestToken"))
        return {"StackId": stack.stack_id}

    async def update_stack(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's UpdateStack."""
        refuse_options("UpdateStack", params)
        store = self._engine.store(call.scope)
        stack = store.find(params["StackName"])
        if stack is None:
            raise stack_does_not_exist(params["StackName"])
        refuse_unless_updatable(stack)
        prepared = await prepare(self._engine.aws, stack, params, previous=stack.deployment)
        refuse_unless_updatable(stack)
        changes = {}
        if prepared.deployment is not None:
            plan = make_plan(stack, prepared.deployment, importer(store.stacks))
            if plan.is_empty and stack.status.endswith("_COMPLETE"):
                raise no_updates()
            changes = dict(plan.changes)
        stack.disable_rollback = bool(params.get("DisableRollback"))
        stack.change_set_id = None
        store.make_obsolete(stack)
        launch_update(self._engine, stack, prepared, changes, params.get("ClientRequestToken"))
        return {"StackId": stack.stack_id}

    def delete_stack(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's DeleteStack: what is not there, or gone, is no error."""
        refuse_options("DeleteStack", params)
        store = self._engine.store(call.scope)
        stack = store.find(params["StackName"])
        if stack is None or stack.status in {"DELETE_COMPLETE", "DELETE_IN_PROGRESS"}:
            return {}
        retained = params.get("RetainResources") or ()
        if retained and stack.status != "DELETE_FAILED":
            raise invalid(
                f"Invalid operation on stack [{stack.stack_id}]: RetainResources may only be given when the stack is "
                f"in DELETE_FAILED, and it is in {stack.status}."
            )
        launch_delete(self._engine, stack, retained, params.get("ClientRequestToken"))
        store.drop_change_sets(stack)
        return {}

    def update_termination_protection(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's UpdateTerminationProtection."""
        stack = self._engine.store(call.scope).find(params["StackName"])
        if stack is None:
            raise stack_does_not_exist(params["StackName"])
        stack.termination_protection = bool(params["EnableTerminationProtection"])
        return {"StackId": stack.stack_id}


def _reviewed(store: Store, name: str) -> Stack | None:
    """Return the stack of this name that only has change sets yet.

    Raises:
        ServiceError: ``AlreadyExistsException``: there is one that is more than that.
    """
    stack = store.find(name)
    if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
        raise already_exists(name)
    return stack
