"""``apitest``: its options, its exit statuses, and what the running lab says of a stage."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

import click
import pytest
from click.testing import CliRunner

from pytest_rollbacklab.call.apitest import EXIT_NO_ANSWER
from pytest_rollbacklab.cli import main
from pytest_rollbacklab.cli.commands.apitest import apitest
from pytest_rollbacklab.model import Answer

CALL = ("--username", "ada", "--password", "p", "--path-template", "/notes")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")


def parsed(lab: Any, *arguments: str) -> dict[str, Any]:
    return apitest.make_context("apitest", list(arguments), parent=click.Context(main)).params


def test_the_stage_fills_in_pools_client_region_and_address(lab: Any) -> None:
    assert parsed(lab, "--stage", "prod", *CALL) == {
        "username": "ada",
        "password": "p",
        "user_pool_id": "us-east-1_P",
        "app_client_id": "client",
        "identity_pool_id": "us-east-1:pool",
        "invoke_url": "http://127.0.0.1:4566/_aws/execute-api/abc123/prod",
        "cognito_region": "eu-west-1",
        "api_gateway_region": "eu-west-1",
        "path_template": "/notes",
        "method": "GET",
        "params": "{}",
        "additional_params": "{}",
        "body": "{}",
        "api_key": None,
        "access_token_header": None,
        "as_json": False,
    }
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_what_is_given_wins(lab: Any) -> None:
    assert parsed(lab, *CALL, "--app-client-id", "mine", "--stage", "prod")["app_client_id"] == "mine"


def test_a_stage_without_an_api_is_told(lab: Any, run: Any) -> None:
    lab.pages["GET /stages/prod"]["stage"]["api_url"] = None
    result = run("apitest", "--stage", "prod", *CALL)
    assert (result.exit_code, result.stderr.splitlines()) == (
        2,
        [
            "error: nothing is live on prod",
            "  looked at: stage prod",
            "  what to do: deploy something there first",
        ],
    )


def test_without_a_stage_everything_has_to_be_given(run: Any) -> None:
    result = CliRunner().invoke(main, ["apitest", *CALL])
    assert (result.exit_code, "Missing option '--user-pool-id'" in result.stderr) == (2, True)


class TestOptions:
    def test_are_those_of_npms_client_and_two_of_ours(self) -> None:
        names = {option for parameter in apitest.params for option in parameter.opts}
        assert names - {"--stage", "--json"} == {
            "--username",
            "--password",
            "--user-pool-id",
            "--app-client-id",
            "--cognito-region",
            "--identity-pool-id",
            "--invoke-url",
            "--api-gateway-region",
            "--path-template",
            "--method",
            "--params",
            "--additional-params",
            "--body",
            "--api-key",
            "--access-token-header",
        }

    def test_one_that_is_missing_has_the_status_of_no_answer(self) -> None:
        result = CliRunner().invoke(apitest, ["--username", "ann"])
        assert result.exit_code == EXIT_NO_ANSWER
        assert "Missing option '--password'" in result.output


class TestExitStatus:
    REQUIRED = ("username", "password", "user-pool-id", "app-client-id", "identity-pool-id", "invoke-url")
    WRONG = (*(f"--{name}=x" for name in (*REQUIRED, "path-template", "body")),)

    def test_is_what_came_of_it(self) -> None:
        result = CliRunner().invoke(main, ["apitest", *self.WRONG])
        assert result.exit_code == EXIT_NO_ANSWER
        assert result.output.startswith("--body is not JSON")

    @pytest.mark.parametrize(("status", "code"), [(200, 0), (502, 1)])
    def test_of_an_answer_is_its_status_with_json_too(self, monkeypatch: Any, status: int, code: int) -> None:
        answer = Answer(
            method="POST",
            url="http://127.0.0.1/notes",
            status=status,
            reason="Said",
            headers={},
            body=b'{"a": 1}',
            latency_ms=3.0,
            sent_at=datetime(2026, 11, 23, tzinfo=UTC),
        )
        monkeypatch.setattr("pytest_rollbacklab.call.apitest.send", lambda *_: answer)
        result = CliRunner().invoke(main, ["apitest", *self.WRONG, "--json"])
        told = json.loads(result.stdout)["answer"]
        assert (result.exit_code, told["status"], told["body"]) == (code, status, '{"a": 1}')

    def test_is_the_same_with_json(self) -> None:
        result = CliRunner().invoke(main, ["apitest", *self.WRONG, "--json"])
        assert (result.exit_code, result.stderr) == (EXIT_NO_ANSWER, "")
        assert json.loads(result.stdout)["error"]["what"].startswith("--body is not JSON")
