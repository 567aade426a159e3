"""The program as a whole: its start, its exit statuses, its errors, and where it looks for the lab."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from pytest_rollbacklab.cli import main
from pytest_rollbacklab.cli.lab import ConnectionLostError, Lab
from pytest_rollbacklab.up.place_file import read_lab

HEAVY = ("boto3", "botocore", "moto", "aiohttp", "jinja2", "rich", "requests", "psutil", "yaml", "pytest")
LOADED = """
import sys
from pytest_rollbacklab.cli import main
from pytest_rollbacklab.cli.lab import ConnectionLostError, Lab
from pytest_rollbacklab.up.place_file import read_lab
status = main({arguments!r}, standalone_mode=False)
print(*(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)
"""


def every_command(group: click.Group = main, *names: str) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += every_command(command, *names, name)
        else:
            found.append(((*names, name), command))
    return found


class TestHelp:
    def test_lists_its_commands_by_what_they_are_for(self) -> None:
        said = CliRunner().invoke(main, ["--help"]).output
        headings = ["Options", "The lab", "What is there", "Releases", "What happens there", "By themselves"]
        assert re.findall(r"^(\S.*):$", said, re.MULTILINE) == headings
        _, _, listed = said.partition("The lab:\n")
        assert re.findall(r"^  (\S+)  +[A-Z]", listed, re.MULTILINE)[: len(main.commands)] == list(main.commands)

    def test_is_short(self) -> None:
        lines = CliRunner().invoke(main, ["--help"]).output.splitlines()
        assert len(lines) <= 52
        assert [line for line in lines if len(line) > 80] == []
        assert not any(line.endswith("...") for line in lines[1:])

    def test_says_what_exit_statuses_mean(self) -> None:
        said = " ".join(CliRunner().invoke(main, ["--help"]).output.split())
        assert "0 done, 1 failed, 2 cannot be done as asked, 3 no lab runs here, 130 interrupted." in said

    @pytest.mark.parametrize(
        ("names", "command"),
        every_command(),
        ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
    )
    def test_each_command_explains_itself_and_takes_json(self, names: tuple[str, ...], command: click.Command) -> None:
        assert command.help
        options = {option for parameter in command.params for option in parameter.opts}
        assert "--json" in options
        assert CliRunner().invoke(main, [*names, "--help"]).exit_code == 0


class TestStart:
    @pytest.mark.parametrize("arguments", [["status"], ["promote", "--yes", "--json"], ["logs"], ["metrics"]])
    def test_imports_nothing_heavy(self, lab: Any, arguments: list[str]) -> None:
        ran = subprocess.run(
            [sys.executable, "-c", LOADED.format(arguments=arguments, heavy=HEAVY)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, "\n")


class TestWhereTheLabIs:
    def test_is_looked_for_above_too(self, lab: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        below = lab.directory / "functions" / "deep"
        below.mkdir(parents=True)
        monkeypatch.chdir(below)
        assert run("builds").exit_code == 0

    def test_an_app_below_is_not_the_labs_above_it(self, lab: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        below = lab.directory / "another"
        below.mkdir()
        (below / "rollbacklab.toml").touch()
        monkeypatch.chdir(below)
        result = run("builds")
        assert (result.exit_code, result.stderr.splitlines()[0]) == (3, f"error: no lab runs in {below}")

    def test_is_said_by_an_option(
        self, lab: Any, run: Any, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
        assert run("builds").exit_code == 3
        assert run("-C", str(lab.directory), "builds").exit_code == 0

    def test_where_it_does_not_run_is_told(self, run: Any, tmp_path: Path) -> None:
        result = run("-C", str(tmp_path), "status")
        assert result.exit_code == 3
        assert result.stderr.startswith(f"error: no lab runs in {tmp_path}\n")
        assert "rollbacklab up" in result.stderr

    def test_who_asks_is_told_to_the_lab(self, lab: Any, run: Any) -> None:
        run("pin")
        headers = lab.asked[-1].headers
        assert (headers["X-Rollbacklab-By"], headers["Accept"]) == ("아다", "application/json")
        assert "Origin" not in headers


class TestWhenItGoesWrong:
    def test_a_lab_that_does_not_answer_is_not_running(self, lab: Any, run: Any) -> None:
        lab.write_place(console_url="http://127.0.0.1:1/key")
        result = run("status")
        assert (result.exit_code, result.stderr.splitlines()) == (
            3,
            [
                "error: the lab does not answer: Connection refused",
                "  looked at: http://127.0.0.1:1",
                "  what to do: start it with: rollbacklab up",
            ],
        )

    @pytest.mark.parametrize(("status", "code"), [(400, 2), (404, 2), (409, 2), (403, 1), (500, 1), (502, 1)])
    def test_what_the_lab_says_is_printed(self, lab: Any, run: Any, status: int, code: int) -> None:
        lab.refusals["GET /"] = (status, {"error": {"what": "no \x1b[31m", "looked_at": "this", "mend": "do that"}})
        result = run("status")
        assert (result.exit_code, result.stdout) == (code, "")
        assert result.stderr == "error: no \\x1b[31m\n  looked at: this\n  what to do: do that\n"

    def test_json_has_the_error_too(self, lab: Any, run: Any) -> None:
        error = {"what": "no", "looked_at": None, "mend": "do that"}
        lab.refusals["GET /"] = (404, {"error": error})
        result = run("status", "--json")
        assert (result.exit_code, json.loads(result.stdout), result.stderr) == (2, {"error": error}, "")

    def test_a_refusal_without_a_reason_says_what_was_asked(self, lab: Any, run: Any) -> None:
        lab.refusals["GET /stages/prod"] = (500, b"<html>")
        result = run("status", "prod")
        assert (result.exit_code, result.stderr.splitlines()) == (
            1,
            [
                "error: the lab answered 500 Internal Server Error, and did not say why",
                "  looked at: GET /stages/prod",
                "  what to do: look at what it says where it runs",
            ],
        )

    def test_an_answer_that_is_no_json_is_told(self, lab: Any, run: Any) -> None:
        lab.refusals["GET /"] = (200, b"\x1b]0;x\x07<html>")
        result = run("status")
        assert (result.exit_code, result.stderr.splitlines()[:2]) == (
            1,
            [
                "error: what answers is no lab of this version: it sent no JSON object",
                "  looked at: \\x1b]0;x\\x07<html>",
            ],
        )

    def test_an_answer_of_another_version_is_told(self, lab: Any, run: Any) -> None:
        del lab.stages["dev"]["live"]["build"]["commit"]
        result = run("status")
        missing = "overview.stages[0].live.build.commit is missing"
        again = "the lab may run another version: start it again with rollbacklab down, then rollbacklab up"
        assert (result.exit_code, result.stderr) == (
            1,
            f"error: the lab answers otherwise than this command knows: {missing}\n  what to do: {again}\n",
        )

    @pytest.mark.parametrize(("page", "command"), [("/", "status"), ("/builds", "builds"), ("/activity", "activity")])
    def test_an_answer_without_what_was_asked_for_is_told(self, lab: Any, run: Any, page: str, command: str) -> None:
        (missing,) = lab.pages[f"GET {page}"]
        lab.pages[f"GET {page}"] = {}
        result = run(command)
        what = f"error: the lab answers otherwise than this command knows: {missing} is missing"
        assert (result.exit_code, result.stderr.splitlines()[0]) == (1, what)

    def test_a_lab_that_keeps_silent_is_told(self, lab: Any) -> None:
        lab.streams["/builds"] = [[("hold", None)]]
        with pytest.raises(ConnectionLostError) as raised:
            Lab(read_lab(lab.directory), patience_s=0.2).get("builds")
        assert str(raised.value).splitlines() == [
            "the lab did not answer within 0.2 s",
            "  looked at: GET /builds",
            "  what to do: look at what it says where it runs",
        ]

    def test_a_connection_that_breaks_is_told(self, lab: Any, run: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            closing = threading.Thread(target=lambda: server.accept()[0].close())
            closing.start()
            lab.write_place(console_url=f"http://127.0.0.1:{server.getsockname()[1]}/key")
            result = run("builds")
            closing.join()
        assert result.exit_code == 3
        first, *more = result.stderr.splitlines()
        assert first.startswith("error: the connection to the lab broke: ")
        assert more == ["  looked at: GET /builds", "  what to do: see whether it still runs: rollbacklab status"]

    def test_a_lab_that_breaks_off_is_told(self, lab: Any, run: Any) -> None:
        lab.streams["/"] = [[("line", {})]]
        lab.refusals["GET /builds"] = (204, b"")
        assert run("builds").exit_code == 1

    @pytest.mark.parametrize("arguments", [("status", "--chekc"), ("builds", "seven"), ("evidence",), ("stauts",)])
    def test_a_command_line_that_cannot_be_read_is_told(self, run: Any, arguments: tuple[str, ...]) -> None:
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "Error: " in result.stderr
        as_json = run(*arguments, "--json")
        assert (as_json.exit_code, as_json.stderr) == (2, "")
        assert json.loads(as_json.stdout)["error"]["mend"] == "see rollbacklab --help"

    def test_a_reader_that_leaves_is_no_traceback(self, lab: Any, start: Any) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        process = start("builds", stdout=writing)
        os.close(writing)
        assert "Traceback" not in process.communicate(timeout=30)[1]

    def test_a_terminal_that_cannot_show_a_letter_gets_it_written_out(
        self, lab: Any, start: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
        lab.stages["dev"]["live"]["build"]["commit"]["message"] = "실수"
        told, errors = start("status").communicate(timeout=30)
        assert ("\\uc2e4\\uc218" in told, errors) == (True, "")


class TestHostileText:
    def test_a_commits_message_cannot_steer_the_terminal(self, lab: Any, run: Any) -> None:
        commit = lab.stages["dev"]["live"]["build"]["commit"]
        commit["message"] = (
            "\x1b[2J\x1b]8;;http://evil\x07click\x1b\\ \u202emoc.live\r\x9b5m [bold]not bold[/bold]\nbody"
        )
        said = run("status").stdout
        assert "\\x1b[2J\\x1b]8;;http://evil\\x07click\\x1b\\ \\u202emoc.live\\x0d\\x9b5m [bold]not bold[/bold]" in said
        assert not set(said) & {"\x1b", "\x07", "\x9b", "\r", "\u202e"}

    def test_json_escapes_it(self, lab: Any, run: Any) -> None:
        lab.stages["dev"]["live"]["build"]["commit"]["message"] = "\x1b[2J\x9b5m\u202e"
        said = run("status", "--json").stdout
        assert said.isascii()
        assert "\x1b" not in said

    def test_lone_surrogates_can_be_printed(self, lab: Any, run: Any) -> None:
        lab.stages["dev"]["live"]["build"]["commit"]["message"] = "\ud800"
        assert "\\ud800" in run("status").stdout
