"""The metrics pages: series for programs, charts for people."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from console.conftest import Console
from console.observing.story import FUNCTIONS, StoryPipeline
from pytest_rollbacklab.errors import UsageError

STAGE = "/stages/prod/metrics"
FUNCTION = "/stages/prod/functions/CreateFunction/metrics"


def test_programs_get_the_apis_and_each_functions_series_and_the_releases(console: Console) -> None:
    data = console.json(STAGE)
    assert (data["stage"], data["range"]) == ("prod", "1h")
    assert [series["name"] for series in data["api"]] == [
        *("Count", "4XXError", "5XXError"),
        *("Latency p50", "Latency p90", "Latency p99"),
    ]
    assert sorted(data["functions"]) == sorted(FUNCTIONS)
    assert [release["number"] for release in data["releases"]] == [1, 2, 3]
    assert sum(value for _, value in data["api"][0]["points"]) > 300


def test_programs_get_one_functions_series(console: Console) -> None:
    data = console.json(f"{FUNCTION}?range=15m")
    assert (data["stage"], data["function"], data["range"]) == ("prod", "CreateFunction", "15m")
    assert [series["name"] for series in data["series"]][:3] == ["Invocations", "Errors", "Throttles"]
    assert [release["number"] for release in data["releases"]] == [3]


@pytest.mark.parametrize(("window", "period_s"), [("15m", 60), ("1h", 60), ("3h", 120), ("1d", 900)])
def test_periods_fit_the_window(console: Console, window: str, period_s: int) -> None:
    assert console.json(f"{STAGE}?range={window}")["api"][0]["period_s"] == period_s


def test_a_day_still_tells_which_release_it_was_that_failed(console: Console) -> None:
    page = console.get(f"{STAGE}?range=1d").text
    states = re.findall(r'<li class="(\S+)"><b class="number">(v\d)</b>', page)
    assert states == [("good", "v3"), ("rolled-back", "v2"), ("good", "v1")]


def test_deployments_are_marked_by_colour_and_by_label_on_every_chart(console: Console) -> None:
    page = console.get(STAGE).text
    charts = page.split("<figure")[1:]
    assert len(charts) == 4 + len(FUNCTIONS)
    for chart in charts:
        assert len(re.findall(r'<line class="mark ', chart)) == 3
        assert 'class="mark rolled-back"' in chart
        assert "v2 ↩" in chart
    assert "build 7 · was rolled back" in charts[0]


def test_charts_are_well_formed_have_words_and_no_inline_styles(console: Console) -> None:
    page = console.get(STAGE).text
    assert " style=" not in page
    assert "<script>" not in page
    pictures = re.findall(r'<svg class="chart".*?</svg>\n</div>', page, re.S)
    assert len(pictures) == 4 + len(FUNCTIONS)
    for picture in pictures:
        drawn = ElementTree.fromstring(picture.removesuffix("</div>"))
        names = (drawn.get("aria-labelledby") or "").split()
        assert drawn.find(f"title[@id='{names[0]}']") is not None
        described = drawn.find(f"desc[@id='{names[1]}']")
        assert described is not None
        assert "Deployments: v1" in (described.text or "")


def test_the_numbers_are_there_as_a_table(console: Console) -> None:
    page = console.get(FUNCTION).text
    tables = re.findall(r'<table class="figures">.*?</table>', page, re.S)
    assert len(tables) == 3  # nothing was throttled
    headings = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", tables[0])
    assert headings == ["Time", "errors", "throttles", "invocations"]
    assert "Nothing happened in this time." in page


def test_each_small_chart_leads_to_its_function(console: Console) -> None:
    page = console.get(STAGE).text
    for function in FUNCTIONS:
        assert f'href="/k3y/stages/prod/functions/{function}/metrics"' in page


def test_a_stage_without_an_api_shows_its_functions_alone(console: Console, pipeline: StoryPipeline) -> None:
    pipeline.more_types = {"AWS::ApiGateway::RestApi": {}}
    data = console.json(STAGE)
    assert (data["api"], sorted(data["functions"])) == ([], sorted(FUNCTIONS))
    assert 'id="chart-requests"' not in console.get(STAGE).text


def test_a_stage_where_nothing_is_deployed_says_so(console: Console, pipeline: StoryPipeline) -> None:
    pipeline.fails["resources"] = UsageError("nothing is deployed as notes-prod")
    assert "Nothing is deployed here yet" in console.get(STAGE).text
    assert console.json(STAGE) == {"stage": "prod", "range": "1h", "api": [], "functions": {}, "releases": []}
    answer = console.ask("GET", f"{FUNCTION}?format=json")
    assert answer.status == 404
    assert "there is no function 'CreateFunction'" in answer.json()["error"]["what"]


def test_a_range_that_there_is_not_is_refused(console: Console) -> None:
    answer = console.ask("GET", f"{STAGE}?range=9y&format=json")
    assert answer.status == 400
    assert answer.json()["error"] == {
        "what": "range cannot be '9y'",
        "looked_at": None,
        "mend": "choose one of 15m, 1h, 3h, 1d",
    }


def test_a_stage_without_calls_has_empty_charts(console: Console, pipeline: StoryPipeline) -> None:
    pipeline.target.cloudwatch.value = lambda *_: None
    page = console.get(STAGE).text
    assert "Nothing happened in this time." in page
    assert "no verdict" in page
