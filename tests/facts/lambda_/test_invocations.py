"""Invoke: what AWS was seen to answer, for functions that return, fail, end, take too long or are not there."""

from __future__ import annotations

import threading

import pytest

from pytest_rollbacklab.wait import wait_for

RETURNS = """
import time

def handler(event, context):
    time.sleep((event or {}).get("wait", 0))
    return {"hello": "world"}
"""
TELLS = """
import logging

def handler(event, context):
    print("Lambda log message - print function")
    logging.getLogger().setLevel(logging.INFO)
    logging.info("Lambda log message - logging module")
    return {
        "event": event,
        "context": {
            "invoked_function_arn": context.invoked_function_arn,
            "function_version": context.function_version,
            "function_name": context.function_name,
            "memory_limit_in_mb": str(context.memory_limit_in_mb),
            "aws_request_id": context.aws_request_id,
            "log_group_name": context.log_group_name,
            "log_stream_name": context.log_stream_name,
            "client_context": context.client_context,
        },
    }
"""
VERSION = """
def handler(event, context):
    return {
        "version_id": "version%d",
        "invoked_arn": context.invoked_function_arn,
        "version_from_ctx": context.function_version,
    }
"""


def text_of_error(answer):
    """A refusal without what only the service's model decides the place of."""
    return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_handler_that_raises(aws, fact, same):
    name = aws.function(
        'def handler(event, context):\n    raise Exception("Handler fails")\n', file="lambda_handler_error.py"
    )
    same(fact("lambda-handler-error")["invocation_error"], aws.invoke(name))


def test_a_module_that_raises(aws, fact, same):
    name = aws.function('raise Exception("Runtime startup fails")\n', file="lambda_runtime_error.py")
    recorded, came = fact("lambda-import-time-error")["invocation_error"], aws.invoke(name)
    # Which lines importlib has is the Python version's affair; the function's own are AWS's to the letter.
    assert came["Payload"]["stackTrace"][-1] == recorded["Payload"]["stackTrace"][-1]
    assert all("/var/lang/lib/python3" in line or "<frozen" in line for line in came["Payload"]["stackTrace"][:-1])
    same(recorded, came, but=("stackTrace",))


@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_an_uncaught_exception(aws, fact, same, version):
    code = "def handler(event, context):\n    raise Exception(f\"Failed: {event['error_msg']}\")\n"
    name = aws.function(code, Runtime=f"python{version}")
    came = aws.invoke(name, {"error_msg": "some_error_msg"})
    assert came["Payload"]["stackTrace"]
    same(fact(f"lambda-uncaught-python{version}")["error_result"], came, but=("stackTrace",))


def test_a_module_that_is_missing(aws, fact):
    came = aws.invoke(aws.function("", Handler="lambda_function.handler"))["Payload"]
    recorded = fact("lambda-import-module-error")
    assert (came["errorType"], came["errorMessage"]) == (recorded["errorType"], recorded["errorMessage"])
    assert (came["stackTrace"], came["requestId"]) == ([], "")


def test_a_process_that_ends_while_it_initialises(aws, fact, same):
    name = aws.function("import sys\nsys.exit(0)\n")
    same(fact("lambda-exit-during-init")["invocation_error"], aws.invoke(name))


def test_a_process_that_ends_in_the_handler(aws, fact, same):
    name = aws.function("import sys\ndef handler(event, context):\n    sys.exit(0)\n")
    same(fact("lambda-exit-in-handler")["invocation_error"], aws.invoke(name))


def test_a_crash_while_it_initialises_is_no_timeout_here(aws, fact):
    """On AWS a crash is tried again until the function's time is over; here it is told after the second."""
    recorded = fact("lambda-segfault-in-init")["invocation_error"]
    came = aws.invoke(aws.function("import ctypes\nctypes.string_at(0)\n"))
    assert came["FunctionError"] == recorded["FunctionError"]
    assert came["Payload"]["errorType"] == "Runtime.ExitError"
    assert came["Payload"]["errorMessage"].endswith("Error: Runtime exited with error: signal: segmentation fault")


def test_a_wrapper_that_is_missing(aws, fact, same):
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/idontexist.sh"}
    name = aws.function("def handler(event, context): pass", Environment={"Variables": variables})
    same(fact("lambda-wrapper-not-found")["invocation_error"], aws.invoke(name))


def test_a_handler_that_takes_too_long(aws, fact, same):
    name = aws.function(RETURNS, Timeout=1)
    came = aws.invoke(name, {"wait": 9})
    same(fact("lambda-timeout")["invoke-result"], came)


def test_nothing_returned_is_null(aws, fact, same):
    same(fact("lambda-null-return")["invoke-result"], aws.invoke(aws.function("def handler(e, c): pass")))


def test_a_dry_run(aws, fact, same):
    name = aws.function(RETURNS)
    same(fact("lambda-dryrun-204")["invoke-result"], aws.invoke(name, {}, InvocationType="DryRun"))


def test_an_answer_that_is_too_large(aws, fact, same):
    name = aws.function("def handler(event, context):\n    return 'x' * event['bytes']\n")
    for recorded in fact("lambda-response-too-large").values():
        same(recorded, aws.invoke(name, {"bytes": 6 * 1024 * 1024 + 100}))


def test_a_function_that_is_not_there(aws, fact, same):
    recorded = fact("lambda-not-found")["invoke_function_doesnotexist"]
    same(recorded, aws.refusal("invoke", FunctionName="doesnotexist"))


