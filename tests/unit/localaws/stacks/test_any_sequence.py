"""Whatever is deployed after whatever, and wherever it fails: a stack is whole afterwards, and so is what it stands for."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

# By logical id: which of two names (a change of which replaces), how long logs are kept, and what it waits for.
GROUP = st.tuples(st.sampled_from(["x", "y"]), st.sampled_from([None, 1, 3]), st.booleans())
WANTED = st.dictionaries(st.sampled_from("ABCDE"), GROUP, min_size=1)
STEP = st.tuples(WANTED, st.one_of(st.none(), st.integers(min_value=0, max_value=8)), st.booleans())


def template(wanted: dict[str, Any]) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    for logical_id in sorted(wanted):
        variant, days, waits = wanted[logical_id]
        properties = {"LogGroupName": f"{logical_id}-{variant}"}
        if days is not None:
            properties["RetentionInDays"] = days
        depends_on = list(resources) if waits else []
        resources[logical_id] = {"Type": "AWS::Logs::LogGroup", "Properties": properties, "DependsOn": depends_on}
    return {"Resources": resources}


def standing(console: Any) -> dict[str, Any]:
    return {name: thing.get("retentionInDays") for name, thing in console.aws.of("log group").items()}


def expected(wanted: dict[str, Any]) -> dict[str, Any]:
    return {f"{logical_id}-{variant}": days for logical_id, (variant, days, _) in wanted.items()}


async def deploy(console: Any, wanted: dict[str, Any], by_change_set: bool) -> None:
    """Create or update, directly or by a change set."""
    stacks = (await console.call("DescribeStacks"))["Stacks"]
    if by_change_set:
        change_set = await console.change_set(template(wanted), ChangeSetType="UPDATE" if stacks else "CREATE")
        if change_set["Status"] == "FAILED":
            await console.call("DeleteChangeSet", StackName="notes", ChangeSetName="change")
        else:
            await console.do("ExecuteChangeSet", StackName="notes", ChangeSetName="change")
    elif stacks:
        changed = expected(wanted) != standing(console)
        await (console.update(template(wanted)) if changed else asyncio.sleep(0))
    else:
        await console.create(template(wanted))


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEP, min_size=1, max_size=6))
def test_a_stack_is_whole_after_any_sequence(new_console: Callable[[], Any], steps: list[Any]) -> None:
    async def story() -> None:
        console = new_console()
        for wanted, fails_after, by_change_set in steps:
            before = copy.deepcopy(standing(console))
            console.aws.fails_after = fails_after
            await deploy(console, wanted, by_change_set)
            stack = await console.stack()
            if stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
                assert standing(console) == expected(wanted)
            elif stack["StackStatus"] == "ROLLBACK_COMPLETE":
                assert standing(console) == {}
                await console.do("DeleteStack", StackName="notes")
            else:
                assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
                assert standing(console) == before
        console.aws.fails_after = None
        await console.do("DeleteStack", StackName="notes")
        assert standing(console) == {}
        assert (await console.call("DescribeStacks"))["Stacks"] == []

    asyncio.run(story())
