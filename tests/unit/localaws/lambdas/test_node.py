"""Functions in Node.js answer, fail and log as Lambda's Node.js runtimes do, on the node of this machine."""

from __future__ import annotations

import json
import re
import shutil

import psutil
import pytest

from pytest_rollbacklab.localaws.api import ServiceError

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="this machine has no Node.js")

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
PLATFORM = ("INIT_START", "START", "END", "REPORT", "INIT_REPORT", "[rollbacklab]")


@pytest.fixture
def node(functions):
    """Creates and invokes a function: node(code) -> its answer, decoded, and what it logged."""

    def run(code, *, payload=b"{}", runtime="nodejs20.x", files=None, **params):
        sources = {"app.js": code} if isinstance(code, str) else code
        functions.create(code=sources | (files or {}), Runtime=runtime, **params)
        invocation = functions.invoke("create", payload)
        return json.loads(invocation.payload), said(functions)

    return run


def said(functions):
    """What a function logged, without the platform's lines, times and ids."""
    lines = [line for line in functions.log("create") if not line.startswith(PLATFORM)]
    return [re.sub(UUID, "<id>", re.sub(TIME, "<time>", line)) for line in lines]


HANDLERS = {
    "async": "exports.handler = async (event) => ({ is: event.n });",
    "promise": "exports.handler = (event) => Promise.resolve({ is: event.n });",
    "later": "exports.handler = (event) => new Promise((done) => setTimeout(done, 5, { is: event.n }));",
    "callback": "exports.handler = (event, context, callback) => callback(null, { is: event.n });",
    "callback later": "exports.handler = (e, c, callback) => { setTimeout(callback, 5, null, { is: e.n }); };",
    "done": "exports.handler = (event, context) => context.done(null, { is: event.n });",
    "succeed": "exports.handler = (event, context) => { setTimeout(context.succeed, 5, { is: event.n }); };",
    "nested": "exports.handler = async (event) => ({ is: event.n }); exports.a = { b: exports };",
}


@pytest.mark.parametrize("way", HANDLERS)
def test_a_handler_answers_in_every_way_that_there_is(node, way):
    handler = "app.a.b.handler" if way == "nested" else "app.handler"
    answer, _ = node(HANDLERS[way], payload=b'{"n": "caf\xc3\xa9"}', Handler=handler)
    assert answer == {"is": "café"}


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        ({"app.mjs": "export const handler = async () => 'module';"}, "app.handler"),
        ({"app.cjs": "exports.handler = async () => 'module';"}, "app.handler"),
        (
            {"app.js": "export const handler = async () => 'module';", "package.json": '{"type": "module"}'},
            "app.handler",
        ),
        ({"src/api/app.mjs": "export const handler = async () => 'module';"}, "src/api/app.handler"),
        (
            {
                "app.mjs": "import { text } from 'lib'; export const handler = async () => text;",
                "node_modules/lib/index.js": "exports.text = 'module';",
            },
            "app.handler",
        ),
        (
            {"app.mjs": "const text = await Promise.resolve('module'); export const handler = async () => text;"},
            "app.handler",
        ),
        ({"node_modules/lib/index.js": "exports.handler = async () => 'module';"}, "lib.handler"),
    ],
)
def test_modules_are_found_where_lambda_looks(node, files, handler):
    assert node(files, Handler=handler) == ("module", [])


def test_a_handler_that_is_not_async_and_never_answers_is_answered_with_null(node):
    assert node("exports.handler = () => 'ignored';") == (None, [])


def test_an_async_handler_that_never_settles_fails(node):
    answer, [line] = node("exports.handler = async () => new Promise(() => {});")
    assert answer["errorType"] == "Runtime.NodeJsExit"
    assert line.startswith('<time>\t<id>\tERROR\tInvoke Error \t{"errorType":"Runtime.NodeJsExit"')