@pytest.mark.parametrize(
    ("known", "member", "payload"),
    [
        ("lambda-payload-not-json-utf8", "invoke_function_invalid_payload_body", b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt"),
        ("lambda-payload-not-json-ctrl", "invoke_function_invalid_payload_message", b"\x99\xeb,j\x07\xa1zYh"),
    ],
)
def test_a_payload_that_is_no_json(aws, fact, same, known, member, payload):
    name = aws.function(RETURNS)
    same(fact(known)[member], aws.refusal("invoke", FunctionName=name, Payload=payload))


def test_no_concurrency_at_all(aws, fact, same):
    name = aws.function(RETURNS)
    put = aws.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    same(fact("lambda-throttled-reserved-0")["put_reserved"], put)
    refused = aws.refusal("invoke", FunctionName=name)
    same(fact("lambda-throttled-reserved-0")["exc_no_cap_requestresponse"], refused)


def test_all_of_a_reservation_in_use(aws, fact, same):
    name = aws.function(RETURNS)
    aws.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    aws.invoke(name)
    busy = threading.Thread(target=aws.invoke, args=(name, {"wait": 2}))
    busy.start()
    aws.lines(f"/aws/lambda/{name}", until=lambda lines: sum(line.startswith("START") for line in lines) == 2)
    refused = aws.refusal("invoke", FunctionName=name)
    busy.join()
    same(fact("lambda-throttled-reserved-1-busy")["too_many_requests_exc"], refused)


def test_a_published_version_by_its_qualifier(aws, fact, same, decoded_tail):
    recorded = fact("lambda-qualifier")
    name = aws.new_name()
    made = aws.made(name, TELLS, Publish=True, Timeout=10)
    same(recorded["creation-response"], {**made, "LastModified": "date", "CodeSha256": "code-sha256"})
    came = aws.invoke(name, {"foo": "bar with 'quotes\""}, Qualifier="1", LogType="Tail")
    same(recorded["invocation-response"], came)
    lines = [line for line in decoded_tail(came) if not line.startswith("REPORT")]
    wanted = recorded["log_result"]["log_result"]
    assert [line.split("\t")[0].split(" ")[0] for line in lines] == [
        line.split("\t")[0].split(" ")[0] for line in wanted
    ]


def test_an_alias_that_moves(aws, fact, same):
    recorded, lambda_ = fact("lambda-alias-moving"), aws.lambda_
    name = aws.new_name()
    made = aws.made(name, VERSION % 1, Description="No version :(")
    same(recorded["create_response"], {**made, "LastModified": "date", "CodeSha256": "code-sha256"})
    lambda_.publish_version(FunctionName=name)
    alias = lambda_.create_alias(FunctionName=name, Name="alias1", FunctionVersion="1")
    same(recorded["create_alias_response"], alias)
    same(recorded["invocation_result_qualifier_v1"], aws.invoke(name, Qualifier="alias1"))
    same(recorded["invocation_result_qualifier_v1_arn"], aws.invoke(alias["AliasArn"]))
    updated = lambda_.update_function_code(FunctionName=name, ZipFile=aws.package(VERSION % 2))
    same(recorded["update_lambda_response"], {**updated, "LastModified": "date", "CodeSha256": "code-sha256"})
    same(recorded["invocation_result_qualifier_v1_after_update"], aws.invoke(name, Qualifier="alias1"))
    second = lambda_.publish_version(FunctionName=name, Description="Second version description :)")
    same(recorded["second_publish_response"], {**second, "LastModified": "date", "CodeSha256": "code-sha256"})
    same(recorded["invocation_result_qualifier_v1_after_publish"], aws.invoke(name, Qualifier="alias1"))
    moved = lambda_.update_alias(FunctionName=name, Name="alias1", FunctionVersion="2")
    same(recorded["update_alias_response"], moved)
    same(recorded["invocation_result_qualifier_v2"], aws.invoke(name, Qualifier="alias1"))
    refused = aws.refusal("invoke", FunctionName=name, Qualifier="non-existent-alias")
    same(recorded["invocation_exc_not_existent"], refused)


def test_a_new_function_is_waited_for(aws):
    name = aws.new_name()
    assert aws.made(name, RETURNS)["State"] == "Pending"
    aws.lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
    aws.lambda_.update_function_configuration(FunctionName=name, Timeout=9)
    aws.lambda_.get_waiter("function_updated_v2").wait(FunctionName=name)
    found = aws.lambda_.get_function_configuration(FunctionName=name)
    assert (found["State"], found["LastUpdateStatus"]) == ("Active", "Successful")


def test_a_provisioned_version_runs_where_latest_is_throttled(aws, fact, same):
    recorded, lambda_ = fact("lambda-throttled-latest-but-provisioned-ok"), aws.lambda_
    name = aws.function(RETURNS, Publish=True)
    where = {"FunctionName": name, "Qualifier": "1"}
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    lambda_.put_provisioned_concurrency_config(**where, ProvisionedConcurrentExecutions=1)
    wait_for(
        "the environment to be ready",
        lambda: lambda_.get_provisioned_concurrency_config(**where)["Status"] == "READY" or None,
        timeout_s=30,
    )
    same(recorded["invoke_latest_first_exc"], aws.refusal("invoke", FunctionName=name))
    same(recorded["invoke_v1_after_block"], aws.invoke(name, Qualifier="1"))
