"""Functions run for real, in processes of the real fork server."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sys

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

ECHO = "def handler(event, context):\n    return event\n"
FAILING = "def handler(event, context):\n    gibberish.what\n"
HERE = f"python{sys.version_info.major}.{sys.version_info.minor}"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def shape(line: str) -> str:
    """A log line with what differs from run to run taken out."""
    line = re.sub(UUID, "<id>", line)
    line = re.sub(r"\d+\.\d\d ms", "<ms>", line)
    line = re.sub(r"Billed Duration: \d+ ms", "Billed Duration: <ms>", line)
    line = re.sub(r"Max Memory Used: [1-9]\d* MB", "Max Memory Used: <mb>", line)
    return re.sub(r"runtime:[0-9a-f]{64}", "runtime:<hash>", line)


INIT_START = (
    f"INIT_START Runtime Version: python:{HERE[6:]}.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:<hash>\n"
)
START = "START RequestId: <id> Version: $LATEST\n"
END = "END RequestId: <id>\n"
REPORT = "REPORT RequestId: <id>\tDuration: <ms>\tBilled Duration: <ms>\tMemory Size: 128 MB\tMax Memory Used: <mb>\t"


def shapes(functions, name="create"):
    return [shape(line) for line in functions.log(name)]


def test_a_function_answers(functions):
    functions.create(code=ECHO)
    invocation = functions.invoke("create", b'{"content": "caf\xc3\xa9"}')
    assert json.loads(invocation.payload) == {"content": "café"}
    assert (invocation.status_code, invocation.function_error, invocation.executed_version) == (200, None, "$LATEST")
    assert re.fullmatch(UUID, invocation.request_id)
    assert invocation.duration_ms > 0


def test_no_answer_is_null(functions):
    functions.create(code="def handler(event, context):\n    pass\n")
    assert functions.invoke("create").payload == b"null"


def test_bytes_are_answered_as_they_are(functions):
    functions.create(code="def handler(event, context):\n    return b'\\x00no json'\n")
    assert functions.invoke("create").payload == b"\x00no json"


def test_the_log_of_a_cold_and_a_warm_start_is_as_recorded(functions):
    functions.create(code="def handler(event, context):\n    print('multi\\nline')\n", Runtime=HERE)
    functions.invoke("create")
    functions.invoke("create")
    output = ["multi\n", "line\n"]
    cold = [INIT_START, START, *output, END, f"{REPORT}Init Duration: <ms>\t\n"]
    assert shapes(functions) == [*cold, START, *output, END, f"{REPORT}\n"]
    assert len(functions.streams("create")) == 1


def test_another_minor_version_is_said_once(functions):
    runtime = "python3.9" if HERE != "python3.9" else "python3.10"
    functions.create(code=ECHO, Runtime=runtime)
    functions.invoke("create")
    functions.invoke("create")
    said = [line for line in functions.log("create") if "of this machine" in line]
    assert said == [f"[rollbacklab] The runtime {runtime} runs on the Python of this machine here: {HERE[6:]}.\n"]


def test_an_error_in_the_handler_is_answered_and_logged_as_recorded(functions):
    functions.create(code=FAILING, Runtime=HERE)
    invocation = functions.invoke("create")
    assert invocation.function_error == "Unhandled"
    assert json.loads(invocation.payload) == {
        "errorMessage": "name 'gibberish' is not defined",
        "errorType": "NameError",
        "requestId": invocation.request_id,
        "stackTrace": ['  File "/var/task/app.py", line 2, in handler\n    gibberish.what\n'],
    }
    traceback = (
        "[ERROR] NameError: name 'gibberish' is not defined\nTraceback (most recent call last):\n"
        '\u00a0\u00a0File "/var/task/app.py", line 2, in handler\n\u00a0\u00a0\u00a0\u00a0gibberish.what'
    )
    assert shapes(functions) == [INIT_START, START, traceback, END, f"{REPORT}Init Duration: <ms>\t\n"]


WARNING = "[WARNING]\t<time>\t\tLAMBDA_WARNING: Unhandled exception."


def initialisation_failure(functions, error_type, error_line):
    """Check the log of an error at import: twice, each with its report, then the invocation that fails of it."""
    lines = [re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", line) for line in shapes(functions)]
    failed = f"Status: error\tError Type: {error_type}\n"
    for at, phase in ((1, "init"), (4, "invoke")):
        assert lines[at].startswith(WARNING)
        assert lines[at].endswith("runtimes-update.html\r\n")
        assert lines[at + 1].startswith(error_line)
        assert lines[at + 2] == f"INIT_REPORT Init Duration: <ms>\tPhase: {phase}\t{failed}"
    assert [lines[0], *lines[7:]] == [INIT_START, START, END, f"{REPORT}{failed}"]


def test_an_error_at_import_is_logged_twice_and_answered_without_a_request_id(functions):
    functions.create(code="raise Exception('Runtime startup fails')\n", Runtime=HERE)
    invocation = functions.invoke("create")
    assert invocation.function_error == "Unhandled"
    error = json.loads(invocation.payload)
    assert (error["errorMessage"], error["errorType"], error["requestId"]) == ("Runtime startup fails", "Exception", "")
    assert error["stackTrace"][0].startswith(f'  File "/var/lang/lib/{HERE}/importlib/__init__.py", line ')
    assert error["stackTrace"][-1] == (
        "  File \"/var/task/app.py\", line 1, in <module>\n    raise Exception('Runtime startup fails')\n"
    )
    initialisation_failure(functions, "Runtime.Unknown", "[ERROR] Exception: Runtime startup fails\nTraceback")


@pytest.mark.parametrize(
    ("handler", "code", "error_type", "message"),
    [
        (
            "app.handler",
            "import nowhere\n",
            "ImportModuleError",
            "Unable to import module 'app': No module named 'nowhere'",
        ),
        ("gone.handler", ECHO, "ImportModuleError", "Unable to import module 'gone': No module named 'gone'"),
        ("app.other", ECHO, "HandlerNotFound", "Handler 'other' missing on module 'app'"),
        ("app", ECHO, "MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)"),
        ("sys.exit", ECHO, "BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
    ],
)
def test_what_keeps_a_handler_from_loading_is_named(functions, handler, code, error_type, message):
    functions.create(code=code, Handler=handler, Runtime=HERE)
    error = json.loads(functions.invoke("create").payload)
    assert (error["errorType"], error["errorMessage"]) == (f"Runtime.{error_type}", message)
    initialisation_failure(functions, f"Runtime.{error_type}", f"[ERROR] Runtime.{error_type}: {message}\nTraceback")


def test_a_syntax_error_is_named_with_its_place(functions):
    functions.create(code="def handler(event, context)\n    pass\n", Runtime=HERE)
    error = json.loads(functions.invoke("create").payload)
    assert error["errorType"] == "Runtime.UserCodeSyntaxError"
    assert error["errorMessage"].startswith("Syntax error in module 'app': expected ':'")
    assert error["stackTrace"] == ['  File "/var/task/app.py" Line 1\n    def handler(event, context)\n']


def test_a_timeout_stops_the_function_and_is_answered_as_recorded(functions):
    code = "import time\ndef handler(event, context):\n    print('begun')\n    time.sleep(60)\n"
    functions.create(code=code, Timeout=1, Runtime=HERE)
    invocation = functions.invoke("create")
    assert invocation.payload.decode() == (
        f'{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {invocation.request_id} '
        'Error: Task timed out after 1.00 seconds"}'
    )
    assert (invocation.function_error, invocation.duration_ms) == ("Unhandled", 1000)
    *before, timed_out, end, report = shapes(functions)
    assert before == [INIT_START, START, "begun\n"]
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z <id> Task timed out after 1\.00 seconds\n\n", timed_out
    )
    assert (end, report) == (END, f"{REPORT}Init Duration: <ms>\tStatus: timeout\n")
    assert "Duration: 1000.00 ms\t" in functions.log("create")[-1]


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        ("sys.exit(0)", "Runtime exited without providing a reason"),
        ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("os.abort()", "Runtime exited with error: signal: aborted"),
    ],
)
def test_an_exit_in_the_handler_is_answered_as_recorded_and_the_next_request_works(functions, leave, told):
    code = f"import os, sys\ndef handler(event, context):\n    print('bye')\n    if event: {leave}\n    return 'here'\n"
    functions.create(code=code, Runtime=HERE)
    invocation = functions.invoke("create", b"1")
    assert invocation.payload.decode() == (
        f'{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {invocation.request_id} Error: {told}"}}'
    )
    failed = "Status: error\tError Type: Runtime.ExitError\n"
    said = f"RequestId: <id> Error: {told}\nRuntime.ExitError\n"
    lines = [line for line in shapes(functions) if "Fatal Python" not in line]
    assert lines == [INIT_START, START, "bye\n", said, END, f"{REPORT}Init Duration: <ms>\t{failed}"]
    assert functions.invoke("create", b"0").payload == b'"here"'
    assert len(functions.streams("create")) == 2


@pytest.mark.parametrize(
    ("leave", "told"),
    [("0", "Runtime exited without providing a reason"), ("7", "Runtime exited with error: exit status 7")],
)
def test_an_exit_at_import_is_answered_as_recorded(functions, leave, told):
    functions.create(code=f"import sys\nsys.exit({leave})\n", Runtime=HERE)
    invocation = functions.invoke("create")
    assert json.loads(invocation.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {invocation.request_id} Error: {told}",
    }
    failed = "Status: error\tError Type: Runtime.ExitError\n"
    assert shapes(functions) == [
        INIT_START,
        f"INIT_REPORT Init Duration: <ms>\tPhase: init\t{failed}",
        f"INIT_REPORT Init Duration: <ms>\tPhase: invoke\t{failed}",
        START,
        f"RequestId: <id> Error: {told}\nRuntime.ExitError\n",
        END,
        f"{REPORT}{failed}",
    ]


def test_an_initialisation_that_fails_once_succeeds_within_the_first_invocation(functions, tmp_path):
    flag = tmp_path / "been-here"
    code = (
        f"import pathlib\nflag = pathlib.Path({str(flag)!r})\n"
        "if not flag.exists():\n    flag.touch()\n    raise Exception('first time')\n"
    ) + ECHO
    functions.create(code=code, Runtime=HERE)
    assert functions.invoke("create", b'"hi"').payload == b'"hi"'
    lines = shapes(functions)
    assert lines[3] == ("INIT_REPORT Init Duration: <ms>\tPhase: init\tStatus: error\tError Type: Runtime.Unknown\n")
    assert lines[4:] == [START, END, f"{REPORT}\n"]


def test_a_second_initialisation_runs_on_the_invocations_time(functions, tmp_path):
    code = (
        "import os, time\n"
        "if os.path.exists(os.environ['FLAG']): time.sleep(60)\n"
        "open(os.environ['FLAG'], 'w').close()\nraise Exception\n"
    )
    functions.create(code=code, Timeout=1, Environment={"Variables": {"FLAG": str(tmp_path / "been-here")}})
    invocation = functions.invoke("create")
    assert b"Task timed out after 1.00 seconds" in invocation.payload
    assert shapes(functions)[-5] == "INIT_REPORT Init Duration: <ms>\tPhase: invoke\tStatus: timeout\n"
    assert functions.log("create")[-1].endswith("Status: timeout\n")


def test_a_response_that_is_too_large_is_answered_as_recorded_and_the_next_request_works(functions):
    functions.create(code="def handler(event, context):\n    return 'x' * event\n", Runtime=HERE)
    invocation = functions.invoke("create", b"6291555")
    assert invocation.function_error == "Unhandled"
    assert json.loads(invocation.payload) == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    assert len(functions.invoke("create", b"6291554").payload) == 6291556


def test_context_and_client_context_reach_the_function(functions):
    code = (
        "def handler(event, context):\n"
        "    names = ('aws_request_id', 'function_name', 'function_version', 'invoked_function_arn',\n"
        "             'log_group_name', 'log_stream_name', 'memory_limit_in_mb')\n"
        "    told = {name: getattr(context, name) for name in names}\n"
        "    return told | {'left': context.get_remaining_time_in_millis(), 'custom': context.client_context.custom}\n"
    )
    functions.create(code=code, MemorySize=256, Timeout=7)
    encoded = base64.b64encode(b'{"custom": {"who": "me"}}').decode()
    invocation = functions.invoke("create", client_context=encoded, request_id="11111111-2222-4333-8444-555555555555")
    told = json.loads(invocation.payload)
    assert 6000 < told.pop("left") <= 7000
    assert told == {
        "aws_request_id": "11111111-2222-4333-8444-555555555555",
        "function_name": "create",
        "function_version": "$LATEST",
        "invoked_function_arn": f"arn:aws:lambda:us-east-1:{functions.scope.account_id}:function:create",
        "log_group_name": "/aws/lambda/create",
        "log_stream_name": functions.streams("create")[0],
        "memory_limit_in_mb": "256",
        "custom": {"who": "me"},
    }
    assert invocation.request_id == "11111111-2222-4333-8444-555555555555"


def test_a_trace_id_is_passed_on_or_made(functions):
    functions.create(code="import os\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n")
    assert functions.invoke("create", trace_id="Root=1-abc;Sampled=1").payload == b'"Root=1-abc;Sampled=1"'
    assert re.fullmatch(
        rb'"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0"',
        functions.invoke("create").payload,
    )


def test_logging_is_framed_and_keeps_its_order_with_print(functions):
    code = (
        "import logging, sys\n"
        "def handler(event, context):\n"
        "    print('one')\n    logging.warning('two\\nlines')\n"
        "    sys.stderr.write('three\\n')\n    print('four', end='')\n"
    )
    functions.create(code=code, Runtime=HERE)
    invocation = functions.invoke("create")
    said = [re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", line) for line in functions.log("create")[2:-2]]
    assert said == ["one\n", f"[WARNING]\t<time>\t{invocation.request_id}\ttwo\nlines\n", "three\n", "four"]


def test_a_custom_log_group_is_written_to(functions):
    functions.create(code=ECHO, LoggingConfig={"LogGroup": "/notes/all"})
    functions.invoke("create")
    assert {event.group for event in functions.events()} == {"/notes/all"}


def test_invoke_answers_in_boto3s_shape(functions):
    functions.create(code="def handler(event, context):\n    print(event)\n    return event\n", Publish=True)
    answer = functions.call("Invoke", FunctionName="create", Payload=b'{"a": 1}', LogType="Tail", Qualifier="1")
    tail = base64.b64decode(answer.pop("LogResult")).decode()
    assert answer == {"StatusCode": 200, "Payload": b'{"a": 1}', "ExecutedVersion": "1"}
    assert [shape(line) for line in tail.splitlines()] == [
        "START RequestId: <id> Version: 1",
        "{'a': 1}",
        "END RequestId: <id>",
        f"{REPORT}Init Duration: <ms>\t",
    ]
    assert "00000000-0000-4000-8000-000000000002" in tail
    functions.update("create", FAILING)
    answer = functions.call("Invoke", FunctionName="create")
    assert (answer["FunctionError"], "LogResult" in answer) == ("Unhandled", False)


def test_a_dry_run_runs_nothing(functions):
    functions.create(code=ECHO)
    answer = functions.call("Invoke", FunctionName="create", InvocationType="DryRun")
    assert answer == {"StatusCode": 204, "Payload": b""}
    assert functions.events() == []
    assert functions.refusal("Invoke", FunctionName="gone", InvocationType="DryRun").status == 404


def test_an_invocation_of_no_known_type_is_refused_by_name(functions):
    functions.create(code=ECHO)
    error = functions.refusal("Invoke", FunctionName="create", InvocationType="Later")
    assert error.code == "InvalidParameterValueException"
    assert error.message == ("InvocationType=Later is none. Invoke the function with RequestResponse, Event or DryRun.")


def test_what_cannot_run_is_refused_before_anything_runs(functions):
    error = functions.refusal("Invoke", FunctionName="gone")
    assert (
        error.message
        == f"Function not found: arn:aws:lambda:us-east-1:{functions.scope.account_id}:function:gone:$LATEST"
    )
    functions.create(code=ECHO)
    assert functions.refusal("Invoke", FunctionName="create", Payload=b"no").code == "InvalidRequestContentException"
    assert functions.events() == []
    assert functions.points("Invocations") == []


def test_a_reservation_throttles_and_is_measured(functions):
    functions.create(code=ECHO)
    functions.call("PutFunctionConcurrency", FunctionName="create", ReservedConcurrentExecutions=0)
    error = functions.refusal("Invoke", FunctionName="create")
    assert (error.code, error.status, error.message) == ("TooManyRequestsException", 429, "Rate Exceeded.")
    assert error.fields["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert functions.events() == []
    assert [point.value for point in functions.points("Throttles")] == [1, 1, 1]
    assert functions.points("Invocations") == []
    functions.call("DeleteFunctionConcurrency", FunctionName="create")
    assert functions.invoke("create").function_error is None
    assert len(functions.points("Throttles")) == 3


def test_invocations_at_once_have_an_environment_each(functions):
    code = "import os, time\ndef handler(event, context):\n    time.sleep(0.2)\n    return os.getpid()\n"
    functions.create(code=code)
    functions.call("PutFunctionConcurrency", FunctionName="create", ReservedConcurrentExecutions=3)

    async def at_once(count):
        calls = (functions.invocation("create") for _ in range(count))
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = functions.run(at_once(4))
    throttled = [answer for answer in answers if isinstance(answer, ServiceError)]
    assert [error.code for error in throttled] == ["TooManyRequestsException"]
    served = {answer.payload for answer in answers if not isinstance(answer, ServiceError)}
    assert len(served) == 3
    assert max(point.value for point in functions.points("ConcurrentExecutions")) == 3
    assert functions.invoke("create").payload in served


def test_invocations_are_measured(functions):
    functions.create(code="def handler(event, context):\n    return 1 / event\n", Publish=True)
    functions.call("CreateAlias", FunctionName="create", Name="prod", FunctionVersion="1")
    functions.invoke("create", b"1", "prod")
    functions.invoke("create", b"0", "prod")
    by_version = {"FunctionName": "create", "Resource": "create:prod", "ExecutedVersion": "1"}
    told = {
        name: [point.value for point in functions.points(name) if point.dimensions == by_version]
        for name in ("Invocations", "Errors", "ConcurrentExecutions")
    }
    assert told == {"Invocations": [1, 1], "Errors": [0, 1], "ConcurrentExecutions": [1, 1]}
    durations = [point for point in functions.points("Duration") if point.dimensions == by_version]
    assert all(point.value > 0 and point.unit == "Milliseconds" for point in durations)
    assert {tuple(point.dimensions) for point in functions.points("Invocations")} == {
        (),
        ("FunctionName",),
        ("FunctionName", "Resource"),
        ("FunctionName", "Resource", "ExecutedVersion"),
    }


def test_a_caller_that_gives_up_does_not_stop_the_function(functions, until):
    functions.create(code="import time\ndef handler(event, context):\n    time.sleep(0.2)\n    print('went on')\n")

    async def give_up():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(functions.invocation("create"), timeout=0.1)
        await until(lambda: "REPORT" in "".join(functions.log("create")))

    functions.run(give_up())
    assert "went on\n" in functions.log("create")


def test_a_gigantic_output_neither_blocks_nor_fills_memory(functions):
    code = "def handler(event, context):\n    for _ in range(event):\n        print('x' * 1023)\n    return 'done'\n"
    functions.create(code=code, Timeout=60)
    assert functions.invoke("create", b"20000").payload == b'"done"'
    lines = functions.log("create")
    assert lines.count("x" * 1023 + "\n") == 20000
    assert lines[-1].startswith("REPORT")