def test_a_callback_waits_for_the_event_loop_unless_told_not_to(functions):
    body = """
    exports.handler = (event, context, callback) => {
      context.callbackWaitsForEmptyEventLoop = event.waits;
      setTimeout(() => console.log('it is time'), 30);
      callback(null, 'done');
    };"""
    functions.create(code={"app.js": body}, Runtime="nodejs20.x")
    functions.invoke("create", b'{"waits": true}')
    assert [line for line in said(functions) if "it is time" in line] == ["<time>\t<id>\tINFO\tit is time\n"]
    functions.invoke("create", b'{"waits": false}')
    assert len([line for line in said(functions) if "it is time" in line]) == 1


def test_between_invocations_nothing_runs(functions):
    """As on AWS, where the environment is frozen: a timer that is due waits for the next invocation."""
    body = """
    let ticks = 0;
    setInterval(() => { ticks += 1; }, 1).unref();
    exports.handler = async () => ticks;"""
    functions.create(code={"app.js": body}, Runtime="nodejs20.x")
    first = json.loads(functions.invoke("create").payload)
    functions.create(name="slow", code="import time\ndef handler(*_):\n    time.sleep(0.2)\n")
    functions.invoke("slow")
    assert json.loads(functions.invoke("create").payload) - first < 20


def test_each_console_method_has_its_level(node):
    methods = ("log", "info", "warn", "error", "debug", "trace")
    body = "".join(f"console.{name}('%s is', 'it', {{ a: 1 }});" for name in methods)
    _, lines = node("exports.handler = async () => {" + body + "};")
    levels = ("INFO", "INFO", "WARN", "ERROR", "DEBUG", "TRACE")
    assert lines == [f"<time>\t<id>\t{level}\tit is {{ a: 1 }}\n" for level in levels]


def test_a_message_of_several_lines_is_one_event_and_plain_output_is_not(node):
    _, lines = node("exports.handler = async () => { console.log('a\\nb'); process.stdout.write('c\\nd\\n'); };")
    assert lines == ["<time>\t<id>\tINFO\ta\nb\n", "c\n", "d\n"]


def test_lines_of_the_initialisation_have_no_request_yet(node):
    _, lines = node("console.log('init'); exports.handler = async () => {};")
    assert lines == ["<time>\tundefined\tINFO\tinit\n"]


def test_much_output_arrives_whole_and_in_order(node):
    body = """exports.handler = async () => {
      process.stdout.write('x'.repeat(300000) + '\\n');
      console.log('y'.repeat(200000));
      process.stderr.write('z'.repeat(100000) + '\\n');
    };"""
    _, lines = node(body)
    text = "".join(lines)
    assert [text.count(letter) for letter in "xyz"] == [300000, 200000, 100000]
    assert text.index("x") < text.index("y") < text.index("z")


def test_an_error_in_the_handler_is_answered_and_logged_as_lambda_does(node):
    answer, [line] = node("exports.handler = async (event) => {\n  gibberish.what;\n};")
    assert (answer["errorType"], answer["errorMessage"]) == ("ReferenceError", "gibberish is not defined")
    assert answer["trace"][0] == "ReferenceError: gibberish is not defined"
    assert re.fullmatch(r"    at .*handler \(/var/task/app.js:2:3\)", answer["trace"][1])
    assert re.fullmatch(
        r"    at Runtime.handleOnceNonStreaming \(file:///var/runtime/index.mjs:\d+:\d+\)", answer["trace"][2]
    )
    what, _, error = line.partition(" \t")
    assert what == "<time>\t<id>\tERROR\tInvoke Error"
    assert json.loads(error) == {
        "errorType": "ReferenceError",
        "errorMessage": "gibberish is not defined",
        "stack": answer["trace"],
    }
    assert "rollbacklab" not in line


@pytest.mark.parametrize(
    ("how", "told", "logged"),
    [
        ("callback(new TypeError('no'))", ("TypeError", "no"), "TypeError"),
        ("callback('no')", ("string", "no"), "Error"),
        ("context.fail(new TypeError('no'))", ("TypeError", "no"), "TypeError"),
        ("context.fail()", ("string", "handled"), "Error"),
        ("throw new TypeError('no')", ("TypeError", "no"), "TypeError"),
        ("context.done({ code: 3 })", ("object", "[object Object]"), "Error"),
        ("callback(null, 1n)", ("Error", "Unable to stringify response body"), "Error"),
    ],
)
def test_failing_in_every_way_that_there_is(node, how, told, logged):
    answer, lines = node(f"exports.handler = (event, context, callback, _) => {{ {how}; }};")
    assert (answer["errorType"], answer["errorMessage"]) == told
    assert json.loads(lines[-1].partition("Invoke Error \t")[2])["errorType"] == logged


