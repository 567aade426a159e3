"""Authorizers that are functions: when they are asked, with what, what they may say, and what is remembered."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

UNAUTHORIZED = (401, b'{"message":"Unauthorized"}', "UnauthorizedException")
NOTHING = (500, b'{"message":null}', "AuthorizerConfigurationException")
TOKEN = [("Authorization", "allow")]


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(effect, resource, **members):
    return {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource, **members}


def verdict(effect="Allow", resource="*", **members):
    return {"principalId": "ann", "policyDocument": policy(statement(effect, resource)), **members}


@pytest.fixture
def told(header):
    """Give status, body and error type of an answer."""
    return lambda answer: (answer.status, answer.body, header(answer, "x-amzn-ErrorType"))


def test_a_token_is_shown_to_the_function(world):
    world.lambdas.other("guard", verdict())
    api = world.guarded("/notes/{id}")
    assert world.send(api, path="/notes/7", headers=TOKEN, query="a=b").status == 200
    [asked] = world.lambdas.calls_of("guard")
    assert asked.event == {
        "type": "TOKEN",
        "methodArn": f"arn:aws:execute-api:us-east-1:123456789012:{api}/prod/GET/notes/7",
        "authorizationToken": "allow",
    }
    assert world.lambdas.asked[0][3].startswith(f"arn:aws:execute-api:us-east-1:123456789012:{api}/authorizers/")


def test_a_request_is_shown_to_the_function(world):
    world.lambdas.other("guard", verdict())
    source = "method.request.header.X-Key, method.request.querystring.q,stageVariables.colour,context.httpMethod"
    api = world.guarded("/notes/{id}", type="REQUEST", identitySource=source)
    world.deploy(api, variables={"colour": "green"})
    assert world.send(api, path="/notes/7", headers=[("x-key", "k")], query="q=1&q=2").status == 200
    [asked] = world.lambdas.calls_of("guard")
    event = asked.event
    assert (event["type"], event["httpMethod"], event["path"]) == ("REQUEST", "GET", "/notes/7")
    assert event["resource"] == "/notes/{id}"
    assert event["pathParameters"] == {"id": "7"}
    assert event["headers"]["x-key"] == "k"
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    assert event["stageVariables"] == {"colour": "green"}
    assert event["requestContext"]["apiId"] == api
    assert "authorizer" not in event["requestContext"]


@pytest.mark.parametrize(
    ("source", "request_"),
    [
        ("method.request.header.Authorization", {}),
        ("method.request.header.Authorization", {"headers": [("Authorization", "")]}),
        ("method.request.querystring.q", {"query": "p=1"}),
        ("stageVariables.colour", {}),
    ],
)
def test_without_an_identity_nobody_is_asked(world, told, source, request_):
    world.lambdas.other("guard", verdict())
    api = world.guarded(type="REQUEST", identitySource=source)
    assert told(world.send(api, **request_)) == UNAUTHORIZED
    assert world.lambdas.invoked == []


def test_a_request_authorizer_without_a_memory_needs_no_identity(world):
    world.lambdas.other("guard", verdict())
    api = world.guarded(type="REQUEST", identitySource=None, authorizerResultTtlInSeconds=0)
    assert [world.send(api).status for _ in range(2)] == [200, 200]
    assert len(world.lambdas.calls_of("guard")) == 2


def test_a_token_that_does_not_look_like_one_is_not_shown(world, told):
    world.lambdas.other("guard", verdict())
    api = world.guarded(identityValidationExpression="Bearer .+")
    assert told(world.send(api, headers=TOKEN)) == UNAUTHORIZED
    assert world.lambdas.invoked == []
    assert world.send(api, headers=[("Authorization", "Bearer x")]).status == 200


@pytest.mark.parametrize(
    ("effect", "resource", "message"),
    [
        ("Deny", "*", b'{"Message":"User is not authorized to access this resource with an explicit deny"}'),
        ("Allow", "arn:aws:execute-api:*:*:other/*", b'{"Message":"User is not authorized to access this resource"}'),
    ],
)
def test_a_policy_may_not_let_a_caller_in(world, told, effect, resource, message):
    world.lambdas.other("guard", verdict(effect, resource))
    assert told(world.send(world.guarded(), headers=TOKEN)) == (403, message, "AccessDeniedException")


def test_a_function_may_say_that_a_caller_is_nobody(world, told):
    world.lambdas.other("guard", {"errorMessage": "Unauthorized"}, fails=True)
    assert told(world.send(world.guarded(), headers=TOKEN)) == UNAUTHORIZED


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        {"principalId": "ann"},
        {"principalId": "ann", "policyDocument": "text"},
        {"principalId": "ann", "policyDocument": {}},
        {"principalId": "ann", "policyDocument": policy({"Effect": "Allow", "Action": "*"})},
        {"principalId": "ann", "policyDocument": policy(statement("Perhaps", "*"))},
        verdict(context={"nested": {"a": 1}}),
        verdict(context=["a"]),
    ],
)
def test_nonsense_is_told_to_nobody_but_the_log(world, told, answer):
    world.lambdas.other("guard", answer)
    api = world.guarded()
    world.log_to(api, "$context.requestId $context.authorizer.status", level="ERROR")
    assert told(world.send(api, headers=TOKEN)) == NOTHING
    written = world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{api}/prod"]
    assert "Execution failed due to configuration error: " in written[0]
    assert written[1].endswith("AuthorizerConfigurationException")
    assert world.telemetry.logs.groups["access"][0].endswith(" 500")


def test_a_function_that_raises_is_a_wrong_configuration(world, told):
    world.lambdas.other("guard", {"errorMessage": "unauthorized"}, fails=True)
    assert told(world.send(world.guarded(), headers=TOKEN)) == NOTHING


def test_a_function_that_may_not_be_invoked_is_a_wrong_configuration(world, told):
    world.lambdas.permitted = False
    assert told(world.send(world.guarded(), headers=TOKEN)) == NOTHING


def test_lambda_may_not_run_the_function(world, told):
    world.lambdas.refuses(ServiceError("TooManyRequestsException", "Rate Exceeded.", 429))
    assert told(world.send(world.guarded(), headers=TOKEN)) == NOTHING


def test_an_answer_stands_for_its_time_and_its_identity(world):
    world.lambdas.other("guard", verdict())
    api = world.guarded(authorizerResultTtlInSeconds=60)
    for wait_s, token, asked in [(0, "a", 1), (59, "a", 1), (0, "b", 2), (2, "a", 3)]:
        world.now += wait_s
        assert world.send(api, headers=[("Authorization", token)]).status == 200
        assert len(world.lambdas.calls_of("guard")) == asked


def test_a_remembered_policy_is_held_against_each_method(world):
    api = world.api()
    world.guard(api, "/a")
    world.guard(api, "/b")
    world.deploy(api)
    world.lambdas.other("guard", verdict(resource=f"arn:aws:execute-api:*:*:{api}/prod/GET/a"))
    assert world.send(api, path="/a", headers=TOKEN).status == 200
    assert world.send(api, path="/b", headers=TOKEN).status == 403
    assert len(world.lambdas.calls_of("guard")) == 1


def test_failures_are_not_remembered_and_answers_can_be_forgotten(world):
    world.lambdas.other("guard", {"errorMessage": "x"}, fails=True)
    api = world.guarded()
    assert world.send(api, headers=TOKEN).status == 500
    world.lambdas.other("guard", verdict())
    assert world.send(api, headers=TOKEN).status == 200
    world.call("FlushStageAuthorizersCache", restApiId=api, stageName="prod")
    world.lambdas.other("guard", verdict("Deny"))
    assert world.send(api, headers=TOKEN).status == 403
    assert world.refused("FlushStageAuthorizersCache", restApiId=api, stageName="none")[0] == "NotFoundException"


def test_what_an_authorizer_says_goes_on_to_the_function(world):
    world.lambdas.other("guard", verdict(context={"tier": "gold", "number": 7, "truth": True, "nothing": None}))
    world.send(world.guarded(), headers=TOKEN)
    said = world.lambdas.calls_of("main")[0].event["requestContext"]["authorizer"]
    assert {name: said[name] for name in ("tier", "number", "truth", "principalId")} == {
        "tier": "gold",
        "number": "7",
        "truth": "true",
        "principalId": "ann",
    }
    assert "nothing" not in said
    assert isinstance(said["integrationLatency"], int)


def test_what_an_authorizer_says_can_be_logged(world):
    world.lambdas.other("guard", verdict(context={"tier": "gold"}))
    api = world.guarded()
    names = ("principalId", "tier", "status", "integrationStatus", "requestId", "error", "none")
    world.log_to(api, "|".join(["$context.requestId", *(f"$context.authorizer.{name}" for name in names)]))
    world.send(api, headers=TOKEN)
    world.send(api)
    first, second = (line.split("|")[1:] for line in world.telemetry.logs.groups["access"])
    assert first == ["ann", "gold", "200", "200", world.lambdas.calls_of("guard")[0].request_id, "-", "-"]
    assert second == ["-", "-", "401", "-", "-", "Unauthorized", "-"]


def test_the_execution_log_tells_of_the_authorizer(world, header):
    world.lambdas.other("guard", verdict())
    api = world.guarded()
    world.log_to(api, level="INFO")
    answer = world.send(api, headers=TOKEN)
    request_id = header(answer, "x-amzn-RequestId")
    written = [
        line.removeprefix(f"({request_id}) ")
        for line in world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{api}/prod"]
    ]
    authorizer = world.call("GetAuthorizers", restApiId=api)["items"][0]["id"]
    assert written[1:4] == [
        f"Starting authorizer: {authorizer} for request: {request_id}",
        "Incoming identity: ***ow",
        "Using valid authorizer policy for principal: **n",
    ]
    assert written[4] == "Successfully completed authorizer execution"
    assert written[5].startswith("Verifying Usage Plan for request: ")


def test_a_denied_caller_leaves_no_line_of_the_execution(world):
    world.lambdas.other("guard", verdict("Deny"))
    api = world.guarded()
    world.log_to(api, level="INFO")
    world.send(api, headers=TOKEN)
    written = world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{api}/prod"]
    assert not [line for line in written if "Starting execution" in line or "Usage Plan" in line]
    assert [line.partition(") ")[2] for line in written[-2:]] == [
        "The client is not authorized to perform this operation.",
        "Method completed with status: 403",
    ]


def test_conditions_of_an_authorizers_policy_are_held_against_the_request(world):
    elsewhere = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    answer = {"principalId": "ann", "policyDocument": policy(statement("Allow", "*", Condition=elsewhere))}
    world.lambdas.other("guard", answer)
    assert world.send(world.guarded(), headers=TOKEN).status == 403


def test_data_tracing_tells_what_the_authorizer_was_asked(world):
    world.lambdas.other("guard", verdict())
    api = world.guarded()
    world.log_to(api, level="INFO")
    world.patch_stage(api, **{"/*/*/logging/dataTrace": "true"})
    world.send(api, headers=TOKEN)
    written = world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{api}/prod"]
    assert any('after transformations: {"type":"TOKEN","methodArn":"arn:' in line for line in written)
    assert any("Authorizer result body before parsing: {" in line for line in written)
