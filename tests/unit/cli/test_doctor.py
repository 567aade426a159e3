"""``doctor``: what is here, what is not, and how to get it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import webbrowser
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from pytest_rollbacklab.cli.checks import Check, run_checks

KEY = "an-unguessable-key"
NAMES = [
    "Python",
    "packages",
    "Lambda runtime",
    "git",
    "git over HTTP",
    "bash",
    "a free port",
    "temporary files",
    "disk",
    "the directory",
    "an app",
    "the lab",
    "node",
    "a browser",
]


def checked(directory: Path) -> dict[str, Check]:
    return {check.name: check for check in run_checks(directory)}


def on_path(directory: Path, program: str, says: str) -> None:
    script = directory / program
    script.write_text(f"#!/bin/sh\n{says}\n")
    script.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it but what a test puts there."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def test_a_healthy_machine_has_all_that_is_needed(tmp_path: Path, run: Any) -> None:
    result = run("-C", str(tmp_path), "doctor")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "everything that is needed is here"


def test_json_has_every_check(tmp_path: Path, run: Any) -> None:
    told = json.loads(run("-C", str(tmp_path), "doctor", "--json").stdout)
    assert told["ok"] is True
    assert [check["name"] for check in told["checks"]] == NAMES
    assert set(told["checks"][0]) == {"name", "ok", "needed", "found", "mend"}


def test_what_is_missing_is_told_with_how_to_get_it(path: Path, run: Any) -> None:
    result = run("doctor")
    assert result.exit_code == 1
    lines = [line.strip() for line in result.stdout.splitlines()]
    at = lines.index("missing   git              not found on PATH")
    assert lines[at + 1 : at + 6] == [
        "what to do: install git 2.28 or newer: apt install git, brew install git, or git-scm.com",
        "missing   git over HTTP    no git-http-backend in git, which is not there",
        "what to do: install all of git: apt install git, brew install git, apk add git-daemon",
        "missing   bash             not found on PATH",
        "what to do: install bash with the system's packages: git's hooks need it",
    ]
    assert lines[-1] == "something that is needed is missing"


@pytest.mark.parametrize(
    ("says", "ok"),
    [
        ("echo git version 2.39.5 '(Apple Git-154)'", True),
        ("echo git version 2.28.0.windows.1", True),
        ("echo git version 2.27.9", False),
        ("echo what", False),
        ("exit 1", False),
    ],
)
def test_git_has_to_be_new_enough(path: Path, says: str, ok: bool) -> None:
    on_path(path, "git", says)
    assert checked(path)["git"].ok is ok


def test_node_is_needed_by_nobody_but_its_functions(path: Path) -> None:
    check = checked(path)["node"]
    assert (check.ok, check.needed, check.mend) == (
        False,
        False,
        "only functions in Node.js need it: nodejs.org",
    )
    on_path(path, "node", "echo v20.1.0")
    check = checked(path)["node"]
    assert (check.ok, check.found, check.mend) == (True, "v20.1.0", None)


def test_an_app_is_named_with_its_stages(tmp_path: Path) -> None:
    check = checked(tmp_path)["an app"]
    assert (check.ok, check.needed, check.found) == (False, False, "there is no rollbacklab.toml")
    (tmp_path / "rollbacklab.toml").write_text('app = "notes"\n[stages.dev]\nbranch = "main"\n[stages.prod]\n')
    assert checked(tmp_path)["an app"].found == "notes, stages dev, prod"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_the_directory_has_to_be_writable(tmp_path: Path) -> None:
    (tmp_path / ".rollbacklab").mkdir(mode=0o500)
    check = checked(tmp_path)["the directory"]
    assert (check.ok, check.found) == (False, f"{tmp_path / '.rollbacklab'} cannot be written to")


def test_a_directory_that_is_not_there_cannot_be_written_to(tmp_path: Path) -> None:
    check = checked(tmp_path / "gone")["the directory"]
    assert (check.ok, check.mend) == (False, "change its owner or permissions, or work in another directory")


def test_the_python_that_runs_is_named(tmp_path: Path) -> None:
    assert checked(tmp_path)["Python"].found == ".".join(map(str, sys.version_info[:3]))


def test_a_git_without_its_http_backend_is_not_enough(path: Path) -> None:
    on_path(path, "git", f"echo {path}")
    check = checked(path)["git over HTTP"]
    assert (check.ok, check.needed, check.found) == (False, True, f"no git-http-backend in {path}")
    on_path(path, "git-http-backend", "")
    assert checked(path)["git over HTTP"].found == f"{path}/git-http-backend"


def test_packages_are_named_with_their_versions(tmp_path: Path) -> None:
    check = checked(tmp_path)["packages"]
    assert check.ok
    assert f"boto3 {metadata.version('boto3')}" in check.found


def test_a_package_of_a_version_that_will_not_do_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["boto3>=99", "no-such-package", "also-not; extra == 'dev'", "click>=8.1"]
    monkeypatch.setattr(metadata, "requires", lambda _: asked)
    check = checked(tmp_path)["packages"]
    found = f"boto3 {metadata.version('boto3')}, not >=99; no-such-package is missing"
    assert (check.ok, check.needed, check.found) == (False, True, found)
    assert check.mend == f"{Path(sys.executable).name} -m pip install --upgrade pytest-rollbacklab"


def test_a_disk_that_is_nearly_full_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=100_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    check = checked(tmp_path)["disk"]
    assert (check.ok, check.found) == (False, f"0.1 GB free for {tmp_path}")
    assert check.mend == "make room: the lab wants at least 200 MB"


def test_temporary_files_have_to_be_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    check = checked(tmp_path)["temporary files"]
    assert (check.ok, check.mend) == (False, "set TMPDIR to a directory that can be written to")
    assert str(tmp_path / "gone") in check.found


def test_a_machine_on_which_nothing_may_listen_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(socket, "create_server", forbidden)
    check = checked(tmp_path)["a free port"]
    assert (check.ok, check.found) == (False, "[Errno 1] Operation not permitted")
    assert check.mend == "allow this program to listen on 127.0.0.1: a sandbox or a firewall forbids it"


def test_a_runtime_client_without_its_compiled_part_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "runtime_client", None)
    check = checked(tmp_path)["Lambda runtime"]
    assert (check.ok, check.needed) == (False, True)
    assert "runtime_client" in check.found
    assert check.mend == "pip install awslambdaric; on Windows use WSL"


def test_a_browser_is_wanted_by_nobody_but_the_console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    check = checked(tmp_path)["a browser"]
    assert (check.ok, check.needed, check.found, check.mend) == (
        False,
        False,
        "none that can be opened",
        "open the address that rollbacklab up prints in any browser of this machine",
    )


class TestTheLab:
    def test_that_runs_is_named_without_its_key(self, lab: Any, run: Any) -> None:
        check = checked(lab.directory)["the lab"]
        assert (check.ok, check.found) == (
            True,
            f"notes runs at {lab.url.split('/')[2]}, process {os.getpid()}",
        )
        assert KEY not in run("doctor").stdout

    def test_that_does_not_run_is_no_fault(self, tmp_path: Path) -> None:
        check = checked(tmp_path)["the lab"]
        assert (check.ok, check.needed, check.found) == (False, False, f"no lab runs in {tmp_path}")
        assert check.mend.startswith("start it with: rollbacklab up")

    def test_that_was_killed_is_told(self, lab: Any) -> None:
        ended = subprocess.Popen(["true"])
        ended.wait()
        lab.write_place(pid=ended.pid)
        assert checked(lab.directory)["the lab"].found == f"the lab of {lab.directory} has ended without a goodbye"

    def test_that_does_not_answer_is_told(self, lab: Any) -> None:
        lab.write_place(console_url="http://127.0.0.1:1/key")
        check = checked(lab.directory)["the lab"]
        assert (check.ok, check.found) == (False, "the lab does not answer: Connection refused")