def test_only_the_first_answer_counts(node):
    answer, _ = node("exports.handler = (e, context) => { context.succeed(1); context.fail('2'); context.done(); };")
    assert answer == 1


NO_NAME = "is not a valid handler name. Use absolute paths when specifying root directories in handler names."
NO_STREAMING = (
    "This local AWS does not emulate response streaming (awslambda.streamifyResponse). "
    "Return the whole response from the handler instead."
)


@pytest.mark.parametrize(
    ("files", "handler", "error_type", "message"),
    [
        ({"app.js": "require('nowhere');"}, "app.handler", "ImportModuleError", "Error: Cannot find module 'nowhere'"),
        ({"app.js": ""}, "gone.handler", "ImportModuleError", "Error: Cannot find module 'gone'"),
        ({"app.js": "if ("}, "app.handler", "UserCodeSyntaxError", "SyntaxError: Unexpected end of input"),
        ({"app.mjs": "if ("}, "app.handler", "UserCodeSyntaxError", "SyntaxError: Unexpected end of input"),
        ({"app.js": ""}, "app.handler", "HandlerNotFound", "app.handler is undefined or not exported"),
        ({"app.js": "exports.handler = 1;"}, "app.handler", "HandlerNotFound", "app.handler is not a function"),
        ({"app.js": ""}, "app", "MalformedHandlerName", "Bad handler"),
        (
            {"app.js": ""},
            "../app.handler",
            "MalformedHandlerName",
            f"'../app.handler' {NO_NAME}",
        ),
        (
            {"app.js": "exports.handler = awslambda.streamifyResponse(async () => {});"},
            "app.handler",
            "MalformedStreamingHandler",
            NO_STREAMING,
        ),
    ],
)
def test_what_keeps_a_handler_from_loading_is_named(functions, node, files, handler, error_type, message):
    answer, lines = node(files, Handler=handler)
    assert answer["errorType"] == f"Runtime.{error_type}"
    assert answer["errorMessage"].partition("\n")[0] == message
    assert [line.partition(" \t")[0] for line in lines] == ["<time>\tundefined\tERROR\tUncaught Exception"] * 2
    failed = f"Status: error\tError Type: Runtime.{error_type}\n"
    reports = [line for line in functions.log("create") if line.startswith(("INIT_REPORT", "REPORT"))]
    assert [line.endswith(failed) for line in reports] == [True, True, True]


def test_an_error_at_the_top_of_a_module_is_the_initialisations(node):
    answer, lines = node("gibberish.what;")
    assert answer["errorMessage"] == "gibberish is not defined"
    assert answer["trace"][1] == "    at Object.<anonymous> (/var/task/app.js:1:1)"
    start = '<time>\tundefined\tERROR\tUncaught Exception \t{"errorType":"ReferenceError",'
    assert [line.startswith(start) for line in lines] == [True, True]


@pytest.mark.parametrize("code", ["require('@aws-sdk/client-dynamodb');", "import '@aws-sdk/client-dynamodb';"])
def test_a_package_without_the_sdk_that_aws_brings_is_told_where_to_get_it(functions, node, code):
    answer, _ = node({f"app.{'js' if 'require' in code else 'mjs'}": code})
    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert (
        "[rollbacklab] AWS's Node.js runtimes bring @aws-sdk/client-dynamodb along, this machine does not: "
        "put it into the package.\n"
    ) in functions.log("create")


