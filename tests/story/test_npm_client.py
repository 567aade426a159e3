"""The course's own client, unmodified from npm, against the local AWS: SRP sign-in, 200, 502, and 200 again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pytest_rollbacklab.lab import Lab
from pytest_rollbacklab.stage import PASSWORD, USERNAME, Stage

PACKAGE = "aws-api-gateway-cli-test@1.3.2"
PRELOAD = Path(__file__).with_name("npm_client_preload.js")
PREAMBLE = ["Authenticating with User Pool", "Getting temporary credentials", "Making API request"]


@pytest.fixture(scope="session")
def npm_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client's script, installed from the registry that npm knows."""
    required = os.environ.get("ROLLBACKLAB_REQUIRE_NPM") == "1"
    if shutil.which("npm") is None or shutil.which("node") is None:
        _absent("node and npm are not installed", required=required)
    directory = tmp_path_factory.mktemp("npm")
    (directory / "package.json").write_text("{}")
    installed = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if installed.returncode != 0:
        _absent(f"npm could not install {PACKAGE}: {installed.stderr.strip()[-500:]}", required=required)
    return directory / "node_modules" / "aws-api-gateway-cli-test" / "index.js"


def _absent(reason: str, *, required: bool) -> None:
    if required:
        pytest.fail(reason)
    pytest.skip(reason)


def run_client(script: Path, lab: Lab, stage: Stage, *, password: str = PASSWORD) -> list[str]:
    """Run it as the course does, and return the lines that it prints."""
    made = stage.resources
    region = lab.target.region
    options = {
        "username": USERNAME,
        "password": password,
        "user-pool-id": made.user_pool_id,
        "app-client-id": made.app_client_id,
        "cognito-region": region,
        "identity-pool-id": made.identity_pool_id,
        "invoke-url": f"https://{made.rest_api_id}.execute-api.{region}.amazonaws.com/{made.api_stage}",
        "api-gateway-region": region,
        "path-template": "/notes",
        "method": "POST",
        "body": '{"content":"hello world","attachment":"hello.jpg"}',
    }
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_OPTIONS": f"--require {PRELOAD} --no-warnings --no-deprecation",
        "ROLLBACKLAB_ENDPOINT": str(lab.target.endpoint_url),
        "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1",
    }
    ran = subprocess.run(
        ["node", str(script), *(f"--{name}={value}" for name, value in options.items())],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def test_the_chapter_with_its_own_client(npm_client: Path, lab: Lab, prod: Stage) -> None:
    lab.push("Notes API")
    lab.promote("dev", "prod")
    prod.add_user(USERNAME, PASSWORD)
    good = run_client(npm_client, lab, prod)
    assert good[:3] == PREAMBLE
    assert good[3:6] == ["{", "  status: 200,", "  statusText: 'OK',"]
    assert any("content: 'hello world'" in line for line in good)

    lab.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
    lab.push("Making a mistake")
    lab.promote("dev", "prod")
    assert run_client(npm_client, lab, prod) == [
        *PREAMBLE,
        "{",
        "  status: 502,",
        "  statusText: 'Bad Gateway',",
        "  data: { message: 'Internal server error' }",
        "}",
    ]

    prod.roll_back()
    assert "  status: 200," in run_client(npm_client, lab, prod)


def test_a_wrong_password_is_refused(npm_client: Path, lab: Lab, prod: Stage) -> None:
    lab.push("Notes API")
    lab.promote("dev", "prod")
    prod.add_user(USERNAME, PASSWORD)
    assert run_client(npm_client, lab, prod, password="Passw0rd?") == [
        "Authenticating with User Pool",
        "Incorrect username or password.",
    ]
