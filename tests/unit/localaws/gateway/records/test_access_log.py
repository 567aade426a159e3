"""Access logs: apigw-access-log-*, apigw-unhandled-error-access-log and others in AWS's recordings."""

from __future__ import annotations

import json

import pytest

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.gateway.records.variables import VARIABLES


@pytest.fixture
def logged(world):
    """Give the value of variables after one request: ``logged(api, ["status"], ...)``."""

    def logged(api, names, method="GET", path="/notes", *, key=None, **request):
        world.log_to(api, json.dumps({"id": "$context.requestId"} | {name: f"$context.{name}" for name in names}))
        send = world.send if key is None else lambda *where: world.send_signed(*where, key)
        send(api, method, path, **request)
        return [json.loads(world.telemetry.logs.groups["access"][-1])[name] for name in names]

    return logged


AGGREGATE = [
    "error.responseType",
    "status",
    "integration.status",
    "integration.integrationStatus",
    "error.message",
    "integration.error",
]


def test_a_line_is_written_for_each_request_to_one_hash_like_stream(world, header):
    api = world.deployed()
    world.log_to(api)
    answers = [world.send(api), world.send(api, path="/nope")]
    logs = world.telemetry.logs
    assert logs.groups["access"] == [header(answer, "x-amzn-RequestId") for answer in answers]
    (stream,) = logs.streams["access"]
    assert len(stream) == 32
    assert int(stream, 16)


def test_nothing_is_written_before_both_settings_are_there(world):
    api = world.deployed()
    world.log_to(api)
    world.patch_stage(api, **{"/accessLogSettings": None})
    world.patch_stage(api, **{"/accessLogSettings/format": "$context.requestId"})
    world.send(api)
    assert world.telemetry.logs.groups == {}


def test_common_log_format(world, header):
    api = world.deployed("POST", "/notes/{id}")
    world.log_to(
        api,
        "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]"
        '"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength '
        "$context.requestId $context.extendedRequestId",
    )
    world.lambdas.returns({"statusCode": 201, "body": "12345"})
    answer = world.send(api, "POST", "/notes/1")
    assert world.telemetry.logs.groups["access"] == [
        (
            '192.0.2.7 - - [17/Jun/2024:14:58:25 +0000]"POST /notes/{id} HTTP/1.1" 201 5 '
            f"{header(answer, 'x-amzn-RequestId')} {header(answer, 'x-amz-apigw-id')}"
        )
    ]


@pytest.mark.parametrize(
    ("format_", "line"),
    [
        ("<r id='$context.requestId'><s>$context.status</s></r>", "<r id='{id}'><s>200</s></r>"),
        ("$context.requestId,$context.status,$context.httpMethod.", "{id},200,GET."),
        ("${context.requestId}|$context.status", "{id}|200"),
        ("$context.requestId $context.nonsense $context.authorizer.claims.sub", "{id} - -"),
        ("$context.requestId $contextual $$ $input.body", "{id} $contextual $$ $input.body"),
        ("$context.requestId\n", "{id}\n"),
    ],
)
def test_any_format_may_be_written(world, header, format_, line):
    api = world.deployed()
    world.log_to(api, format_)
    answer = world.send(api)
    assert world.telemetry.logs.groups["access"] == [line.replace("{id}", header(answer, "x-amzn-RequestId"))]


def test_what_is_unset_is_a_dash_but_for_the_base_path(world, logged):
    names = ["error.message", "identity.apiKey", "wafResponseCode", "customDomain.basePathMatched", "identity.userArn"]
    assert logged(world.deployed(), names) == ["-", "-", "-", "(none)", "-"]


def test_a_good_answer_as_aggregated(world, logged):
    api = world.deployed()
    world.lambdas.returns({"statusCode": 301})
    assert logged(api, AGGREGATE) == ["-", "301", "301", "200", "-", "-"]
    world.lambdas.returns({})
    assert logged(api, AGGREGATE) == ["-", "200", "-", "200", "-", "-"]


def test_a_missing_route_as_aggregated(world, logged):
    api = world.deployed()
    assert logged(api, AGGREGATE, path="/nope") == [
        "MISSING_AUTHENTICATION_TOKEN",
        "403",
        "-",
        "-",
        "Missing Authentication Token",
        "-",
    ]
    assert logged(api, ["resourcePath", "resourceId", "path"], path="/nope") == ["-", "-", "/prod/nope"]


