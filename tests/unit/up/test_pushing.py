"""Real git against the hosted repository: over HTTP, through both hooks."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.errors import BuildError
from pytest_rollbacklab.up.hooks import HOOK_TOKEN_HEADER, hook_script
from pytest_rollbacklab.wait import wait_for

if TYPE_CHECKING:
    from conftest import Hosted

Say = Callable[[str], None]


def _remote(text: str) -> list[str]:
    return [line.removeprefix("remote: ").rstrip() for line in text.splitlines() if line.startswith("remote: ")]


def _status_of(url: str, *, data: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data=data, headers=headers or {}), timeout=30
        ) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_push_is_built_before_git_takes_it_and_deployed_after(hosted: Hosted) -> None:
    seen: list[str] = []

    def build(branch: str, sha: str, say: Say, quarantine: dict[str, str]) -> None:
        assert "main" not in hosted.branches()
        seen.append(Repository(hosted.bare, quarantine=quarantine).commit_at(sha).title)
        say("Building")

    hosted.pipeline.on_build = build
    hosted.pipeline.on_moved = lambda say: say(f"live: {hosted.branches()['main']}")
    sha = hosted.commit("First")
    pushed = hosted.push()
    assert pushed.returncode == 0, pushed.stderr
    assert _remote(pushed.stderr) == ["Building", f"live: {sha}", "See http://127.0.0.1:1/k3y/"]
    assert seen == ["First"]
    assert hosted.pipeline.calls == [
        ("build", "main", sha, "ann", "git push"),
        ("moved", "main", sha, "ann", "git push"),
    ]


def test_what_the_lab_says_is_shown_while_it_is_at_work(hosted: Hosted) -> None:
    go_on = threading.Event()

    def build(branch: str, sha: str, say: Say, quarantine: dict[str, str]) -> None:
        say("the first line")
        assert go_on.wait(30)

    hosted.pipeline.on_build = build
    hosted.commit("First")
    command = ["git", "-C", str(hosted.work.path), "push", hosted.url, "main"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as push:
        assert push.stderr is not None
        assert "the first line" in push.stderr.readline()
        go_on.set()
        push.communicate(timeout=30)
    assert push.returncode == 0


def test_a_push_that_does_not_build_is_refused_with_its_reason(hosted: Hosted) -> None:
    first = hosted.commit("First")
    hosted.push()

    def refuse(*_: object) -> None:
        raise BuildError("build 2 failed: no template", looked_at="template.yaml", mend="write one")

    hosted.pipeline.on_build = refuse
    hosted.commit("Second")
    pushed = hosted.push()
    assert pushed.returncode == 1
    assert _remote(pushed.stderr) == [
        "REFUSED: build 2 failed: no template",
        "  looked at: template.yaml",
        "  what to do: write one",
        f"main stays at {first[:7]}, and nothing is deployed",
    ]
    assert hosted.branches() == {"main": first}
    assert hosted.pipeline.kinds() == [("build", "main"), ("moved", "main"), ("build", "main")]


def _hook(hosted: Hosted, hook: str) -> str:
    body = f"ref {'0' * 40} {'1' * 40} refs/heads/main\n".encode()
    return _status_of(f"{hosted.site}/git/{hook}", data=body, headers={HOOK_TOKEN_HEADER: "s3cret"})[1]


def test_a_push_is_at_work_while_git_takes_it(hosted: Hosted) -> None:
    assert _hook(hosted, "pre-receive").endswith("end 0\n")
    assert hosted.receiving.being_taken == 1
    assert hosted.receiving.at_work >= 1

    def moved(_: Say) -> None:
        assert hosted.receiving.being_taken == 0
        assert hosted.receiving.at_work >= 1

    hosted.pipeline.on_moved = moved
    assert _hook(hosted, "post-receive").endswith("end 0\n")
    wait_for("the end", lambda: hosted.receiving.at_work == 0 or None, timeout_s=30)


def test_a_push_that_git_is_not_to_take_or_never_takes_is_not_waited_for(hosted: Hosted) -> None:
    hosted.receiving._taken_within_s = 0.01
    assert _hook(hosted, "pre-receive").endswith("end 0\n")
    wait_for("git to be given up", lambda: hosted.receiving.at_work == 0 or None, timeout_s=30)

    def refuse(*_: object) -> None:
        raise BuildError("no")

    hosted.receiving._taken_within_s = 1000
    hosted.pipeline.on_build = refuse
    assert _hook(hosted, "pre-receive").endswith("end 1\n")
    assert hosted.receiving.being_taken == 0


def test_a_new_branch_that_does_not_build_stays_away(hosted: Hosted) -> None:
    def refuse(*_: object) -> None:
        raise BuildError("no")

    hosted.pipeline.on_build = refuse
    hosted.commit("First")
    assert "main stays away, and nothing is deployed" in hosted.push().stderr
    assert hosted.branches() == {}


def test_a_fault_of_the_lab_refuses_the_push_and_is_named(hosted: Hosted) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oh")

    hosted.pipeline.on_build = fail
    hosted.commit("First")
    pushed = hosted.push()
    assert pushed.returncode == 1
    assert "the lab failed: ZeroDivisionError: oh" in pushed.stderr


def test_control_characters_of_a_commit_do_not_reach_the_terminal(hosted: Hosted) -> None:
    hosted.pipeline.on_moved = lambda say: say("\x1b[2Jtitle\x07 \u202eevil\rx\u2028y\tz")
    hosted.commit("First")
    told = hosted.push().stderr
    assert not set("\x1b\x07\u202e\u2028") & set(told)
    assert "\N{REPLACEMENT CHARACTER}[2Jtitle\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}evil" in told
    assert "y\tz" in told


def test_tags_are_kept_and_deleted_branches_are_told(hosted: Hosted) -> None:
    hosted.commit("First")
    hosted.git("tag", "v1")
    pushed = hosted.push("main", "main:refs/heads/feature/x", "v1")
    assert pushed.returncode == 0
    assert "refs/tags/v1: kept; only branches are built" in pushed.stderr
    assert sorted(hosted.pipeline.kinds()) == [
        *(("build", "feature/x"), ("build", "main")),
        *(("moved", "feature/x"), ("moved", "main")),
    ]
    gone = hosted.push("--delete", "feature/x", "v1")
    assert "refs/tags/v1: deleted; only branches are built" in gone.stderr
    assert "feature/x is gone" in gone.stderr
    assert hosted.pipeline.calls[-1] == ("removed", "feature/x", "ann", "git push")


def test_a_forced_push_is_allowed_and_said(hosted: Hosted) -> None:
    hosted.commit("First")
    second = hosted.commit("Second")
    assert "forced" not in hosted.push().stderr
    hosted.git("reset", "--quiet", "--hard", "HEAD~1")
    hosted.commit("Another")
    assert hosted.push().returncode == 1
    forced = hosted.push("--force", "main")
    assert forced.returncode == 0
    assert f"forced: {second[:7]}, where main was, is no longer in it; what was built from it stays" in forced.stderr


def test_a_pusher_who_goes_away_stops_nothing(hosted: Hosted) -> None:
    building, go_on, said = threading.Event(), threading.Event(), []

    def build(branch: str, sha: str, say: Say, quarantine: dict[str, str]) -> None:
        building.set()
        assert go_on.wait(30)

    def moved(say: Say) -> None:
        for number in range(2000):
            say(f"line {number} {'x' * 100}")
        said.append("to the end")

    hosted.pipeline.on_build, hosted.pipeline.on_moved = build, moved
    sha = hosted.commit("First")
    command = ["git", "-C", str(hosted.work.path), "push", hosted.url, "main"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as push:
        assert building.wait(30)
        os.killpg(push.pid, signal.SIGINT)
        push.wait(30)
    go_on.set()
    wait_for("the deployment", lambda: said or None, timeout_s=30)
    assert hosted.branches() == {"main": sha}
    wait_for("git's end", lambda: hosted.smart_http.pushes_at_work == 0 or None, timeout_s=30)


def test_an_upload_that_breaks_off_leaves_nothing_behind(hosted: Hosted) -> None:
    host, port = hosted.site.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        head = f"POST {hosted.url.removeprefix(hosted.site)}/git-receive-pack HTTP/1.1\r\nHost: {host}:{port}\r\n"
        form = "Content-Type: application/x-git-receive-pack-request\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall((head + form + "8\r\n00a40000\r\n").encode())
        wait_for("git", lambda: hosted.smart_http.pushes_at_work or None, timeout_s=30)
    wait_for("git's end", lambda: hosted.smart_http.pushes_at_work == 0 or None, timeout_s=30)
    assert hosted.branches() == {}
    assert hosted.pipeline.calls == []


def test_nothing_is_taken_while_the_lab_ends(hosted: Hosted) -> None:
    hosted.receiving.refuse_from_now_on()
    hosted.commit("First")
    pushed = hosted.push()
    assert pushed.returncode == 1
    assert "The lab is ending: nothing was pushed. Push again when it runs" in pushed.stderr
    assert hosted.pipeline.calls == []


def test_a_path_that_leads_into_git_itself_is_refused(hosted: Hosted) -> None:
    blob = subprocess.run(
        ["git", "-C", str(hosted.work.path), "hash-object", "-w", "--stdin"],
        input=b"x",
        capture_output=True,
        check=True,
    ).stdout.strip()
    raw = bytes.fromhex(blob.decode())
    for name in (b".git", b".."):
        tree = b"100644 " + name + b"\0" + raw
        made = subprocess.run(
            ["git", "-C", str(hosted.work.path), "hash-object", "-w", "--literally", "-t", "tree", "--stdin"],
            input=tree,
            capture_output=True,
            check=True,
        )
        author = ["-c", "user.name=a", "-c", "user.email=a@b"]
        sha = hosted.git(*author, "commit-tree", "-m", "evil", made.stdout.decode().strip()).stdout.strip()
        pushed = hosted.push(f"{sha}:refs/heads/main")
        assert pushed.returncode == 1
        assert "fsck error" in pushed.stderr or "unpack" in pushed.stderr
    assert hosted.branches() == {}
    assert hosted.pipeline.calls == []


def test_a_large_file_comes_and_goes_whole(hosted: Hosted, tmp_path: Path) -> None:
    content = os.urandom(24 * 1024 * 1024)
    (hosted.work.path / "large.bin").write_bytes(content)
    hosted.work.commit("Large")
    assert hosted.push().returncode == 0
    assert hosted.git("clone", "--quiet", hosted.url, str(tmp_path / "clone")).returncode == 0
    assert (tmp_path / "clone" / "large.bin").read_bytes() == content


def test_fetching_brings_what_is_new(hosted: Hosted, tmp_path: Path) -> None:
    hosted.commit("First")
    hosted.push()
    clone = tmp_path / "clone"
    hosted.git("clone", "--quiet", hosted.url, str(clone))
    second = hosted.commit("Second")
    hosted.push()
    assert hosted.git("fetch", "--quiet", "origin", cwd=clone).returncode == 0
    assert Repository(clone).commit_at("origin/main").sha == second


def test_a_compressed_request_is_read(hosted: Hosted) -> None:
    sha = hosted.commit("First")
    hosted.push()
    wanted = f"0032want {sha}\n00000009done\n".encode()
    headers = {"Content-Type": "application/x-git-upload-pack-request", "Content-Encoding": "gzip"}
    request = urllib.request.Request(f"{hosted.url}/git-upload-pack", data=gzip.compress(wanted), headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.headers["Content-Type"] == "application/x-git-upload-pack-result"
        assert answer.read().startswith(b"0008NAK\nPACK")


def test_only_the_smart_protocol_of_known_repositories_is_served(hosted: Hosted) -> None:
    nothing = "there is no such repository here; the lab prints its address when it starts\n"
    assert _status_of(f"{hosted.site}/git/other/notes.git/info/refs?service=git-upload-pack") == (404, nothing)
    assert _status_of(f"{hosted.url[:-4]}x.git/info/refs?service=git-upload-pack") == (404, nothing)
    assert _status_of(f"{hosted.url}/info/refs") == (403, "only git's smart protocol is spoken here\n")
    assert _status_of(f"{hosted.url}/HEAD")[0] == 404
    assert _status_of(f"{hosted.url}/git-upload-archive", data=b"")[0] == 404
    assert _status_of(f"{hosted.url}/git-upload-pack", data=b"0000")[0] == 415


def test_hooks_are_known_by_their_token_and_by_what_they_send(hosted: Hosted) -> None:
    url, token = f"{hosted.site}/git/pre-receive", {"X-Rollbacklab-Hook": "s3cret"}
    refused = "say this is for the hooks of the lab's own repositories; start the lab again to mend them\nend 1\n"
    assert _status_of(url, data=b"") == (403, refused)
    assert _status_of(url, data=b"", headers={"X-Rollbacklab-Hook": "other"}) == (403, refused)
    status, told = _status_of(url, data=b"GIT_DIR=/etc\n", headers=token)
    assert (status, told.splitlines()) == (
        400,
        [
            "say this is not what a git hook of the lab sends",
            "say   looked at: 'GIT_DIR=/etc'",
            "say   what to do: push with git",
            "end 1",
        ],
    )
    line = b"ref " + b"0" * 40 + b" " + b"1" * 40 + b" refs/tags/" + b"x" * 1000 + b"\n"
    status, told = _status_of(url, data=line * 17000, headers=token)
    assert (status, "too many branches and tags are pushed at once" in told) == (400, True)


PRE = "nothing was pushed: start the lab with rollbacklab up and push again\n"
POST = "git has taken the push; rollbacklab up, in /srv/it's, finishes what was begun, and says so\n"


@pytest.mark.parametrize(("hook", "status", "told"), [("pre-receive", 1, PRE), ("post-receive", 0, POST)])
def test_a_hook_whose_lab_does_not_run_says_so(hook: str, status: int, told: str, tmp_path: Path) -> None:
    script = tmp_path / hook
    script.write_text(hook_script(hook, port=1, token="t", directory="/srv/it's"))
    ran = subprocess.run(["bash", str(script)], input="", capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stdout) == (status, f"The lab of /srv/it's does not run, and {told}")
    assert ran.stderr == ""


def test_a_lab_that_stops_answering_in_the_middle_is_told(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def break_off() -> None:
        connection, _ = listener.accept()
        received = b""
        while not received.endswith(b"GIT_QUARANTINE_PATH=\n"):
            received += connection.recv(65536)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nsay one\n")
        connection.close()

    thread = threading.Thread(target=break_off)
    thread.start()
    script = tmp_path / "hook"
    script.write_text(hook_script("pre-receive", port=listener.getsockname()[1], token="t", directory="/srv"))
    ran = subprocess.run(["bash", str(script)], input="", capture_output=True, text=True, timeout=30)
    thread.join(30)
    listener.close()
    assert (ran.returncode, ran.stdout) == (
        1,
        f"one\nThe lab stopped answering; {PRE}",
    )
