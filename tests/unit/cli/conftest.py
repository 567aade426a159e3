"""What the command line's tests stand on: a running lab that answers as it is told, on a real port of 127.0.0.1.

What it tells is data, in ``told.yaml``; a test changes what it needs. A stream's events are a list for each connection
in turn; ``HOLD`` keeps a connection open until the test is over, and an end without ``end`` breaks it off.
"""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml
from click.testing import CliRunner, Result

from pytest_rollbacklab.cli import main

KEY, TOKEN = "an-unguessable-key", "an-unguessable-token"
TOLD = Path(__file__).with_name("told.yaml")
HOLD = ("hold", None)
_OVER_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    form: Mapping[str, str]


@dataclass
class FakeLab:
    """Answers from tables; what was asked is kept."""

    directory: Path
    pages: dict[str, Any] = field(default_factory=lambda: timed(yaml.safe_load(TOLD.read_text())))
    """JSON by method and path: ``GET /builds``."""
    refusals: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """Likewise: the status, and JSON or, for what is none, bytes."""
    streams: dict[str, list[list[tuple[str, Any]]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def __post_init__(self) -> None:
        ended = {"activity": self.pages["GET /activity/12"]["activity"]}
        self.streams["/activity/12/events"] = [
            [("line", {"text": "making change set"}), ("line", {"text": "prod: UPDATE_COMPLETE"}), ("end", ended)]
        ]

    @property
    def stages(self) -> dict[str, Any]:
        """Stages by name, as the overview tells them."""
        return {stage["name"]: stage for stage in self.pages["GET /"]["overview"]["stages"]}

    @property
    def plan(self) -> dict[str, Any]:
        """The plan for prod."""
        plan: dict[str, Any] = self.pages["POST /stages/prod/plans"]["plan"]
        return plan

    def posted(self, path: str) -> list[Mapping[str, str]]:
        """Return the forms that were posted to an address."""
        return [one.form for one in self.asked if one.method == "POST" and one.path == path]

    def write_place(self, **changes: Any) -> None:
        """Write the file that says where the lab is, as ``up`` does."""
        place = {
            "version": 1,
            "pid": os.getpid(),
            "endpoint_url": "http://127.0.0.1:4566",
            "console_url": self.url,
            "token": TOKEN,
            "owner": "아다",
            "account_id": "123456789012",
            "region": "eu-west-1",
            "app": "notes",
        }
        path = self.directory / ".rollbacklab" / "lab.json"
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(place | changes))


def timed(data: Any) -> Any:
    """Return data with ``125 s ago`` as a time in ISO 8601, and nothing shared."""
    if isinstance(data, dict):
        return {key: timed(value) for key, value in data.items()}
    if isinstance(data, list):
        return [timed(value) for value in data]
    if isinstance(data, str) and (found := re.fullmatch(r"([\d.]+) s ago", data)):
        return (datetime.now(UTC) - timedelta(seconds=float(found[1]))).isoformat()
    return data


def handler_of(lab: FakeLab) -> type[BaseHTTPRequestHandler]:
    """Return what answers for a lab."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(dict(parse_qsl(body, keep_blank_values=True)))

        def _answer(self, form: Mapping[str, str]) -> None:
            self.close_connection = True
            address = urlsplit(self.path)
            path = address.path.removeprefix(f"/{KEY}")
            asked = Asked(
                method=self.command,
                path=path,
                query=dict(parse_qsl(address.query)),
                headers={name: value.encode("latin-1").decode() for name, value in self.headers.items()},
                form=form,
            )
            lab.asked.append(asked)
            what = f"{self.command} {path}"
            if self.headers["X-Rollbacklab-Token"] != TOKEN or not address.path.startswith(f"/{KEY}/"):
                self._send(403, {"error": {"what": "the token is missing", "looked_at": None, "mend": None}})
            elif what in lab.refusals:
                self._send(*lab.refusals[what])
            elif path in lab.streams:
                connections = lab.streams[path]
                self._stream(connections.pop(0) if len(connections) > 1 else connections[0])
            elif what in lab.pages:
                self._send(200, lab.pages[what])
            else:
                self._send(404, {"error": {"what": f"there is no {path}", "looked_at": "the pages", "mend": None}})

        def _send(self, status: int, data: Any) -> None:
            body = data if isinstance(data, bytes) else json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, events: list[tuple[str, Any]]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b": hello\n\n")
            for event in events:
                if event == HOLD:
                    lab.over.wait(_OVER_S)
                else:
                    self.wfile.write(f"event: {event[0]}\ndata: {json.dumps(event[1])}\n\n".encode())

    return Handler


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLab]:
    """A running lab in the current directory."""
    monkeypatch.chdir(tmp_path)
    fake = FakeLab(tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(fake)) as server:
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        fake.url = f"http://127.0.0.1:{server.server_port}/{KEY}"
        fake.write_place()
        yield fake
        fake.over.set()
        server.shutdown()
        thread.join()


Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Run a command: ``run("status", "prod")``."""

    def call(*arguments: str) -> Result:
        result = CliRunner().invoke(main, arguments, prog_name="rollbacklab")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command as a process of its own, ended with the test at the latest."""
    processes: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **options: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest_rollbacklab.cli", *arguments],
            **{
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                **options,
            },
        )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def type_at_a_terminal(answers: str, *arguments: str) -> tuple[int, str]:
    """Run a command on a terminal of its own, answer its questions, and return its exit status and all that was shown.

    Args:
        answers: With the line break of each; one is typed when a question has been shown.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest_rollbacklab.cli", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "200"},
        start_new_session=True,
    )
    os.close(theirs)
    shown, to_type = b"", answers.splitlines(keepends=True)
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
            if shown.endswith(b": ") and to_type:
                os.write(ours, to_type.pop(0).encode())
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(ours)
    return process.wait(timeout=30), shown.decode()


@pytest.fixture
def typed() -> Callable[..., tuple[int, str]]:
    """See ``type_at_a_terminal``."""
    return type_at_a_terminal