ERRORS = ["error.responseType", "error.message", "integrationErrorMessage", "integrationStatus", "status"]


def test_an_unhandled_error(world, logged):
    api = world.deployed()
    world.lambdas.fails(errorMessage="'AZUL_S3_BUCKET'", errorType="KeyError")
    assert logged(api, ERRORS) == [
        "INTEGRATION_FAILURE",
        "Internal server error",
        "Lambda Customer Function Error:'AZUL_S3_BUCKET'",
        "200",
        "502",
    ]


def test_a_malformed_answer(world, logged):
    api = world.deployed()
    world.lambdas.returns("nonsense")
    assert logged(api, ERRORS) == [
        "INTEGRATION_FAILURE",
        "Internal server error",
        "Execution failed due to configuration error: Malformed Lambda proxy response",
        "200",
        "502",
    ]


def test_a_throttled_function(world, logged):
    api = world.deployed()
    world.lambdas.refuses(ServiceError("TooManyRequestsException", "Rate Exceeded.", 429))
    assert logged(api, ERRORS) == [
        "INTEGRATION_FAILURE",
        "Internal server error",
        "Execution failed due to configuration error: Rate Exceeded.",
        "429",
        "500",
    ]


def test_a_function_that_may_not_be_invoked(world, logged):
    api = world.deployed()
    world.lambdas.permitted = False
    assert logged(api, [*ERRORS, "integration.requestId", "integrationLatency"]) == [
        "API_CONFIGURATION_ERROR",
        "Internal server error",
        "Execution failed due to configuration error: Invalid permissions on Lambda function",
        "-",
        "500",
        "-",
        "-",
    ]


def test_an_integration_timeout(world, logged):
    api = world.deployed(timeoutInMillis=50)
    world.lambdas.hangs()
    told = logged(api, [*ERRORS, "integrationLatency", "integration.requestId"])
    assert told[:5] == [
        "INTEGRATION_TIMEOUT",
        "Endpoint request timed out",
        "Execution failed due to a timeout error",
        "-",
        "504",
    ]
    assert int(told[5]) >= 50
    assert told[6] == "-"


def test_the_messages_quoted_form(world):
    api = world.deployed(timeoutInMillis=50)
    world.log_to(api, "$context.requestId $context.error.messageString")
    world.lambdas.hangs()
    world.send(api)
    assert world.telemetry.logs.groups["access"][0].endswith(' "Endpoint request timed out"')


def test_the_functions_request_id_joins_the_logs(world, logged):
    (told,) = logged(world.deployed(), ["integration.requestId"])
    assert told == world.lambdas.invoked[0].request_id


def test_a_signed_caller_and_a_denied_one(world, logged):
    api = world.deployed(authorization="AWS_IAM")
    names = [
        "identity.caller",
        "identity.userArn",
        "authenticate.status",
        "authorize.status",
        "authenticate.error",
        "authorize.error",
    ]
    session = "AROAXZWZ5ZDPNIH6C6ODK:CognitoIdentityCredentials"
    arn = "arn:aws:sts::123456789012:assumed-role/Admin/CognitoIdentityCredentials"
    assert logged(api, names, key=world.key()) == [session, arn, "200", "200", "-", "-"]
    world.policies.deny()
    denied = logged(api, names, key=world.key())
    assert denied[:5] == [session, arn, "200", "403", "-"]
    assert denied[5].startswith(f"User: {arn} is not authorized to perform: execute-api:Invoke")
    assert logged(api, names) == ["-", "-", "403", "-", "Missing Authentication Token", "-"]


def test_every_variable_can_be_written(world, logged):
    api = world.deployed()
    values = dict(zip(VARIABLES, logged(api, list(VARIABLES)), strict=True))
    assert values["apiId"] == values["domainPrefix"] == api
    assert values["accountId"] == "123456789012"
    assert values["stage"] == "prod"
    assert values["domainName"] == f"{api}.execute-api.us-east-1.amazonaws.com"
    assert values["requestTimeEpoch"] == "1718636305078"
    assert int(values["responseLatency"]) >= int(values["integrationLatency"])
    assert values["resourceId"] == world.resource(api, "/notes")
