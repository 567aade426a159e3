"""The Runtime API, as a function's own process sees it: headers, errors, and how a runtime's end is told."""

from __future__ import annotations

import re

PROBES = """
import http.client, json, os

ROOT = "/2018-06-01/runtime"

def ask(method, path, body=None, headers={}):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, ROOT + path, body, headers)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), json.loads(answer.read() or b"null")

def handler(event, context):
    mine = f"/invocation/{context.aws_request_id}"
    mode = {"Lambda-Runtime-Function-Response-Mode": "nonsense"}
    return {
        "unknown": ask("POST", "/invocation/nobody/response", "1"),
        "mode": ask("POST", f"{mine}/response", "1", mode),
        "order": ask("GET", "/invocation/next"),
    }
"""
OWN_LOOP = """
import http.client, json, os

ROOT = "/2018-06-01/runtime/invocation"

while True:
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request("GET", ROOT + "/next")
    answer = connection.getresponse()
    event, headers = answer.read(), dict(answer.getheaders())
    mine = ROOT + "/" + headers["Lambda-Runtime-Aws-Request-Id"] + "/response"
    size = json.loads(event).get("size")
    if size:
        connection.request("POST", mine, "x" * size)
        large = connection.getresponse()
        print("TOLD", large.status, large.read().decode(), flush=True)
        continue
    connection.request("POST", mine, json.dumps(headers))
    accepted = connection.getresponse()
    print("TOLD", accepted.status, accepted.read().decode(), flush=True)
"""


def told(aws, name):
    lines = aws.lines(f"/aws/lambda/{name}", until=lambda lines: any(line.startswith("TOLD") for line in lines))
    return next(line for line in lines if line.startswith("TOLD"))


def test_an_invocations_headers(aws, fact):
    recorded = fact("runtime-api-next-headers")
    name = aws.function(OWN_LOOP)
    headers = aws.invoke(name)["Payload"]
    always = [header.partition(":")[0] for header in recorded["always"]]
    assert set(always) <= headers.keys()
    assert headers["Content-Type"] == "application/json"
    missing = {"Lambda-Runtime-Client-Context", "Lambda-Runtime-Cognito-Identity", "Lambda-Runtime-Aws-Tenant-Id"}
    assert missing < set(recorded["only if not empty"])
    assert not missing & headers.keys()
    status, content = recorded_errors(fact)["accepted"]
    assert told(aws, name).split(" ", 2)[1] == str(status)
    assert content["status"] in told(aws, name)


def recorded_errors(fact):
    return fact("runtime-api-errors")


def test_what_a_runtime_does_wrong(aws, fact):
    recorded = recorded_errors(fact)
    came = aws.invoke(aws.function(PROBES))["Payload"]
    for name, wrong in (
        ("unknown", "wrong or missing request id"),
        ("mode", "bad Lambda-Runtime-Function-Response-Mode"),
    ):
        assert [came[name][0], came[name][2]] == recorded[wrong]
    status, error = recorded["wrong order of calls"]
    assert (came["order"][0], came["order"][2]["errorType"]) == (status, error["errorType"])


def test_a_response_that_is_too_large(aws, fact):
    """The runtime is ended at once and cannot tell the 413 that it got: its unit test does. What is told is AWS's."""
    _, error = recorded_errors(fact)["response over 6291556 bytes"]
    failed = aws.invoke(aws.function(OWN_LOOP), {"size": 6291557})["Payload"]
    assert failed["errorType"] == "Function.ResponseSizeTooLarge"
    assert "maximum allowed payload size (6291556 bytes)." in failed["errorMessage"]
    assert "maximum allowed payload size (6291556 bytes)." in error["errorMessage"]


def test_how_a_runtimes_end_is_told(aws, fact):
    forms = [re.sub(r" \(e\.g\..*", "", form).replace("%s", "{}") for form in fact("runtime-exit-messages")]
    for code, ending in (
        ("os._exit(0)", None),
        ("os._exit(127)", "exit status 127"),
        ("os.kill(os.getpid(), 9)", "signal: killed"),
    ):
        name = aws.function(f"import os\ndef handler(event, context):\n    {code}\n")
        sent = aws.invoke(name)
        wanted = forms[0].format(sent["ResponseMetadata"]["RequestId"])
        if ending is not None:
            wanted = forms[1].format(sent["ResponseMetadata"]["RequestId"], ending)
        assert sent["Payload"] == {"errorType": "Runtime.ExitError", "errorMessage": wanted}


def test_errors_of_the_platform_have_its_names(aws, fact):
    known = fact("runtime-api-fatal-error-types")
    ends = aws.function("import os\ndef handler(event, context):\n    os._exit(1)\n")
    says_too_much = aws.function("def handler(event, context):\n    return 'x' * 7000000\n")
    for name, error_type in ((ends, "Runtime.ExitError"), (says_too_much, "Function.ResponseSizeTooLarge")):
        assert error_type in known
        assert aws.invoke(name)["Payload"]["errorType"] == error_type
