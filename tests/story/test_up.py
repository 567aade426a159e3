"""`rollbacklab up` as people run it: a process of its own, real git, and whatever may end it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.pipeline.pipeline import Pipeline
from pytest_rollbacklab.pipeline.values import Actor
from pytest_rollbacklab.target import Target
from pytest_rollbacklab.up.place_file import LabFile, read_lab
from pytest_rollbacklab.wait import wait_for

if TYPE_CHECKING:
    from tests.conftest import Up


def page(place: LabFile, path: str, *, token: str | None = None, **form: str) -> Any:
    headers = {"Accept": "application/json", "X-Rollbacklab-Token": token or place.token}
    data = urllib.parse.urlencode(form).encode() if form else None
    return ask(place.console_url + path, headers, data)


def ask(url: str, headers: dict[str, str], data: bytes | None = None) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers), timeout=60) as answer:
        return json.load(answer)


def live_on_dev(place: LabFile) -> int | None:
    [dev, _] = page(place, "/")["overview"]["stages"]
    return dev["live"]["build"]["number"] if dev["live"] else None


def probe(place: LabFile) -> int:
    status: int = page(place, "/stages/dev/probe", unused="")["answer"]["status"]
    return status


def notes_kept(place: LabFile) -> int:
    dynamodb = Target(endpoint_url=place.endpoint_url, account_id=place.account_id).client("dynamodb")
    return sum(dynamodb.scan(TableName=name)["Count"] for name in dynamodb.list_tables()["TableNames"])


def begin_a_promotion(up: Up, place: LabFile) -> int:
    """Write down that a promotion begins, as the lab does; it will never end."""
    target = Target(endpoint_url=place.endpoint_url, account_id=place.account_id)
    bare = Repository(up.directory / ".rollbacklab" / "git" / "notes.git")
    pipeline = Pipeline(target=target, directory=up.directory, repository=bare, owner="ann")
    ann = Actor(name="ann", via="console")
    return pipeline._ground.journal.begin("promote", ann, "promote build 1 to prod", stage="prod").number


def remote_lines(pushed: subprocess.CompletedProcess[str]) -> list[str]:
    return [
        line.removeprefix("remote: ").rstrip() for line in pushed.stderr.splitlines() if line.startswith("remote: ")
    ]


def test_from_an_empty_directory_to_a_push_that_is_live_a_refused_one_and_after_a_kill_all_is_there(up: Up) -> None:
    place = up.start()
    said = up.said.read_text()
    assert said.startswith("The lab of notes runs; Ctrl-C ends it.\n")
    assert f"{place.console_url}/\n" in said
    assert '  git add -A && git commit -m "First build"\n  git push lab main\n' in said

    up.commit("First build")
    assert up.git("ls-files", ".rollbacklab").stdout == ""
    pushed = up.push()
    assert pushed.returncode == 0, pushed.stderr
    told = remote_lines(pushed)
    assert told[0].startswith("Building ")
    assert any(re.fullmatch(r"dev: build 1 is live on dev as release 1, in .* s", line) for line in told)
    assert told[-1] == f"See {place.console_url}/"
    assert live_on_dev(place) == 1
    assert probe(place) == 200
    assert notes_kept(place) == 1

    template = up.directory / "template.yaml"
    good = template.read_text()
    template.write_text("Resources: [")
    up.commit("Broken")
    refused = up.push()
    assert refused.returncode == 1
    told = remote_lines(refused)
    assert any(line.startswith("REFUSED: build 2 of ") for line in told), told
    assert re.fullmatch(r"main stays at [0-9a-f]{7}, and nothing is deployed", told[-1])
    assert live_on_dev(place) == 1

    second = up.run()
    assert second.returncode == 2
    assert second.stderr == (
        "error: a lab runs in this directory already\n"
        f"  looked at: {place.console_url}/ (process {place.pid})\n"
        "  what to do: use that one, or end it with: rollbacklab down\n"
    )

    number = begin_a_promotion(up, place)
    up.end(signal.SIGKILL)
    again = up.start(LC_ALL="ko_KR.UTF-8")
    assert (
        f"activity {number} (promote build 1 to prod) was interrupted when the lab was stopped" in up.said.read_text()
    )
    assert "notes 랩이 실행 중입니다." in up.said.read_text()
    assert (again.console_url, again.token, again.endpoint_url) == (place.console_url, place.token, place.endpoint_url)
    assert live_on_dev(again) == 1
    assert notes_kept(again) == 1
    assert probe(again) == 200
    template.write_text(good)
    up.commit("Mended")
    assert up.push().returncode == 0
    assert live_on_dev(again) == 3

    children = psutil.Process(again.pid).children(recursive=True)
    assert up.end(signal.SIGINT) == 0
    assert psutil.wait_procs(children, timeout=30)[1] == []
    assert not (up.directory / ".rollbacklab" / "lab.json").exists()
    assert "로" in up.said.read_text().splitlines()[-1]


def test_a_commit_whose_links_lead_out_of_the_app_is_refused(up: Up) -> None:
    up.start()
    up.commit("First build")
    (up.directory / "functions" / "secrets").symlink_to("/etc/passwd")
    up.commit("Look outside")
    refused = up.push()
    assert refused.returncode == 1
    assert any(line.startswith("REFUSED: ") and "functions/secrets" in line for line in remote_lines(refused)), refused
    assert up.end(signal.SIGTERM) == 0


def test_ctrl_c_lets_a_push_come_to_its_end_and_a_second_one_does_not(up: Up) -> None:
    up.start()
    up.commit("First build")
    command = ["git", "-C", str(up.directory), "push", "lab", "main"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as push:
        assert push.stderr is not None
        assert "Building" in push.stderr.readline()
        assert up.end(signal.SIGINT) == 0
        told = push.stderr.read()
    assert push.returncode == 0, told
    assert "dev: build 1 is live on dev" in told
    assert "Ending: what is being pushed is finished first, for 60 s at most" in up.said.read_text()

    assert live_on_dev(up.start()) == 1
    assert up.process is not None
    assert up.cloud is not None
    lab = psutil.Process(up.process.pid)
    up.git("commit", "--allow-empty", "-m", "Second")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as push:
        assert push.stderr is not None
        assert "Building" in push.stderr.readline()
        up.cloud.suspend()  # so that the push cannot come to its end
        os.killpg(lab.pid, signal.SIGINT)
        wait_for("the first Ctrl-C", lambda: "Ending" in up.said.read_text() or None, timeout_s=30)
        os.killpg(lab.pid, signal.SIGINT)
        assert up.process.wait(30) == 130
        push.communicate(timeout=60)
    up.cloud.resume()
    up.cloud.wait(60)
    assert up.said.read_text().endswith("Ended at once; the next start says what was interrupted.\n")
    assert not (up.directory / ".rollbacklab" / "lab.json").exists()
    # It may have been stopped on either side of the moment in which git takes a push.
    assert live_on_dev(up.start()) == (2 if push.returncode == 0 else 1)


def test_a_local_aws_that_dies_is_told_and_started_again_but_not_for_ever(up: Up) -> None:
    place = up.start()
    up.commit("First build")
    assert up.push().returncode == 0
    number = begin_a_promotion(up, place)
    assert up.cloud is not None
    assert up.process is not None
    up.cloud.kill()
    wait_for("the death to be told", lambda: "It is started again" in up.said.read_text() or None, timeout_s=30)
    assert live_on_dev(place) == 1  # the port was never closed: who comes in between waits
    up.wait_for_another_cloud()
    assert re.search(r"the local AWS \(process \d+\) is gone: killed by signal 9\. It is", up.said.read_text())
    assert f"activity {number} (promote build 1 to prod) was interrupted" in up.said.read_text()
    assert page(place, f"/activity/{number}")["activity"]["state"] == "interrupted"
    assert read_lab(up.directory) == place
    assert live_on_dev(place) == 1
    assert probe(place) == 200
    up.git("commit", "--allow-empty", "-m", "Second")
    assert up.push().returncode == 0
    assert live_on_dev(place) == 2

    for _ in range(2):
        up.cloud.kill()
        up.wait_for_another_cloud()
    up.cloud.kill()
    assert up.process.wait(60) == 1
    assert re.search(r"killed by signal 9; it died 4 times within 10 min, and is not started", up.said.read_text())
    assert not (up.directory / ".rollbacklab" / "lab.json").exists()


def test_what_keeps_a_lab_from_starting_is_told(up: Up) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for option, whose in (("--port", "the console"), ("--cloud-port", "the local AWS")):
            taken = up.run(option, str(port))
            assert (taken.returncode, taken.stderr.splitlines()[0]) == (
                2,
                f"error: port {port} of {whose} cannot be used: Address already in use",
            )
    Repository.init(up.directory)
    up.git("remote", "add", "lab", "git@example.com:other.git")
    elsewhere = up.run()
    assert elsewhere.returncode == 2
    assert "this repository has a remote 'lab' that leads elsewhere" in elsewhere.stderr
    assert up.run("--students", "../x").stderr.startswith("error: '../x' cannot be a student's name\n")


def test_a_workshop_from_its_first_minute_over_a_fault_to_the_next_morning(up: Up, tmp_path: Path) -> None:
    place = up.start("--students", "ann,bob")
    assert f"{place.console_url}/workshop  (2 students)" in up.said.read_text()

    def live(*builds: int) -> Any:
        """Return the students once these builds are live on their dev stages; the page is a few seconds behind."""
        seen = page(place, "/workshop")["students"]
        stages = [one["stages"][0]["live"] if one["stages"] else None for one in seen]
        is_so = [stage and stage["build"]["number"] for stage in stages] == list(builds)
        return seen if is_so and all(one["state"] == "ready" for one in seen) else None

    ann, bob = wait_for("everybody", lambda: live(1, 1), timeout_s=60)
    assert ann["account_id"] != bob["account_id"]

    clone = tmp_path / "anns"
    assert up.git("clone", "--quiet", ann["git_url"], str(clone)).returncode == 0
    (clone / "README.md").write_text("Ann was here\n")
    theirs = type(up)(clone)
    theirs.commit("Ann's own")
    pushed = theirs.push("origin", "main")
    assert pushed.returncode == 0, pushed.stderr
    assert remote_lines(pushed)[-1] == f"See {ann['personal_url']}"

    page(place, "/workshop/faults", fault="gibberish")

    def done() -> Any:
        seen = page(place, "/workshop")["students"]
        return seen if all("is live on dev" in (one["fault"] or "") for one in seen) else None

    wait_for("the fault", done, timeout_s=60)
    assert theirs.git("pull", "--quiet", "origin", "main").returncode == 0
    assert "gibberish.what" in (clone / "functions" / "create.py").read_text()
    assert "Ann's own" in theirs.git("log", "--format=%s").stdout
    html = ask_text(ann["personal_url"])
    token = re.search(r'name="token" value="([^"]+)"', html)
    assert token is not None
    headers = {"Accept": "application/json", "X-Rollbacklab-Token": token[1]}
    broken = ask(f"{ann['personal_url']}stages/dev/probe", headers, b"")
    assert broken["answer"]["status"] == 502

    assert up.end(signal.SIGINT) == 0
    place = up.start()
    again = wait_for("the next morning", lambda: live(3, 2), timeout_s=60)
    assert [one["personal_url"] for one in again] == [ann["personal_url"], bob["personal_url"]]
    assert up.end(signal.SIGINT) == 0

    fresh = up.start("--fresh")
    assert up.said.read_text().startswith(
        f"Deleted, in {up.directory}/.rollbacklab: state, git, students, addresses.json\n"
    )
    assert fresh.console_url != place.console_url
    assert live_on_dev(fresh) is None
    assert up.end(signal.SIGINT) == 0


def ask_text(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        text: str = answer.read().decode()
        return text
