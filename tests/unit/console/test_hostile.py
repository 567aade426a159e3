"""Whatever commits, branches, reasons, logs and errors hold is shown as text: it cannot act, hide, or tear a page."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

import pytest

from console.conftest import Console
from console.fake_pipeline import FakePipeline, make_activity, make_build, make_plan, make_release, make_stage, now
from console.page import Element, read
from pytest_rollbacklab.config import StageConfig
from pytest_rollbacklab.errors import DeployError
from pytest_rollbacklab.model import Change
from pytest_rollbacklab.pipeline.values import BuildLine, ChangeLine, Configured, Pin, Remark

MARKUP = "<img src=x onerror=alert(1)>\"'></title></textarea><script>alert(2)</script>{{ 7*7 }} {stage} %s &amp;"
STEERING = "\x1b[31mred \x00 \u202egnp.exe \u2066 \u200f \u2028 \ufeff \x9b \ud83d end"
LONG = "W" * 5000
HOSTILE = (MARKUP, STEERING, LONG)
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
PAGES = (
    "/",
    "/builds",
    "/builds/8",
    "/builds/9",
    "/stages/prod",
    "/stages/prod/releases",
    "/stages/prod/settings",
    "/stages/prod/plans/p1",
    "/settings",
    "/activity",
    "/activity/20",
    "/activity/21",
)


def _fill(pipeline: FakePipeline, text: str) -> None:
    """Put a text wherever somebody may write one."""
    build = make_build(8, text)
    build = replace(build, commit=replace(build.commit, author=f"{text} <{text}>", message=f"{text}\n\n{text}"))
    failed = replace(build, number=9, failure=f"{text}\n{text}")
    pipeline.all_builds = [BuildLine(build=b, live_on=("prod",), changed=(text,)) for b in (failed, build)]
    release = make_release(3, "prod", build, reason=text, by=text, parameters={text: text}, environment={text: text})
    change = Change(action="Add", logical_id=text, resource_type=text, replacement=None, properties=(text,))
    release = replace(release, changes=(change,))
    pipeline.all_releases["prod"] = [release, replace(release, number=2)]
    done = make_activity(20, stage="prod", by=text, summary=text, reason=text, outcome=text)
    failing = replace(done, number=21, state="failed", outcome=f"{text}\n  looked at: {text}")
    pipeline.all_activities = [failing, done]
    pipeline.stages["prod"] = make_stage(
        "prod",
        release,
        pin=Pin(stage="prod", build=8, by=text, at=now(), reason=f"rolled back from build 7: {text}"),
        branch=text,
        last_failure=text,
        api_url=f"http://127.0.0.1/{text}",
    )
    plan = make_plan("prod", "rollback", build, by=text, reason=text)
    line = ChangeLine(change=change, meaning=text, loses_data=True)
    pipeline.plans["p1"] = replace(plan, changes=(line,), remarks=(Remark(kind="note", text=text),))
    pipeline.log = (text, text)
    pipeline.owner = text
    pipeline.configured = Configured(environment={"A": text}, parameters={})
    pipeline.config = replace(pipeline.config, stages=(StageConfig(name="prod", branch=text),))
    (pipeline.config.directory / "rollbacklab.toml").write_bytes(text.encode("utf-8", "surrogatepass"))


def acts(root: Element, sheets: Collection[str] = ("/static/console.css",)) -> list[str]:
    """Return what could act on a page and is not ours.

    Args:
        sheets: The page's own style sheets.
    """
    known = (*sheets, "/static/icon.svg")
    links = [one.tag for one in root.all("link") if one.attributes.get("href") not in known]
    scripts = [one.tag for one in root.all("script") if one.attributes.get("src") != "/static/console.js"]
    others = [one.tag for one in root if one.tag in ("img", "iframe", "object", "style", "base", "embed")]
    handlers = [name for one in root for name in one.attributes if name.startswith("on") or name == "style"]
    away = [
        link.attributes["href"]
        for link in root.all("a", href=None)
        if not link.attributes["href"].startswith(("/k3y/", "#", "?"))
    ]
    return [*scripts, *links, *others, *handlers, *away]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("text", HOSTILE, ids=["markup", "steering", "long"])
def test_it_is_text(console: Console, pipeline: FakePipeline, text: str, path: str, language: str) -> None:
    _fill(pipeline, text)
    answer = console.get(path, **{"Accept-Language": language})
    assert answer.status == 200
    root = read(answer.text)
    assert acts(root) == []
    assert len(root.all("title")) == 1
    assert len(root.all("main")) == 1


@pytest.mark.parametrize("path", PAGES)
def test_markup_is_shown_as_it_was_written(console: Console, pipeline: FakePipeline, path: str) -> None:
    _fill(pipeline, MARKUP)
    assert MARKUP.partition("</title>")[0] in read(console.get(path).text).one("body").text


@pytest.mark.parametrize("path", PAGES)
def test_what_steers_is_written_out(console: Console, pipeline: FakePipeline, path: str) -> None:
    _fill(pipeline, STEERING)
    root = read(console.get(path).text)
    fields = [*root.all("textarea"), *root.all("input")]
    shown = [child for one in root for child in one.children if isinstance(child, str) and one not in fields]
    attributes = [value for one in root for value in one.attributes.values() if one not in fields]
    assert [text for text in (*shown, *attributes) if UNSEEN.search(text)] == []
    assert "\\x1b[31mred \\x00 \\u202egnp.exe" in root.one("body").text


def test_what_steers_is_left_in_json(console: Console, pipeline: FakePipeline) -> None:
    _fill(pipeline, STEERING)
    assert console.json("/activity/20")["activity"]["reason"] == STEERING


def test_what_somebody_wrote_stands_in_a_direction_of_its_own(console: Console, pipeline: FakePipeline) -> None:
    arabic = "إصلاح خطأ"
    _fill(pipeline, arabic)
    root = read(console.get("/").text)
    texts = [(one, child) for one in root.one("main") for child in one.children if isinstance(child, str)]
    holders = [one for one, text in texts if arabic in text]
    assert holders
    assert {one.tag for one in holders} == {"bdi"}


def test_a_long_title_is_cut_and_there_in_full_on_its_own_page(console: Console, pipeline: FakePipeline) -> None:
    _fill(pipeline, LONG)
    assert LONG not in read(console.get("/builds").text).text
    assert LONG in read(console.get("/builds/8").text).text


@pytest.mark.parametrize("text", HOSTILE, ids=["markup", "steering", "long"])
def test_errors_hold_it_as_text(console: Console, pipeline: FakePipeline, text: str) -> None:
    pipeline.fails["stage"] = DeployError(text, looked_at=text, mend=text)
    answer = console.get("/stages/prod")
    assert answer.status == 502
    root = read(answer.text)
    assert acts(root) == []
    assert not UNSEEN.search(root.one("main").raw_text)


@pytest.mark.parametrize(
    "path", ["/<script>alert(1)</script>", "/stages/%3Cscript%3E", "/builds/%00", "/stages/%E2%80%AE"]
)
def test_addresses_hold_it_as_text(console: Console, path: str) -> None:
    answer = console.get(path)
    assert answer.status == 404
    root = read(answer.text)
    assert acts(root) == []
    assert not UNSEEN.search(root.raw_text)


def test_the_back_field_of_the_language_switch_holds_the_query_as_text(console: Console) -> None:
    root = read(console.get('/builds?before=7&x="><script>').text)
    assert acts(root) == []
    (back,) = {one.attributes["value"] for one in root.all("input", name="back")}
    assert back.startswith("/builds?before=7&x=")
