"""Lines as a page shows them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.observing.story import line, now
from pytest_rollbacklab.console.observing.lines import call_line, text_line, visible
from pytest_rollbacklab.console.plain import plain
from pytest_rollbacklab.model import AccessLogLine


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n", "plain"),
        ("a\tb\nc", "a\tb\nc"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\x85\x9b", "\\x85\\x9b"),
        ("abc\u202egnp", "abc\\u202egnp"),
        ("half \ud800", "half \\ud800"),
        ("노트 👩\u200d💻", "노트 👩\u200d💻"),
    ],
)
def test_what_steers_is_written_out_and_all_else_stays(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_what_is_left_out_is_counted() -> None:
    assert visible("x" * 1500, longest=10) == "xxxxxxxxxx … (+1,490)"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("[ERROR] KeyError", "error"),
        ("2026-01-01 Task timed out after 3.00 seconds", "error"),
        ("somebody was forbidden something", "own"),
        ("START RequestId: x", "platform"),
        ("INIT_START Runtime Version", "platform"),
        ("STARTED something", "own"),
        ("hello", "own"),
    ],
)
def test_kinds_of_lines(message: str, kind: str) -> None:
    assert text_line(line(message)).kind == kind


def test_the_gateways_reason_is_an_error() -> None:
    group = "API-Gateway-Execution-Logs_abc123/prod"
    assert text_line(line("(id) Execution failed due to a timeout error", group=group)).kind == "error"
    assert text_line(line("(id) Method completed with status: 502", group=group)).kind == "own"


def test_the_line_that_begins_a_request_knows_it() -> None:
    request = "9bdc7f20-41aa-4c11-8000-000000000001"
    assert text_line(line(f"START RequestId: {request} Version: 1")).request_id == request
    assert text_line(line(f"END RequestId: {request}")).request_id is None
    assert text_line(line("START RequestId: <script>")).request_id is None


def test_a_line_of_another_day_has_its_date() -> None:
    assert text_line(line("x")).day is None
    earlier = text_line(line("x", at=now() - timedelta(days=2)))
    assert earlier.day == (now() - timedelta(days=2)).astimezone().date().isoformat()


def test_a_line_is_the_same_as_json_as_it_was() -> None:
    assert plain(text_line(line("x"))) == plain(line("x"))


@pytest.mark.parametrize(
    ("status", "tone"), [("502", "broken"), ("404", "refused"), ("302", "fine"), ("200", "fine"), ("-", "unknown")]
)
def test_tones_of_calls(status: str, tone: str) -> None:
    call = call_line(AccessLogLine(at=now(), fields={"status": status, "path": "-", "resourcePath": "/n"}, raw=""))
    assert call.tone == tone
    assert call.value("path", "resourcePath") == "/n"
    assert call.value("nothing") is None
