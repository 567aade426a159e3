"""What the pipeline's tests stand on: an AWS in memory, real git, and an app whose commits are built and deployed."""

from __future__ import annotations

import importlib.util
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.model import Build, Commit, Package, Release
from pytest_rollbacklab.pipeline.pipeline import Pipeline
from pytest_rollbacklab.pipeline.values import Activity, Actor, PlanView

WAIT_S = 20.0
ANN = Actor(name="ann", via="console")
PUSHER = Actor(name="bob", via="git push")
TOML = """
app = "notes"
[stages.dev]
branch = "main"
[stages.prod]
promote_only = true
[pull_requests]
branches = ["feature/*"]
"""
TEMPLATE = """\
Resources:
  Create:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.12, Handler: create.main, Code: functions}
"""


def _fakes_of(part: str) -> Any:
    """Load what the tests of another part stand on."""
    file = Path(__file__).parents[1] / part / "conftest.py"
    spec = importlib.util.spec_from_file_location(f"fakes_of_{part}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_DEPLOY, _BUILD = _fakes_of("deploy"), _fakes_of("build")


class Killed(BaseException):
    """The process ends here: nothing that it would still write is written."""


class FakeS3(_BUILD.FakeS3):  # type: ignore[misc]
    """An S3 in memory that counts what it is asked for, and that can be switched off."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.refuses: str | None = None
        """The beginning of keys that cannot be written."""
        self.writes_until_killed: int | None = None

    def put_object(self, **request: Any) -> None:
        self.asked["put"] += 1
        self._write()
        if self.refuses is not None and request["Key"].startswith(self.refuses):
            raise ClientError({"Error": {"Code": "InternalError", "Message": "no disk"}}, "PutObject")
        super().put_object(**request)

    def delete_object(self, **request: Any) -> None:
        self._write()
        super().delete_object(**request)

    def _write(self) -> None:
        if self.writes_until_killed is not None:
            if self.writes_until_killed == 0:
                raise Killed
            self.writes_until_killed -= 1

    def get_object(self, **request: Any) -> Any:
        self.asked["get"] += 1
        return super().get_object(**request)

    def head_object(self, **request: Any) -> Any:
        self.asked["head"] += 1
        return super().head_object(**request)

    def paginate(self, **request: Any) -> Iterator[Any]:
        self.asked["list"] += 1
        yield from super().paginate(**request)


class _Pages:
    def __init__(self, read: Callable[..., Iterator[dict[str, Any]]]) -> None:
        self.paginate = read


class FakeCloudFormation(_DEPLOY.FakeCloudFormation):  # type: ignore[misc]
    """Stacks in memory with an API in each; an execution can be held up."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.is_executing = threading.Event()
        self.breaks: BaseException | None = None
        """Raised by the next execution, when it is done."""

    def execute_change_set(self, **parameters: Any) -> None:
        self.is_executing.set()
        assert self.may_go_on.wait(WAIT_S)
        super().execute_change_set(**parameters)
        self.next_statuses, broken, self.breaks = [], self.breaks, None
        if broken is not None:
            raise broken

    def delete_change_set(self, **parameters: Any) -> None:
        self._called("DeleteChangeSet", parameters)
        self.change_sets.pop(parameters["ChangeSetName"], None)

    def get_paginator(self, operation: str) -> _Pages:
        pages = {
            "describe_stack_events": super().paginate,
            "list_stack_resources": self._resources,
            "list_change_sets": self._change_sets,
        }
        return _Pages(pages[operation])

    def _change_sets(self, *, StackName: str) -> Iterator[dict[str, Any]]:
        yield {"Summaries": [{"ChangeSetName": name} for name in self.change_sets]}

    def _resources(self, *, StackName: str) -> Iterator[dict[str, Any]]:
        self._stack(StackName, "ListStackResources")
        made = {
            "Api": ("AWS::ApiGateway::RestApi", "api1"),
            "ApiStage": ("AWS::ApiGateway::Stage", "Prod"),
            "NotesTable": ("AWS::DynamoDB::Table", "notes-table"),
            "Create": ("AWS::Lambda::Function", "notes-create"),
        }
        yield {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": name,
                    "PhysicalResourceId": physical_id,
                    "ResourceType": resource_type,
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for name, (resource_type, physical_id) in made.items()
            ]
        }


