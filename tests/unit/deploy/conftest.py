"""What the deployments' tests stand on: a shelf in memory, and a CloudFormation that does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.config import AppConfig, StageConfig
from pytest_rollbacklab.deploy.release import Releases
from pytest_rollbacklab.model import Build, Commit, Package


class FakeBucket:
    """``Bucket`` in memory."""

    name = "rollbacklab-notes"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def url(self, key: str) -> str:
        return f"http://127.0.0.1:4566/{self.name}/{key}"

    def get(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def size_bytes(self, key: str) -> int | None:
        return len(self.objects[key]) if key in self.objects else None

    def keys(self, prefix: str, *, after: str = "") -> Iterator[str]:
        return (key for key in sorted(self.objects) if key.startswith(prefix) and key > after)

    def put(self, key: str, content: bytes) -> None:
        self.objects[key] = content

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def put_new(self, key: str, content: bytes) -> bool:
        if key in self.objects:
            return False
        self.objects[key] = content
        return True


class FakeCloudFormation:
    """Stacks in memory. What the next deployment comes to is set beforehand; the calls are kept."""

    def __init__(self) -> None:
        self.stacks: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        """By stack name, newest first, as CloudFormation tells them."""
        self.change_sets: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.next_change_set: dict[str, Any] = {"Status": "CREATE_COMPLETE"}
        self.next_changes: list[list[dict[str, Any]]] = [[modify("CreateFunction", "Code")]]
        """Pages of changes."""
        self.next_statuses: list[str] = []
        """What the next execution goes through; empty for success."""
        self.next_reason: str | None = None
        self.next_events: list[dict[str, Any]] = []
        self.delete_leaves: str | None = None
        """The status that a stack is left in by a deletion that fails."""
        self.refuses: dict[str, str] = {}
        """By operation, the message to refuse it with."""

    def called(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for name, parameters in self.calls if name == operation]

    def describe_stacks(self, **parameters: Any) -> dict[str, Any]:
        self._called("DescribeStacks", parameters)
        stack = self._stack(parameters["StackName"], "DescribeStacks")
        if len(stack["statuses"]) > 1:
            stack["statuses"].pop(0)
        told = {key: value for key, value in stack.items() if key not in ("statuses", "deleted", "template")}
        return {"Stacks": [{**told, "StackStatus": stack["statuses"][0]}]}

    def create_change_set(self, **parameters: Any) -> None:
        self._called("CreateChangeSet", parameters)
        name = parameters["StackName"]
        if name not in self.stacks:
            assert parameters["ChangeSetType"] == "CREATE"
            self.add_stack(name, "REVIEW_IN_PROGRESS")
        self.change_sets[parameters["ChangeSetName"]] = {
            **self.next_change_set,
            "pages": self.next_changes,
            "template": parameters.get("TemplateBody"),
            "Parameters": parameters["Parameters"],
        }

    def describe_change_set(self, **parameters: Any) -> dict[str, Any]:
        self._called("DescribeChangeSet", parameters)
        change_set = self.change_sets[parameters["ChangeSetName"]]
        pages = change_set["pages"] if change_set["Status"] == "CREATE_COMPLETE" else [[]]
        page = int(parameters.get("NextToken", 0))
        more = {"NextToken": str(page + 1)} if page + 1 < len(pages) else {}
        return {
            "Status": change_set["Status"],
            "StatusReason": change_set.get("StatusReason"),
            "Changes": pages[page],
            **more,
        }

    def delete_change_set(self, **parameters: Any) -> None:
        self._called("DeleteChangeSet", parameters)
        del self.change_sets[parameters["ChangeSetName"]]

    def execute_change_set(self, **parameters: Any) -> None:
        self._called("ExecuteChangeSet", parameters)
        stack = self.stacks[parameters["StackName"]]
        created = stack["statuses"][-1] == "REVIEW_IN_PROGRESS"
        done = ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"] if created else ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
        stack["statuses"] = ["REVIEW_IN_PROGRESS", *(self.next_statuses or done)]
        stack["StackStatusReason"] = self.next_reason
        self.events[parameters["StackName"]] = [*self.next_events, *self.events.get(parameters["StackName"], [])]
        executed = self.change_sets.pop(parameters["ChangeSetName"])
        stack["template"], stack["Parameters"] = executed.get("template"), executed.get("Parameters", [])

    def get_template(self, **parameters: Any) -> dict[str, Any]:
        self._called("GetTemplate", parameters)
        return {"TemplateBody": self._stack(parameters["StackName"], "GetTemplate")["template"]}

    def delete_stack(self, **parameters: Any) -> None:
        self._called("DeleteStack", parameters)
        stack = self.stacks[parameters["StackName"]]
        stack["deleted"] = self.delete_leaves is None
        stack["statuses"] = ["DELETE_IN_PROGRESS", "DELETE_IN_PROGRESS", self.delete_leaves or "DELETE_COMPLETE"]

    def get_paginator(self, operation: str) -> FakeCloudFormation:
        assert operation == "describe_stack_events"
        return self

    def paginate(self, *, StackName: str) -> Iterator[dict[str, Any]]:
        for event in self.events.get(StackName, []):
            yield {"StackEvents": [event]}

    def add_stack(self, name: str, status: str, **outputs: str) -> None:
        self.stacks[name] = {
            "StackId": f"arn:{name}",
            "statuses": [status],
            "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
        }

    def _called(self, operation: str, parameters: dict[str, Any]) -> None:
        self.calls.append((operation, parameters))
        if operation in self.refuses:
            raise _validation_error(self.refuses[operation], operation)

    def _stack(self, name: str, operation: str) -> dict[str, Any]:
        for stack_name, stack in self.stacks.items():
            if name == stack["StackId"] or (name == stack_name and not stack.get("deleted")):
                return stack
        raise _validation_error(f"Stack with id {name} does not exist", operation)


def _validation_error(message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, operation)


def modify(logical_id: str, *properties: str, replacement: str = "False") -> dict[str, Any]:
    """One change as DescribeChangeSet tells it."""
    details = [{"Target": {"Attribute": "Properties", "Name": name}} for name in properties]
    change = {
        "Action": "Modify",
        "LogicalResourceId": logical_id,
        "ResourceType": "AWS::Lambda::Function",
        "Replacement": replacement,
        "Details": details,
    }
    return {"Type": "Resource", "ResourceChange": change}


class FakeTarget:
    """A target whose only service is CloudFormation, and which never dies."""

    account_id = "123456789012"
    region = "us-east-1"

    def __init__(self, cloudformation: FakeCloudFormation) -> None:
        self._cloudformation = cloudformation

    def client(self, service: str) -> FakeCloudFormation:
        assert service == "cloudformation"
        return self._cloudformation

    def check(self) -> None:
        """Never raises."""


@pytest.fixture
def bucket() -> FakeBucket:
    return FakeBucket()


@pytest.fixture
def cloudformation() -> FakeCloudFormation:
    return FakeCloudFormation()


@pytest.fixture
def target(cloudformation: FakeCloudFormation) -> FakeTarget:
    return FakeTarget(cloudformation)


@pytest.fixture
def shelf(bucket: FakeBucket) -> Shelf:
    return Shelf(bucket)  # type: ignore[arg-type]


@pytest.fixture
def app(tmp_path: Path) -> AppConfig:
    dev = StageConfig(name="dev", branch="main", parameters={"Stage": "dev"})
    prod = StageConfig(name="prod", promote_only=True, parameters={"Stage": "prod"})
    return AppConfig(name="notes", directory=tmp_path, stages=(dev, prod))


@pytest.fixture
def releases(target: FakeTarget, app: AppConfig, shelf: Shelf) -> Releases:
    return Releases(target, app, shelf)  # type: ignore[arg-type]


@pytest.fixture
def make_build(shelf: Shelf) -> Callable[..., Build]:
    """Put a build on the shelf: one package, of which ``content`` is the zip, and a template that names it."""

    def make(content: str = "good", *, template: str | None = None, failure: str | None = None) -> Build:
        stored = shelf.keep_package(content.encode(), content)
        key, sha256 = shelf.keep_template(template or f'{{"Resources": {{"Create": "{content}"}}}}')
        package = Package(function="Create", sha256=stored.sha256, size_bytes=stored.size_bytes, reused=False)
        commit = Commit(sha="0" * 40, author="Jin <jin@example.com>", message=content, committed_at=datetime.now(UTC))
        return shelf.add_build(
            lambda number: Build(
                number=number,
                app="notes",
                commit=commit,
                packages=() if failure else (package,),
                template_key=None if failure else key,
                template_sha256=None if failure else sha256,
                built_at=datetime.now(UTC),
                duration_s=0.1,
                failure=failure,
            )
        )

    return make
