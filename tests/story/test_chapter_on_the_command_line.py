"""The chapter on the command line, as docs/command-line.md walks it: real git, a real lab, what people type."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
PROGRAMS = Path(sys.executable).parent
"""Where ``rollbacklab`` is installed, beside the Python that runs."""
COMMAND_S, END_S = 120, 60
GIT = {
    f"GIT_{who}_{what}": told for who in ("AUTHOR", "COMMITTER") for what, told in (("NAME", "Ada"), ("EMAIL", "a@b"))
}
BROKEN = "POST .*/notes.*502"
NAME_ERROR = "name 'gibberish' is not defined"


@dataclass(frozen=True)
class Step:
    """A command of the page, and what comes of it."""

    command: str
    shows: tuple[str, ...] = ()
    status: int = 0


CHAPTER = (
    Step("rollbacklab init notes", ("the sample app and the labs",)),
    Step("cd notes"),
    Step("rollbacklab up"),
    Step("git add --all"),
    Step("git commit -m 'Notes API'"),
    Step("git push lab HEAD:main", ("Build 1 succeeded", "build 1 is live on dev")),
    Step("rollbacklab status", (r"dev \(follows main\) +live +#1 +Notes API", r"prod \(promote only\) +empty")),
    Step("rollbacklab promote", ("^Promote build 1 to prod$", "^done: build 1 is live on prod")),
    Step("rollbacklab probe", ("^POST .* -> 200 OK", '"createdAt"')),
    Step("git commit -a -m 'Making a mistake'"),
    Step("git push lab HEAD:main", ("Build 2 succeeded", "build 2 is live on dev")),
    Step("rollbacklab promote", ("Modify +CreateFunction +Code.* replaced code", "^done: build 2 is live on prod")),
    Step("rollbacklab access-logs --enable", ("^access logs of prod are on$",)),
    Step("rollbacklab probe", ("^expected 200, got POST .* -> 502 Bad Gateway", "Internal server error"), 1),
    Step("rollbacklab access-logs", (BROKEN,)),
    Step("rollbacklab logs CreateFunction", (NAME_ERROR,)),
    Step("rollbacklab metrics", ("API +5XXError +1 ", "CreateFunction +Errors +1 ")),
    Step("rollbacklab evidence REQUEST_ID", (BROKEN, NAME_ERROR, "function log ok")),
    Step("rollbacklab status", ("prod .*live, broken +#2",)),
    Step("rollbacklab change-set rollback", ("^will not come back: .*items in NotesTable", "^nothing was changed")),
    Step("rollbacklab rollback --reason 'users get 502'", ("^done: build 1 is live on prod",)),
    Step("rollbacklab probe", ("^POST .* -> 200 OK",)),
    Step("rollbacklab activity", ("done +roll back prod to build 1 .*, command line +users get 502",)),
    Step("git revert --no-edit HEAD"),
    Step("git push lab HEAD:main", ("Build 3 succeeded",)),
    Step("rollbacklab unpin", ("^prod is not pinned any more",)),
    Step("rollbacklab promote", ("^done: build 3 is live on prod",)),
    Step("rollbacklab probe", ("^POST .* -> 200 OK",)),
    Step("rollbacklab down", ("^the lab of notes has ended",)),
)


def commands_of_the_page() -> list[str]:
    chapter = PAGE.read_text().split("\n## Commands\n")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)
    return [line.replace('"', "'") for block in blocks for line in block.splitlines()]


class Walk:
    """Somebody at a terminal, in a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.request_id = ""
        self._environment = {name: told for name, told in os.environ.items() if not name.startswith(("GIT_", "AWS_"))}
        self._environment |= GIT | {
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "http_proxy": "http://127.0.0.1:1",
            "no_proxy": "",
        }
        self._lab: subprocess.Popen[str] | None = None

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )

    def take(self, step: Step) -> None:
        if step.command.startswith("cd "):
            self.directory /= step.command.removeprefix("cd ")
        elif step.command == "rollbacklab up":
            self.start()
        else:
            self._see(step, self.type(self._command(step)))

    def _command(self, step: Step) -> str:
        told = step.command.replace("REQUEST_ID", self.request_id)
        return f"{told} --yes" if re.match("rollbacklab (promote|rollback)", told) else told

    def _see(self, step: Step, ran: subprocess.CompletedProcess[str]) -> None:
        said = ran.stdout + ran.stderr
        assert ran.returncode == step.status, f"{step.command}: {ran.returncode}\n{said}"
        missing = [shown for shown in step.shows if not re.search(shown, said, re.MULTILINE)]
        assert not missing, f"{step.command}\n{said}"
        if found := re.search("rollbacklab evidence (\\S+)", said):
            self.request_id = found[1]

    def start(self) -> None:
        """Run the lab until it is there; for programs it says so in one line."""
        with (self.directory.parent / "up.log").open("w") as log:
            self._lab = subprocess.Popen(
                ["rollbacklab", "up", "--no-browser", "--json"],
                cwd=self.directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._lab.stdout is not None
        told = self._lab.stdout.readline()
        assert told, f"it ended with {self._lab.wait(END_S)}: {log.name}"
        place = json.loads((self.directory / ".rollbacklab" / "lab.json").read_text())
        assert json.loads(told) == {name: place[name] for name in place if name not in ("version", "token")}

    def ended(self) -> int:
        """Return how the lab ended, having said nothing more."""
        assert self._lab is not None
        assert self._lab.communicate(timeout=END_S) == ("", None)
        return self._lab.returncode

    def stop(self) -> None:
        if self._lab is not None and self._lab.poll() is None:
            self._lab.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._lab.communicate(timeout=END_S)
            self._lab.kill()
            self._lab.communicate()


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    walk = Walk(tmp_path)
    yield walk
    walk.stop()


def test_the_page_walks_the_chapter() -> None:
    assert commands_of_the_page() == [step.command for step in CHAPTER]


def test_the_chapter_from_the_first_push_to_the_mended_code(walk: Walk) -> None:
    for number, step in enumerate(CHAPTER):
        if step.command.endswith("'Making a mistake'"):
            make_the_mistake(walk.directory)
        if CHAPTER[number - 1].command == "rollbacklab metrics":
            see_that_json_is_json(walk)
        walk.take(step)
    assert walk.ended() == 0
    assert walk.type("rollbacklab status").returncode == 3


def make_the_mistake(directory: Path) -> None:
    file = directory / "functions" / "create.py"
    first = "def main(event, context):\n"
    text = file.read_text()
    assert first in text
    file.write_text(text.replace(first, f"{first}    gibberish.what\n"))


def see_that_json_is_json(walk: Walk) -> None:
    """See that what programs get of the same pages is one document each."""
    for command, member in (
        ("status", "overview"),
        ("status prod", "releases"),
        ("builds 2", "log"),
        ("activity", "activity"),
        ("config show", "settings"),
        ("access-logs", "lines"),
        ("logs", "lines"),
        ("metrics", "api"),
        (f"evidence {walk.request_id}", "evidence"),
        ("change-set rollback", "plan"),
        ("open --no-browser", "url"),
        ("doctor", "checks"),
    ):
        ran = walk.type(f"rollbacklab {command} --json")
        assert (ran.returncode, ran.stderr) == (0, ""), command
        assert member in json.loads(ran.stdout), command