@pytest.mark.parametrize(
    ("how", "logged", "told"),
    [
        ("setTimeout(() => { throw new RangeError('late'); }, 1)", "Uncaught Exception", ("RangeError", "late")),
        (
            "Promise.reject(new RangeError('late'))",
            "Unhandled Promise Rejection",
            ("Runtime.UnhandledPromiseRejection", "RangeError: late"),
        ),
    ],
)
def test_what_nobody_caught_ends_the_process_and_the_next_invocation_has_another(functions, node, how, logged, told):
    body = f"exports.handler = (event) => event.fine ? Promise.resolve(1) : new Promise(() => {{ {how}; }});"
    answer, [line] = node(body)
    assert (answer["errorType"], answer["errorMessage"]) == told
    assert line.startswith(f"<time>\t<id>\tERROR\t{logged} \t")
    assert functions.invoke("create", b'{"fine": true}').payload == b"1"
    assert len(functions.streams("create")) == 2


@pytest.mark.parametrize("status", [0, 3])
@pytest.mark.parametrize("when", ["init", "handler"])
def test_an_exit_is_told(functions, node, status, when):
    exit_ = f"process.exit({status})"
    answer, _ = node(f"{exit_};" if when == "init" else f"exports.handler = async () => {exit_};")
    how = f"exited with error: exit status {status}" if status else "exited without providing a reason"
    assert answer["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(f"RequestId: {UUID} Error: Runtime {how}", answer["errorMessage"])


def test_a_timeout_stops_even_a_busy_handler(functions, node):
    answer, _ = node("exports.handler = async () => { for (;;) ; };", Timeout=1)
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_the_context_is_that_of_lambda(functions, node):
    body = """exports.handler = async (event, context) => ({
      ...context, left: context.getRemainingTimeInMillis(), keys: Object.keys(context).sort(),
      trace: process.env._X_AMZN_TRACE_ID,
    });"""
    functions.create(code={"app.js": body}, Runtime="nodejs20.x", Timeout=7, MemorySize=256)
    told = functions.invoke(
        "create", client_context="eyJjdXN0b20iOiB7ImsiOiAidiJ9fQ==", trace_id="Root=1-6582-1;Parent=2;Sampled=0"
    )
    context = json.loads(told.payload)
    assert 6000 < context.pop("left") <= 7000
    assert context.pop("keys") == sorted(
        [
            "awsRequestId",
            "callbackWaitsForEmptyEventLoop",
            "clientContext",
            "done",
            "fail",
            "functionName",
            "functionVersion",
            "getRemainingTimeInMillis",
            "identity",
            "invokedFunctionArn",
            "logGroupName",
            "logStreamName",
            "memoryLimitInMB",
            "succeed",
            "tenantId",
        ]
    )
    assert context == {
        "awsRequestId": told.request_id,
        "callbackWaitsForEmptyEventLoop": True,
        "clientContext": {"custom": {"k": "v"}},
        "functionName": "create",
        "functionVersion": "$LATEST",
        "invokedFunctionArn": f"arn:aws:lambda:us-east-1:{functions.scope.account_id}:function:create",
        "logGroupName": "/aws/lambda/create",
        "logStreamName": functions.streams("create")[0],
        "memoryLimitInMB": "256",
        "trace": "Root=1-6582-1;Parent=2;Sampled=0",
    }


def test_from_node_24_on_callbacks_are_gone(node):
    answer, _ = node("exports.handler = (event, context, callback) => callback(null, 1);", runtime="nodejs24.x")
    assert answer["errorType"] == "Runtime.CallbackHandlerDeprecated"
    assert answer["errorMessage"].startswith("ERROR: AWS Lambda has removed support for callback-based function")


@pytest.mark.parametrize("code", ["(event, context) => Object.keys(context).includes('done')", "async () => false"])
def test_from_node_24_on_a_handler_returns_its_answer(node, code):
    assert node(f"exports.handler = {code};", runtime="nodejs24.x")[0] is False


def test_before_node_24_a_callback_is_warned_of_once(functions, node):
    _, [line] = node("exports.handler = (event, context, callback) => callback(null, 1);")
    functions.invoke("create")
    assert line.startswith("<time>\tundefined\tWARN\tAWS Lambda plans to remove support for callback-based function")
    assert len(said(functions)) == 1


def test_another_major_version_is_said_once(functions, node):
    node("exports.handler = async () => {};", runtime="nodejs18.x")
    functions.invoke("create")
    version = [line for line in functions.log("create") if "of this machine" in line]
    assert len(version) == 1
    assert re.fullmatch(
        r"\[rollbacklab\] The runtime nodejs18.x runs on the Node.js of this machine here: .*\n", version[0]
    )


def test_the_options_are_those_of_lambdas_start_script(node):
    answer, _ = node("exports.handler = async () => process.execArgv;", MemorySize=128)
    assert answer == [
        "--expose-gc",
        "--max-http-header-size=81920",
        "--max-semi-space-size=6",
        "--max-old-space-size=116",
    ]


def test_an_environment_is_used_again(functions):
    functions.create(code={"app.js": "let n = 0; exports.handler = async () => ++n;"}, Runtime="nodejs20.x")
    assert [functions.invoke("create").payload for _ in range(3)] == [b"1", b"2", b"3"]
    assert len(functions.streams("create")) == 1


def test_a_retired_environment_leaves_no_process(functions, make_zip, until):
    body = """const { spawn } = require('node:child_process');
    exports.handler = async () => [process.pid, spawn('sleep', ['60'], { detached: true }).pid];"""
    functions.create(code={"app.js": body}, Runtime="nodejs20.x")
    pids = json.loads(functions.invoke("create").payload)
    assert all(map(psutil.pid_exists, pids))
    functions.call("UpdateFunctionCode", FunctionName="create", ZipFile=make_zip({"app.js": body + "//"}))
    functions.run(until(lambda: not any(map(psutil.pid_exists, pids))))


@pytest.mark.parametrize("place", ["nodejs/node_modules", "nodejs/node20/node_modules"])
def test_modules_of_layers_are_found(functions, make_zip, place):
    content = {f"{place}/lib/index.js": "exports.text = () => { throw new Error('in a layer'); };"}
    layer = functions.call("PublishLayerVersion", LayerName="lib", Content={"ZipFile": make_zip(content)})
    code = {"app.js": "const lib = require('lib'); exports.handler = async () => lib.text();"}
    functions.create(code=code, Runtime="nodejs20.x", Layers=[layer["LayerVersionArn"]])
    error = json.loads(functions.invoke("create").payload)
    assert error["errorMessage"] == "in a layer"
    assert f"(/opt/{place}/lib/index.js:1:" in error["trace"][1]


def test_nothing_of_the_runtimes_own_reaches_the_function(functions, node):
    body = "exports.handler = async () => Object.keys(process.env).filter((name) => /ROLLBACKLAB|_FD$/.test(name));"
    assert node(body)[0] == []


def test_a_node_that_went_away_is_told_when_a_function_is_invoked(functions, monkeypatch, tmp_path):
    functions.create(code={"app.js": "exports.handler = async () => 1;"}, Runtime="nodejs20.x")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceError) as caught:
        functions.invoke("create")
    assert caught.value.code == "ServiceException"
    assert caught.value.message.startswith("Functions in Node.js need the program 'node', which is not on the PATH of")


