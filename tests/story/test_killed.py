"""A lab that is killed in the middle of what it does: `kill -9` at twenty points of pushes, promotions and rollbacks.

Each round begins something, kills the lab, its local AWS, or both, at some moment of it, and starts the lab again in
the same directory; one that outlives its local AWS starts that again by itself. While it goes on a user writes notes;
each that was acknowledged must be there afterwards, under the same address. The moments are, in turn, fractions of
what the same took undisturbed, and lines of its log as they come: when to kill is the experiment, and nothing else here
waits for a time to pass.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.call import identity
from pytest_rollbacklab.config import load_config
from pytest_rollbacklab.deploy.release import Releases
from pytest_rollbacklab.drill.drill import Timeline
from pytest_rollbacklab.errors import CallError, CloudError
from pytest_rollbacklab.stage import Stage
from pytest_rollbacklab.target import Target
from pytest_rollbacklab.up.place_file import LabFile, read_lab
from pytest_rollbacklab.wait import wait_for

if TYPE_CHECKING:
    from tests.conftest import Up

POINTS = 20
VERBS = ("push", "promote", "rollback")
VICTIMS = ("lab", "local AWS", "both")
GONE = (OSError, http.client.HTTPException)
"""What becomes of a request when who answers it is killed."""
SETTLED = ("live", "empty", "went back")
SETTLED_S = 60
LINES = 6
"""A deployment logs so many."""
NOTES_A_SECOND = 20
USERNAME, PASSWORD = "ann@example.com", "Passw0rd!ann"


def ask(place: LabFile, path: str, **form: str) -> Any:
    headers = {"Accept": "application/json", "X-Rollbacklab-Token": place.token}
    data = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(place.console_url + path, data=data, headers=headers)
    return urllib.request.urlopen(request, timeout=60)


def page(place: LabFile, path: str, **form: str) -> Any:
    with ask(place, path, **form) as answer:
        return json.load(answer)


@dataclass
class Notes:
    """A user of prod who writes notes, and remembers those that were acknowledged."""

    stage: Stage
    target: Target
    acknowledged: dict[str, str] = field(default_factory=dict)

    @contextlib.contextmanager
    def being_written(self) -> Iterator[None]:
        """Write on and on in the block, until nobody answers any more."""
        end = threading.Event()
        writer = threading.Thread(target=self._write, args=(end,))
        writer.start()
        try:
            yield
        finally:
            end.set()
            writer.join(30)
            assert not writer.is_alive()

    def _write(self, end: threading.Event) -> None:
        with contextlib.suppress(CallError, CloudError):
            while not end.wait(1 / NOTES_A_SECOND):
                self.write()

    def write(self) -> None:
        content = f"note {len(self.acknowledged)}"
        answer = self.stage.api.post("/notes", json={"content": content, "attachment": "a.jpg"})
        if answer.status == 200:
            self.acknowledged[answer.json()["noteId"]] = content

    def sign_in(self) -> None:
        """Sign in anew, as a user who was added once and is not made again."""
        pools = self.stage.resources
        where = {"user_pool_id": pools.user_pool_id, "app_client_id": pools.app_client_id}
        assert identity.sign_in(self.target, **where, username=USERNAME, password=PASSWORD)

    def missing(self) -> dict[str, str]:
        """Return what was acknowledged and is not there, or not as it was."""
        answer = self.stage.api.get("/notes")
        assert answer.status == 200
        there = {note["noteId"]: note["content"] for note in answer.json()}
        return {note: content for note, content in self.acknowledged.items() if there.get(note) != content}


class Lab:
    """A lab with dev and prod live, whose verbs can be begun and left to themselves."""

    def __init__(self, up: Up) -> None:
        self.up = up
        self._numbers = itertools.count(1)
        self.place = up.start()

    def intend(self, verb: str) -> Callable[[], Iterator[str]]:
        """Prepare a verb up to where something begins; what is returned begins it and yields its log until its end."""
        if verb == "push":
            self.change()
            return self._push
        kind = {"promote": {"kind": "promote", "from": "dev"}, "rollback": {"kind": "rollback"}}[verb]
        plan = page(self.place, "/stages/prod/plans", **kind)["plan"]["id"]
        return lambda: self._confirm(plan)

    def do(self, verb: str) -> None:
        for _ in self.intend(verb)():
            pass

    def change(self) -> None:
        file = self.up.directory / "functions" / "create.py"
        file.write_text(f"{file.read_text()}\n# {next(self._numbers)}\n")
        self.up.commit("A change")

    def make_ready(self, verb: str) -> None:
        """See that a verb has something to do: prod is let go, and has, or has not, what dev has."""
        if self.stage("prod")["pin"]:
            page(self.place, "/stages/prod/unpin", reason="")
        dev, prod = self.stage("dev")["live"], self.stage("prod")["live"]
        same = dev["build"]["number"] == prod["build"]["number"]
        if verb == "promote" and same:
            self.change()
            assert self.up.push().returncode == 0
        elif verb == "rollback" and not same:
            self.do("promote")

    def stage(self, name: str) -> Any:
        return page(self.place, f"/stages/{name}")["stage"]

    def kill(self, victim: str) -> None:
        """Kill without a word, and see that all are gone; a lab that outlives its local AWS has another one then."""
        process, cloud = self.up.process, self.up.cloud
        assert process is not None
        assert cloud is not None
        below = psutil.Process(process.pid).children(recursive=True)
        if victim != "local AWS":
            process.kill()
        if victim != "lab":
            with contextlib.suppress(psutil.NoSuchProcess):
                cloud.kill()
        if victim == "local AWS":
            self.up.wait_for_another_cloud()
        else:
            process.wait(60)
        assert psutil.wait_procs(below, timeout=60)[1] == []

    def run_again(self, victim: str) -> None:
        """Start the lab, unless it outlived its local AWS; everything is where it was."""
        before = self.place
        self.place = read_lab(self.up.directory) if victim == "local AWS" else self.up.start()
        same = ("console_url", "token", "endpoint_url", "account_id")
        assert [getattr(self.place, name) for name in same] == [getattr(before, name) for name in same]

    def settled(self) -> list[Any]:
        """Return the stages once nothing is at work any more."""

        def settled() -> list[Any] | None:
            activities = page(self.place, "/activity")["activity"]["items"]
            if any(activity["state"] in ("running", "waiting") for activity in activities):
                return None
            found: list[Any] = page(self.place, "/")["overview"]["stages"]
            return found

        return wait_for(
            "the lab to settle", settled, timeout_s=SETTLED_S, longest_pause_s=0.1, last_seen=self.up.said.read_text
        )

    def releases(self, stage: str) -> list[int]:
        found, before = [], ""
        while True:
            shown = page(self.place, f"/stages/{stage}/releases{before}")["releases"]["items"]
            found += [release["number"] for release in shown]
            if not shown or shown[-1]["number"] == 1:
                return found
            before = f"?before={shown[-1]['number']}"

    def activities(self) -> list[Any]:
        found, before = [], ""
        while True:
            shown = page(self.place, f"/activity{before}")["activity"]["items"]
            found += shown
            if not shown or shown[-1]["number"] == 1:
                return found
            before = f"?before={shown[-1]['number']}"

    def _push(self) -> Iterator[str]:
        command = ["git", "-C", str(self.up.directory), "push", "lab", "main"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as pushing:
            assert pushing.stderr is not None
            yield from (line for line in pushing.stderr if line.startswith("remote: "))

    def _confirm(self, plan: str) -> Iterator[str]:
        number = page(self.place, f"/stages/prod/plans/{plan}/confirm", reason="")["activity"]["number"]
        with ask(self.place, f"/activity/{number}/events") as events:
            for line in events:
                if line.startswith(b"event: end"):
                    return
                if line.startswith(b"data: "):
                    yield line.decode()


@pytest.fixture(scope="module")
def lab(
    tmp_path_factory: pytest.TempPathFactory, new_app: Callable[[Path], contextlib.AbstractContextManager[Up]]
) -> Iterator[Lab]:
    with new_app(tmp_path_factory.mktemp("killed") / "notes") as up:
        lab = Lab(up)
        up.commit("First build")
        assert up.push().returncode == 0
        lab.do("promote")
        lab.do("push")
        yield lab


@pytest.fixture(scope="module")
def notes(lab: Lab) -> Iterator[Notes]:
    page(lab.place, "/stages/prod/users", username=USERNAME, password=PASSWORD)
    target = Target(endpoint_url=lab.place.endpoint_url, account_id=lab.place.account_id, region=lab.place.region)
    stage = _stage(lab.up.directory, target)
    yield Notes(stage, target)
    stage.api.close()


@pytest.fixture(scope="module")
def durations(lab: Lab, notes: Notes) -> dict[str, float]:
    """How long each verb takes undisturbed, while notes are written: seconds.

    The first one is what a lab that has just started takes for it, as in the rounds; a promotion does the same work.
    """
    lab.make_ready("rollback")
    lab.kill("both")
    lab.run_again("both")
    found = {}
    for verb in ("rollback", "promote", "push"):
        lab.make_ready(verb)
        begin = lab.intend(verb)
        with notes.being_written():
            begun = time.monotonic()
            for _ in begin():
                pass
            found[verb] = time.monotonic() - begun
    found["promote"] = max(found["promote"], found["rollback"])
    assert notes.missing() == {}
    return found


@pytest.mark.parametrize("point", range(POINTS))
def test_a_killed_lab_starts_again_in_a_state_that_it_names_with_all_that_was_acknowledged(
    lab: Lab, notes: Notes, durations: dict[str, float], point: int
) -> None:
    verb, victim = VERBS[point % 3], VICTIMS[point // 3 % 3]
    lab.make_ready(verb)
    before = {stage: lab.releases(stage) for stage in ("dev", "prod")}
    begin = lab.intend(verb)
    with notes.being_written():
        if point % 2:
            _kill_at_line(1 + point // 2 % LINES, begin, lambda: lab.kill(victim))
        else:
            _kill_after(durations[verb] * (point + 0.5) / POINTS, begin, lambda: lab.kill(victim))

    lab.run_again(victim)
    stages = lab.settled()
    assert [stage["name"] for stage in stages] == ["dev", "prod"]
    assert {stage["state"] for stage in stages} <= set(SETTLED), lab.up.said.read_text()
    for stage in ("dev", "prod"):
        numbers = lab.releases(stage)
        assert numbers == list(range(len(numbers), 0, -1))
        assert set(before[stage]) <= set(numbers)
    assert notes.missing() == {}
    notes.sign_in()
    _git_and_dev_agree(lab)
    prod = lab.stage("prod")
    if prod["live"]["number"] not in before["prod"]:
        assert bool(prod["pin"]) == (prod["live"]["kind"] == "rollback")
    for stage in ("dev", "prod"):
        assert page(lab.place, f"/stages/{stage}/probe", unused="")["answer"]["status"] == 200
    notes.write()


def test_after_all_of_it_everything_works_as_ever(lab: Lab, notes: Notes, durations: dict[str, float]) -> None:
    interrupted = {one["kind"] for one in lab.activities() if one["state"] == "interrupted"}
    assert interrupted >= {"promote", "rollback"}
    assert interrupted & {"push", "deploy"}
    for verb in VERBS:
        lab.make_ready(verb)
        lab.do(verb)
    assert [stage["state"] for stage in lab.settled()] == ["live", "live"]
    assert lab.stage("prod")["live"]["kind"] == "rollback"
    assert len(notes.acknowledged) > POINTS
    assert notes.missing() == {}


def _kill_after(seconds: float, begin: Callable[[], Iterator[str]], kill: Callable[[], None]) -> None:
    killing = threading.Timer(seconds, kill)
    killing.start()
    with contextlib.suppress(*GONE):
        for _ in begin():
            pass
    killing.join(90)
    assert not killing.is_alive()


def _kill_at_line(number: int, begin: Callable[[], Iterator[str]], kill: Callable[[], None]) -> None:
    """Kill when so many lines were logged; what says less than that is killed after its last one."""
    lines = begin()
    with contextlib.suppress(*GONE):
        for _ in itertools.islice(lines, number):
            pass
    kill()
    with contextlib.suppress(*GONE):
        for _ in lines:
            pass


def _git_and_dev_agree(lab: Lab) -> None:
    """What git has taken is what is live on dev: no acknowledged push was lost."""
    bare = lab.up.directory / ".rollbacklab" / "git" / "notes.git"
    taken = subprocess.run(
        ["git", "-C", str(bare), "rev-parse", "main"], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert lab.stage("dev")["live"]["build"]["commit"]["sha"] == taken


def _stage(directory: Path, target: Target) -> Stage:
    app = load_config(directory)
    releases = Releases(target, app, Shelf(Bucket(target, app.name)))
    return Stage("prod", target=target, releases=releases, timeline=Timeline(app.name), since=datetime.now(UTC))
