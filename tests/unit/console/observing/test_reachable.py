"""Every observing page, full, empty, searched in vain: for keyboard and ear, in both languages, with hostile texts."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest

from console.conftest import Console
from console.observing.fake_aws import ACCESS_GROUP
from console.observing.story import CREATE_LOG, GATEWAY_ID, StoryPipeline, now
from console.page import page, read
from console.reachable import lacks
from console.test_hostile import HOSTILE, UNSEEN, acts
from pytest_rollbacklab.console.observing.answers import remember
from pytest_rollbacklab.errors import UsageError

FUNCTION = "/stages/prod/functions/CreateFunction"
PAGES = (
    "/stages/prod/resources",
    "/stages/prod/access-logs",
    "/stages/prod/access-logs?q=nothing-like-that",
    "/stages/prod/access-logs?q=%7B",
    "/stages/prod/metrics",
    "/stages/prod/metrics?range=1d",
    f"{FUNCTION}/logs",
    f"{FUNCTION}/logs?q=nothing-like-that",
    f"{FUNCTION}/logs?request=r1",
    f"{FUNCTION}/metrics",
    f"/stages/prod/requests/{GATEWAY_ID.format(25)}",
    f"/stages/prod/requests/{GATEWAY_ID.format(5)}",
    "/stages/prod/requests/nobodys-0000",
)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page(console: Console, path: str, language: str) -> None:
    root = page(console, path, language)
    assert lacks(root) == []
    assert root.one("html").attributes["lang"] == language


@pytest.mark.parametrize("path", ["/stages/prod/resources", "/stages/prod/access-logs", "/stages/prod/metrics"])
def test_a_page_of_a_stage_where_nothing_is(console: Console, pipeline: StoryPipeline, path: str) -> None:
    pipeline.fails["resources"] = UsageError("nothing is deployed as notes-prod")
    assert lacks(page(console, path)) == []


@pytest.mark.parametrize("text", HOSTILE, ids=["markup", "steering", "long"])
@pytest.mark.parametrize("path", PAGES)
def test_calls_and_logs_hold_what_anybody_sent_as_text(
    console: Console, pipeline: StoryPipeline, path: str, text: str
) -> None:
    pipeline.call(25, now(), 502, text, f"/{text}")
    pipeline.target.logs.write(ACCESS_GROUP, text, at=now())
    pipeline.target.logs.write(CREATE_LOG, f"[ERROR] {text}", at=now())
    headers = {"x-amzn-requestid": GATEWAY_ID.format(25), text.encode("ascii", "ignore").decode()[:40]: text}
    sent = replace(pipeline.probe("prod"), reason=text, body=text.encode("utf-8", "replace"), headers=headers)
    remember(pipeline, "prod", sent)
    answer = console.get(path)
    root = read(answer.text)
    assert acts(root, sheets=("/static/console.css", "/static/observing.css")) == []
    assert not UNSEEN.search(root.one("main").raw_text)
    assert len(answer.text) < 1_000_000


@pytest.mark.parametrize("text", HOSTILE, ids=["markup", "steering", "long"])
@pytest.mark.parametrize(
    "address",
    [
        "/stages/prod/access-logs?q={}",
        "/stages/prod/access-logs?status={}",
        "/stages/prod/metrics?range={}",
        FUNCTION + "/logs?q={}",
        FUNCTION + "/logs?request={}",
        "/stages/prod/requests/{}",
        "/stages/{}/resources",
        "/stages/prod/functions/{}/logs",
    ],
)
def test_addresses_hold_it_as_text(console: Console, address: str, text: str) -> None:
    answer = console.get(address.format(quote(text, safe="", errors="replace")))
    root = read(answer.text)
    assert answer.status in (200, 400, 404)
    assert acts(root, sheets=("/static/console.css", "/static/observing.css")) == []
    fields = [*root.all("input"), *root.all("option")]
    shown = [child for one in root for child in one.children if isinstance(child, str) and one not in fields]
    assert [told for told in shown if UNSEEN.search(told)] == []
