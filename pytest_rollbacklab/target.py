"""Where AWS is: the embedded local AWS, started here as a child process, or the URL of another endpoint.

Everything above asks a target for boto3 clients and knows no more. A run never reaches real AWS by accident: clients
get this target's credentials and endpoint and nothing of the user's profiles or environment. The child holds the other
end of a pipe, so that it ends when this process does, whatever ended it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pytest_rollbacklab.errors import CloudError

__all__ = ["DEFAULT_ACCOUNT_ID", "DEFAULT_REGION", "EmbeddedCloud", "Target", "embedded_cloud"]

DEFAULT_ACCOUNT_ID = "123456789012"
DEFAULT_REGION = "us-east-1"

_READY = "rollbacklab cloud is ready at "
_STAY = b"stay\n"
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 10.0
_DYING_S = 1.0
_LAST_WORDS_BYTES = 2000
_HEARD_BYTES = 64 * 1024

# botocore's session variables: (name in the config file, environment variable, default, conversion).
_UNSET = (None, None, None, None)
_NO_FILE = (None, None, os.devnull, None)


class EmbeddedCloud:
    """A ``rollbacklab cloud`` of our own, as a child process. Use ``embedded_cloud()``, which ends it."""

    def __init__(
        self, process: subprocess.Popen[bytes], endpoint_url: str, log: IO[bytes], state: Path | None = None
    ) -> None:
        self.endpoint_url = endpoint_url
        self.state = state
        """The directory that it keeps what is in it in; None when nothing is kept."""
        self.pid = process.pid
        self._process = process
        self._log = log
        self._stays = False
        self._heard_bytes = 0

    def warnings(self) -> tuple[str, ...]:
        """Return what it has warned of since this was asked the last time: what it cannot keep, for one."""
        # Its position in the log is the child's too, so that it must not be moved.
        text = os.pread(self._log.fileno(), _HEARD_BYTES, self._heard_bytes)
        whole = text[: text.rfind(b"\n") + 1]
        self._heard_bytes += len(whole)
        lines = (line.partition(" ") for line in whole.decode("utf-8", "replace").splitlines())
        return tuple(said for level, _, said in lines if level in ("WARNING", "ERROR"))

    def leave_running(self) -> None:
        """Let it outlive this process, for somebody to look into it. They end it by its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(_STAY)
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.returncode = 0  # it is nobody's child to wait for any more
        self._stays = True

    def end(self) -> None:
        """End it, unless it was left running. Closing its input ends it in order; else it is killed."""
        if not self._stays:
            _end(self._process)

    def check(self, *, patience_s: float = 0.0) -> None:
        """Raise when the local AWS has died.

        Args:
            patience_s: Seconds to wait for it to be gone: a connection breaks a moment before the process has ended.

        Raises:
            CloudError: it is gone; carries how it ended and its last words.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        status = self._process.poll()
        if status is not None:
            raise CloudError(
                f"the local AWS (process {self.pid}) is gone: {_ending(status)}",
                looked_at=f"its last words: {_last_words(self._log)}",
                mend="what was in it is lost; run again, and if it was not killed on purpose, report the words above"
                if self.state is None
                else f"what it had answered is kept in {self.state}: start it again with that directory",
            )


@contextlib.contextmanager
def embedded_cloud(*, port: int = 0, state: Path | None = None, options: Sequence[str] = ()) -> Iterator[EmbeddedCloud]:
    """Start the local AWS as a child that dies with this process, and end it.

    Args:
        port: On 127.0.0.1; 0 for any free one.
        state: The directory to keep what is in it in, for the next one that is started with it; None to keep nothing.
        options: Further ones of ``rollbacklab cloud``.

    Raises:
        CloudError: it did not start; carries its last words.
    """
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest_rollbacklab.localaws", *_options(port, state), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=_child_environment(os.environ),
            process_group=0,  # Ctrl-C is for this process, which ends the child in its own time
        )
        cloud = EmbeddedCloud(process, _await_ready(process, log), log, state)
        try:
            yield cloud
        finally:
            cloud.end()


def _options(port: int, state: Path | None) -> list[str]:
    options = ["--port", str(port), "--die-with-stdin"]
    return options if state is None else [*options, "--state", str(state)]


def _child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what points AWS's tools at a user's account: nothing in the local AWS may reach it."""
    return {key: value for key, value in environ.items() if not key.startswith("AWS_")}


