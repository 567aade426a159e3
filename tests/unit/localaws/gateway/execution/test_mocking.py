"""MOCK integrations, such as the CORS preflights that SAM makes."""

from __future__ import annotations

import pytest

CORS = {
    "method.response.header.Access-Control-Allow-Origin": "'*'",
    "method.response.header.Access-Control-Allow-Methods": "'GET,POST'",
}


@pytest.fixture
def mock(world):
    """Deploy a mock and give its API."""

    def mock(*, integration=None, responses=({"statusCode": "200"},), declared=()):
        api = world.api()
        where = {"restApiId": api, "resourceId": world.resource(api, "/notes"), "httpMethod": "ANY"}
        world.call("PutMethod", **where, authorizationType="NONE")
        templates = {"requestTemplates": {"application/json": '{\n  "statusCode" : 200\n}\n'}}
        world.call("PutIntegration", **where, type="MOCK", **(templates if integration is None else integration))
        for response in responses:
            headers = dict.fromkeys([*response.get("responseParameters", ()), *declared], False)
            world.call("PutMethodResponse", **where, statusCode=response["statusCode"], responseParameters=headers)
            world.call("PutIntegrationResponse", **where, **response)
        world.deploy(api)
        return api

    return mock


def visible(answer):
    return [(name, value) for name, value in answer.headers if name not in ("x-amzn-RequestId", "x-amz-apigw-id")]


def test_a_preflight_is_answered_with_its_headers_and_calls_nothing(world, mock):
    response = {"statusCode": "200", "responseParameters": CORS, "responseTemplates": {"application/json": "{}\n"}}
    answer = world.send(mock(responses=[response]), "OPTIONS")
    assert (answer.status, answer.body) == (200, b"{}\n")
    assert visible(answer) == [
        ("Content-Type", "application/json"),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "GET,POST"),
    ]
    assert world.lambdas.asked == []
    assert world.telemetry.metrics.values("IntegrationLatency", ApiName="notes") == []


def test_a_mock_without_a_template_has_an_empty_body(world, mock):
    answer = world.send(mock())
    assert (answer.status, answer.body, visible(answer)) == (200, b"", [("Content-Type", "application/json")])


def test_cdks_template_that_is_no_json_is_understood(world, mock):
    api = mock(
        integration={"requestTemplates": {"application/json": "{ statusCode: 204 }"}},
        responses=[{"statusCode": "204"}],
    )
    assert world.send(api).status == 204


def test_the_status_in_the_template_selects_the_answer(world, mock):
    responses = [
        {"statusCode": "200"},
        {"statusCode": "404", "selectionPattern": "4\\d{2}"},
        {"statusCode": "500", "selectionPattern": "5\\d{2}"},
    ]
    statuses = []
    for status in (200, 302, 404, 503):
        templates = {"requestTemplates": {"application/json": f'{{"statusCode": {status}}}'}}
        statuses.append(world.send(mock(integration=templates, responses=responses)).status)
    assert statuses == [200, 200, 404, 500]


def test_what_the_client_accepts_selects_the_body(world, mock):
    templates = {"text/html": "<p>", "application/json": "{}"}
    api = mock(responses=[{"statusCode": "200", "responseTemplates": templates}])
    answers = [world.send(api, headers=[("Accept", accept)]) for accept in ("text/html,*/*", "text/csv", "*/*")]
    assert [answer.body for answer in answers] == [b"<p>", b"{}", b"{}"]
    assert dict(answers[0].headers)["Content-Type"] == "text/html"
    only = mock(responses=[{"statusCode": "200", "responseTemplates": {"text/html": "<p>"}}])
    assert world.send(only, headers=[("Accept", "text/csv")]).body == b"<p>"


def test_a_content_type_of_its_own_wins(world, mock):
    header = {"method.response.header.Content-Type": "'text/plain'"}
    answer = world.send(mock(responses=[{"statusCode": "200", "responseParameters": header}]))
    assert visible(answer) == [("Content-Type", "text/plain")]


@pytest.mark.parametrize(
    ("behavior", "content_type", "status"),
    [
        ("WHEN_NO_MATCH", "text/plain", 200),
        ("WHEN_NO_TEMPLATES", "text/plain", 415),
        ("NEVER", "text/plain", 415),
        ("NEVER", "application/json; charset=utf-8", 200),
    ],
)
def test_a_content_type_without_a_template_passes_or_is_refused(world, mock, behavior, content_type, status):
    templates = {"application/json": '{"statusCode": 200}'}
    api = mock(integration={"requestTemplates": templates, "passthroughBehavior": behavior})
    answer = world.send(api, "POST", headers=[("Content-Type", content_type)], body=b'{"statusCode": 200}')
    assert answer.status == status
    if status == 415:
        assert answer.body == b'{"message":"Unsupported Media Type"}'


def test_a_default_template_serves_every_content_type(world, mock):
    api = mock(integration={"requestTemplates": {"$default": '{"statusCode": 200}'}, "passthroughBehavior": "NEVER"})
    assert world.send(api, "POST", headers=[("Content-Type", "text/plain")]).status == 200


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            {"integration": {"requestTemplates": {"application/json": "{}"}}},
            "Unable to parse statusCode. It should be an integer that is defined in the request template.",
        ),
        (
            {"responses": [{"statusCode": "404", "selectionPattern": "404"}]},
            "No match for output mapping and no default output mapping configured. Endpoint Response Status Code: 200",
        ),
    ],
)
def test_a_mock_that_cannot_answer_is_a_configuration_error(world, mock, settings, reason):
    api = mock(**settings)
    world.log_to(api, level="ERROR")
    answer = world.send(api)
    assert (answer.status, answer.body) == (500, b'{"message": "Internal server error"}')
    lines = world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{api}/prod"]
    assert lines[0].endswith(f"Execution failed due to configuration error: {reason}")
