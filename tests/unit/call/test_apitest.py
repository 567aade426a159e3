"""The whole of ``rollbacklab apitest`` but Cognito and the API, which are small ones written here."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_rollbacklab.call.apitest import EXIT_ANSWERED, EXIT_FAILED, EXIT_NO_ANSWER, UnsignedClients, run
from pytest_rollbacklab.call.apitest_request import ApitestOptions
from pytest_rollbacklab.errors import CallError

PREAMBLE = ["Authenticating with User Pool", "Getting temporary credentials", "Making API request"]
NOTE = {
    "userId": "us-east-1:9bdc031d-ee9e-4ffa-9a2d-123456789",
    "noteId": "8f7da030-650b-11e7-a661-123456789",
    "content": "hello world",
    "attachment": "hello.jpg",
    "createdAt": 1499648598452,
}
ANSWERS = {
    "/prod/notes": (200, json.dumps(NOTE).encode()),
    "/prod/broken": (502, b'{"message": "Internal server error"}'),
    "/prod/text": (200, b"not { JSON"),
    "/prod/nan": (200, b"NaN"),
    "/prod/none": (204, b""),
}


class Api(http.server.BaseHTTPRequestHandler):
    headers_seen: list[dict[str, str]]

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.headers_seen.append(dict(self.headers.items()))
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


class Meta:
    endpoint_url = "https://cognito.example"


class Cognito:
    """Both pools' clients, with one user."""

    meta = Meta()

    def __init__(self, region: str) -> None:
        self.region = region

    def client(self, _: str) -> Cognito:
        return self

    def initiate_auth(self, **params: Any) -> dict[str, Any]:
        if params["AuthParameters"]["USERNAME"] != "ann":
            error = {"Code": "NotAuthorizedException", "Message": "Incorrect username or password."}
            raise ClientError({"Error": error}, "InitiateAuth")
        assert self.region == "eu-west-1"
        return {"AuthenticationResult": {"IdToken": "id", "AccessToken": "access"}}

    def get_id(self, **_: Any) -> dict[str, Any]:
        return {"IdentityId": "eu-west-1:ann"}

    def get_credentials_for_identity(self, **_: Any) -> dict[str, Any]:
        keys = {"AccessKeyId": "ASIA1", "SecretKey": "s", "SessionToken": "t"}
        return {"Credentials": keys | {"Expiration": datetime(2030, 1, 1, tzinfo=UTC)}}


@pytest.fixture
def headers_seen() -> list[dict[str, str]]:
    return []


@pytest.fixture
def url(headers_seen: list[dict[str, str]]) -> Iterator[str]:
    handler = type("Api", (Api,), {"headers_seen": headers_seen})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/prod"
        server.shutdown()
        thread.join()


def call(url: str, path: str, **given: Any) -> tuple[int, list[str]]:
    lines: list[str] = []
    options = {
        "username": "ann",
        "password": "Passw0rd!",
        "user_pool_id": "eu-west-1_AbCdEf123",
        "app_client_id": "app",
        "cognito_region": "eu-west-1",
        "identity_pool_id": "eu-west-1:1a2b",
        "invoke_url": url,
        "path_template": path,
    }
    status = run(ApitestOptions(**(options | given)), lines.append, clients=Cognito)
    return status, "\n".join(lines).splitlines()


def test_a_good_answer_is_printed_as_node_prints_it(url: str) -> None:
    status, lines = call(url, "/notes", method="POST", body='{"content":"hello world"}')
    assert status == EXIT_ANSWERED
    assert lines == [
        *PREAMBLE,
        "{",
        "  status: 200,",
        "  statusText: 'OK',",
        "  data: {",
        "    userId: 'us-east-1:9bdc031d-ee9e-4ffa-9a2d-123456789',",
        "    noteId: '8f7da030-650b-11e7-a661-123456789',",
        "    content: 'hello world',",
        "    attachment: 'hello.jpg',",
        "    createdAt: 1499648598452",
        "  }",
        "}",
    ]


def test_a_bad_answer_is_printed_and_gives_a_status_of_its_own(url: str) -> None:
    status, lines = call(url, "/broken")
    assert status == EXIT_FAILED
    assert lines == [
        *PREAMBLE,
        "{",
        "  status: 502,",
        "  statusText: 'Bad Gateway',",
        "  data: { message: 'Internal server error' }",
        "}",
    ]


@pytest.mark.parametrize(
    ("path", "printed"),
    [
        ("/text", "{ status: 200, statusText: 'OK', data: 'not { JSON' }"),
        ("/nan", "{ status: 200, statusText: 'OK', data: 'NaN' }"),
        ("/none", "{ status: 204, statusText: 'No Content', data: '' }"),
    ],
)
def test_what_is_no_json_is_printed_as_text(url: str, path: str, printed: str) -> None:
    assert call(url, path) == (EXIT_ANSWERED, [*PREAMBLE, printed])


def test_keys_and_tokens_are_sent_where_they_were_asked_for(url: str, headers_seen: list[dict[str, str]]) -> None:
    call(url, "/notes", api_key="key", access_token_header="X-Token", additional_params='{"headers": {"X-A": "1"}}')
    sent = headers_seen[0]
    assert (sent["x-api-key"], sent["X-Token"], sent["X-A"]) == ("key", "access", "1")
    assert sent["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=ASIA1/")
    assert "/us-east-1/execute-api/aws4_request" in sent["Authorization"]


def test_a_refused_sign_in_is_told_and_gives_a_status_of_its_own(url: str, headers_seen: list[object]) -> None:
    status, lines = call(url, "/notes", username="bob")
    assert status == EXIT_NO_ANSWER
    assert lines[:2] == [
        "Authenticating with User Pool",
        "cannot sign in bob by USER_SRP_AUTH: NotAuthorizedException: Incorrect username or password.",
    ]
    assert headers_seen == []


def test_an_api_that_is_not_there_is_named() -> None:
    status, lines = call("http://127.0.0.1:9/prod", "/notes")
    assert status == EXIT_NO_ANSWER
    assert lines[:3] == PREAMBLE
    assert lines[3].startswith("no answer to GET http://127.0.0.1:9/prod/notes: [Errno ")


def test_a_wrong_option_is_named_before_anything_is_sent(url: str, headers_seen: list[object]) -> None:
    status, lines = call(url, "/notes", body="{content:hello}")
    assert status == EXIT_NO_ANSWER
    assert lines[0].startswith("--body is not JSON: Expecting property name")
    assert headers_seen == []


def test_cognito_is_asked_unsigned_and_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    client = UnsignedClients("ap-northeast-2").client("cognito-idp")
    assert client.meta.endpoint_url == "https://cognito-idp.ap-northeast-2.amazonaws.com"
    client.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    client = UnsignedClients("ap-northeast-2").client("cognito-identity")
    assert client.meta.endpoint_url == "http://127.0.0.1:4566"
    client.close()


def test_a_profile_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CallError, match=r"boto3 makes no client of cognito-idp in us-east-1: .*nobody"):
        UnsignedClients("us-east-1").client("cognito-idp")
