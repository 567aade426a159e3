"""Whole journeys that go wrong: each says what happened, what was looked at and what to do, and nothing is lost."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import psutil
import pytest

from pytest_rollbacklab.call import identity
from pytest_rollbacklab.call.client import ApiClient
from pytest_rollbacklab.errors import (
    BuildError,
    CloudError,
    DeployError,
    NothingToRollBackError,
    PromoteError,
    SignInError,
    UnknownStageError,
    UsageError,
)
from pytest_rollbacklab.lab import Lab, Stage, open_lab
from pytest_rollbacklab.target import Target, embedded_cloud
from pytest_rollbacklab.wait import wait_for

NOTE = {"content": "hello world", "attachment": "hello.jpg"}


@pytest.fixture
def deployed(lab: Lab) -> Lab:
    """The notes API, live on dev and prod."""
    lab.push("Notes API")
    lab.promote("dev", "prod")
    return lab


class TestRefused:
    def test_a_template_that_does_not_parse(self, lab: Lab) -> None:
        lab.write("template.yaml", "Resources: [\n")
        with pytest.raises(BuildError, match=r"build 1 of [0-9a-f]{7} 'Broken template' failed") as refused:
            lab.push("Broken template")
        assert "template.yaml" in str(refused.value)
        assert "line 2" in str(refused.value)
        assert lab.stage("dev").live is None

    def test_a_resource_type_that_nobody_has(self, lab: Lab) -> None:
        lab.replace("template.yaml", "  NotesTable:\n", "  Odd:\n    Type: AWS::Odd::Thing\n  NotesTable:\n")
        with pytest.raises(DeployError, match="AWS::Odd::Thing"):
            lab.push("Something odd")
        assert lab.stage("dev").live is None

    def test_a_handler_file_that_is_missing(self, lab: Lab) -> None:
        lab.replace("template.yaml", "Handler: create.main", "Handler: creat.main")
        with pytest.raises(BuildError, match=r"creat\.main") as refused:
            lab.push("A slip of the pen")
        assert "CreateFunction" in str(refused.value)
        assert "create.py" in str(refused.value)

    def test_a_rollback_with_nothing_to_go_back_to(self, lab: Lab) -> None:
        with pytest.raises(NothingToRollBackError, match="prod cannot be rolled back: nothing was ever released there"):
            lab.stage("prod").roll_back()
        lab.push("Notes API")
        with pytest.raises(NothingToRollBackError, match="nothing else was live before build 1") as refused:
            lab.stage("dev").roll_back()
        assert "1 releases of dev: 1: deploy of build 1" in str(refused.value)

    def test_a_promotion_of_a_build_that_failed(self, lab: Lab) -> None:
        lab.push("Notes API")
        lab.replace("template.yaml", "Handler: create.main", "Handler: creat.main")
        with pytest.raises(BuildError):
            lab.push("A slip of the pen")
        with pytest.raises(PromoteError, match="build 2 failed and cannot be promoted to prod"):
            lab.releases.promote("dev", "prod", build=2)
        assert lab.promote("dev", "prod").build.number == 1

    def test_a_promotion_from_an_empty_stage(self, lab: Lab) -> None:
        with pytest.raises(PromoteError, match="there is nothing on dev to promote"):
            lab.promote("dev", "prod")

    def test_an_unknown_stage(self, lab: Lab) -> None:
        with pytest.raises(UnknownStageError, match="the app 'notes' has no stage 'staging'") as refused:
            lab.promote("dev", "staging")
        assert "stages dev, prod" in str(refused.value)

    def test_a_look_at_a_stage_where_nothing_is(self, prod: Stage) -> None:
        with pytest.raises(UsageError, match="nothing is deployed as notes-prod"):
            prod.enable_access_logs()

    def test_access_logs_that_are_off(self, deployed: Lab) -> None:
        with pytest.raises(UsageError, match="access logs are off on notes-prod") as refused:
            deployed.stage("prod").access_log()
        assert "enable_access_logs()" in str(refused.value)

    def test_a_function_or_a_metric_that_is_not_there(self, deployed: Lab) -> None:
        prod = deployed.stage("prod")
        with pytest.raises(UsageError, match="has no function 'Creat'") as refused:
            prod.function_metrics("Creat")
        assert "CreateFunction" in str(refused.value)
        with pytest.raises(UsageError, match="has no Sum of '5xx'") as refused:
            prod.api_metrics().sum("5xx")
        assert "5XXError" in str(refused.value)


class TestCalls:
    def test_a_body_that_is_not_json_is_the_callers_mistake(self, deployed: Lab) -> None:
        answer = deployed.stage("prod").api.post("/notes", body="{nonsense")
        assert (answer.status, answer.json()) == (400, {"error": "the body is not JSON"})

    def test_an_unsigned_call_is_refused(self, deployed: Lab) -> None:
        answer = deployed.stage("prod").api.post("/notes", json=NOTE, sign=False)
        assert (answer.status, answer.json()) == (403, {"message": "Missing Authentication Token"})

    def test_a_wrong_password_is_refused(self, deployed: Lab) -> None:
        prod = deployed.stage("prod")
        prod.add_user("ann@example.com", "Passw0rd!")
        for flow in ("USER_SRP_AUTH", "USER_PASSWORD_AUTH"):
            with pytest.raises(SignInError, match="Incorrect username or password") as refused:
                identity.sign_in(
                    deployed.target,
                    user_pool_id=prod.resources.user_pool_id,
                    app_client_id=prod.resources.app_client_id,
                    username="ann@example.com",
                    password="Passw0rd?",
                    flow=flow,
                )
            assert f"cannot sign in ann@example.com by {flow}" in str(refused.value)

    def test_two_users_do_not_see_each_others_notes(self, deployed: Lab) -> None:
        prod = deployed.stage("prod")
        note = prod.api.post("/notes", json=NOTE).json()
        prod.add_user("bob@example.com", "Passw0rd!")
        tokens = identity.sign_in(
            deployed.target,
            user_pool_id=prod.resources.user_pool_id,
            app_client_id=prod.resources.app_client_id,
            username="bob@example.com",
            password="Passw0rd!",
        )
        bobs = identity.get_credentials(
            deployed.target,
            identity_pool_id=prod.resources.identity_pool_id,
            user_pool_id=prod.resources.user_pool_id,
            tokens=tokens,
        )
        assert bobs.identity_id != note["userId"]
        as_bob = ApiClient(
            lambda: deployed.target.invoke_url(prod.resources.rest_api_id, prod.resources.api_stage),
            region=deployed.target.region,
            credentials=lambda: bobs,
        )
        assert as_bob.get(f"/notes/{note['noteId']}").status == 404
        assert as_bob.get("/notes").json() == []

    def test_a_handler_killed_in_the_middle_of_a_request(self, lab: Lab) -> None:
        kill = "if 'kill me' in event['body']: __import__('os').kill(__import__('os').getpid(), 9)"
        lab.edit("functions/create.py", at_top_of="main", insert=kill)
        lab.push("It can be killed")
        dev = lab.stage("dev")
        dev.enable_access_logs()
        assert dev.api.post("/notes", json=NOTE).status == 200
        broken = dev.api.post("/notes", json={"content": "kill me"})
        assert (broken.status, broken.json()) == (502, {"message": "Internal server error"})
        assert "Runtime exited with error: signal: killed" in dev.evidence(broken).function_log
        assert dev.api.post("/notes", json=NOTE).status == 200
        assert dev.function_metrics("CreateFunction").errors == 1


class TestTheCloudDies:
    def test_the_next_call_says_so_at_once_and_no_process_is_left(self, rollbacklab_app: Path, tmp_path: Path) -> None:
        with embedded_cloud() as cloud:
            target = Target(endpoint_url=cloud.endpoint_url, cloud=cloud)
            with open_lab(target, rollbacklab_app, tmp_path, name="dies") as lab:
                lab.push("Notes API")
                dev = lab.stage("dev")
                assert dev.api.post("/notes", json=NOTE).status == 200
                family = psutil.Process(cloud.pid).children(recursive=True)
                assert family
                os.kill(cloud.pid, signal.SIGKILL)
                with pytest.raises(CloudError, match="killed by signal 9"):
                    dev.api.post("/notes", json=NOTE)
                with pytest.raises(CloudError, match="killed by signal 9"):
                    dev.roll_back()
                assert psutil.wait_procs(family, timeout=15)[1] == []

    def test_a_call_under_way_ends_at_once(self, rollbacklab_app: Path, tmp_path: Path) -> None:
        with embedded_cloud() as cloud:
            target = Target(endpoint_url=cloud.endpoint_url, cloud=cloud)
            with open_lab(target, rollbacklab_app, tmp_path, name="dies under way") as lab:
                lab.edit("functions/create.py", at_top_of="main", insert="print('here'); time.sleep(9)")
                lab.push("Slow")
                dev = lab.stage("dev")
                assert dev.api.get("/notes").status == 200  # signed in, so that the thread below has one call to make
                seen: list[BaseException] = []

                def call() -> None:
                    try:
                        dev.api.post("/notes", json=NOTE)
                    except CloudError as error:
                        seen.append(error)

                caller = threading.Thread(target=call)
                caller.start()

                def running() -> bool | None:
                    return any("START" in line.message for line in dev.function_log("CreateFunction")) or None

                wait_for("the function to run", running, timeout_s=10)
                os.kill(cloud.pid, signal.SIGKILL)
                caller.join(timeout=5)
                assert not caller.is_alive()
                assert "killed by signal 9" in str(seen[0])
