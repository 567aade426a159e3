"""What AWS was seen to log, and which environment variables and context functions were seen to have."""

from __future__ import annotations

import re

import pytest

PRINTS = "import json\ndef handler(event, context):\n    print(json.dumps(event))\n    return {}\n"
LOGS = """
import logging
logging.getLogger().setLevel(logging.INFO)

def handler(event, context):
    logging.info("RequestId log message")
    return context.aws_request_id
"""
LINES = 'def handler(event, context):\n    print("multi\\nline\\nstring")\n    print("another\\rline")\n'
LOOKS = """
import os
def handler(event, context):
    names = "aws_request_id function_name function_version invoked_function_arn log_group_name log_stream_name"
    ctx = {name: getattr(context, name) for name in names.split()}
    ctx["memory_limit_in_mb"] = context.memory_limit_in_mb
    ctx["remaining_time_in_millis"] = context.get_remaining_time_in_millis()
    return {"ctx": ctx, "environment": dict(os.environ), "packages": []}
"""
MASKED = {"<duration>": r"\d+\.?\d*", "<memory>": r"\d+", "<request-id>": r"[0-9a-f-]{36}", "date": r"\S+Z"}


def pattern(line):
    """A recorded line as a pattern; one that ends where its newline is left out, too."""
    parts = re.split(r"(<duration>|<memory>|<request-id>|\bdate\b)", line)
    return "".join(MASKED.get(part) or re.escape(part) for part in parts)


def as_recorded(lines, recorded):
    lines = [line for line in lines if not line.startswith("[rollbacklab]")]
    assert len(lines) == len(recorded), lines
    for line, wanted in zip(lines, recorded, strict=True):
        assert re.fullmatch(pattern(wanted) + r"\t?\n?", line), (line, wanted)


def test_the_tail_of_an_invocation(aws, fact, same, decoded_tail):
    recorded = fact("lambda-log-tail-python")
    came = aws.invoke(aws.function(PRINTS), {}, LogType="Tail")
    same(recorded["invoke"], came)
    as_recorded(decoded_tail(came), recorded["logs"]["logs"])


def test_what_logging_writes(aws, fact, same, decoded_tail):
    recorded = fact("lambda-log-python-logging")
    came = aws.invoke(aws.function(LOGS), LogType="Tail")
    as_recorded(decoded_tail(came), recorded["log_entries"]["logs"])
    assert re.fullmatch(r"[0-9a-f-]{36}", came["Payload"])


def test_lines_are_events(aws, fact):
    name = aws.function(LINES, Runtime="python3.13")
    aws.invoke(name)
    recorded = [event["message"] for event in fact("lambda-log-multi-line-print")["log-events"]]
    as_recorded(aws.lines(f"/aws/lambda/{name}")[-len(recorded) + 1 :], recorded[1:])


def test_a_report_with_a_status(aws, fact, decoded_tail):
    recorded = fact("lambda-report-status-suffix")
    name = aws.function("import os\ndef handler(e, c):\n    os._exit(3)\n")
    came = decoded_tail(aws.invoke(name, LogType="Tail"))[-1]
    fields = [field.partition(":")[0] for field in came.strip("\n").split("\t") if not field.startswith("Init")]
    assert fields == [field.partition(":")[0] for field in recorded.split("\t")]
    assert came.endswith("\tStatus: error\tError Type: Runtime.ExitError\n")


def test_the_line_of_a_timeout(aws, fact, decoded_tail):
    old = fact("lambda-timeout-log-line-old")
    name = aws.function("import time\ndef handler(e, c):\n    time.sleep(9)\n", Timeout=1)
    tail = "\n".join(decoded_tail(aws.invoke(name, LogType="Tail")))
    form = re.escape(old).replace(re.escape("12.01"), "1.00").replace(re.escape(old.split(" ")[0]), r"\S+Z")
    form = form.replace(re.escape(old.split(" ")[1]), "[0-9a-f-]{36}")
    assert re.search(form, tail)


@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_variables_and_context(aws, fact, same, version):
    """Where this machine's own paths and addresses stand in for AWS's, names are compared and not values."""
    recorded = fact(f"lambda-environment-python{version}")
    name = aws.function(
        LOOKS, Runtime=f"python{version}", MemorySize=1024, Environment={"Variables": {"TEST_KEY": "TEST_VAL"}}
    )
    here = {"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LD_LIBRARY_PATH", "PATH", "PWD", "LC_CTYPE"}
    here |= {"AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_ADDRESS"}
    added = {"AWS_ENDPOINT_URL", "HOME", "TMPDIR", "_LAMBDA_TELEMETRY_LOG_FD"}
    for qualifier, wanted in (
        (None, recorded["invocation_result_payload"]),
        ("$LATEST", recorded["invocation_result_payload_qualified"]),
    ):
        came = aws.invoke(name, **({"Qualifier": qualifier} if qualifier else {}))["Payload"]
        assert came["environment"].keys() - added - {"LC_CTYPE"} == wanted["environment"].keys() - {"LC_CTYPE"}
        for one in (came["environment"], wanted["environment"]):
            for variable in here | added:
                one.pop(variable, None)
        came["ctx"]["remaining_time_in_millis"] = str(came["ctx"]["remaining_time_in_millis"])
        same(wanted, came)
