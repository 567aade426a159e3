"""Students: their names, what they begin with, the instructor's picture of them, and faults pushed into their apps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_rollbacklab.build.git import Git
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.errors import BuildError, ConfigError, ConflictError, SourceError, UsageError
from pytest_rollbacklab.pipeline.values import Activity, Actor, Page, StageStatus
from pytest_rollbacklab.up.addresses import OwnersPlace
from pytest_rollbacklab.up.faults import FAULTS, fault_named, plant
from pytest_rollbacklab.up.hosting import host
from pytest_rollbacklab.up.students import give_first_commit, student_names
from pytest_rollbacklab.up.workshop import Workshop
from pytest_rollbacklab.wait import wait_for

INSTRUCTOR = Actor(name="ina", via="console")
CREATE = 'import time\n\n\ndef main(event, context):\n    """Create."""\n    return notes.answer(200, note)\n'


class FakePipeline:
    """An app with one stage; builds are what was pushed."""

    def __init__(self, *, pushed_before: int = 0) -> None:
        self.pushes: list[tuple[str, str, str]] = []
        self.pushed_before = pushed_before
        self.on_build: Callable[[str], None] = lambda _: None
        self.on_recover: Callable[[], None] = lambda: None
        self.listeners: list[Callable[[str, str], None]] = []
        self.live = 0

    @property
    def app(self) -> Any:
        return SimpleNamespace(stages=[SimpleNamespace(name="dev", branch="main")])

    def recover(self) -> tuple[str, ...]:
        self.on_recover()
        return ()

    def builds(self, *, limit: int) -> Page[Any]:
        return Page(items=tuple(self.pushes[:limit]) + ("before",) * self.pushed_before, older=None)

    def pushed_commit(self, branch: str, sha: str, *, who: Actor, say: Any, quarantine: dict[str, str]) -> None:
        self.on_build(sha)
        self.pushes.append((branch, sha, f"{who.name} {who.via}"))

    def moved(self, branch: str, sha: str, *, who: Actor, say: Any) -> None:
        self.live += 1
        say(f"dev: build {self.live} is live")
        for listener in self.listeners:
            listener("stage", "dev")

    def subscribe(self, listener: Callable[[str, str], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: None

    def stage(self, name: str) -> StageStatus:
        return StageStatus(
            name=name,
            branch="main",
            promote_only=False,
            pull_request=False,
            state="live" if self.live else "empty",
            stack_status=f"{self.live} times",
            live=None,
            pin=None,
            health=None,
            busy=None,
            waiting=0,
            last_failure=None,
            api_url=None,
        )

    def activities(self, *, limit: int) -> Page[Activity]:
        now = datetime.now(UTC)
        deploy = Activity(
            number=self.live,
            kind="deploy",
            stage="dev",
            by="x",
            via="lab",
            summary="deploy",
            reason=None,
            begun_at=now,
            ended_at=now,
            state="done",
            outcome="done",
            build=None,
            releases=(),
        )
        return Page(items=(deploy,), older=None)


@dataclass
class FakeOwner:
    name: str
    bare: Path
    pipeline: FakePipeline
    keys: OwnersPlace
    branch: str = "main"
    console_url: str = "http://127.0.0.1:1/k"
    git_url: str = "http://127.0.0.1:1/git/g/notes.git"

    def ready_pipeline(self) -> FakePipeline:
        self.pipeline.recover()
        return self.pipeline


@pytest.fixture
def app(tmp_path: Path) -> Path:
    directory = tmp_path / "app"
    (directory / "functions").mkdir(parents=True)
    (directory / "functions" / "create.py").write_text(CREATE)
    (directory / ".rollbacklab").mkdir()
    (directory / ".rollbacklab" / "addresses.json").write_text("secrets")
    return directory


def student(name: str, app: Path, pipeline: FakePipeline | None = None) -> FakeOwner:
    bare = app.parent / name / "notes.git"
    host(bare, branch="main", port=1, hook_token="t", directory=app)
    give_first_commit(bare, "main", app)
    keys = OwnersPlace(account_id="200000000001")
    return FakeOwner(name=name, bare=bare, pipeline=pipeline or FakePipeline(), keys=keys)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("3",), ("student-01", "student-02", "student-03")),
        (("ann", "bob"), ("ann", "bob")),
        (("ann, bob", "cid,"), ("ann", "bob", "cid")),
        (("ann", "ann"), ("ann",)),
        ((), ()),
    ],
)
def test_students_are_counted_or_named(given: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert student_names(given) == names


@pytest.mark.parametrize("name", ["../x", "a b", ".git", "-x", "x" * 41, "é", "a/b"])
def test_a_name_that_cannot_be_one_is_told(name: str) -> None:
    with pytest.raises(ConfigError) as raised:
        student_names(("ann", name))
    assert str(raised.value) == (
        f"{name!r} cannot be a student's name\n"
        "  looked at: --students\n"
        "  what to do: use letters, digits, - and _, 40 at most, beginning with a letter or a digit"
    )


def test_names_that_one_directory_cannot_tell_apart_are_told() -> None:
    with pytest.raises(ConfigError, match="the students 'Ann' and 'ann' differ in nothing but case") as raised:
        student_names(("Ann", "ann"))
    assert "name one of them otherwise: each has a directory of that name" in str(raised.value)


@pytest.mark.parametrize("count", ["0", "100"])
def test_a_workshop_has_bounds(count: str) -> None:
    with pytest.raises(ConfigError, match=f"a workshop of {count} students is not possible here") as raised:
        student_names((count,))
    assert "give a number from 1 to 99, or names" in str(raised.value)


def test_students_begin_with_the_apps_files_and_none_of_the_labs(app: Path) -> None:
    ann = student("ann", app)
    assert Git(ann.bare).run("ls-tree", "-r", "--name-only", "main") == b"functions/create.py\n"
    head = Repository(ann.bare).branches()["main"]
    give_first_commit(ann.bare, "main", app)
    assert Repository(ann.bare).branches()["main"] == head


def test_students_begin_with_the_apps_last_commit_where_there_is_one(app: Path) -> None:
    (app / ".gitignore").write_text(".rollbacklab\n")
    repository = Repository.init(app)
    sha = repository.commit("The instructor's").sha
    (app / "functions" / "create.py").write_text("changed, and not committed")
    assert Repository(student("ann", app).bare).branches() == {"main": sha}


def test_everybodys_app_is_brought_up_once(app: Path) -> None:
    ann, bob = student("ann", app), student("bob", app, FakePipeline(pushed_before=1))
    workshop = Workshop([ann, bob])
    assert [one.state for one in workshop.students()] == ["waiting", "waiting"]
    workshop.start()
    ready = wait_for("both", lambda: _all(workshop, "ready"), timeout_s=30)
    workshop.close()
    assert ann.pipeline.pushes == [("main", Repository(ann.bare).branches()["main"], "lab lab")]
    assert bob.pipeline.pushes == []
    assert ready[0].personal_url == "http://127.0.0.1:1/k/"
    assert (ready[0].account_id, ready[0].failure) == ("200000000001", None)


def _all(workshop: Workshop, state: str) -> Any:
    students = workshop.students()
    return students if all(one.state == state for one in students) else None


def test_one_app_that_does_not_come_up_keeps_no_other_from_it(app: Path) -> None:
    ann, bob, cid = student("ann", app), student("bob", app), student("cid", app)

    def fail(_: str) -> None:
        raise BuildError("no template", looked_at="template.yaml\nmore")

    def break_down() -> None:
        raise ZeroDivisionError("oh")

    ann.pipeline.on_build, cid.pipeline.on_recover = fail, break_down
    workshop = Workshop([ann, bob, cid])
    workshop.start()

    def settled() -> Any:
        students = workshop.students()
        return students if {one.state for one in students} == {"ready", "failed"} else None

    seen = wait_for("all", settled, timeout_s=30)
    workshop.close()
    assert [one.state for one in seen] == ["failed", "ready", "failed"]
    assert [one.failure for one in seen] == [
        "no template (template.yaml)",
        None,
        "the lab failed: ZeroDivisionError: oh",
    ]


def test_the_picture_follows_what_changes_and_is_taken_anew_while_somebody_looks(app: Path) -> None:
    ann = student("ann", app)
    workshop = Workshop([ann], look_s=0.01)
    workshop.start()
    wait_for("the first picture", lambda: workshop.students()[0].activity, timeout_s=30)
    ann.pipeline.live = 7  # nobody is told
    wait_for("the next", lambda: workshop.students()[0].stages[0].stack_status == "7 times" or None, timeout_s=30)
    workshop.close()


def test_a_fault_is_a_commit_on_top_of_what_the_student_has(app: Path) -> None:
    ann = student("ann", app)
    before = Repository(ann.bare).branches()["main"]
    assert plant(ann, fault_named("gibberish"), INSTRUCTOR) == "dev: build 1 is live"
    bare = Repository(ann.bare)
    head = bare.branches()["main"]
    assert ann.pipeline.pushes == [("main", head, "ina console")]
    commit = bare.commit_at("main")
    assert (commit.message, commit.author) == ("Making a mistake", "A colleague <colleague@localhost>")
    assert bare.commit_at("main~1").sha == before
    assert "    gibberish.what\n" in Git(ann.bare).run("show", "main:functions/create.py").decode()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_fault_changes_the_app(fault: Any, app: Path) -> None:
    ann = student("ann", app)
    plant(ann, fault, INSTRUCTOR)
    assert Git(ann.bare).run("diff", "--stat", "main~1", "main")


def test_a_fault_for_an_app_without_its_place_changes_nothing(app: Path) -> None:
    (app / "functions" / "create.py").write_text("x = 1\n")
    ann = student("ann", app)
    before = Repository(ann.bare).branches()
    with pytest.raises(SourceError):
        plant(ann, fault_named("gibberish"), INSTRUCTOR)
    assert Repository(ann.bare).branches() == before
    assert ann.pipeline.pushes == []


def _push_in_between(ann: FakeOwner) -> None:
    tree = Git(ann.bare).run("rev-parse", "main^{tree}").decode().strip()
    who = {f"GIT_{role}_{part}": "ann@x" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    sha = Git(ann.bare).run("commit-tree", "-p", "main", "-m", "Ann's own", tree, env=who).decode().strip()
    Git(ann.bare).run("update-ref", "refs/heads/main", sha)


def test_a_student_who_pushes_in_between_wins_and_the_fault_comes_on_top(app: Path) -> None:
    ann = student("ann", app)
    interruptions = [1]
    ann.pipeline.on_build = lambda _: _push_in_between(ann) if interruptions and interruptions.pop() else None
    plant(ann, fault_named("gibberish"), INSTRUCTOR)
    bare = Repository(ann.bare)
    assert [bare.commit_at(ref).title for ref in ("main", "main~1")] == ["Making a mistake", "Ann's own"]
    assert ann.pipeline.live == 1


def test_a_student_who_pushes_each_time_in_between_is_named(app: Path) -> None:
    ann = student("ann", app)
    ann.pipeline.on_build = lambda _: _push_in_between(ann)
    with pytest.raises(ConflictError) as raised:
        plant(ann, fault_named("gibberish"), INSTRUCTOR)
    assert str(raised.value) == (
        "ann pushed each time in between\n  looked at: main of ann, 3 times\n  what to do: push the fault again"
    )
    assert ann.pipeline.live == 0


def test_an_unknown_fault_is_told() -> None:
    with pytest.raises(UsageError, match="there is no fault 'nope'") as raised:
        fault_named("nope")
    assert "use one of gibberish, malformed, slow" in str(raised.value)


def test_what_comes_of_a_fault_is_told_of_each_student(app: Path) -> None:
    ann, bob = student("ann", app), student("bob", app)
    go_on = threading.Event()

    def refuse(_: str) -> None:
        assert go_on.wait(30)
        raise BuildError("it does not build")

    bob.pipeline.on_build = refuse
    workshop = Workshop([ann, bob])
    workshop.break_apps(fault_named("gibberish"), ["ann", "bob"], INSTRUCTOR)
    wait_for("bob's turn", lambda: workshop.students()[1].fault == "gibberish: at work" or None, timeout_s=30)
    go_on.set()
    told = ["gibberish: dev: build 1 is live", "gibberish: nothing was changed: it does not build"]
    wait_for("both", lambda: [one.fault for one in workshop.students()] == told or None, timeout_s=30)
    workshop.close()
