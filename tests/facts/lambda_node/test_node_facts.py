"""What AWS was seen to do with functions in Node.js, held against a running local AWS through boto3.

The facts lie beside this file, each with where it comes from: recorded against AWS, or in the source of AWS's own
runtime client. Codes are those of the tests that the recordings were made by, as far as their outcome tells.
"""

from __future__ import annotations

import base64
import json
import re

import pytest

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
RUNTIMES = ("nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x")
INTROSPECTION = """exports.handler = async (event, context) => ({
  environment: process.env,
  ctx: {
    function_name: context.functionName,
    function_version: context.functionVersion,
    invoked_function_arn: context.invokedFunctionArn,
    aws_request_id: context.awsRequestId,
    log_group_name: context.logGroupName,
    log_stream_name: context.logStreamName,
    remaining_time_in_millis: context.getRemainingTimeInMillis(),
  },
});"""
HERE_ALONE = {"AWS_ENDPOINT_URL", "HOME", "TMPDIR"}
"""Variables that the local AWS adds."""
PLACES = {
    "AWS_LAMBDA_RUNTIME_API",
    "_AWS_XRAY_DAEMON_ADDRESS",
    "AWS_XRAY_DAEMON_ADDRESS",
    "LAMBDA_TASK_ROOT",
    "PWD",
    "PATH",
}
"""Variables that name places of this machine."""


def events(functions, name):
    """A function's own events, in fields."""
    own = [line for line in functions.lines(name) if re.match(TIME, line)]
    return [line.split("\t", 3) for line in own]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_environment(functions, fact, runtime):
    known = fact(f"lambda-environment-{runtime}")
    variables = {"Variables": {"TEST_KEY": "TEST_VAL"}}
    name = functions.create("index.js", INTROSPECTION, runtime, Environment=variables, MemorySize=1024)
    told = functions.invoke(name)["Payload"]
    environment = told["environment"]
    assert set(environment) - HERE_ALONE == set(known["environment"])
    values = {
        key: value.replace("<function-name:1>", name).replace("<region>", "us-east-1")
        for key, value in known["environment"].items()
        if key not in PLACES
    }
    task = environment["LAMBDA_TASK_ROOT"]
    same = {key: environment[key].replace(task, "/var/task") for key, value in values.items() if "<" not in value}
    assert same == {key: value for key, value in values.items() if "<" not in value}
    assert set(told["ctx"]) == set(known["ctx"])
    assert told["ctx"]["invoked_function_arn"] == f"arn:aws:lambda:us-east-1:700000000078:function:{name}"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", told["ctx"]["log_stream_name"])


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_error_in_the_handler(functions, fact, runtime):
    known = fact(f"lambda-uncaught-{runtime}")
    code = "exports.handler = async function(event, context) {\n    throw Error(`Error: ${event.error_msg}`)\n};\n"
    name = functions.create("index.js", code, runtime)
    answer = functions.invoke(name, {"error_msg": "some_error_msg"})
    trace = answer["Payload"]["trace"]
    answer["Payload"]["trace"] = "<stack-trace>"
    assert answer == known
    assert trace[0] == "Error: Error: some_error_msg"
    assert re.fullmatch(r"    at .*handler \(/var/task/index.js:2:11\)", trace[1])


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_es_module(functions, fact, runtime):
    code = (
        "export const handler = async (event) => {\n   console.log(JSON.stringify(event))\n   return {\n"
        "     statusCode: 200,\n"
        "     body: JSON.stringify(`response from localstack lambda: ${JSON.stringify(event)}`)\n   }\n}\n"
    )
    name = functions.create("lambda_handler_es6.mjs", code, runtime)
    assert functions.invoke(name, {"event_type": "test_lambda"}) == fact(f"lambda-es-module-{runtime}")


def test_no_answer(functions, fact):
    name = functions.create(
        "index.js", "exports.handler = async (event) => {\n   console.log(JSON.stringify(event))\n}"
    )
    known = fact("lambda-null-return-node")
    answer = functions.invoke(name)
    assert {key: answer[key] for key in ("ExecutedVersion", "StatusCode")} == {
        key: known["invoke-result"][key] for key in ("ExecutedVersion", "StatusCode")
    }
    assert answer["Payload"] is None


def test_what_a_module_holds_is_kept_between_invocations(functions, fact):
    name = functions.create("index.js", "let counter = 0;\nexports.handler = async () => ({ counter: counter++ });")
    known = [each["Payload"] for each in fact("lambda-cache-node")]
    assert [functions.invoke(name)["Payload"] for _ in known] == known


def test_the_tail_of_the_log(functions, fact):
    code = "exports.handler = async function(event, context) {\n\tconsole.log(event);\n\treturn event;\n};\n"
    name = functions.create("index.js", code, "nodejs16.x")
    tail = base64.b64decode(functions.invoke(name, LogType="Tail")["LogResult"]).decode()
    patterns = {
        "<request-id>": UUID,
        "date": TIME,
        "<duration> ms": r"\d+(\.\d\d)? ms",
        "<memory> MB": r"\d+ MB",
    }
    expected = re.escape("".join(fact("lambda-log-tail-node")))
    for marker, pattern in patterns.items():
        expected = expected.replace(re.escape(marker), pattern)
    assert re.fullmatch(expected, tail), tail


def test_levels(functions, fact):
    levels = fact("node-log-line")["levels"]
    calls = "".join(f"console.{method}('%s', '{method}');" for method in levels)
    name = functions.create("index.js", f"exports.handler = async () => {{ {calls} }};")
    functions.invoke(name)
    logged = events(functions, name)
    assert [(level, text) for _, _, level, text in logged] == [(levels[method], f"{method}\n") for method in levels]
    assert all(re.fullmatch(UUID, request_id) for _, request_id, _, _ in logged)


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("handler", "exports.handler = async () => { gibberish.what; };"),
        ("load", "gibberish.what;"),
        ("rejection", "exports.handler = async () => new Promise(() => { Promise.reject(new Error('no')); });"),
    ],
)
def test_error_lines(functions, fact, where, code):
    known = fact("node-error-lines")
    name = functions.create("index.js", code)
    functions.invoke(name)
    pattern = re.escape(known[where].removesuffix("<json>")).replace("<time>", TIME).replace(r"<request\ id>", UUID)
    lines = [line for line in functions.lines(name) if "ERROR" in line]
    assert len(lines) == (2 if where == "load" else 1)
    for line in lines:
        assert re.match(pattern, line), line
        assert set(known["json"]) <= set(json.loads(line.rpartition(" \t")[2]))


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("ImportModuleError", "require('nowhere');"),
        ("UserCodeSyntaxError", "exports.handler = async () => {"),
        ("HandlerNotFound", "exports.other = 1;"),
    ],
)
def test_what_keeps_a_function_from_loading(functions, fact, kind, code):
    name = functions.create("index.js", code)
    answer = functions.invoke(name)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == f"Runtime.{kind}"
    assert fact("node-load-errors")[kind] in answer["Payload"]["errorMessage"]
    report = [line for line in functions.lines(name) if line.startswith("REPORT")][-1]
    assert report.endswith(f"\tStatus: error\tError Type: Runtime.{kind}\n")


def test_the_chapters_mistake_as_a_caller_of_lambda_sees_it(functions):
    name = functions.create("create.js", "exports.handler = async (event) => {\n  gibberish.what;\n};\n")
    error = functions.invoke(name)["Payload"]
    assert (error["errorType"], error["errorMessage"]) == ("ReferenceError", "gibberish is not defined")
