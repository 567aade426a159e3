"""The operations that read: stacks, their resources, events, exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.stacks.operations.pages import page, position
from pytest_rollbacklab.localaws.stacks.operations.present import (
    event_of,
    resource_detail,
    resource_of,
    resource_summary,
    stack_of,
    stack_summary,
)
from pytest_rollbacklab.localaws.stacks.refusals import invalid, stack_does_not_exist, stack_with_id_does_not_exist
from pytest_rollbacklab.localaws.stacks.state.exports import exported, importers
from pytest_rollbacklab.localaws.stacks.state.stack import Resource, Stack
from pytest_rollbacklab.localaws.stacks.work.engine import Engine

__all__ = ["ReadOperations"]


class ReadOperations:
    """What is not there is said in the words of each operation, which differ, as recorded."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def operations(self) -> Mapping[str, Operation]:
        return {
            "DescribeStackEvents": self.describe_stack_events,
            "DescribeStackResource": self.describe_stack_resource,
            "DescribeStackResources": self.describe_stack_resources,
            "DescribeStacks": self.describe_stacks,
            "ListExports": self.list_exports,
            "ListImports": self.list_imports,
            "ListStackResources": self.list_stack_resources,
            "ListStacks": self.list_stacks,
        }

    def describe_stacks(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's DescribeStacks: deleted stacks by their id alone."""
        if params.get("StackName"):
            return {"Stacks": [stack_of(self._stack(call, params["StackName"]))]}
        there = [stack for stack in self._newest_first(call) if stack.status != "DELETE_COMPLETE"]
        shown, rest = page(there, params)
        return {"Stacks": [stack_of(stack) for stack in shown], **rest}

    def list_stacks(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's ListStacks: deleted ones too."""
        wanted = params.get("StackStatusFilter")
        matching = [stack for stack in self._newest_first(call) if not wanted or stack.status in wanted]
        shown, rest = page(matching, params)
        return {"StackSummaries": [stack_summary(stack) for stack in shown], **rest}

    def describe_stack_events(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's DescribeStackEvents: the newest first."""
        stack = self._engine.store(call.scope).find(params["StackName"])
        if stack is None:
            raise stack_does_not_exist(params["StackName"])
        # Counted from the oldest, so that a token means the same when more events have come.
        end = position(params, len(stack.events), first=len(stack.events))
        shown, rest = page(stack.events[:end][::-1], {})
        following = {"NextToken": str(end - len(shown))} if rest else {}
        return {"StackEvents": [event_of(stack, event) for event in shown], **following}

    def describe_stack_resources(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's DescribeStackResources: by stack, or by a physical id in any stack."""
        name, physical_id = params.get("StackName"), params.get("PhysicalResourceId")
        stack = self._stack(call, name) if name else self._stack_with(call, physical_id)
        logical_id = params.get("LogicalResourceId")
        found = [_resource(stack, logical_id)] if logical_id else _resources(stack)
        return {"StackResources": [resource_of(stack, resource) for resource in found]}

    def describe_stack_resource(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's DescribeStackResource."""
        stack = self._engine.store(call.scope).find(params["StackName"])
        if stack is None:
            raise invalid(f"Stack '{params['StackName']}' does not exist")
        return {"StackResourceDetail": resource_detail(stack, _resource(stack, params["LogicalResourceId"]))}

    def list_stack_resources(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's ListStackResources."""
        shown, rest = page(_resources(self._stack(call, params["StackName"])), params)
        return {"StackResourceSummaries": [resource_summary(resource) for resource in shown], **rest}

    def list_exports(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's ListExports."""
        exports = sorted(exported(self._engine.store(call.scope).stacks.values()).items())
        shown, rest = page(exports, params)
        return {
            "Exports": [
                {"ExportingStackId": stack.stack_id, "Name": name, "Value": output.value}
                for name, (stack, output) in shown
            ],
            **rest,
        }

    def list_imports(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's ListImports."""
        names = importers(self._engine.store(call.scope).stacks.values(), params["ExportName"])
        if not names:
            raise invalid(f"Export '{params['ExportName']}' is not imported by any stack.")
        shown, rest = page(names, params)
        return {"Imports": list(shown), **rest}

    def _stack(self, call: Call, name: str) -> Stack:
        stack = self._engine.store(call.scope).find(name)
        if stack is None:
            raise stack_with_id_does_not_exist(name)
        return stack

    def _stack_with(self, call: Call, physical_id: str | None) -> Stack:
        if not physical_id:
            raise invalid("One of StackName or PhysicalResourceId must be specified.")
        for stack in self._newest_first(call):
            if any(resource.physical_id == physical_id for resource in stack.resources.values()):
                return stack
        raise invalid(f"Stack for {physical_id} does not exist")

    def _newest_first(self, call: Call) -> list[Stack]:
        return list(self._engine.store(call.scope).stacks.values())[::-1]


def _resources(stack: Stack) -> list[Resource]:
    return [stack.resources[logical_id] for logical_id in sorted(stack.resources)]


def _resource(stack: Stack, logical_id: str) -> Resource:
    if logical_id not in stack.resources:
        raise invalid(f"Resource {logical_id} does not exist for stack {stack.name}")
    return stack.resources[logical_id]
