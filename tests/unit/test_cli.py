"""The command line as people type it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytest_rollbacklab.cli import main
from pytest_rollbacklab.config import load_config
from pytest_rollbacklab.target import Target

PROGRAM = [sys.executable, "-m", "pytest_rollbacklab.cli"]


def test_lists_its_commands() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert {"apitest", "cloud", "init"} <= set(result.output.split())


def test_cloud_says_where_it_is_answers_and_ends_with_ctrl_c() -> None:
    process = subprocess.Popen([*PROGRAM, "cloud"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first.startswith("rollbacklab cloud is ready at http://127.0.0.1:")
    endpoint = first.split()[-1]
    assert f"export AWS_ENDPOINT_URL={endpoint}" in process.stdout.readline()
    assert Target(endpoint_url=endpoint).client("sts").get_caller_identity()["Account"] == "123456789012"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=15)
    assert (process.returncode, errors) == (0, "")


def test_cloud_on_a_port_in_use_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = subprocess.run(
            [*PROGRAM, "cloud", "--port", port], capture_output=True, text=True, timeout=30, check=False
        )
    assert ran.returncode == 1
    assert f"port {port} of 127.0.0.1 cannot be had: " in ran.stderr
    assert "what to do: give another with --port" in ran.stderr


def test_init_writes_an_app_and_its_labs(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path / "notes")])
    assert result.exit_code == 0
    assert f"cd {tmp_path / 'notes'} && pytest labs/" in result.output
    assert load_config(tmp_path / "notes").name == "notes"
    for expected in ("functions/create.py", "template.yaml", "labs/01-gibberish/README.ko.md", "pytest.ini"):
        assert (tmp_path / "notes" / expected).is_file()


def test_init_never_writes_over_anything(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = CliRunner().invoke(main, ["init", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"error: {tmp_path} is not empty",
        f"  looked at: {tmp_path}",
        "  what to do: name a new directory, or an empty one",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_users_profile_is_never_looked_at(variable: str) -> None:
    environment = {**os.environ, variable: "a-profile-that-is-not-there"}
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            "from pytest_rollbacklab.target import Target; Target(endpoint_url='http://x').client('s3')",
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
