"""Beginning and ending: ``up``, ``down``, ``cloud``, ``init``; and that a user's own AWS profile is never looked at."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pytest_rollbacklab.cli import main
from pytest_rollbacklab.config import load_config
from pytest_rollbacklab.target import Target

PROGRAM = [sys.executable, "-m", "pytest_rollbacklab.cli"]
OBEYS = "import signal, sys; print('ready', flush=True); signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); signal.pause()"


@pytest.fixture
def process(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """What runs as the lab, with somebody who waits for it, as a shell would."""
    started = subprocess.Popen([sys.executable, "-c", request.param], stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    waiting = threading.Thread(target=started.wait)
    waiting.start()
    yield started
    started.kill()
    waiting.join()
    started.stdout.close()


class TestDown:
    @pytest.mark.parametrize("process", [OBEYS], indirect=True)
    def test_ends_the_lab_and_waits_for_its_end(self, lab: Any, run: Any, process: subprocess.Popen[str]) -> None:
        lab.write_place(pid=process.pid)
        result = run("down")
        assert (result.exit_code, result.stdout) == (
            0,
            "the lab of notes has ended; start it again with: rollbacklab up\n",
        )
        assert process.wait() == -signal.SIGTERM
        assert run("down").exit_code == 3

    @pytest.mark.parametrize("process", [OBEYS], indirect=True)
    def test_json_says_what_has_ended(self, lab: Any, run: Any, process: subprocess.Popen[str]) -> None:
        lab.write_place(pid=process.pid)
        assert json.loads(run("down", "--json").stdout) == {"ended": {"app": "notes", "pid": process.pid}}

    @pytest.mark.parametrize("process", [DEAF], indirect=True)
    def test_says_so_when_it_does_not_end(self, lab: Any, run: Any, process: subprocess.Popen[str]) -> None:
        lab.write_place(pid=process.pid)
        result = run("down", "--timeout", "0")
        assert (result.exit_code, result.stderr.splitlines()) == (
            1,
            [
                f"error: the end of the lab, process {process.pid}, did not come within 0 s",
                "  looked at: last seen: 'it still runs'",
                f"  what to do: see what it waits for where it runs, or end it with: kill -9 {process.pid}",
            ],
        )

    @pytest.mark.parametrize("process", [OBEYS], indirect=True)
    def test_another_process_of_the_labs_number_is_left_alone(
        self, lab: Any, run: Any, process: subprocess.Popen[str]
    ) -> None:
        lab.write_place(pid=process.pid, token="of another lab")
        result = run("down")
        assert (result.exit_code, process.poll()) == (3, None)
        assert result.stderr.splitlines() == [
            f"error: process {process.pid}, which is said to be the lab, does not answer as the lab",
            "  looked at: the token is missing",
            f"  what to do: if it is the lab all the same, end it with: kill {process.pid}",
        ]


class TestUp:
    WRONG = "a workshop of 0 students is not possible here"

    @pytest.fixture
    def app(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "rollbacklab.toml").write_text('app = "notes"\n[stages.dev]\nbranch = "main"\n')
        monkeypatch.chdir(tmp_path)
        return tmp_path

    def test_hands_the_students_on(self, app: Path, run: Any) -> None:
        result = run("up", "--students", "0")
        assert (result.exit_code, result.stderr.splitlines()[0]) == (2, f"error: {self.WRONG}")
        assert "'an n' cannot be a student's name" in run("up", "--students", "ben,an n").stderr

    def test_an_error_is_the_one_document(self, app: Path, run: Any) -> None:
        result = run("up", "--students", "0", "--json")
        assert (result.exit_code, result.stderr) == (2, "")
        assert json.loads(result.stdout)["error"]["what"] == self.WRONG

    def test_is_that_of_the_app_above(self, app: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        below = app / "functions"
        below.mkdir()
        monkeypatch.chdir(below)
        assert self.WRONG in run("up", "--students", "0").stderr

    def test_without_an_app_says_how_to_make_one(self, tmp_path: Path, run: Any) -> None:
        result = run("-C", str(tmp_path), "up")
        assert result.exit_code == 2
        assert result.stderr.startswith("error: there is no rollbacklab.toml\n")
        assert "rollbacklab init DIR" in result.stderr


def test_cloud_keeps_what_is_in_it_where_it_is_told(start: Any, tmp_path: Path) -> None:
    def buckets(*more: str) -> list[str]:
        process = start("-C", str(tmp_path), "cloud", "--json", "--state", "kept", *more)
        s3 = Target(endpoint_url=json.loads(process.stdout.readline())["endpoint_url"]).client("s3")
        found = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        s3.create_bucket(Bucket=f"bucket-{len(found)}")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[1] == ""
        return found

    assert (buckets(), buckets(), buckets("--fresh")) == ([], ["bucket-0"], [])
    assert (tmp_path / "kept").is_dir()


def test_cloud_that_keeps_nothing_has_nothing_to_forget(run: Any) -> None:
    result = run("cloud", "--fresh")
    assert (result.exit_code, result.stderr.splitlines()) == (
        2,
        [
            "error: there is nothing to forget: what is in it is not kept",
            "  what to do: name where it is: --state DIR",
        ],
    )


def test_cloud_says_where_it_is_as_json(start: Any) -> None:
    process = start("cloud", "--json")
    endpoint = json.loads(process.stdout.readline())["endpoint_url"]
    assert Target(endpoint_url=endpoint).client("sts").get_caller_identity()["Account"] == "123456789012"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=15) == ("", "")
    assert process.returncode == 0


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


def test_init_says_what_it_wrote_as_json(tmp_path: Path, run: Any) -> None:
    told = json.loads(run("-C", str(tmp_path), "init", "my notes", "--json").stdout)
    assert told["directory"] == str(tmp_path / "my notes")
    assert told["files"] == sum(1 for path in (tmp_path / "my notes").rglob("*") if path.is_file())


def test_init_says_what_to_type_next(tmp_path: Path, run: Any) -> None:
    place = tmp_path / "my notes"
    assert run("init", str(place)).stdout.splitlines()[1:] == [
        f"next: cd '{place}' && pytest labs/",
        f"  or: cd '{place}' && rollbacklab up",
    ]


def test_init_never_writes_over_anything(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = CliRunner().invoke(main, ["init", str(tmp_path)])
    assert result.exit_code == 2
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
