"""``rollbacklab apitest`` as a shell runs it, against a deployed app: what it prints, and how it exits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pytest_rollbacklab.lab import Lab
from pytest_rollbacklab.stage import PASSWORD, USERNAME, Stage

BODY = '{"content":"hello world","attachment":"hello.jpg"}'


def apitest(lab: Lab, stage: Stage, *more: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    made = stage.resources
    options = {
        "username": USERNAME,
        "password": password,
        "user-pool-id": made.user_pool_id,
        "app-client-id": made.app_client_id,
        "identity-pool-id": made.identity_pool_id,
        "invoke-url": lab.target.invoke_url(made.rest_api_id, made.api_stage),
        "path-template": "/notes",
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest_rollbacklab.cli", "apitest", *(f"--{k}={v}" for k, v in options.items()), *more],
        env={"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": lab.target.endpoint_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_prints_the_courses_lines_and_exits_as_the_call_went(lab: Lab, prod: Stage, tmp_path: Path) -> None:
    lab.push("Notes API")
    lab.promote("dev", "prod")
    prod.add_user(USERNAME, PASSWORD)
    preamble = ["Authenticating with User Pool", "Getting temporary credentials", "Making API request"]

    body = tmp_path / "note.json"
    body.write_text(BODY)
    good = apitest(lab, prod, "--method=POST", f"--body=@{body}")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.splitlines()[:6] == [*preamble, "{", "  status: 200,", "  statusText: 'OK',"]

    missing = apitest(lab, prod, "--path-template=/notes/{id}", '--params={"id": "none"}')
    assert missing.returncode == 1
    assert "  status: 404," in missing.stdout.splitlines()

    lab.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
    lab.push("Making a mistake")
    lab.promote("dev", "prod")
    broken = apitest(lab, prod, "--method=POST", f"--body={BODY}")
    assert broken.returncode == 1
    assert broken.stdout.splitlines() == [
        *preamble,
        "{",
        "  status: 502,",
        "  statusText: 'Bad Gateway',",
        "  data: { message: 'Internal server error' }",
        "}",
    ]

    refused = apitest(lab, prod, password="Passw0rd?")
    assert refused.returncode == 2
    assert "Incorrect username or password." in refused.stdout + refused.stderr


def test_what_an_option_should_have_held_is_named(lab: Lab, dev: Stage) -> None:
    lab.push("Notes API")
    wrong = apitest(lab, dev, "--body={nonsense")
    assert (wrong.returncode, wrong.stderr) == (2, "")
    assert "--body" in wrong.stdout
    assert "looked at: {nonsense" in wrong.stdout
