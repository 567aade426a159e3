"""The stacks as a part of the local AWS that outlives its process: under which key what of them is kept.

A key holds what changes together, so that a step of an operation writes little: the stack's own attributes, its
deployments (whole templates, written when an operation begins), each resource with what was done to it, the events (one
by one), each change set. Everything that an operation needs in order to go on or to go back is among it: see
``work.resuming``. What was running is not: the steps in progress end with the process.

Keys may come back in any order: a stack is put together from them as they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Scope, Scoped
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper
from pytest_rollbacklab.localaws.stacks.state.change_set import ChangeSet
from pytest_rollbacklab.localaws.stacks.state.stack import Event, Stack
from pytest_rollbacklab.localaws.stacks.state.store import Store

__all__ = ["KeptStacks"]

_PLAN: Final = ("deployment", "stable")
_ELSEWHERE: Final = frozenset({*_PLAN, "events", "resources", "scope", "stack_id", "touched", "watcher"})
_ATTRIBUTES: Final = tuple(item.name for item in fields(Stack) if item.name not in _ELSEWHERE)
_CHANGE_SET: Final = tuple(item.name for item in fields(ChangeSet) if item.name not in {"told", "execution_status"})


class KeptStacks:
    """Every stack and change set: a ``keeping.Part``, and a ``StackWatcher``.

    Args:
        keeper: Hears of the changes.
    """

    name = "stacks"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self.stores: Scoped[Store] = Scoped(self._store)

    def changed(self, stack: Stack, what: str) -> None:
        kind, _, logical_id = what.partition("/")
        if kind == "resources":
            key = f"resource/{stack.stack_id}/{logical_id}"
        else:
            key = f"{'plan' if kind in _PLAN else 'stack'}/{stack.stack_id}"
        self._keeper.changed(self, stack.scope, key)

    def happened(self, stack: Stack, event: Event) -> None:
        self._keeper.happened(self, stack.scope, f"events/{stack.stack_id}", event)

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return what is behind a key; None when it is gone."""
        kind, _, rest = key.partition("/")
        store = self.stores.of(scope)
        if kind == "changeset":
            return _change_set_state(store.change_sets.get(rest))
        stack_id, _, logical_id = rest.rpartition("/") if kind == "resource" else (rest, "", "")
        stack = store.stacks.get(stack_id)
        if stack is None:
            return None
        if kind == "events":
            return tuple(stack.events)
        if kind == "resource":
            state = (stack.resources.get(logical_id), stack.touched.get(logical_id))
            return None if state == (None, None) else state
        return {name: getattr(stack, name) for name in (_PLAN if kind == "plan" else _ATTRIBUTES)}

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:
        """Put back what was behind a key."""
        kind, _, rest = key.partition("/")
        if kind == "changeset":
            if state is not None:
                _put_back_change_set(self.stores.of(scope), state)
            return
        stack_id, _, logical_id = rest.rpartition("/") if kind == "resource" else (rest, "", "")
        if state is None and not events:
            return
        stack = self._stack(scope, stack_id)
        if kind == "events":
            stack.events[:] = [*(state or ()), *events]
        elif kind == "resource":
            resource, touched = state
            if resource is not None:
                stack.resources.data[logical_id] = resource
            if touched is not None:
                stack.touched.data[logical_id] = touched
        else:
            for name, value in state.items():
                object.__setattr__(stack, name, value)
            if kind == "stack":
                self.stores.of(scope).put_back(stack)

    def _stack(self, scope: Scope, stack_id: str) -> Stack:
        store = self.stores.of(scope)
        stack = store.stacks.get(stack_id)
        if stack is None:
            stack = Stack(scope=scope, stack_id=stack_id, name=stack_id.split("/")[1])
            store.put_back(stack)
            store.watch(stack)
        return stack

    def _store(self, scope: Scope) -> Store:
        # Who forgets everything need not be told of each step.
        store = Store(None if isinstance(self._keeper, Forgetful) else self)
        store.change_sets.told = lambda key: self._keeper.changed(self, scope, f"changeset/{key}")
        return store


def _change_set_state(change_set: ChangeSet | None) -> object | None:
    if change_set is None:
        return None
    return {name: getattr(change_set, name) for name in _CHANGE_SET}, change_set.execution_status


def _put_back_change_set(store: Store, state: tuple[dict[str, Any], str]) -> None:
    change_set = ChangeSet(**state[0])
    change_set.execution_status = state[1]
    change_set.told = store.change_sets.told
    store.change_sets.data[change_set.change_set_id] = change_set
    ordered = sorted(store.change_sets.data.items(), key=lambda item: item[1].created_at)
    store.change_sets.data = dict(ordered)
