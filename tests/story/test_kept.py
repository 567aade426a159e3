"""A local AWS that keeps its state is killed, and another takes over: same addresses, same data, same credentials."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from pytest_rollbacklab.call import identity
from pytest_rollbacklab.errors import CallError, CloudError, DeployError
from pytest_rollbacklab.lab import Lab, open_lab
from pytest_rollbacklab.shipped import sample_app
from pytest_rollbacklab.stage import PASSWORD, USERNAME
from pytest_rollbacklab.target import EmbeddedCloud, Target, embedded_cloud
from pytest_rollbacklab.wait import wait_for

ACCOUNT = "700000000001"
NOTE = {"content": "hello world", "attachment": "hello.jpg"}


class Kept:
    """A directory and a port, and the local AWS that has them at the time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.cloud: EmbeddedCloud

    @contextlib.contextmanager
    def running(self, account_id: str = ACCOUNT) -> Iterator[Target]:
        with embedded_cloud(port=self.port, state=self.path) as self.cloud:
            target = Target(endpoint_url=self.cloud.endpoint_url, account_id=account_id, cloud=self.cloud)
            yield target
            target.close()

    def kill(self) -> None:
        """End it as a crash does, and see that nothing that it started is left."""
        started = psutil.Process(self.cloud.pid).children(recursive=True)
        os.kill(self.cloud.pid, signal.SIGKILL)
        with contextlib.suppress(CloudError):
            self.cloud.check(patience_s=10)
        _, left = psutil.wait_procs(started, timeout=10)
        assert left == []


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "state")


def everything(target: Target) -> dict[str, Any]:
    """Return what AWS's APIs say of what an app is made of."""
    apigateway, cognito, s3 = target.client("apigateway"), target.client("cognito-idp"), target.client("s3")
    apis = apigateway.get_rest_apis()["items"]
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    tables = target.client("dynamodb").list_tables()["TableNames"]
    identity_pools = target.client("cognito-identity").list_identity_pools(MaxResults=60)["IdentityPools"]
    pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
    stacks = target.client("cloudformation").describe_stacks()["Stacks"]
    logs = target.client("logs")
    groups = logs.describe_log_groups()["logGroups"]
    found = {
        "apis": apis,
        "stages": [apigateway.get_stages(restApiId=api["id"])["item"] for api in apis],
        "functions": target.client("lambda").list_functions()["Functions"],
        "stacks": stacks,
        "events": [
            target.client("cloudformation").describe_stack_events(StackName=stack["StackName"])["StackEvents"]
            for stack in stacks
        ],
        "objects": [s3.list_object_versions(Bucket=bucket).get("Versions") for bucket in buckets],
        "items": [target.client("dynamodb").scan(TableName=table)["Items"] for table in tables],
        "pools": pools,
        "users": [cognito.list_users(UserPoolId=pool["Id"])["Users"] for pool in pools],
        "identity pools": identity_pools,
        "log groups": groups,
        "log events": [logs.filter_log_events(logGroupName=group["logGroupName"])["events"] for group in groups],
        "metrics": target.client("cloudwatch").list_metrics()["Metrics"],
        "roles": target.client("iam").list_roles()["Roles"],
    }
    assert all(found.values()), found
    return found


class Traffic:
    """Calls that go on until they cannot be answered any more; what was answered is remembered."""

    def __init__(self, call: Callable[[int], Any], callers: int) -> None:
        self.sent: set[int] = set()
        self.answered: dict[int, Any] = {}
        self.enough = threading.Event()
        self._threads = [threading.Thread(target=self._go_on, args=(call, one, callers)) for one in range(callers)]
        for thread in self._threads:
            thread.start()

    def _go_on(self, call: Callable[[int], Any], first: int, step: int) -> None:
        for number in range(first, 100_000, step):
            self.sent.add(number)
            try:
                self.answered[number] = call(number)
            except (BotoCoreError, CallError, CloudError):
                return
            if len(self.answered) >= 40:
                self.enough.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()


def test_the_app_goes_on_after_a_kill(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with contextlib.ExitStack() as stack:
        target = stack.enter_context(kept.running())
        lab = stack.enter_context(open_lab(target, sample_app(tmp_path), tmp_path / "work", name="kept"))
        good = lab.push("Notes API")
        lab.promote("dev", "prod")
        prod = lab.stage("prod")
        assert prod.api.post("/notes", json=NOTE).status == 200
        live = prod.live
        traffic = Traffic(lambda _: prod.api.post("/notes", json=NOTE).json()["noteId"], callers=1)
        assert traffic.enough.wait(60)
        kept.kill()
        traffic.join()

    with kept.running(lab.target.account_id) as target:
        # the same client: the address and the credentials of before
        answer = prod.api.get("/notes")
        assert answer.status == 200, answer.text
        listed = [note["noteId"] for note in answer.json()]
        acknowledged = set(traffic.answered.values())
        assert len(acknowledged) >= 40
        assert acknowledged <= set(listed)
        assert len(listed) <= len(traffic.sent) + 1

        before = everything(target)
        kept.kill()

    with kept.running(lab.target.account_id) as target:
        assert everything(target) == before
        after = Lab(target=target, app=lab.app, repository=lab.repository, name="after")
        assert after.stage("prod").live == live
        after.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
        after.push("Making a mistake")
        after.promote("dev", "prod")
        assert after.stage("prod").api.post("/notes", json=NOTE).status == 502
        kept.kill()

    with kept.running(lab.target.account_id) as target:
        again = Lab(target=target, app=lab.app, repository=lab.repository, name="again")
        rollback = again.stage("prod").roll_back(reason="users get 502")
        assert (rollback.build.number, rollback.packages_rebuilt) == (good.number, 0)
        assert prod.api.post("/notes", json=NOTE).status == 200
        again.replace(
            "template.yaml", "Handler: create.main", "Handler: create.main\n      ReservedConcurrentExecutions: -5"
        )
        with pytest.raises(DeployError):
            again.push("What CloudFormation has to take back")
        assert again.stage("dev").api.post("/notes", json=NOTE).status == 502  # the bad build is still live there
        again.close()
        prod.api.close()


def test_every_item_that_was_acknowledged_is_there(kept: Kept) -> None:
    with kept.running() as target:
        database = target.client("dynamodb")
        database.create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
            BillingMode="PAY_PER_REQUEST",
        )
        traffic = Traffic(lambda n: database.put_item(TableName="t", Item={"id": {"N": str(n)}}), callers=4)
        assert traffic.enough.wait(60)
        kept.kill()
        traffic.join()
    with kept.running() as target:
        pages = target.client("dynamodb").get_paginator("scan").paginate(TableName="t")
        there = {int(item["id"]["N"]) for page in pages for item in page["Items"]}
    assert traffic.answered.keys() <= there <= traffic.sent