@pytest.mark.parametrize("size", [10, 70_000, 6_000_000])
def test_payloads_of_any_size_go_through(functions, node, size):
    answer, _ = node("exports.handler = async (event) => event;", payload=f'"{"ü" * (size // 2)}"'.encode())
    assert answer == "ü" * (size // 2)


def test_an_answer_that_is_too_long_is_told(functions, node):
    answer, _ = node("exports.handler = async () => 'x'.repeat(7000000);")
    assert answer["errorType"] == "Function.ResponseSizeTooLarge"
    assert functions.invoke("create").function_error == "Unhandled"


def test_json_logs_when_the_environment_asks_for_them(node):
    body = """exports.handler = async () => {
      console.debug('not this'); console.log({ a: 1 }); console.warn('%s', 'b'); console.error(new TypeError('c'));
    };"""
    variables = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}
    _, lines = node(body, Environment={"Variables": variables})
    events = [json.loads(line) for line in lines]
    assert [(event["timestamp"], event["requestId"]) for event in events] == [("<time>", "<id>")] * 3
    assert [(event["level"], event["message"]) for event in events[:2]] == [("INFO", {"a": 1}), ("WARN", "b")]
    assert events[2]["message"]["errorType"] == "TypeError"
    assert events[2]["message"]["stackTrace"][0] == "TypeError: c"
