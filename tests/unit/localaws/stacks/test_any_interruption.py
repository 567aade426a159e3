"""Whatever is deployed, wherever it fails, and whenever it is killed: a stack is never left half made."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

GROUP = st.tuples(st.sampled_from(["x", "y"]), st.sampled_from([None, 1, 3]), st.booleans())
WANTED = st.dictionaries(st.sampled_from("ABCD"), GROUP, min_size=1)
# What to deploy, how many calls may succeed before one fails, whether it is left as it fails, and when it is killed.
STEP = st.tuples(
    WANTED,
    st.one_of(st.none(), st.integers(min_value=0, max_value=8)),
    st.booleans(),
    st.one_of(st.none(), st.floats(min_value=0, max_value=0.99)),
)
STABLE = {"CREATE_COMPLETE", "CREATE_FAILED", "ROLLBACK_COMPLETE", "UPDATE_COMPLETE"}
STABLE |= {"UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"}


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


async def status_of(console: Any) -> str:
    stacks = (await console.call("DescribeStacks"))["Stacks"]
    return stacks[0]["StackStatus"] if stacks else "gone"


async def deploy(console: Any, wanted: dict[str, Any], left_as_failed: bool) -> None:
    """Create or update, or delete what is good for nothing else."""
    status = await status_of(console)
    if status in {"ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"}:
        await console.do("DeleteStack", StackName="notes")
    elif status == "gone":
        await console.create(template(wanted), DisableRollback=left_as_failed)
    else:
        change_set = await console.change_set(template(wanted))
        await console.call("DeleteChangeSet", StackName="notes", ChangeSetName="change")
        if change_set["Status"] != "FAILED":
            await console.update(template(wanted), DisableRollback=left_as_failed)


class Life:
    """A CloudFormation that is killed and comes back."""

    def __init__(self, new_console: Any, new_journal: Any, put_back: Any) -> None:
        self._new_console, self._new_journal, self._put_back = new_console, new_journal, put_back
        self._start(({}, {}))

    def _start(self, commit: tuple[Any, Any]) -> None:
        self.journal = self._new_journal(records=dict(commit[0]))
        self.console = self._new_console(keeper=self.journal, seed=7)
        self.console.aws.things = copy.deepcopy(commit[1])
        aws = self.console.aws
        self.journal.also = lambda: copy.deepcopy(aws.things)
        self._put_back(commit[0], self.console.stacks.parts)
        self.journal.commit()

    async def killed_at(self, moment: float) -> None:
        """Come back from a commit since the last start, and take up what was under way."""
        commits = self.journal.commits
        await self.console.stacks.close()
        self._start(commits[int(moment * len(commits))])
        await self.console.stacks.resume()
        await self.console.stacks.settled()
        await self.forget()

    async def forget(self) -> None:
        """Let the earliest moment of a kill be this one."""
        self.journal.commit()
        del self.journal.commits[:-1]


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEP, min_size=1, max_size=5))
def test_a_stack_is_whole_after_any_sequence_with_kills(
    new_console: Any, new_journal: Any, put_back: Any, steps: list[Any]
) -> None:
    async def story() -> None:
        life = Life(new_console, new_journal, put_back)
        whole: dict[str, Any] = {}
        for wanted, fails_after, left_as_failed, killed_at in steps:
            await life.forget()
            life.console.aws.fails_after = fails_after
            await life.journal.during(deploy(life.console, wanted, left_as_failed))
            if killed_at is not None:
                await life.killed_at(killed_at)
            status, stands = await status_of(life.console), standing(life.console)
            if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
                assert stands in (expected(wanted), whole)
                whole = stands
            elif status == "UPDATE_ROLLBACK_COMPLETE":
                assert stands == whole
            elif status in {"ROLLBACK_COMPLETE", "gone"}:
                assert stands == {}
                whole = {}
            else:
                assert status in STABLE
        life.console.aws.fails_after = None
        await life.console.do("DeleteStack", StackName="notes")
        assert standing(life.console) == {}
        await life.console.stacks.close()

    asyncio.run(asyncio.wait_for(story(), timeout=60))
