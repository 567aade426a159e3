"""Killed at any moment: the stack ends in a status that says what there is, and works on."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

ASSUME = {"Version": "2012-10-17", "Statement": []}
INTERRUPTED = "Resource handler was interrupted: the local AWS was stopped"


def group(name: str, *depends_on: str, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": name, **properties},
        "DependsOn": list(depends_on),
    }


def table(key: str) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
        },
    }


def role(*policies: str) -> dict[str, Any]:
    inline = [{"PolicyName": name, "PolicyDocument": ASSUME} for name in policies]
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ASSUME, "Policies": inline}}


CAN = {"Capabilities": ["CAPABILITY_IAM"]}
OLD = {
    "Resources": {
        "Modified": group("modified", RetentionInDays=1),
        "Replaced": table("old"),
        "Renamed": group("renamed-1", "Modified", RetentionInDays=5),
        "Removed": group("removed", "Replaced"),
        "Pool": {"Type": "AWS::Cognito::UserPool"},
        "Role": role("a", "b"),
    },
    "Outputs": {"Table": {"Value": {"Ref": "Replaced"}, "Export": {"Name": "table"}}},
}
NEW = {
    "Resources": {
        "Modified": group("modified", RetentionInDays=9),
        "Replaced": table("new"),
        "Renamed": group("renamed-2", "Modified", RetentionInDays=5),
        "Added": group("added", "Renamed", RetentionInDays=3),
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "api"}},
        "Pool": {"Type": "AWS::Cognito::UserPool"},
        "Role": role("b", "c"),
    },
    "Outputs": {"Table": {"Value": {"Ref": "Replaced"}, "Export": {"Name": "table"}}},
}
BROKEN = {"Resources": {**NEW["Resources"], "Bad": group("taken", "Added", "Replaced")}}
"""Fails at its end, when ``taken`` is there already."""


class Killed:
    """A CloudFormation whose process ended at a commit, as another process finds it."""

    def __init__(
        self, new_console: Any, commit: tuple[Any, Any], put_back: Any, *, backwards: bool = False, journal: Any = None
    ) -> None:
        records, things = commit
        self.console = new_console(keeper=journal, seed=None if journal is None else 1)
        if journal is not None:
            journal.records = dict(records)
            journal.also = lambda: copy.deepcopy(self.console.aws.things)
        self.console.aws.things = copy.deepcopy(things)
        put_back(records, self.console.stacks.parts, backwards=backwards)

    async def status(self) -> str:
        stacks = (await self.console.call("DescribeStacks"))["Stacks"]
        return stacks[0]["StackStatus"] if stacks else "gone"

    async def is_taken_up(self) -> str:
        await self.console.stacks.resume()
        await self.console.stacks.settled()
        return await self.status()


Story = Callable[[Any], Any]


@pytest.fixture
def killed_everywhere(new_console: Any, new_journal: Any, put_back: Any) -> Any:
    """Tell a story once; return every moment at which a kill could have left it, from the last preparation on."""

    def run(prepare: Story, story: Story, checked: Callable[[Killed, str, Mapping[str, Any], Mapping[str, Any]], Any]):
        async def tell(seed: int) -> None:
            journal = new_journal()
            console = new_console(keeper=journal, seed=seed)
            journal.also = lambda: copy.deepcopy(console.aws.things)
            await prepare(console)
            journal.commit()
            before, first = journal.also(), len(journal.commits) - 1
            await journal.during(story(console))
            after = journal.also()
            await console.stacks.close()
            assert len(journal.commits) - first > 5, "a story has many moments"
            for number, commit in enumerate(journal.commits[first:]):
                killed = Killed(new_console, commit, put_back, backwards=bool(number % 2))
                was = await killed.status()
                is_now = await killed.is_taken_up()
                ends.setdefault(was, set()).add(is_now)
                await checked(killed, is_now, before, after)

        ends: dict[str, set[str]] = {}
        for seed in range(4):
            asyncio.run(asyncio.wait_for(tell(seed), timeout=60))
        return ends

    return run


async def nothing(_console: Any) -> None:
    """Prepare nothing."""


def standing(things: Mapping[str, Any]) -> dict[str, Any]:
    """What there is; a kind of which there is nothing is no kind."""
    return {kind: by_name for kind, by_name in things.items() if by_name}


async def deletes_without_a_trace(killed: Killed) -> None:
    await killed.console.do("DeleteStack", StackName="notes")
    assert standing(killed.console.aws.things) == {}


def test_a_creation_that_is_killed_at_any_moment_is_rolled_back(killed_everywhere: Any) -> None:
    async def checked(killed: Killed, status: str, _before: Any, after: Any) -> None:
        things = standing(killed.console.aws.things)
        if status == "gone":
            assert things == {}  # nothing of the call had been kept
            return
        assert things == ({} if status == "ROLLBACK_COMPLETE" else standing(after))
        if status == "CREATE_COMPLETE":
            assert (await killed.console.update(NEW, **CAN))["StackStatus"] == "UPDATE_COMPLETE"
        await deletes_without_a_trace(killed)

    ends = killed_everywhere(nothing, lambda console: console.create(OLD, **CAN), checked)
    assert ends["CREATE_IN_PROGRESS"] == {"ROLLBACK_COMPLETE"}
    assert ends["CREATE_COMPLETE"] == {"CREATE_COMPLETE"}


def test_an_update_that_is_killed_at_any_moment_goes_back_or_is_cleared_up(killed_everywhere: Any) -> None:
    async def checked(killed: Killed, status: str, before: Any, after: Any) -> None:
        is_new = status == "UPDATE_COMPLETE"
        assert standing(killed.console.aws.things) == standing(after if is_new else before)
        names = set((NEW if is_new else OLD)["Resources"])
        resources = (await killed.console.call("DescribeStackResources", StackName="notes"))["StackResources"]
        assert {item["LogicalResourceId"] for item in resources} == names
        assert (await killed.console.update(OLD if is_new else NEW, **CAN))["StackStatus"] == "UPDATE_COMPLETE"
        await deletes_without_a_trace(killed)

    ends = killed_everywhere(
        lambda console: console.create(OLD, **CAN), lambda console: console.update(NEW, **CAN), checked
    )
    assert ends == {
        "CREATE_COMPLETE": {"CREATE_COMPLETE"},
        "UPDATE_IN_PROGRESS": {"UPDATE_ROLLBACK_COMPLETE"},
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": {"UPDATE_COMPLETE"},
        "UPDATE_COMPLETE": {"UPDATE_COMPLETE"},
    }


def test_a_rollback_that_is_killed_at_any_moment_ends_where_it_was_going(killed_everywhere: Any) -> None:
    async def prepared(console: Any) -> None:
        await console.create(OLD, **CAN)
        console.aws.of("log group")["taken"] = {"by": "another"}

    async def checked(killed: Killed, status: str, before: Any, _after: Any) -> None:
        assert standing(killed.console.aws.things) == standing(before)
        assert (await killed.console.update(NEW, **CAN))["StackStatus"] == "UPDATE_COMPLETE"
        await killed.console.do("DeleteStack", StackName="notes")
        assert standing(killed.console.aws.things) == {"log group": {"taken": {"by": "another"}}}

    ends = killed_everywhere(prepared, lambda console: console.update(BROKEN, **CAN), checked)
    assert ends == {
        "CREATE_COMPLETE": {"CREATE_COMPLETE"},
        "UPDATE_IN_PROGRESS": {"UPDATE_ROLLBACK_COMPLETE"},
        "UPDATE_ROLLBACK_IN_PROGRESS": {"UPDATE_ROLLBACK_COMPLETE"},
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": {"UPDATE_ROLLBACK_COMPLETE"},
        "UPDATE_ROLLBACK_COMPLETE": {"UPDATE_ROLLBACK_COMPLETE"},
    }


@pytest.mark.parametrize(
    ("how", "in_progress", "done"),
    [
        ({}, "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"),
        ({"OnFailure": "DELETE"}, "DELETE_IN_PROGRESS", "gone"),
    ],
)
def test_the_undoing_of_a_creation_goes_on(killed_everywhere: Any, how: Any, in_progress: str, done: str) -> None:
    async def prepared(console: Any) -> None:
        console.aws.of("log group")["taken"] = {"by": "another"}

    async def checked(killed: Killed, _status: str, before: Any, _after: Any) -> None:
        assert standing(killed.console.aws.things) == standing(before)

    ends = killed_everywhere(prepared, lambda console: console.do_create(BROKEN, **how, **CAN), checked)
    assert ends["CREATE_IN_PROGRESS"] == ends[in_progress] == {done}


@pytest.mark.parametrize("how", [{"DisableRollback": True}, {"OnFailure": "DO_NOTHING"}])
def test_a_creation_that_is_not_to_be_rolled_back_is_left_and_can_go_on(killed_everywhere: Any, how: Any) -> None:
    async def checked(killed: Killed, status: str, _before: Any, _after: Any) -> None:
        if status == "gone":
            return
        if status == "CREATE_FAILED":
            events = await killed.console.events()
            assert any(reason == INTERRUPTED for *_, reason in events) or "stopped" in str(events[-1][2])
        assert (await killed.console.update(NEW, **CAN))["StackStatus"] == "UPDATE_COMPLETE"
        assert sorted(killed.console.aws.of("log group")) == ["added", "modified", "renamed-2"]
        assert len(killed.console.aws.of("table")) == len(killed.console.aws.of("user pool")) == 1
        await deletes_without_a_trace(killed)

    ends = killed_everywhere(nothing, lambda console: console.do_create(OLD, **how, **CAN), checked)
    assert ends["CREATE_IN_PROGRESS"] == {"CREATE_FAILED"}


def test_an_update_that_is_left_as_it_is_can_go_on_or_be_rolled_back(killed_everywhere: Any) -> None:
    async def checked(killed: Killed, status: str, before: Any, _after: Any) -> None:
        if status == "UPDATE_FAILED":
            killed.console.aws.of("log group")["taken"] = {"by": "another"}
            assert (await killed.console.update(BROKEN, **CAN))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
            del killed.console.aws.of("log group")["taken"]
            assert standing(killed.console.aws.things) == standing(before)
        if status != "UPDATE_COMPLETE":
            assert (await killed.console.update(NEW, **CAN))["StackStatus"] == "UPDATE_COMPLETE"
        assert sorted(killed.console.aws.of("log group")) == ["added", "modified", "renamed-2"]
        await deletes_without_a_trace(killed)

    ends = killed_everywhere(
        lambda console: console.create(OLD, **CAN),
        lambda console: console.update(NEW, DisableRollback=True, **CAN),
        checked,
    )
    assert ends["UPDATE_IN_PROGRESS"] == {"UPDATE_FAILED"}


def test_a_deletion_that_is_killed_at_any_moment_goes_on(killed_everywhere: Any) -> None:
    async def checked(killed: Killed, status: str, _before: Any, _after: Any) -> None:
        if status == "gone":
            assert standing(killed.console.aws.things) == {}
            assert (await killed.console.create(OLD, **CAN))["StackStatus"] == "CREATE_COMPLETE"

    ends = killed_everywhere(
        lambda console: console.create(OLD, **CAN),
        lambda console: console.do("DeleteStack", StackName="notes"),
        checked,
    )
    assert ends == {"CREATE_COMPLETE": {"CREATE_COMPLETE"}, "DELETE_IN_PROGRESS": {"gone"}, "gone": {"gone"}}


def test_the_creation_that_a_deletion_broke_off_is_deleted(killed_everywhere: Any) -> None:
    async def story(console: Any) -> None:
        await console.call("CreateStack", StackName="notes", TemplateBody=console.text(OLD), **CAN)
        for _ in range(4):
            await asyncio.sleep(0)
        await console.do("DeleteStack", StackName="notes")

    async def checked(killed: Killed, status: str, _before: Any, _after: Any) -> None:
        assert status in {"gone", "ROLLBACK_COMPLETE"}
        assert standing(killed.console.aws.things) == {}

    ends = killed_everywhere(nothing, story, checked)
    assert ends["DELETE_IN_PROGRESS"] == {"gone"}


def test_a_change_set_whose_execution_was_killed_ends_with_its_stack(killed_everywhere: Any) -> None:
    async def story(console: Any) -> None:
        await console.change_set(NEW, **CAN)
        await console.do("ExecuteChangeSet", StackName="notes", ChangeSetName="change")

    async def checked(killed: Killed, status: str, before: Any, after: Any) -> None:
        is_new = status == "UPDATE_COMPLETE"
        assert standing(killed.console.aws.things) == standing(after if is_new else before)
        change_set_id = (await killed.console.stack()).get("ChangeSetId")
        if change_set_id:
            found = await killed.console.call("DescribeChangeSet", ChangeSetName=change_set_id)
            assert found["ExecutionStatus"] == ("EXECUTE_COMPLETE" if is_new else "EXECUTE_FAILED")

    ends = killed_everywhere(lambda console: console.create(OLD, **CAN), story, checked)
    assert ends["UPDATE_IN_PROGRESS"] == {"UPDATE_ROLLBACK_COMPLETE"}


def test_what_takes_up_may_be_killed_too(new_console: Any, new_journal: Any, put_back: Any) -> None:
    async def tell() -> None:
        journal, console = new_journal(), None
        console = new_console(keeper=journal, seed=1)
        journal.also = lambda: copy.deepcopy(console.aws.things)
        await console.create(OLD, **CAN)
        journal.commit()
        before, first = journal.also(), len(journal.commits)
        await journal.during(console.update(NEW, **CAN))
        after = journal.also()
        for commit in journal.commits[first::4]:
            again = new_journal()
            killed = Killed(new_console, commit, put_back, journal=again)
            await again.during(killed.is_taken_up())
            for second in again.commits[1:]:
                twice = Killed(new_console, second, put_back)
                status = await twice.is_taken_up()
                assert status in {"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"}
                assert standing(twice.console.aws.things) == standing(after if status == "UPDATE_COMPLETE" else before)
                await deletes_without_a_trace(twice)

    asyncio.run(asyncio.wait_for(tell(), timeout=60))


def test_what_was_in_progress_says_why_it_failed(new_console: Any, new_journal: Any, put_back: Any) -> None:
    async def tell() -> None:
        journal, aws = new_journal(), None
        console = new_console(keeper=journal)
        aws = console.aws
        journal.also = lambda: copy.deepcopy(aws.things)
        single = {"Resources": {"Modified": group("modified", RetentionInDays=1)}}
        gate = aws.hold("PutRetentionPolicy")
        await console.call("CreateStack", StackName="notes", TemplateBody=console.text(single))
        await gate.reached.wait()
        journal.commit()
        killed = Killed(new_console, journal.commits[-1], put_back)
        told = await killed.console.events()
        assert await killed.is_taken_up() == "ROLLBACK_COMPLETE"
        assert (await killed.console.events(since=len(told)))[:2] == [
            ("Modified", "CREATE_FAILED", INTERRUPTED),
            (
                "notes",
                "ROLLBACK_IN_PROGRESS",
                "The following resource(s) failed to create: [Modified]. Rollback requested by user.",
            ),
        ]
        await console.stacks.close()

    asyncio.run(asyncio.wait_for(tell(), timeout=20))


def test_a_step_writes_little_and_templates_are_written_once(new_console: Any, new_journal: Any) -> None:
    async def tell() -> None:
        journal = new_journal()
        console = new_console(keeper=journal, seed=1)
        many = {f"Group{number}": group(f"group-{number}") for number in range(100)}
        await console.create({"Resources": many})
        journal.commit()
        kinds = [key.partition("/")[0] for _, _, key in journal.writes]
        assert kinds.count("plan") <= 2
        assert kinds.count("stack") <= 8
        assert kinds.count("events") == 0
        assert kinds.count("resource") <= 100 * 5

    asyncio.run(asyncio.wait_for(tell(), timeout=20))


@pytest.mark.parametrize(("fails", "gone", "stand"), [(False, "1", "2"), (True, "2", "1")])
def test_what_is_gone_is_not_deleted_again_when_another_has_its_name(
    new_console: Any, new_journal: Any, put_back: Any, fails: bool, gone: str, stand: str
) -> None:
    async def tell() -> None:
        journal = new_journal()
        console = new_console(keeper=journal)
        journal.also = lambda: copy.deepcopy(console.aws.things)
        await console.create({"Resources": {"A": group("a-1"), "B": group("b-1", "A")}})
        console.aws.of("log group")["taken"] = {"by": "another"}
        second = {"A": group("a-2"), "B": group("b-2", "A"), **({"Bad": group("taken", "B")} if fails else {})}
        gate = console.aws.hold("DeleteLogGroup", lambda params: params["logGroupName"] == f"a-{gone}")
        await console.call("UpdateStack", StackName="notes", TemplateBody=console.text({"Resources": second}))
        await gate.reached.wait()
        assert f"b-{gone}" not in console.aws.of("log group")
        console.aws.of("log group")[f"b-{gone}"] = {"by": "another"}
        journal.commit()
        killed = Killed(new_console, journal.commits[-1], put_back)
        assert await killed.is_taken_up() == ("UPDATE_ROLLBACK_COMPLETE" if fails else "UPDATE_COMPLETE")
        assert set(killed.console.aws.of("log group")) == {f"a-{stand}", f"b-{stand}", f"b-{gone}", "taken"}
        await console.stacks.close()

    asyncio.run(asyncio.wait_for(tell(), timeout=20))


def test_a_creation_that_is_deleted_on_failure_retains_nothing_that_says_except_on_create(
    killed_everywhere: Any,
) -> None:
    kept = {**group("kept"), "DeletionPolicy": "RetainExceptOnCreate"}
    broken = {"Resources": {"Kept": kept, "More": group("more", "Kept"), "Bad": group("taken", "More")}}

    async def prepared(console: Any) -> None:
        console.aws.of("log group")["taken"] = {"by": "another"}

    async def checked(killed: Killed, _status: str, before: Any, _after: Any) -> None:
        assert standing(killed.console.aws.things) == standing(before)

    ends = killed_everywhere(prepared, lambda console: console.do_create(broken, OnFailure="DELETE"), checked)
    assert ends["DELETE_IN_PROGRESS"] == {"gone"}
