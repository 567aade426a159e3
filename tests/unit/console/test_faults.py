"""Errors as answers: a status for each kind, what to do about it, and none of what nobody foresaw."""

from __future__ import annotations

import logging

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from console.conftest import Console
from console.fake_pipeline import FakePipeline
from console.page import read
from pytest_rollbacklab.errors import (
    BuildError,
    CallError,
    CloudError,
    ConfigError,
    ConflictError,
    DeployError,
    NothingToRollBackError,
    SignInError,
    UnknownStageError,
    WaitTimeout,
)

REFUSED = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "GetStage")
STATUSES: list[tuple[Exception, int]] = [
    (UnknownStageError("there is no stage x", mend="name another"), 404),
    (BuildError("there is no build 9", mend="name another"), 404),
    (ConflictError("prod is pinned to build 6 by Minji", mend="release it"), 409),
    (NothingToRollBackError("prod cannot be rolled back: x", mend="deploy"), 400),
    (ConfigError("it does not parse", mend="mend it"), 400),
    (DeployError("it went back", mend="mend it"), 502),
    (CallError("no answer", mend="look"), 502),
    (SignInError("cannot sign in", mend="look"), 502),
    (CloudError("the local AWS died", mend="start it"), 502),
    (WaitTimeout("it did not settle", last_seen=1, mend="look"), 502),
    (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), 502),
    (REFUSED, 502),
]


@pytest.mark.parametrize(("error", "status"), STATUSES, ids=lambda value: type(value).__name__)
def test_each_kind_has_its_status_and_its_words(
    console: Console, pipeline: FakePipeline, error: Exception, status: int
) -> None:
    pipeline.fails["plan"] = error
    answer = console.post("/stages/prod/plans", {"kind": "rollback"})
    assert answer.status == status
    text = read(answer.text).one("main").text
    assert "This did not work" in text
    assert "What to do" in text
    program = console.post("/stages/prod/plans", {"kind": "rollback"}, Accept="application/json")
    assert program.status == status
    assert set(program.json()["error"]) == {"what", "looked_at", "mend"}
    assert program.json()["error"]["what"] in text


@pytest.mark.parametrize(("status", "error"), [(409, ConflictError("prod is pinned")), (502, DeployError("no"))])
def test_from_an_error_one_gets_back_to_the_stage(
    console: Console, pipeline: FakePipeline, status: int, error: Exception
) -> None:
    pipeline.fails["plan"] = error
    root = read(console.post("/stages/prod/plans", {"kind": "rollback"}).text)
    assert [link.text for link in root.one("main").classed("button")] == ["To prod", "To the overview"]
    assert "This page as JSON" not in root.text


def test_what_aws_said_is_shown(console: Console, pipeline: FakePipeline) -> None:
    pipeline.fails["stage"] = REFUSED
    text = console.get("/stages/prod").text
    assert "AWS did not answer as it should" in text
    assert "not you" in text


def test_what_nobody_foresaw_is_logged_and_not_told(
    console: Console, pipeline: FakePipeline, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline.fails["overview"] = KeyError("secret")
    with caplog.at_level(logging.ERROR, "pytest_rollbacklab.console"):
        answer = console.get("/")
    assert answer.status == 500
    assert "the console itself failed: KeyError" in answer.text
    assert ".rollbacklab/lab.log" in answer.text
    assert "secret" not in answer.text
    assert "secret" in caplog.text


def test_while_the_apps_file_does_not_parse_the_frame_still_stands(console: Console, pipeline: FakePipeline) -> None:
    pipeline.fails["overview"] = pipeline.fails["app"] = ConfigError("rollbacklab.toml does not parse: line 3")
    answer = console.get("/")
    assert answer.status == 400
    assert read(answer.text).one("main").text.startswith("This did not work 400 rollbacklab.toml does not parse")


def test_where_the_frame_fails_too_the_error_is_told_plainly(console: Console, pipeline: FakePipeline) -> None:
    pipeline.fails["app"] = KeyError("app")
    answer = console.get("/nope")
    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/plain; charset=utf-8")
    assert answer.text.startswith("the console itself failed: KeyError")


def test_an_unknown_page_leads_back(console: Console) -> None:
    answer = console.get("/nope")
    assert answer.status == 404
    text = read(answer.text).one("main").text
    assert "there is no such page" in text
    assert "start from the overview" in text
    assert console.json("/nope")["error"]["what"] == "there is no such page"


@pytest.mark.parametrize(("method", "path"), [("GET", "/stages/prod/pin"), ("POST", "/builds"), ("DELETE", "/")])
def test_a_page_asked_for_in_another_way_says_which_ones_there_are(console: Console, method: str, path: str) -> None:
    answer = console.ask(method, path)
    assert answer.status == 405
    assert answer.headers["Allow"]


def test_errors_are_in_the_visitors_language(console: Console, pipeline: FakePipeline) -> None:
    pipeline.fails["plan"] = ConflictError(
        "prod is pinned to build 6 by Minji",
        mend="release the pin of prod first, when what it saved you from is mended",
    )
    answer = console.post("/stages/prod/plans", {"kind": "promote"}, **{"Accept-Language": "ko"})
    text = read(answer.text).one("main").text
    assert "prod 스테이지는 Minji 님이 6번 빌드에 고정했습니다" in text
    assert "먼저 prod의 고정을 해제하세요" in text
