"""What a shell is told when somebody presses Tab."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BASH = shutil.which("bash")


def completed(*words: str) -> list[str]:
    """Return what is offered for the last word, as bash asks for it."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest_rollbacklab.cli"],
        env=os.environ
        | {
            "_ROLLBACKLAB_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["rollbacklab", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ran.stderr == ""
    return [line.partition(",")[2] for line in ran.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("rol",), ["rollback"]),
        (("status", ""), ["dev", "prod"]),
        (("status", "p"), ["prod"]),
        (("promote", "--to", ""), ["dev", "prod"]),
        (("rollback", "prod", "--to", ""), ["7", "6"]),
        (("deploy", "7"), ["7"]),
        (("logs", "Cr"), ["CreateFunction"]),
        (("logs", "--stage", "prod", ""), ["CreateFunction", "GetFunction"]),
        (("metrics", "prod", "--function", "G"), ["GetFunction"]),
        (("completion", "z"), ["zsh"]),
    ],
)
def test_names_of_the_running_lab_are_offered(lab: Any, words: tuple[str, ...], offered: list[str]) -> None:
    assert completed(*words) == offered


def test_another_directorys_lab_is_asked(lab: Any, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert completed("-C", str(lab.directory), "status", "d") == ["dev"]


def test_nothing_is_offered_without_a_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert completed("status", "") == []


def test_nothing_is_offered_when_the_lab_refuses(lab: Any) -> None:
    lab.refusals["GET /"] = (500, b"no")
    assert completed("status", "") == []


@pytest.mark.parametrize("name", ["$(reboot)", "two words", "\x1b[2J", "a;b", "'"])
def test_a_name_that_could_be_more_than_a_word_is_not_offered(lab: Any, name: str) -> None:
    lab.stages["prod"]["name"] = name
    assert completed("status", "") == ["dev"]


COMPLETE = """
source <(rollbacklab completion bash)
complete -p rollbacklab
COMP_WORDS=({words}) COMP_CWORD={at}
_rollbacklab_completion rollbacklab
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.skipif(BASH is None or sys.platform == "darwin", reason="macOS's own bash is too old, and none is here")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("rollbacklab", "acc"), ["access-logs"]),
        (("rollbacklab", "config", "s"), ["set", "show"]),
        (("rollbacklab", "rollback", "pr"), ["prod"]),
        (("rollbacklab", "promote", "--a"), ["--accept-data-loss"]),
    ],
)
def test_bash_completes_commands_options_and_names(lab: Any, words: tuple[str, ...], offered: list[str]) -> None:
    program = lab.directory / "bin" / "rollbacklab"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m pytest_rollbacklab.cli "$@"\n')
    program.chmod(0o755)
    script = COMPLETE.format(words=" ".join(words), at=len(words) - 1)
    environment = os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    ran = subprocess.run(
        [str(BASH), "-c", script], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    registered, *replies = ran.stdout.splitlines()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert registered == "complete -o nosort -F _rollbacklab_completion rollbacklab"
    assert replies == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(run: Any, shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert f"_ROLLBACKLAB_COMPLETE={shell}_complete" in result.stdout
    assert json.loads(run("completion", shell, "--json").stdout) == {
        "shell": shell,
        "script": result.stdout.removesuffix("\n"),
    }


def test_another_shell_is_refused(run: Any) -> None:
    result = run("completion", "tcsh")
    assert (result.exit_code, "'tcsh' is not one of 'bash', 'zsh', 'fish'" in result.stderr) == (2, True)