class FakeApiGateway:
    """One API with one stage."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.is_gone = False

    def get_rest_api(self, *, restApiId: str) -> dict[str, Any]:
        self._look("GetRestApi")
        return {"name": f"the api {restApiId}"}

    def get_stage(self, *, restApiId: str, stageName: str) -> dict[str, Any]:
        self._look("GetStage")
        return {"accessLogSettings": self.settings} if self.settings else {}

    def _look(self, operation: str) -> None:
        if self.is_gone:
            raise ClientError({"Error": {"Code": "NotFoundException", "Message": "Invalid stage"}}, operation)


class FakeCloudWatch:
    """Metrics by the ids of the queries."""

    def __init__(self) -> None:
        self.values: dict[str, dict[datetime, float]] = {}
        self.asked: list[dict[str, Any]] = []

    def get_metric_data(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        results = [
            {"Id": name, "Timestamps": list(found), "Values": list(found.values())}
            for name, found in self.values.items()
        ]
        return {"MetricDataResults": results}


class FakeTarget:
    """An AWS in memory."""

    account_id = "123456789012"
    region = "us-east-1"

    def __init__(self) -> None:
        self.s3, self.cloudformation = FakeS3(), FakeCloudFormation()
        self.apigateway, self.cloudwatch = FakeApiGateway(), FakeCloudWatch()
        self.is_closed = False

    def client(self, service: str) -> Any:
        return {
            "s3": self.s3,
            "cloudformation": self.cloudformation,
            "apigateway": self.apigateway,
            "cloudwatch": self.cloudwatch,
        }[service]

    def invoke_url(self, rest_api_id: str, stage: str) -> str:
        return f"http://127.0.0.1:4566/{rest_api_id}/{stage}"

    def check(self) -> None:
        """Never raises."""

    def check_broken_connection(self) -> None:
        """Never raises."""

    def close(self) -> None:
        self.is_closed = True


class Lab:
    """An app, its repository, and the pipeline behind it."""

    def __init__(self, directory: Path) -> None:
        self.target = FakeTarget()
        self.s3, self.cloudformation = self.target.s3, self.target.cloudformation
        self.ann, self.pusher, self.killed = ANN, PUSHER, Killed
        self.directory = directory
        self.repository = Repository.init(directory)
        self.repository.write("template.yaml", TEMPLATE)
        self.configure(TOML)
        self.said: list[str] = []
        self.pipeline = self.open()

    @property
    def ground(self) -> Any:
        return self.pipeline._ground

    @property
    def objects(self) -> dict[str, bytes]:
        """What lies in the app's bucket."""
        found: dict[str, bytes] = self.s3.buckets.setdefault(self.ground.shelf.bucket.name, {})
        return found

    def configure(self, toml: str) -> None:
        self.repository.write("rollbacklab.toml", toml)

    def open(self) -> Pipeline:
        """Start the lab (again)."""
        self.pipeline = Pipeline(
            target=self.target,  # type: ignore[arg-type]
            directory=self.directory,
            repository=self.repository,
            owner="ann",
        )
        return self.pipeline

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", "-C", str(self.directory), *arguments], check=True, capture_output=True)

    def commit(self, text: str) -> str:
        self.repository.write("functions/create.py", f"def main(event, context):\n    return {text!r}\n")
        return self.repository.commit(text).sha

    def build(self, text: str, branch: str = "main") -> Build:
        return self.build_commit(self.commit(text), branch)

    def build_commit(self, sha: str, branch: str = "main") -> Build:
        return self.pipeline.pushed_commit(branch, sha, who=PUSHER, say=self.said.append, quarantine={})

    def move(self, build: Build, branch: str = "main") -> None:
        self.pipeline.moved(branch, build.commit.sha, who=PUSHER, say=self.said.append)

    def push(self, text: str, branch: str = "main") -> Build:
        build = self.build(text, branch)
        self.move(build, branch)
        return build

    def plan(self, stage: str, kind: str, **options: Any) -> PlanView:
        return self.pipeline.plan(stage, kind, who=ANN, **options)  # type: ignore[arg-type]

    def confirm(self, stage: str, kind: str, **options: Any) -> Activity:
        plan = self.plan(stage, kind, **options)
        return self.ended(self.pipeline.confirm(stage, plan.id, who=ANN))

    def ended(self, activity: Activity) -> Activity:
        for _ in self.pipeline.follow(activity.number, stop=threading.Event()):
            pass
        return self.pipeline.activity(activity.number)

    def live(self, stage: str) -> int | None:
        """Return the number of the build that is live on a stage."""
        release = self.ground.releases.ledger(stage).live()
        return release.build.number if release else None

    def hold_up(self) -> None:
        """Let the next execution of a change set wait."""
        self.cloudformation.may_go_on.clear()
        self.cloudformation.is_executing.clear()

    def wait_until_executing(self) -> None:
        assert self.cloudformation.is_executing.wait(WAIT_S)

    def go_on(self) -> None:
        self.cloudformation.may_go_on.set()

    def in_background(self, work: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def wait_until_in_line(self, stage: str) -> None:
        """Wait until somebody waits for a stage."""
        turns = self.ground.turns
        with turns._changed:
            assert turns._changed.wait_for(lambda: len(turns._queues.get(stage, ())) > 1, WAIT_S)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path / "app")
    yield lab
    lab.go_on()
    assert lab.ground.turns.wait_until_idle(WAIT_S)


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def bucket(s3: FakeS3) -> Bucket:
    target = SimpleNamespace(account_id="123456789012", region="us-east-1", client=lambda _: s3)
    return Bucket(target, "notes")  # type: ignore[arg-type]


