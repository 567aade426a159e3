"""The access-log page: searched, filtered, switched on."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.conftest import Console
from console.observing.fake_aws import ACCESS_GROUP
from console.observing.story import GATEWAY_ID, IDENTITY, StoryPipeline, now
from pytest_rollbacklab.errors import UsageError

PATH = "/stages/prod/access-logs"


def _statuses(console: Console, query: str) -> set[str]:
    return {line["fields"]["status"] for line in console.json(f"{PATH}?{query}")["lines"]}


def test_lines_are_told_in_the_order_of_time_with_their_fields(console: Console) -> None:
    data = console.json(PATH)
    assert (data["stage"], data["enabled"], data["log_group"]) == ("prod", True, ACCESS_GROUP)
    times = [line["at"] for line in data["lines"]]
    assert len(times) == 40
    assert times == sorted(times)
    assert set(data["lines"][0]) == {"at", "fields", "raw"}
    assert data["lines"][0]["fields"]["requestId"] == GATEWAY_ID.format(0)


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ("status=5xx", {"502"}),
        ("status=403", {"403"}),
        ("status=3xx", set()),
        ("q=%22%2Fnotes%2F38%22", {"200"}),
        ("q=path%3D%2Fnotes&status=5xx", {"502"}),
        ("q=nothing-like-that", set()),
    ],
)
def test_lines_are_chosen_by_words_fields_and_status(console: Console, query: str, statuses: set[str]) -> None:
    assert _statuses(console, query) == statuses


def test_lines_are_chosen_by_time(console: Console) -> None:
    all_times = [datetime.fromisoformat(line["at"]) for line in console.json(PATH)["lines"]]
    times = [datetime.fromisoformat(line["at"]) for line in console.json(f"{PATH}?since=15m")["lines"]]
    assert times == [at for at in all_times if at >= now() - timedelta(minutes=15) + (datetime.now(UTC) - now())]


def test_a_row_has_what_an_engineer_looks_for(console: Console) -> None:
    rows = re.findall(r"<tr class=.*?</tr>", console.get(f"{PATH}?status=5xx").text, re.S)
    row = next(row for row in rows if GATEWAY_ID.format(24) in row)
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", row))
    assert "POST /notes 502 server error 78 ms 200 127.0.0.1 us-east-1:9bdc" in text
    assert f'title="{IDENTITY}"' in row
    assert f'href="/k3y/stages/prod/requests/{GATEWAY_ID.format(24)}"' in row
    assert f'href="/k3y/stages/prod/requests/{GATEWAY_ID.format(24)}#function-log"' in row


def test_a_server_error_is_marked_by_colour_and_by_text_a_refusal_by_text_alone(console: Console) -> None:
    page = console.get(PATH).text
    broken = re.search(r'<tr class="broken">.*?</tr>', page, re.S)
    refused = re.search(r'<tr class="refused">.*?</tr>', page, re.S)
    assert broken is not None
    assert refused is not None
    assert 'chip broken">502' in broken[0]
    assert "server error" in broken[0]
    assert "refused</span>" in refused[0]
    assert "#function-log" not in refused[0]


def test_the_newest_call_stands_first_and_the_form_keeps_what_was_asked(console: Console) -> None:
    page = console.get(f"{PATH}?status=502&q=notes&since=1h").text
    shown = re.findall(r"requests/3f1c0c5e-9a1e-4000-8000-0*(\d+)\"", page)
    assert shown == sorted(shown, key=int, reverse=True)
    assert "<option selected>502</option>" in page
    assert 'value="notes"' in page
    assert '<option value="1h" selected>' in page
    assert "events?whole=1&amp;q=notes&amp;status=502&amp;since=1h" in page


def test_logs_that_are_off_can_be_switched_on_from_the_page(console: Console, pipeline: StoryPipeline) -> None:
    assert pipeline.access_logs is not None
    pipeline.access_logs = replace(pipeline.access_logs, enabled=False, log_group=None)
    assert console.json(PATH) == {"stage": "prod", "enabled": False, "log_group": None, "lines": []}
    page = console.get(PATH).text
    assert "Access logs are off: API Gateway writes nothing down." in page
    form = re.search(r'<form method="post" action="/k3y/stages/prod/access-logs".*?</form>', page, re.S)
    assert form is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    assert fields == {"token": "t0ken", "enabled": "true", "back": "access-logs"}
    answer = console.post(PATH, {"enabled": "true", "back": "access-logs"})
    assert (answer.status, answer.headers["Location"]) == (303, f"/k3y{PATH}")
    assert pipeline.named("set_access_logs") == [("prod", True)]


def test_what_cannot_be_searched_is_said_on_the_page_with_the_form_as_it_was(console: Console) -> None:
    answer = console.get(f"{PATH}?q=nofield%3D1")
    assert answer.status == 400
    assert "access-log lines cannot be chosen by nofield" in answer.text
    assert 'value="nofield=1"' in answer.text
    error = console.ask("GET", f"{PATH}?q=nofield%3D1&format=json")
    assert error.status == 400
    assert "nofield" in error.json()["error"]["what"]


@pytest.mark.parametrize(
    ("query", "what"), [("status=nine", "status cannot be 'nine'"), ("since=2y", "since cannot be '2y'")]
)
def test_what_makes_no_sense_is_refused_by_name(console: Console, query: str, what: str) -> None:
    answer = console.ask("GET", f"{PATH}?{query}&format=json")
    assert answer.status == 400
    assert answer.json()["error"]["what"] == what
    assert "choose one of" in answer.json()["error"]["mend"]


def test_a_stage_without_an_api_or_without_anything_says_so(console: Console, pipeline: StoryPipeline) -> None:
    pipeline.more_types = {"AWS::ApiGateway::RestApi": {}}
    assert "This stage has no API" in console.get(PATH).text
    pipeline.fails["resources"] = UsageError("nothing is deployed as notes-prod")
    assert "Nothing is deployed here yet" in console.get(PATH).text
    assert console.json(PATH)["lines"] == []


def test_a_line_of_another_format_is_shown_as_text(console: Console, pipeline: StoryPipeline) -> None:
    pipeline.target.logs.groups.clear()
    pipeline.target.logs.write(ACCESS_GROUP, "an older <format>", at=now())
    page = console.get(PATH).text
    assert "not in the stage" in page
    assert "an older &lt;format&gt;" in page


def test_what_callers_sent_does_no_harm(console: Console, pipeline: StoryPipeline) -> None:
    pipeline.call(99, now(), 200, "GET", '/<script>alert("x")</script>\x1b[31m\u202e')
    page = console.get(f"{PATH}?q=alert").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;\\x1b[31m\\u202e" in page


def test_no_call_yet_says_how_to_send_one(console: Console, pipeline: StoryPipeline) -> None:
    pipeline.target.logs.groups[ACCESS_GROUP] = []
    page = console.get(PATH).text
    assert "Nothing was called since access logs are on." in page
    assert 'action="/k3y/stages/prod/probe"' in page
