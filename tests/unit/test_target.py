"""The embedded cloud as a child process: it starts, says so, and ends when we do, however we end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import psutil
import pytest

from pytest_rollbacklab import target
from pytest_rollbacklab.errors import CloudError
from pytest_rollbacklab.target import EmbeddedCloud, Target, embedded_cloud

HOLDER = """
import sys
from pytest_rollbacklab.target import embedded_cloud
with embedded_cloud() as cloud:
    print(cloud.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def cloud() -> Iterator[EmbeddedCloud]:
    with embedded_cloud() as started:
        yield started


def gone(process: psutil.Process) -> bool:
    try:
        return process.wait(timeout=15) is None or True
    except psutil.TimeoutExpired:
        return False


def test_answers_a_boto3_client_whatever_the_users_own_settings_are(
    cloud: EmbeddedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    here = Target(endpoint_url=cloud.endpoint_url, account_id="500000000001", cloud=cloud)
    assert here.client("sts").get_caller_identity()["Account"] == "500000000001"
    assert here.client("sts") is here.client("sts")


def test_listens_on_this_machine_alone(cloud: EmbeddedCloud) -> None:
    addresses = {connection.laddr.ip for connection in psutil.Process(cloud.pid).net_connections("inet")}
    assert addresses == {"127.0.0.1"}


def test_leaves_no_process(cloud: EmbeddedCloud) -> None:
    with embedded_cloud() as other:
        process = psutil.Process(other.pid)
        family = [process, *process.children(recursive=True)]
    assert all(gone(member) for member in family)


def test_dies_with_its_parent_whatever_kills_the_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdin is not None
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    family = [child, *child.children(recursive=True)]
    parent.kill()
    parent.wait()
    assert all(gone(member) for member in family)
    parent.stdin.close()
    parent.stdout.close()


def test_a_killed_cloud_is_named_at_once_and_nothing_hangs(cloud: EmbeddedCloud) -> None:
    target = Target(endpoint_url=cloud.endpoint_url, cloud=cloud)
    target.client("sts").get_caller_identity()
    os.kill(cloud.pid, signal.SIGKILL)
    with pytest.raises(CloudError, match=rf"the local AWS \(process {cloud.pid}\) is gone: killed by signal 9"):
        target.client("sts").get_caller_identity()


def test_left_running_it_outlives_the_block_until_it_is_ended() -> None:
    with embedded_cloud() as cloud:
        cloud.leave_running()
    process = psutil.Process(cloud.pid)
    assert process.is_running()
    assert Target(endpoint_url=cloud.endpoint_url).client("sts").get_caller_identity()["Account"] == "123456789012"
    process.terminate()
    assert gone(process)


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CloudError, match="the local AWS did not start: it ended with status 1") as refused:
            embedded_cloud(port=port).__enter__()
    assert f"port {port} of 127.0.0.1 cannot be had" in str(refused.value)
    assert "give another with --port" in str(refused.value)


def test_a_child_that_never_says_where_it_is_is_ended_and_named() -> None:
    program = "import sys; sys.stderr.write('still loading'); sys.stderr.flush(); sys.stdin.read()"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
        with pytest.raises(CloudError, match=r"the local AWS was not ready after 1\.5 s") as late:
            target._await_ready(process, log, timeout_s=1.5)
    assert "its last words: still loading" in str(late.value)
    assert process.returncode == 0


def test_the_invoke_url_is_the_form_that_resolves_everywhere() -> None:
    target = Target(endpoint_url="http://127.0.0.1:4566")
    assert target.invoke_url("abc123", "prod") == "http://127.0.0.1:4566/_aws/execute-api/abc123/prod"
