"""What was done, and what is under way."""

from __future__ import annotations

from console.conftest import KEY, Console
from console.fake_pipeline import (
    FakePipeline,
    make_activity,
)
from console.page import page


def test_is_listed_with_who_from_where_and_why(console: Console) -> None:
    rows = [row.text for row in page(console, "/activity").one("section", id="activity").all("li")]
    assert rows[0].startswith("#12 roll back prod to build 6 Minji · console")
    assert "“users see 502”" in rows[0]


def test_one_shows_what_came_of_it(console: Console) -> None:
    root = page(console, "/activity/12")
    assert "build 12 is live on dev as release 12, in 3.40 s" in root.text
    assert [line.raw_text for line in root.one(id="log").all("li")] == list(console.pipeline.log)
    assert "data-follow" not in root.one(id="log").attributes
    assert root.one("a", class_="button").attributes["href"] == f"/{KEY}/stages/prod"


def test_one_that_is_under_way_is_followed_with_script_and_loaded_again_without(
    console: Console, pipeline: FakePipeline
) -> None:
    pipeline.all_activities[0] = make_activity(12, state="running", ended_at=None, outcome=None)
    root = page(console, "/activity/12")
    assert root.one(id="log").attributes["data-follow"] == f"/{KEY}/activity/12/events"
    assert root.one(id="log").attributes["role"] == "log"
    assert root.one("noscript").one("meta").attributes["content"] == "3"
    assert console.json("/activity/12")["log"] == list(pipeline.log)


def test_one_that_failed_shows_the_whole_error(console: Console, pipeline: FakePipeline) -> None:
    failed = make_activity(12, state="failed", outcome="it was refused\n  looked at: x\n  what to do: y")
    pipeline.all_activities[0] = failed
    assert "it was refused Looked at: x What to do: y" in page(console, "/activity/12").text
    assert "it was refused" in page(console, "/activity").classed("broken-text")[0].text


def test_one_that_is_not_there_is_404(console: Console) -> None:
    assert console.get("/activity/99").status == 404
    assert console.get("/activity/99/events").status == 404
    assert console.json("/activity/99")["error"]["what"] == "there is no activity 99"
