"""What was logged, and single requests: ``logs``, ``access-logs``, ``probe``, ``evidence``, ``user add``."""

from __future__ import annotations

import json
import re
import signal
from typing import Any

import pytest

REQUEST_ID = "3f1c0d6e-8f6a-4c0e-9d0e-0c9a5c1d2e3f"
CREATE = "/stages/prod/functions/CreateFunction/logs"
GET = "/stages/prod/functions/GetFunction/logs"
API = "http://127.0.0.1:4566/_aws/execute-api/abc123/prod"
HOLD = ("hold", None)


def without_times(text: str) -> list[str]:
    return re.sub(r"^\d\d:\d\d:\d\d  ", "", text, flags=re.MULTILINE).splitlines()


class TestLogs:
    def test_merges_all_functions_by_time(self, lab: Any, run: Any) -> None:
        assert without_times(run("logs").stdout) == [
            "GetFunction  START RequestId: a1",
            "CreateFunction  [ERROR] NameError: name 'gibberish' is not defined",
            "GetFunction  INFO read",
        ]

    def test_shows_one_function(self, lab: Any, run: Any) -> None:
        assert without_times(run("logs", "GetFunction", "-n", "1").stdout) == ["INFO read"]

    def test_asks_for_what_is_searched(self, lab: Any, run: Any) -> None:
        run("logs", "GetFunction", "--search", "a b", "--request", "a1", "--since", "1h")
        assert lab.asked[-1].query == {"q": "a b", "request": "a1", "since": "1h"}

    def test_says_so_when_there_is_nothing(self, lab: Any, run: Any) -> None:
        lab.pages[f"GET {GET}"]["lines"] = []
        assert run("logs", "GetFunction").stdout == "no function of prod logged anything like that\n"

    def test_says_so_when_there_is_no_function(self, lab: Any, run: Any) -> None:
        lab.pages["GET /stages/prod/resources"]["resources"] = []
        result = run("logs")
        assert (result.exit_code, result.stderr.splitlines()) == (
            2,
            [
                "error: prod has no function",
                "  looked at: the resources of prod",
                "  what to do: deploy something there first",
            ],
        )

    def test_json_is_one_document(self, lab: Any, run: Any) -> None:
        told = json.loads(run("logs", "--json").stdout)
        assert (told["stage"], told["functions"]) == ("prod", ["CreateFunction", "GetFunction"])
        assert [line["function"] for line in told["lines"]] == ["GetFunction", "CreateFunction", "GetFunction"]
        assert set(told["lines"][0]) == {"function", "group", "stream", "at", "message"}

    def test_follows_all_functions_until_control_c(self, lab: Any, start: Any) -> None:
        (error,) = lab.pages[f"GET {CREATE}"]["lines"]
        lab.streams[f"{CREATE}/events"] = [[("line", error), HOLD]]
        lab.streams[f"{GET}/events"] = [[("line", error | {"message": "other"}), HOLD]]
        process = start("logs", "--follow", "--search", "gibberish")
        assert without_times(process.stdout.readline()) == [
            "CreateFunction  [ERROR] NameError: name 'gibberish' is not defined"
        ]
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "\ninterrupted\n")
        assert process.returncode == 130

    def test_follows_as_json_lines_and_tells_when_the_lab_ends_it(self, lab: Any, run: Any) -> None:
        lines = lab.pages[f"GET {GET}"]["lines"]
        lab.streams[f"{GET}/events"] = [[("line", line) for line in lines]]
        result = run("logs", "GetFunction", "--follow", "--json")
        *told, error = map(json.loads, result.stdout.splitlines())
        assert [line["message"] for line in told] == ["START RequestId: a1\n", "INFO read\n"]
        assert (result.exit_code, error["error"]["what"]) == (3, "the lab ended the stream")

    @pytest.mark.parametrize("command", ["logs", "access-logs"])
    @pytest.mark.parametrize("back", [("--since", "1h"), ("-n", "5")])
    def test_following_looks_ahead_alone(self, lab: Any, run: Any, command: str, back: tuple[str, ...]) -> None:
        result = run(command, "--follow", *back)
        assert (result.exit_code, result.stderr.splitlines()) == (
            2,
            [
                "error: --follow shows what is to come, --since and --lines what there was",
                "  what to do: give one or the other",
            ],
        )

    def test_what_a_log_line_holds_cannot_steer_the_terminal(self, lab: Any, run: Any) -> None:
        (line,) = lab.pages[f"GET {CREATE}"]["lines"]
        line["message"] = "\x1b]0;title\x07\x1b[2J\r\u202egnp.exe\x9b31m\ttab\nnext"
        said = run("logs", "CreateFunction").stdout
        assert without_times(said) == [
            "\\x1b]0;title\\x07\\x1b[2J\\x0d\\u202egnp.exe\\x9b31m\ttab",
            "next",
        ]


