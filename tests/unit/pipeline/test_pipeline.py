from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_rollbacklab.errors import SignInError, UnknownStageError, UsageError


class FakeStage:
    """A stage of which what is done to it is noted."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.api = SimpleNamespace(request=self._request, close=lambda: None)
        self.refuses: Exception | None = None

    def _request(self, method: str, path: str, *, json: Any) -> str:
        self.done.append((method, path, json))
        return "an answer"

    def enable_access_logs(self) -> Any:
        self.done.append("on")
        return SimpleNamespace(done=("made a role", "made a log group"))

    def disable_access_logs(self) -> None:
        self.done.append("off")

    def add_user(self, username: str, password: str) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.done.append((username, password))


@pytest.fixture
def dev(lab: Any) -> FakeStage:
    stage = lab.ground._stages["dev"] = FakeStage()
    return stage


def last(lab: Any) -> Any:
    return lab.pipeline.activities(limit=1).items[0]


def test_the_overview_shows_stages_builds_and_what_was_done(lab: Any) -> None:
    lab.push("one")
    overview = lab.pipeline.overview()
    assert (overview.app, overview.owner) == ("notes", "ann")
    assert [stage.name for stage in overview.stages] == ["dev", "prod"]
    assert [line.build.number for line in overview.builds] == [1]
    assert [activity.kind for activity in overview.activity] == ["deploy", "push"]


def test_a_stage_is_pinned_and_let_go_and_both_are_written_down(lab: Any) -> None:
    lab.push("one")
    lab.pipeline.pin("dev", who=lab.ann, reason="exam")
    assert (last(lab).kind, last(lab).summary, last(lab).outcome, last(lab).reason) == (
        "pin",
        "pin dev",
        "dev is pinned to build 1",
        "exam",
    )
    lab.pipeline.unpin("dev", who=lab.ann)
    assert (last(lab).kind, last(lab).summary) == ("unpin", "release the pin of dev")
    assert last(lab).outcome == "dev is no longer pinned to build 1; deployments reach it again"
    lab.pipeline.pin("prod", who=lab.ann)
    assert last(lab).outcome == "prod is pinned, empty"
    lab.pipeline.unpin("prod", who=lab.ann)
    assert last(lab).outcome == "prod is no longer pinned; deployments reach it again"


def test_an_unknown_stage_is_named_and_nothing_is_written_down(lab: Any) -> None:
    for do in (lab.pipeline.stage, lambda name: lab.pipeline.pin(name, who=lab.ann), lab.pipeline.resources):
        with pytest.raises(UnknownStageError, match="has no stage 'nowhere'"):
            do("nowhere")
    assert lab.pipeline.activities().items == ()


def test_what_was_never_deployed_has_no_resources(lab: Any) -> None:
    with pytest.raises(UsageError, match="nothing is deployed as notes-dev"):
        lab.pipeline.resources("dev")
    lab.push("one")
    assert lab.pipeline.resources("dev").function_name("Create") == "notes-create"


def test_access_logs_are_switched_and_what_was_made_is_said(lab: Any, dev: FakeStage) -> None:
    assert lab.pipeline.set_access_logs("dev", True, who=lab.ann) == ("made a role", "made a log group")
    assert (last(lab).summary, last(lab).outcome) == ("switch access logs of dev on", "access logs of dev are on")
    assert lab.ground.journal.log(last(lab).number) == ("made a role", "made a log group")
    assert lab.pipeline.set_access_logs("dev", False, who=lab.ann) == ()
    assert last(lab).outcome == "access logs of dev are off"
    assert dev.done == ["on", "off"]


def test_what_changes_a_stage_waits_for_who_is_at_work_there(lab: Any, dev: FakeStage) -> None:
    running = lab.ground.journal.begin("promote", lab.pusher, "promote build 1 to dev", stage="dev")
    with lab.ground.turn("dev", running, pytest.fail):
        work = lab.in_background(lambda: lab.pipeline.set_access_logs("dev", True, who=lab.ann))
        lab.wait_until_in_line("dev")
        assert dev.done == []
    work.join()
    assert lab.ground.journal.log(last(lab).number)[0] == (
        "waiting in line on dev: activity 1 is at work (promote build 1 to dev, by bob)"
    )


def test_a_user_is_made_and_the_password_is_written_nowhere(lab: Any, dev: FakeStage) -> None:
    lab.pipeline.add_user("dev", "jin@example.com", "S3cret-pass", who=lab.ann)
    assert dev.done == [("jin@example.com", "S3cret-pass")]
    assert (last(lab).summary, last(lab).outcome) == (
        "add user jin@example.com to dev",
        "jin@example.com can sign in on dev",
    )
    assert not any(b"S3cret-pass" in content for content in lab.objects.values())


def test_a_user_who_is_refused_is_a_failed_activity(lab: Any, dev: FakeStage) -> None:
    dev.refuses = SignInError("the user pool refused")
    with pytest.raises(SignInError):
        lab.pipeline.add_user("dev", "jin", "x", who=lab.ann)
    assert (last(lab).state, last(lab).outcome) == ("failed", "the user pool refused")


def test_a_probe_is_sent_as_the_file_says(lab: Any, dev: FakeStage) -> None:
    with pytest.raises(UsageError) as caught:
        lab.pipeline.probe("dev")
    assert str(caught.value) == (
        "the app has no probe\n  looked at: rollbacklab.toml\n  what to do: add [probe] with method and path to it"
    )
    lab.configure(
        'app = "notes"\n[stages.dev]\nbranch = "main"\n[probe]\nmethod = "POST"\npath = "/notes"\nbody = {a = 1}\n'
    )
    heard: list[tuple[str, str]] = []
    lab.pipeline.subscribe(lambda what, name: heard.append((what, name)))
    assert lab.pipeline.probe("dev") == "an answer"
    assert (dev.done, heard) == ([("POST", "/notes", {"a": 1})], [("stage", "dev")])


def test_an_activity_that_has_ended_can_be_followed_too(lab: Any) -> None:
    lab.push("one")
    assert list(lab.pipeline.follow(1, stop=threading.Event())) == list(lab.ground.journal.log(1))
    with pytest.raises(UsageError, match="there is no activity 99"):
        list(lab.pipeline.follow(99, stop=threading.Event()))


def test_closing_waits_for_what_is_at_work(
    lab: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    build = lab.build("one")
    lab.hold_up()
    push = lab.in_background(lambda: lab.move(build))
    lab.wait_until_executing()
    monkeypatch.setattr("pytest_rollbacklab.pipeline.pipeline._GOODBYE_S", 0.0)
    lab.pipeline.close()
    assert "closed while somebody was still at work, after 0 s" in caplog.text
    lab.go_on()
    push.join()
    assert lab.target.is_closed
    assert lab.live("dev") == 1
