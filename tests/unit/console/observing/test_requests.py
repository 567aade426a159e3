"""One request's page: the chain from the call to the log, and what is missing of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from console.conftest import Console
from console.observing.fake_aws import EXECUTION_GROUP
from console.observing.story import GATEWAY_ID, LAMBDA_ID, StoryPipeline, now
from pytest_rollbacklab.console.observing.answers import MOST_ANSWERS, remember, remembered

BROKEN = f"/stages/prod/requests/{GATEWAY_ID.format(25)}"
REFUSED = f"/stages/prod/requests/{GATEWAY_ID.format(5)}"


def _chain(page: str) -> dict[str, str]:
    items = re.findall(r'<li class="(there|missing)">\s*<span class="sign".*?<b>(.*?)</b>', page, re.S)
    return {re.sub("<[^>]+>", "", name): state for state, name in items}


def test_a_request_that_failed_is_told_from_the_call_to_the_log(console: Console) -> None:
    page = console.get(BROKEN).text
    assert set(_chain(page)) == {"answer", "access log", "execution log", "function log", "metrics"}
    assert {state for name, state in _chain(page).items() if name != "metrics"} == {"there"}
    assert "NameError: name &#39;gibberish&#39; is not defined" in page
    assert '<code class="place">create.py:12</code>' in page
    assert "As told by the function log." in page
    assert 'chip broken">502' in page
    assert "Making a mistake" in page  # what was live then


def test_programs_get_the_evidence(console: Console) -> None:
    data = console.json(BROKEN)
    assert data["stage"] == "prod"
    evidence = data["evidence"]
    assert (evidence["status"], evidence["method"], evidence["path"]) == (502, "GET", "/notes")
    assert evidence["lambda_request_id"] == LAMBDA_ID.format(25)
    assert [line["message"].split()[0] for line in evidence["function_log_lines"]] == [
        "START",
        "[ERROR]",
        "END",
        "REPORT",
    ]


def test_its_links_lead_to_the_functions_log_and_metrics(console: Console) -> None:
    page = console.get(BROKEN).text
    below = "/stages/prod/functions/CreateFunction"
    assert f'href="/k3y{below}/logs?request={LAMBDA_ID.format(25)}"' in page
    assert f'href="/k3y{below}/metrics"' in page
    for anchor in ("function-log", "access-log", "execution-log"):
        assert f'href="#{anchor}"' in page
        assert f'<section id="{anchor}">' in page


def test_it_is_found_by_lambdas_id_too(console: Console) -> None:
    data = console.json(f"/stages/prod/requests/{LAMBDA_ID.format(25)}")
    assert data["evidence"]["request_id"] == GATEWAY_ID.format(25)


def test_what_is_missing_is_said_in_words(console: Console, pipeline: StoryPipeline) -> None:
    del pipeline.target.logs.groups[EXECUTION_GROUP]
    page = console.get(REFUSED).text
    chain = _chain(page)
    assert (chain["execution log"], chain["function log"]) == ("missing", "missing")
    assert "by the gateway&#39;s logs no function was called" in page
    assert "API-Gateway-Execution-Logs_abc123/prod: no line names" in page
    assert "the execution log: " not in page  # it stands under its name already


def test_logs_that_are_off_can_be_switched_on(console: Console, pipeline: StoryPipeline) -> None:
    del pipeline.target.apigateway.stage["accessLogSettings"]
    page = console.get(f"/stages/prod/requests/{LAMBDA_ID.format(25)}").text
    assert _chain(page)["access log"] == "missing"
    assert "Switch access logs on" in page
    assert "access logs are off</bdi>" in page  # by a link, not by enable_access_logs()


def test_an_id_that_no_log_knows_is_not_found_and_says_where_it_was_looked_for(console: Console) -> None:
    answer = console.get("/stages/prod/requests/nothing-like-that")
    assert answer.status == 404
    assert "no log of prod knows the request nothing-like-that" in answer.text
    assert "API-Gateway-Execution-Logs_abc123/prod" in answer.text
    assert set(_chain(answer.text).values()) == {"missing"}
    error = console.ask("GET", "/stages/prod/requests/nothing-like-that?format=json").json()["error"]
    assert "see whether the id is whole" in error["mend"]


@pytest.mark.parametrize("text", ["a%22b", "%24.status%20%3D%20*", "x" * 200])
def test_what_cannot_be_an_id_is_not_searched_for(console: Console, pipeline: StoryPipeline, text: str) -> None:
    searched: list[bool] = []
    pipeline.target.logs.on_filter = lambda: searched.append(True)
    answer = console.get(f"/stages/prod/requests/{text}")
    assert answer.status == 404
    assert "is no request" in answer.text
    assert searched == []


def test_in_korean_reasons_are_korean(console: Console) -> None:
    page = console.get(REFUSED, **{"Accept-Language": "ko"}).text
    assert "게이트웨이 로그에 따르면 함수가 호출되지 않았습니다" in page


def test_what_a_caller_sent_does_no_harm(console: Console, pipeline: StoryPipeline) -> None:
    pipeline.call(98, now(), 200, "GET", "/<b>bold</b>\u202e")
    page = console.get(f"/stages/prod/requests/{GATEWAY_ID.format(98)}").text
    assert "<b>bold" not in page
    assert "/&lt;b&gt;bold&lt;/b&gt;\\u202e" in page


def test_what_the_lab_itself_sent_is_shown_with_its_answer_even_where_no_log_knows_it(
    console: Console, pipeline: StoryPipeline
) -> None:
    sent = console.post("/stages/prod/probe")
    page = console.get(sent.headers["Location"].removeprefix("/k3y"))
    assert page.status == 200
    assert "502 Bad Gateway" in page.text
    assert "{&#34;message&#34;: &#34;Internal server error&#34;}" in page.text
    chain = _chain(page.text)
    assert (chain["answer"], chain["access log"]) == ("there", "missing")
    assert console.get(sent.headers["Location"].replace("/k3y/stages/prod", "/stages/dev")).status == 404


def test_only_so_many_answers_are_kept(pipeline: StoryPipeline) -> None:
    answer = pipeline.probe("prod")
    for number in range(MOST_ANSWERS + 1):
        remember(pipeline, "prod", replace(answer, headers={"x-amzn-requestid": f"r{number}"}))
    remember(pipeline, "prod", replace(answer, headers={}))
    assert remembered(pipeline, "prod", "r0") is None
    assert remembered(pipeline, "prod", "r1") is not None
    assert remembered(pipeline, "dev", "r1") is None