def _await_ready(process: subprocess.Popen[bytes], log: IO[bytes], *, timeout_s: float = _START_TIMEOUT_S) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + timeout_s
    line = b""
    while b"\n" not in line:
        readable, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(process.stdout.fileno(), 4096) if readable else b""
        if not chunk:
            _end(process)
            raise CloudError(
                f"the local AWS did not start: {_ending(process.returncode)}"
                if readable
                else f"the local AWS was not ready after {timeout_s:g} s",
                looked_at=f"its last words: {_last_words(log)}",
                mend="run `rollbacklab cloud` to see it alone",
            )
        line += chunk
    return line.decode().strip().removeprefix(_READY)


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _ending(status: int | None) -> str:
    if status is None:
        return "it closed its output"
    return f"killed by signal {-status}" if status < 0 else f"it ended with status {status}"


def _last_words(log: IO[bytes]) -> str:
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - _LAST_WORDS_BYTES))
    return log.read().decode("utf-8", "replace").strip() or "(none)"


@dataclass(frozen=True, kw_only=True)
class Target:
    """An AWS to work in: an account and region of an endpoint."""

    endpoint_url: str
    account_id: str = DEFAULT_ACCOUNT_ID
    region: str = DEFAULT_REGION
    cloud: EmbeddedCloud | None = None
    """The child process that answers there, when it is ours."""
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def invoke_url(self, rest_api_id: str, stage: str) -> str:
        """Return the address under which a deployed API answers here: the path form, which resolves everywhere."""
        return f"{self.endpoint_url}/_aws/execute-api/{rest_api_id}/{stage}"

    def check(self) -> None:
        """Raise at once when the embedded cloud has died.

        Raises:
            CloudError: see ``EmbeddedCloud.check``.
        """
        if self.cloud is not None:
            self.cloud.check()

    def check_broken_connection(self) -> None:
        """Raise when a connection has broken because the embedded cloud has died.

        Raises:
            CloudError: see ``EmbeddedCloud.check``.
        """
        if self.cloud is not None:
            self.cloud.check(patience_s=_DYING_S)

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service (made once), with this target's endpoint and credentials."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make_client(service)
            return self._clients[service]

    def close(self) -> None:
        """Close the connections that the clients keep open; they may be used again."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _make_client(self, service: str) -> Any:
        import boto3
        from botocore.config import Config
        from botocore.session import Session

        # Nothing of the user's profiles or files is read: a run never reaches real AWS by accident.
        core = Session({"profile": _UNSET, "config_file": _NO_FILE, "credentials_file": _NO_FILE})
        core.register_component("data_loader", _service_models())
        # The local AWS takes a 12-digit access key for the account itself; its secret is not looked at.
        core.set_credentials(self.account_id, "local")
        session = boto3.session.Session(botocore_session=core, region_name=self.region)
        config = Config(
            retries={"total_max_attempts": 2, "mode": "standard"},
            connect_timeout=5,
            read_timeout=120,
            proxies={},
            s3={"addressing_style": "path"},
            # StartLiveTail's "stream-" goes before AWS's own addresses, and not before one that was given.
            inject_host_prefix=not self.endpoint_url,
            # A name that is given is not put together anew for each request.
            user_agent=f"pytest-rollbacklab boto3/{boto3.__version__}",
        )
        client = session.client(service, endpoint_url=self.endpoint_url, config=config)
        client.meta.events.register("before-send", self._before_send)
        client.meta.events.register("needs-retry", self._needs_retry)
        return client

    def _before_send(self, request: Any, **_: Any) -> None:
        """Ask before each attempt, so that a dead cloud is named and no retry waits for it."""
        # boto3 has S3 agree to each upload before it is sent, which costs small ones as much as the upload itself.
        request.headers.pop("Expect", None)
        self.check()

    def _needs_retry(self, caught_exception: Exception | None = None, **_: Any) -> None:
        if caught_exception is not None:
            self.check_broken_connection()


@functools.cache
def _service_models() -> Any:
    """Return the services' descriptions, read once for all targets: each takes megabytes and tens of milliseconds."""
    from botocore.loaders import create_loader

    return create_loader()