class TestAccessLogs:
    def test_shows_each_call(self, lab: Any, run: Any) -> None:
        assert without_times(run("access-logs").stdout) == [
            f"POST /prod/notes  502  41 ms  us-east-1:9bdc  request {REQUEST_ID}"
        ]

    def test_shows_a_line_of_another_format_as_it_is(self, lab: Any, run: Any) -> None:
        lab.pages["GET /stages/prod/access-logs"]["lines"][0] |= {"fields": {}, "raw": "GET /\n"}
        assert without_times(run("access-logs", "prod").stdout) == ["GET /"]

    @pytest.mark.parametrize(
        ("enabled", "said"),
        [
            (False, "access logs of prod are off; switch them on with: rollbacklab access-logs prod --enable\n"),
            (True, "no call was logged; send one with: rollbacklab probe\n"),
        ],
    )
    def test_says_what_to_do_when_there_is_none(self, lab: Any, run: Any, enabled: bool, said: str) -> None:
        lab.pages["GET /stages/prod/access-logs"] |= {"lines": [], "enabled": enabled}
        assert run("access-logs", "prod").stdout == said

    def test_asks_for_what_is_searched(self, lab: Any, run: Any) -> None:
        run("access-logs", "prod", "--search", "502", "--since", "15m")
        assert lab.asked[-1].query == {"q": "502", "since": "15m"}

    def test_switches_them(self, lab: Any, run: Any) -> None:
        assert run("access-logs", "--enable").stdout.splitlines() == [
            "log group /access/prod made, kept for 30 days",
            "access logs of prod are on",
        ]
        lab.pages["POST /stages/prod/access-logs"]["done"] = []
        assert run("access-logs", "--disable").stdout == "access logs of prod are off\n"
        assert lab.posted("/stages/prod/access-logs") == [{"enabled": "true"}, {"enabled": "false"}]
        assert json.loads(run("access-logs", "--enable", "--json").stdout) == {"done": []}

    def test_switches_them_on_and_follows_them(self, lab: Any, run: Any) -> None:
        (line,) = lab.pages["GET /stages/prod/access-logs"]["lines"]
        lab.streams["/stages/prod/access-logs/events"] = [[("line", line)]]
        said = run("access-logs", "--enable", "--follow").stdout
        assert without_times(said)[1:] == [
            "access logs of prod are on",
            f"POST /prod/notes  502  41 ms  us-east-1:9bdc  request {REQUEST_ID}",
        ]
        told = run("access-logs", "--enable", "--follow", "--json").stdout.splitlines()
        assert [set(json.loads(one)) for one in told] == [{"done"}, set(line), {"error"}]

    def test_what_is_switched_off_is_not_followed(self, lab: Any, run: Any) -> None:
        result = run("access-logs", "--disable", "--follow")
        assert (result.exit_code, result.stderr, lab.asked) == (
            2,
            "error: what is switched off cannot be followed\n  what to do: give --disable or --follow\n",
            [],
        )

    def test_follows_them(self, lab: Any, run: Any) -> None:
        (line,) = lab.pages["GET /stages/prod/access-logs"]["lines"]
        lab.streams["/stages/prod/access-logs/events"] = [[("line", line), ("line", line | {"raw": "other"})]]
        result = run("access-logs", "--follow", "--search", "502", "--json")
        assert [json.loads(text) for text in result.stdout.splitlines()[:-1]] == [line]

    def test_json_is_what_the_lab_tells(self, lab: Any, run: Any) -> None:
        assert json.loads(run("access-logs", "--json").stdout) == lab.pages["GET /stages/prod/access-logs"]


