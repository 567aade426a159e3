"""A function's log page: its lines, one request's lines, and what stands out among them."""

from __future__ import annotations

import re

import pytest

from console.conftest import Console
from console.observing.story import CREATE_LOG, LAMBDA_ID, StoryPipeline, now

PATH = "/stages/prod/functions/CreateFunction/logs"


def test_lines_are_told_in_the_order_of_time(console: Console) -> None:
    data = console.json(PATH)
    assert (data["stage"], data["function"]) == ("prod", "CreateFunction")
    assert len(data["lines"]) == 100
    assert data["lines"][-1]["message"].startswith("REPORT")
    assert set(data["lines"][0]) == {"group", "stream", "at", "message"}
    assert [line["at"] for line in data["lines"]] == sorted(line["at"] for line in data["lines"])


def test_lines_are_found_by_text(console: Console) -> None:
    lines = console.json(f"{PATH}?q=%22is+not+defined%22")["lines"]
    assert lines
    assert all("gibberish" in line["message"] for line in lines)


def test_one_requests_lines_are_found_by_its_id_and_by_text_among_them(console: Console) -> None:
    path = f"{PATH}?request={LAMBDA_ID.format(24)}"
    messages = [line["message"] for line in console.json(path)["lines"]]
    assert [message.split()[0] for message in messages] == ["START", "[ERROR]", "END", "REPORT"]
    assert [line["message"] for line in console.json(f"{path}&q=gibberish")["lines"]] == [messages[1]]
    page = console.get(path).text
    assert "Only the lines of request" in page
    assert "data-follow=" not in page


def test_errors_are_marked_and_a_request_can_be_looked_at(console: Console) -> None:
    page = console.get(PATH).text
    error = re.search(r'<li class="error">.*?</li>', page, re.S)
    assert error is not None
    assert '<b class="flag">error</b>' in error[0]
    assert '<li class="platform begins">' in page
    assert f'href="/k3y/stages/prod/requests/{LAMBDA_ID.format(24)}"' in page


def test_a_function_is_known_by_its_name_too(console: Console) -> None:
    data = console.json("/stages/prod/functions/notes-prod-CreateFunction/logs?q=gibberish")
    assert data["function"] == "CreateFunction"
    assert data["lines"]


def test_a_function_that_never_ran_says_so(console: Console) -> None:
    assert console.json("/stages/prod/functions/GetFunction/logs")["lines"] == []
    assert "has not logged anything yet" in console.get("/stages/prod/functions/GetFunction/logs").text


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/stages/prod/functions/Nothing/logs", "the stack notes-prod has no function 'Nothing'"),
        (f"{PATH}?request=%22%7D", "'\"}' is no request's id"),
    ],
)
def test_what_is_not_there_is_not_found(console: Console, path: str, what: str) -> None:
    answer = console.ask("GET", path, headers={"Accept": "application/json"})
    assert answer.status == 404
    assert answer.json()["error"]["what"] == what


def test_what_a_function_wrote_does_no_harm_and_long_lines_end(console: Console, pipeline: StoryPipeline) -> None:
    hostile = "<img src=x onerror=alert(1)>\x1b]0;title\x07 \x00 over\rwritten \u202egnp.exe"
    pipeline.target.logs.write(CREATE_LOG, hostile, "long " + "x" * 30_000, at=now())
    page = console.get(PATH).text
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;\\x1b]0;title\\x07 \\x00 over\nwritten \\u202egnp.exe" in page
    assert "(+10,005)" in page
    assert console.json(PATH)["lines"][-1]["message"] == "long " + "x" * 30_000
