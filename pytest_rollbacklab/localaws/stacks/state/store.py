"""The stacks and change sets of one account and region, and how they are found."""

from __future__ import annotations

from pytest_rollbacklab.localaws.stacks.refusals import change_set_not_found, invalid, stack_does_not_exist
from pytest_rollbacklab.localaws.stacks.state.change_set import ChangeSet
from pytest_rollbacklab.localaws.stacks.state.stack import Stack, StackWatcher
from pytest_rollbacklab.localaws.stacks.state.watched import Watched

__all__ = ["Store"]


class Store:
    """Everything of one scope. A deleted stack is found by its id, not by its name.

    Args:
        watcher: Hears of the stacks' changes.
    """

    def __init__(self, watcher: StackWatcher | None = None) -> None:
        self._watcher = watcher
        self.stacks: dict[str, Stack] = {}
        """By id, oldest first."""
        self.change_sets: Watched[ChangeSet] = Watched()
        """By id."""
        self._names: dict[str, str] = {}

    def add(self, stack: Stack) -> None:
        """Add a stack that has nothing yet, or take note that one is to be more than it was."""
        self.stacks[stack.stack_id] = stack
        self._names[stack.name] = stack.stack_id
        self.watch(stack)
        if self._watcher is not None:
            self._watcher.changed(stack, "name")

    def add_change_set(self, change_set: ChangeSet) -> None:
        change_set.told = self.change_sets.told
        self.change_sets[change_set.change_set_id] = change_set

    def watch(self, stack: Stack) -> None:
        """Let each change of a stack be heard of from now on."""
        watcher = self._watcher
        if watcher is None:
            return
        stack.resources.told = stack.touched.told = lambda key: watcher.changed(stack, f"resources/{key}")
        object.__setattr__(stack, "watcher", watcher)

    def put_back(self, stack: Stack) -> None:
        """Put a stack that was kept among the others, which come in any order, and let it have its name."""
        self.stacks[stack.stack_id] = stack
        self.stacks = dict(sorted(self.stacks.items(), key=lambda item: item[1].created_at))
        self._names = {item.name: stack_id for stack_id, item in self.stacks.items()}

    def find(self, name_or_id: str) -> Stack | None:
        """Return a stack by its id, or the one that has the name now."""
        if name_or_id in self.stacks:
            return self.stacks[name_or_id]
        stack = self.stacks.get(self._names.get(name_or_id, ""))
        return None if stack is None or stack.status == "DELETE_COMPLETE" else stack

    def find_change_set(self, name_or_id: str, stack_name: str | None) -> ChangeSet:
        """Return a change set by its id, or by its name and its stack's.

        Raises:
            ServiceError: no stack is named where one must be, or there is no such stack or change set.
        """
        if name_or_id.startswith("arn:"):
            found = self.change_sets.get(name_or_id)
        else:
            if not stack_name:
                raise invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
            stack = self.find(stack_name)
            if stack is None:
                raise stack_does_not_exist(stack_name)
            named = [item for item in self.change_sets_of(stack) if item.name == name_or_id]
            found = named[-1] if named else None
        if found is None:
            raise change_set_not_found(name_or_id)
        return found

    def change_sets_of(self, stack: Stack) -> list[ChangeSet]:
        """Return a stack's change sets, oldest first."""
        return [item for item in self.change_sets.values() if item.stack_id == stack.stack_id]

    def make_obsolete(self, stack: Stack) -> None:
        """Keep a stack's change sets from being executed: it was changed without them."""
        for item in self.change_sets_of(stack):
            if item.execution_status == "AVAILABLE":
                item.become("OBSOLETE")

    def drop_change_sets(self, stack: Stack, *, keep: ChangeSet | None = None) -> None:
        """Forget the change sets of a stack, which something else has made untrue."""
        for item in self.change_sets_of(stack):
            if item is not keep and not item.was_executed:
                del self.change_sets[item.change_set_id]