def test_who_was_signed_in_still_is(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with contextlib.ExitStack() as stack:
        target = stack.enter_context(kept.running())
        lab = stack.enter_context(open_lab(target, sample_app(tmp_path), tmp_path / "work", name="signed in"))
        lab.push("Notes API")
        dev = lab.stage("dev")
        assert dev.api.post("/notes", json=NOTE).status == 200
        pools, account_id = dev.resources, lab.target.account_id
        tokens = identity.sign_in(
            lab.target,
            user_pool_id=pools.user_pool_id,
            app_client_id=pools.app_client_id,
            username=USERNAME,
            password=PASSWORD,
        )
        named = {"identity_pool_id": pools.identity_pool_id, "user_pool_id": pools.user_pool_id, "tokens": tokens}
        before = identity.get_credentials(lab.target, **named)
        kept.kill()
    with kept.running(account_id) as target:
        assert target.client("cognito-idp").get_user(AccessToken=tokens.access_token)["Username"]
        # the token is verified against the pool's keys, and leads to the identity that it led to
        after = identity.get_credentials(target, **named)
        assert after.identity_id == before.identity_id
        assert after.access_key_id != before.access_key_id


TEMPLATE = "Resources:\n" + "".join(
    f"  Table{number}:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      BillingMode: PAY_PER_REQUEST\n"
    "      KeySchema: [{AttributeName: id, KeyType: HASH}]\n"
    "      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]\n"
    for number in range(40)
)


def test_a_stack_operation_that_was_interrupted_comes_to_its_end(kept: Kept) -> None:
    with kept.running() as target:
        target.client("cloudformation").create_stack(StackName="s", TemplateBody=TEMPLATE)
        kept.kill()
    with kept.running() as target:
        cloudformation = target.client("cloudformation")

        def status() -> str:
            return str(cloudformation.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"])

        settled = wait_for(
            "the stack", lambda: found if not (found := status()).endswith("PROGRESS") else None, timeout_s=30
        )
        tables = target.client("dynamodb").list_tables()["TableNames"]
        assert (settled, len(tables)) in [("ROLLBACK_COMPLETE", 0), ("CREATE_COMPLETE", 40)]
        cloudformation.delete_stack(StackName="s")

        def gone() -> bool | None:
            with contextlib.suppress(ClientError):
                status()
                return None
            return True

        wait_for("the end of the stack", gone, timeout_s=30)
        assert target.client("dynamodb").list_tables()["TableNames"] == []


COMMAND = [sys.executable, "-m", "pytest_rollbacklab.cli", "cloud"]


@contextlib.contextmanager
def started(*options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start ``rollbacklab cloud``, and read what it says when it is ready."""
    process = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        said = [process.stdout.readline() for _ in range(4)]
        yield process, said
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
        process.stderr.close()


def test_the_command_says_where_it_keeps_and_keeps_after_an_end_in_order(kept: Kept) -> None:
    options = ("--port", str(kept.port), "--state", str(kept.path))
    with started(*options) as (_, said):
        assert said[0] == f"rollbacklab cloud is ready at http://127.0.0.1:{kept.port}\n"
        assert said[3] == f"  Ctrl-C ends it, and what is in it is kept in {kept.path}\n"
        target = Target(endpoint_url=f"http://127.0.0.1:{kept.port}")
        target.client("sqs").create_queue(QueueName="q")
    with started(*options):
        assert len(target.client("sqs").list_queues()["QueueUrls"]) == 1
    with started(*options, "--fresh"):
        assert "QueueUrls" not in target.client("sqs").list_queues()
    target.close()


def test_a_second_one_is_told_of_the_first(kept: Kept) -> None:
    with kept.running():
        second = subprocess.run(
            [*COMMAND, "--state", str(kept.path)], capture_output=True, text=True, check=False, timeout=60
        )
        words = (
            f"the state in {kept.path} is in use by process {kept.cloud.pid}\n"
            "  what to do: end that process, or give another directory with --state"
        )
        assert (second.returncode, second.stderr) == (1, f"{words}\n")
        with pytest.raises(CloudError) as refused, embedded_cloud(state=kept.path):
            pass
        assert words.splitlines()[0] in str(refused.value)


def test_a_dead_cloud_says_that_its_state_is_kept(kept: Kept) -> None:
    with kept.running() as target:
        os.kill(kept.cloud.pid, signal.SIGKILL)
        with pytest.raises(CloudError) as dead:
            kept.cloud.check(patience_s=10)
        assert str(dead.value).endswith(
            f"what to do: what it had answered is kept in {kept.path}: start it again with that directory"
        )
        target.close()