@pytest.fixture
def shelf(bucket: Bucket) -> Shelf:
    return Shelf(bucket)


@pytest.fixture
def keep(shelf: Shelf) -> Callable[..., Build]:
    """Put a build on the shelf: one package, of which ``content`` is the zip, and a template of its own."""

    def keep(content: str, *, failure: str | None = None) -> Build:
        stored = shelf.keep_package(content.encode(), content)
        key, sha256 = shelf.keep_template(f'{{"Resources": {{"Create": "{content}"}}}}')
        package = Package(function="Create", sha256=stored.sha256, size_bytes=stored.size_bytes, reused=False)
        commit = Commit(
            sha=f"{len(shelf.builds()) + 1:040x}", author="Jin <jin@x>", message=content, committed_at=datetime.now(UTC)
        )
        build = Build(
            number=0,
            app="notes",
            commit=commit,
            packages=() if failure else (package,),
            template_key=None if failure else key,
            template_sha256=None if failure else sha256,
            built_at=datetime.now(UTC),
            duration_s=0.1,
            failure=failure,
        )
        return shelf.add_build(lambda number: replace(build, number=number))

    return keep


@pytest.fixture
def release_of() -> Callable[..., Release]:
    """Make a release of a build."""

    def make(build: Build, number: int = 1, **members: Any) -> Release:
        values: dict[str, Any] = {
            "number": number,
            "stage": "dev",
            "kind": "deploy",
            "build": build,
            "parameters": {},
            "environment": {},
            "set_by_hand": {},
            "released_at": datetime(2024, 5, 1, 12, 30, tzinfo=UTC),
            "duration_s": 1.0,
            "packages_rebuilt": 0,
            "changes": (),
            "rolled_back_from": None,
            "reason": None,
            "by": "ann",
            "outputs": {},
        }
        return Release(**{**values, **members})

    return make
