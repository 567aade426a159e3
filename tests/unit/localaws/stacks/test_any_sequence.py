"""Whatever is deployed after whatever, and wherever it fails: a stack is whole afterwards, or as whole as it was."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

# By logical id: which of two names (a change of which replaces), how long logs are kept, and whether it waits for all
# before it.
GROUP = st.tuples(st.sampled_from(["x", "y"]), st.sampled_from([None, 1, 3]), st.booleans())
WANTED = st.dictionaries(st.sampled_from("ABCDE"), GROUP, min_size=1)
# What to deploy, how many calls may succeed before one fails, by a change set or directly, and rolled back or left.
STEP = st.tuples(WANTED, st.one_of(st.none(), st.integers(min_value=0, max_value=8)), st.booleans(), st.booleans())


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


async def deploy(console: Any, wanted: dict[str, Any], by_change_set: bool, left_as_failed: bool) -> None:
    """Create or update, directly or by a change set; what is no change is no update."""
    stacks = (await console.call("DescribeStacks"))["Stacks"]
    change_set = await console.change_set(template(wanted), ChangeSetType="UPDATE" if stacks else "CREATE")
    if by_change_set and change_set["Status"] != "FAILED":
        await console.do("ExecuteChangeSet", StackName="notes", ChangeSetName="change", DisableRollback=left_as_failed)
        return
    await console.call("DeleteChangeSet", StackName="notes", ChangeSetName="change")
    if change_set["Status"] != "FAILED":
        deploying = console.update if stacks else console.create
        await deploying(template(wanted), DisableRollback=left_as_failed)


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEP, min_size=1, max_size=6))
def test_a_stack_is_whole_after_any_sequence(new_console: Callable[[], Any], steps: list[Any]) -> None:
    async def story() -> None:
        console = new_console()
        whole: dict[str, Any] = {}
        for wanted, fails_after, by_change_set, left_as_failed in steps:
            console.aws.fails_after = fails_after
            await deploy(console, wanted, by_change_set, left_as_failed)
            status = (await console.stack())["StackStatus"]
            if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
                assert standing(console) == expected(wanted)
                whole = copy.deepcopy(standing(console))
            elif status == "UPDATE_ROLLBACK_COMPLETE":
                assert standing(console) == whole
            elif status in {"ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"}:
                # The latter when a name that an update left as failed still holds was wanted again: that fails by
                # itself, and the call that is to fail is one of the rollback.
                assert status == "UPDATE_ROLLBACK_FAILED" or standing(console) == {}
                await console.do("DeleteStack", StackName="notes")
                assert standing(console) == {}
                whole = {}
            else:
                assert status in {"CREATE_FAILED", "UPDATE_FAILED"}
        console.aws.fails_after = None
        await console.do("DeleteStack", StackName="notes")
        assert standing(console) == {}
        assert (await console.call("DescribeStacks"))["Stacks"] == []

    asyncio.run(story())
