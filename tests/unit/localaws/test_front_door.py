"""The front door through raw HTTP requests, with a small service of its own behind it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.parsers import RpcV2CBORParser

from pytest_rollbacklab.localaws.api import Call, Scope, Service, ServiceError
from pytest_rollbacklab.localaws.front_door import DEFAULT_ACCOUNT_ID, ApiCall, FrontDoor
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.moto_seam import cbor

ISSUED_KEY, ITS_ACCOUNT = "ASIAISSUEDHERE", "400000000009"
POOL_SCOPE = Scope(account_id="400000000007", region="eu-central-1")


class World:
    """A front door with recorded callees."""

    def __init__(self) -> None:
        self.calls: list[tuple[Call, dict[str, Any]]] = []
        self.api_calls: list[ApiCall] = []
        self.iam_writes: list[Scope] = []
        services = (
            Service(name="lambda", operations={"GetFunction": self.get_function, "Invoke": self.invoke}),
            Service(name="cloudwatch", operations={"ListMetrics": self.list_metrics}),
            Service(name="cloudformation", operations={"DescribeStacks": self.describe_stacks}),
            Service(name="cognito-idp", operations={"InitiateAuth": self.record}, rest_on_moto=True),
        )
        self.door = FrontDoor(
            services=services,
            invoke_api=self.invoke_api,
            function_code=self.function_code,
            account_of={ISSUED_KEY: ITS_ACCOUNT}.get,
            owner_of=self.owner_of,
            on_iam_write=self.iam_writes.append,
        )

    def send(
        self,
        method: str,
        target: str,
        *,
        service: str | None = None,
        key: str = "400000000001",
        region: str = "eu-west-1",
        body: bytes = b"",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> HttpResponse:
        if service:
            credential = f"{key}/20261123/{region}/{service}/aws4_request"
            headers += (
                ("Authorization", f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"),
            )
        request = HttpRequest(method=method, target=target, headers=headers, body=body, source_ip="127.0.0.1")
        return asyncio.run(self.door.answer(request))

    async def invoke_api(self, _request: HttpRequest, api_call: ApiCall) -> HttpResponse:
        self.api_calls.append(api_call)
        return HttpResponse(status=204)

    def function_code(self, _scope: Scope, name: str, _qualifier: str) -> bytes:
        if name != "create":
            raise ServiceError("ResourceNotFoundException", "Function not found: nope", 404)
        return b"PK"

    def owner_of(self, params: Mapping[str, Any]) -> Scope | None:
        if params.get("ClientId") == "trouble":
            raise RuntimeError("a bug in finding the owner")
        return POOL_SCOPE if params.get("ClientId") == "web" else None

    def record(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((call, params))
        return {}

    def get_function(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self.record(call, params)
        if params["FunctionName"] == "broken":
            raise RuntimeError("a bug")
        raise ServiceError("TooManyRequestsException", "Rate Exceeded.", 429, Reason="Busy", Type="User")

    async def invoke(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self.record(call, params)
        return {"StatusCode": 202, "Payload": params["Payload"][::-1], "ExecutedVersion": "$LATEST"}

    def list_metrics(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self.record(call, params)
        return {"Metrics": [{"Namespace": "AWS/Lambda"}]}

    def describe_stacks(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self.record(call, params)
        if params.get("StackName") == "none":
            raise ServiceError("ValidationError", "Stack with id none does not exist", 400)
        made = datetime(2026, 11, 23, tzinfo=UTC)
        return {"Stacks": [{"StackName": "a&b", "CreationTime": made, "StackStatus": "CREATE_COMPLETE"}]}


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("target", "headers", "expected"),
    [
        ("/_aws/execute-api/abc/prod/notes/a%2Fb?x=1", (), ("abc", "prod", "/notes/a%2Fb")),
        ("/_aws/execute-api/abc/prod", (), ("abc", "prod", "/")),
        ("/restapis/abc/dev/_user_request_/notes", (), ("abc", "dev", "/notes")),
        ("/prod/notes", (("Host", "abc.execute-api.us-east-1.amazonaws.com"),), ("abc", "prod", "/notes")),
        ("/", (("Host", "abc.execute-api.localhost:4566"),), ("abc", "", "/")),
    ],
)
def test_a_call_of_a_deployed_api_goes_to_the_gateway(
    world: World, target: str, headers: tuple[tuple[str, str], ...], expected: tuple[str, str, str]
) -> None:
    assert world.send("GET", target, headers=headers).status == 204
    api_call = world.api_calls[0]
    assert (api_call.api_id, api_call.stage, api_call.path) == expected


@pytest.mark.parametrize(
    ("key", "account_id"),
    [("400000000001", "400000000001"), (ISSUED_KEY, ITS_ACCOUNT), ("AKIAUNKNOWN", DEFAULT_ACCOUNT_ID)],
)
def test_the_account_is_the_access_keys(world: World, key: str, account_id: str) -> None:
    world.send("GET", "/2015-03-31/functions/create", service="lambda", key=key)
    assert world.calls[0][0].scope == Scope(account_id=account_id, region="eu-west-1")


def test_an_unsigned_cognito_call_finds_its_owner(world: World) -> None:
    headers = (
        ("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth"),
        ("Content-Type", "application/x-amz-json-1.1"),
    )
    body = json.dumps({"ClientId": "web", "AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": "ann"}}).encode()
    assert world.send("POST", "/", headers=headers, body=body).status == 200
    call, params = world.calls[0]
    assert call.scope == POOL_SCOPE
    assert params["AuthParameters"] == {"USERNAME": "ann"}


def test_rest_json_errors_carry_their_type_and_members(world: World) -> None:
    answer = world.send("GET", "/2015-03-31/functions/create", service="lambda")
    assert answer.status == 429
    assert ("x-amzn-ErrorType", "TooManyRequestsException") in answer.headers
    assert json.loads(answer.body) == {"message": "Rate Exceeded.", "Reason": "Busy", "Type": "User"}


def test_a_result_can_set_the_status_headers_and_a_raw_body(world: World) -> None:
    answer = world.send("POST", "/2015-03-31/functions/create/invocations", service="lambda", body=b"abc")
    assert (answer.status, answer.body) == (202, b"cba")
    assert ("X-Amz-Executed-Version", "$LATEST") in answer.headers


def test_a_query_call_is_answered_in_xml(world: World) -> None:
    form = (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),)
    body = b"Action=DescribeStacks&Version=2010-05-15&StackName=a"
    answer = world.send("POST", "/", service="cloudformation", headers=form, body=body)
    assert answer.status == 200
    assert b"<StackName>a&amp;b</StackName>" in answer.body
    assert b"<CreationTime>2026-11-23T00:00:00" in answer.body
    refused = world.send("POST", "/", service="cloudformation", headers=form, body=body.replace(b"=a", b"=none"))
    assert refused.status == 400
    assert b"<Code>ValidationError</Code><Message>Stack with id none does not exist</Message>" in refused.body


def test_cloudwatch_is_spoken_to_in_cbor(world: World) -> None:
    headers = (("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor"))
    path = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    body = cbor.encode({"Namespace": "AWS/Lambda"})
    answer = world.send("POST", path, service="monitoring", headers=headers, body=body)
    assert ("smithy-protocol", "rpc-v2-cbor") in answer.headers
    read = RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(answer.body)))
    assert read == {"Metrics": [{"Namespace": "AWS/Lambda"}]}
    assert world.calls[0][1] == {"Namespace": "AWS/Lambda"}


def test_an_operation_that_is_not_emulated_is_refused_by_name(world: World) -> None:
    answer = world.send("GET", "/2018-10-31/layers", service="lambda")
    assert answer.status == 501
    assert json.loads(answer.body)["message"] == "the local AWS does not emulate ListLayers of lambda"


def test_a_path_that_is_no_operation_is_refused(world: World) -> None:
    answer = world.send("GET", "/2015-03-31/nonsense/x/y", service="lambda")
    assert answer.status == 404
    assert json.loads(answer.body)["message"] == "lambda has no operation at GET /2015-03-31/nonsense/x/y"


def test_a_service_that_nobody_has_is_refused_by_name(world: World) -> None:
    answer = world.send("POST", "/", service="teleport")
    assert answer.status == 501
    assert b"does not emulate the service &#x27;teleport&#x27;" in answer.body or b"'teleport'" in answer.body


def test_a_body_that_does_not_parse_is_the_callers_mistake(world: World) -> None:
    headers = (
        ("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth"),
        ("Content-Type", "application/x-amz-json-1.1"),
    )
    answer = world.send("POST", "/", service="cognito-idp", headers=headers, body=b"{nonsense")
    assert answer.status == 400
    assert json.loads(answer.body)["__type"] == "SerializationException"


def test_a_fault_of_ours_is_named_and_the_next_call_works(world: World, caplog: pytest.LogCaptureFixture) -> None:
    answer = world.send("GET", "/2015-03-31/functions/broken", service="lambda")
    assert answer.status == 500
    assert json.loads(answer.body)["message"] == "the local AWS failed: RuntimeError: a bug"
    assert "GET /2015-03-31/functions/broken" in caplog.text
    assert world.send("POST", "/2015-03-31/functions/create/invocations", service="lambda", body=b"a").status == 202


def test_a_fault_in_finding_out_who_is_meant_is_an_answer_too(world: World) -> None:
    headers = (
        ("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth"),
        ("Content-Type", "application/x-amz-json-1.1"),
    )
    answer = world.send("POST", "/", headers=headers, body=b'{"ClientId": "trouble"}')
    assert answer.status == 500
    assert json.loads(answer.body)["message"] == "the local AWS failed: RuntimeError: a bug in finding the owner"


def test_a_functions_package_can_be_downloaded(world: World) -> None:
    answer = world.send("GET", "/_aws/lambda/code/400000000001/eu-west-1/create/%24LATEST")
    assert (answer.status, answer.body) == (200, b"PK")
    missing = world.send("GET", "/_aws/lambda/code/400000000001/eu-west-1/nope/1")
    assert (missing.status, missing.body) == (404, b"ResourceNotFoundException: Function not found: nope\n")


def test_who_writes_to_iam_is_told_of(world: World) -> None:
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    world.send("POST", "/", service="iam", headers=form, body=b"Action=ListRoles&Version=2010-05-08")
    assert world.iam_writes == []
    body = b"Action=CreateUser&Version=2010-05-08&UserName=ann"
    assert world.send("POST", "/", service="iam", headers=form, body=body).status == 200
    assert world.iam_writes == [Scope(account_id="400000000001", region="eu-west-1")]


def test_parts_call_each_other_and_moto_in_process(world: World) -> None:
    scope = Scope(account_id="400000000002", region="eu-west-1")
    result = asyncio.run(world.door.call(scope, "lambda", "Invoke", {"FunctionName": "f", "Payload": b"ab"}))
    assert result["Payload"] == b"ba"
    made = asyncio.run(world.door.call(scope, "iam", "CreateUser", {"UserName": "bob"}))
    assert made["User"]["Arn"] == "arn:aws:iam::400000000002:user/bob"
    assert world.iam_writes == [scope]
    with pytest.raises(ServiceError, match="does not emulate ListLayers of lambda"):
        asyncio.run(world.door.call(scope, "lambda", "ListLayers"))
