"""Functions that take too much, never end, or leave things behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_rollbacklab.localaws.lambdas.log_stream import LogStream

WASTES = "KEPT = []\ndef handler(event, context):\n    while True: KEPT.append(bytes([1]) * 1000000)\n"


def test_a_function_that_takes_more_memory_than_it_has_is_ended(functions):
    functions.create(code=WASTES, Timeout=60)
    failed = functions.invoke("create")
    said = json.loads(failed.payload)
    assert said == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": f"RequestId: {failed.request_id} Error: Runtime exited with error: signal: killed",
    }
    log = functions.log("create")
    notice = next(line for line in log if line.startswith("[rollbacklab] The process had "))
    assert notice.endswith(
        " MB resident, more than the 128 MB of the function, and was ended as AWS would have done.\n"
    )
    assert log[-1].endswith("\tStatus: error\tError Type: Runtime.OutOfMemory\n")


def test_a_module_that_takes_more_memory_than_it_has_is_ended_twice_and_told(functions):
    functions.create(code="KEPT = []\nwhile True: KEPT.append(bytes([1]) * 1000000)\n", Timeout=60)
    assert json.loads(functions.invoke("create").payload)["errorType"] == "Runtime.OutOfMemory"
    reports = [line for line in functions.log("create") if line.startswith("INIT_REPORT")]
    assert [("Phase: init" in line, "Runtime.OutOfMemory" in line) for line in reports] == [(True, True), (False, True)]


def test_memory_is_enough_where_it_is_configured(functions):
    functions.create(code="def handler(e, c):\n    return len(bytes([1]) * 200000000)\n", MemorySize=1024, Timeout=60)
    assert functions.invoke("create").payload == b"200000000"


def test_what_a_function_leaves_running_ends_with_it(functions, until):
    code = (
        "import os, signal, time\n"
        "def handler(event, context):\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "        os.setsid()\n"
        "        time.sleep(600)\n"
        "        os._exit(0)\n"
        "    return pid\n"
    )
    functions.create(code=code)
    pid = int(functions.invoke("create").payload)
    assert Path(f"/proc/{pid}").exists()
    functions.call("DeleteFunction", FunctionName="create")
    functions.run(until(lambda: not Path(f"/proc/{pid}").exists()))


def test_a_function_that_closes_its_sockets_is_answered_for_all_the_same(functions):
    functions.create(code="import os\ndef handler(event, context):\n    os.closerange(3, 256)\n", Timeout=2)
    assert functions.invoke("create").payload == b"null"
    assert functions.invoke("create").payload == b"null"


def test_an_answer_that_is_no_json_is_the_functions_error(functions):
    functions.create(code="def handler(event, context):\n    return {1, 2}\n")
    failed = functions.invoke("create")
    assert failed.function_error == "Unhandled"
    assert json.loads(failed.payload)["errorType"] == "Runtime.MarshalError"


class CountingLogs:
    def __init__(self):
        self.bytes = 0
        self.last = ""

    def append(self, scope, group, stream, messages):
        for message in messages:
            self.bytes += len(message)
            self.last = message


class NoDisguise:
    def on(self, event):
        return event


def test_a_gigabyte_of_output_is_not_kept(functions):
    logs = CountingLogs()
    stream = LogStream(logs=logs, scope=functions.scope, group="g", version="1", disguise=NoDisguise())
    line = b"x" * (1024 * 1024)
    for _ in range(1024):
        stream.write_output([line])
    assert logs.bytes < 65 * 1024 * 1024
    assert logs.last == ("[rollbacklab] One invocation has printed 64 MB; what it prints further is not kept.\n")
    stream.take_tail()
    stream.write_output([b"next\n"])
    assert logs.last == "next\n"


@pytest.mark.parametrize("secret", ["AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "SSH_AUTH_SOCK"])
def test_nothing_of_the_clouds_own_environment_is_handed_on(functions, secret):
    functions.create(code=f"import os\ndef handler(event, context):\n    return os.environ.get({secret!r})\n")
    assert functions.invoke("create").payload == b"null"


def test_a_wrapper_script_is_given_the_runtimes_command_line(functions, make_zip):
    import zipfile

    script = zipfile.ZipInfo("wrap")
    script.external_attr = 0o755 << 16
    layer = make_zip({script: '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n'})
    made = functions.call("PublishLayerVersion", LayerName="wrapper", Content={"ZipFile": layer})
    functions.create(
        code="import os\ndef handler(e, c): return os.environ['WRAPPED']",
        Layers=[made["LayerVersionArn"]],
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"}},
    )
    assert functions.invoke("create").payload == b'"yes"'
