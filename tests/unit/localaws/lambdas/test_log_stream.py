from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.lambdas.disguise import Disguise
from pytest_rollbacklab.localaws.lambdas.log_stream import LogStream

SCOPE = Scope(account_id="111122223333", region="eu-west-1")


class Logs:
    def __init__(self):
        self.appended = []

    def append(self, *where_and_what):
        scope, group, stream, messages = where_and_what
        self.appended.append((scope, group, stream, list(messages)))


def stream(version="$LATEST"):
    logs = Logs()
    disguise = Disguise(task_root=Path("/tmp/packages/1"), libraries=(), python="3.11")
    return logs, LogStream(logs=logs, scope=SCOPE, group="/aws/lambda/create", version=version, disguise=disguise)


def test_a_stream_is_named_by_day_and_version_and_is_its_own():
    names = {stream("7")[1].name for _ in range(3)}
    today = f"{datetime.now(UTC):%Y/%m/%d}"
    assert len(names) == 3
    assert all(re.fullmatch(re.escape(today) + r"/\[7\][0-9a-f]{32}", name) for name in names)


def test_output_is_written_as_text_with_awss_paths():
    logs, log = stream()
    log.write_output([b'File "/tmp/packages/1/app.py"\n', b"\xff is no UTF-8"])
    written = ['File "/var/task/app.py"\n', "\ufffd is no UTF-8"]
    assert logs.appended == [(SCOPE, "/aws/lambda/create", log.name, written)]


def test_the_tail_is_the_last_four_kilobytes_since_the_last_invocation():
    _, log = stream()
    log.write("INIT_START\n", in_tail=False)
    log.write("START\n", "END\n")
    assert log.take_tail() == "START\nEND\n"
    log.write_output([b"x" * 5000, b"last\n"])
    tail = log.take_tail()
    assert (len(tail), tail[-6:]) == (4096, "xlast\n")
    assert log.take_tail() == ""