class TestProbe:
    def test_says_what_came_back(self, lab: Any, run: Any) -> None:
        result = run("probe")
        assert (result.exit_code, result.stdout.splitlines()) == (
            0,
            [
                f"POST {API}/notes -> 200 OK in 41 ms, request {REQUEST_ID}: " + '{"noteId":"n1"}',
                f"what it left behind: rollbacklab evidence {REQUEST_ID} --stage prod",
            ],
        )

    def test_fails_when_the_app_expects_another_answer(self, lab: Any, run: Any) -> None:
        lab.pages["GET /settings"]["file"] = "[probe]\nexpect_status = 201\n"
        result = run("probe", "prod")
        assert (result.exit_code, result.stdout.startswith("expected 201, got POST ")) == (1, True)

    @pytest.mark.parametrize(
        ("file", "why"),
        [
            ("[probe\n", "Expected ']' at the end of a table declaration (at line 1, column 7)"),
            ("probe = 3\n", "'int' object has no attribute 'get'"),
            ("[probe]\nexpect_status = 'ok'\n", "invalid literal for int() with base 10: 'ok'"),
        ],
    )
    def test_a_file_that_does_not_say_what_is_expected_is_told(self, lab: Any, run: Any, file: str, why: str) -> None:
        lab.pages["GET /settings"]["file"] = file
        result = run("probe")
        assert (result.exit_code, result.stderr.splitlines()) == (
            2,
            [
                "error: rollbacklab.toml does not say which answer is expected",
                f"  looked at: expect_status in [probe]: {why}",
                "  what to do: mend the file; the probe was sent, and its answer is in the logs",
            ],
        )

    def test_json_says_what_was_expected(self, lab: Any, run: Any) -> None:
        lab.pages["GET /settings"]["file"] = "app = 'notes'\n"
        result = run("probe", "--json")
        assert json.loads(result.stdout) == lab.pages["POST /stages/prod/probe"] | {"expected_status": 200}


class TestEvidence:
    def test_shows_every_link_and_what_is_missing(self, lab: Any, run: Any) -> None:
        links = "answer ok · access log ok · execution log missing · function log ok"
        assert without_times(run("evidence", REQUEST_ID).stdout) == [
            f"POST /prod/notes  502  request {REQUEST_ID} · {links}",
            f"POST {API}/notes -> 200 OK in 41 ms, request {REQUEST_ID}: " + '{"noteId":"n1"}',
            "access log",
            f"POST /prod/notes  502  41 ms  us-east-1:9bdc  request {REQUEST_ID}",
            "function log, request b7c1",
            "[ERROR] NameError: name 'gibberish' is not defined",
            "metrics of that minute",
            "5XXError 1, Errors 1",
            "missing: execution log: the stage does not write one",
        ]

    def test_says_what_it_can_of_a_request_without_an_answer(self, lab: Any, run: Any) -> None:
        evidence = lab.pages[f"GET /stages/prod/requests/{REQUEST_ID}"]["evidence"]
        evidence |= {"answer": None, "access_log": None, "function_log_lines": [], "metrics": {}, "links": {}}
        evidence |= {"method": None, "path": None, "status": None, "missing": []}
        assert run("evidence", REQUEST_ID).stdout == f"a request  request {REQUEST_ID}\n"

    def test_of_an_unknown_request_is_told(self, lab: Any, run: Any) -> None:
        result = run("evidence", "a/b", "--stage", "prod")
        assert (result.exit_code, result.stderr) == (
            2,
            "error: there is no /stages/prod/requests/a%2Fb\n  looked at: the pages\n",
        )

    def test_json_is_what_the_lab_tells(self, lab: Any, run: Any) -> None:
        told = json.loads(run("evidence", REQUEST_ID, "--json").stdout)
        assert told == lab.pages[f"GET /stages/prod/requests/{REQUEST_ID}"]


class TestUserAdd:
    def test_makes_a_user(self, lab: Any, run: Any) -> None:
        assert run("user", "add", "bob", "--password", "Pass word 1!").stdout == "bob can sign in to prod\n"
        assert lab.posted("/stages/prod/users") == [{"username": "bob", "password": "Pass word 1!"}]
        assert json.loads(run("user", "add", "bob", "--password", "p", "--json").stdout) == {"username": "bob"}

    def test_needs_a_password(self, lab: Any, run: Any) -> None:
        result = run("user", "add", "bob")
        assert (result.exit_code, result.stderr.splitlines()) == (
            2,
            [
                "error: the password of bob is not given",
                "  looked at: nobody can be asked here",
                "  what to do: give --password",
            ],
        )

    def test_asks_for_it_twice_at_a_terminal_and_shows_nothing_of_it(self, lab: Any, typed: Any) -> None:
        status, shown = typed("Pass word 1!\nPass word 1!\n", "user", "add", "bob")
        assert (status, lab.posted("/stages/prod/users")) == (0, [{"username": "bob", "password": "Pass word 1!"}])
        _, asked, after = shown.partition("password of bob: ")
        assert (bool(asked), "Pass word" in after) == (True, False)
