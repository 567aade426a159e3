"""The client against a real HTTP server that records what it was sent."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from pytest_rollbacklab.call.client import ApiClient
from pytest_rollbacklab.call.identity import SigningCredentials, User
from pytest_rollbacklab.errors import CallError, CloudError
from pytest_rollbacklab.model import Answer

KEY = SigningCredentials(
    access_key_id="ASIAEXAMPLE",
    secret_access_key="secret",
    session_token="token",
    identity_id="us-east-1:ann",
    expires_at=datetime(2030, 1, 1, tzinfo=UTC),
)


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, dict[str, str], bytes]]

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, dict(self.headers.items()), body))
        status = 302 if self.path.endswith("/moved") else 502 if self.path.endswith("/broken") else 200
        content = b'{"message": "Internal server error"}' if status == 502 else b"plain"
        self.send_response(status)
        self.send_header("x-amzn-RequestId", "3f1c")
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def seen() -> list[tuple[str, str, dict[str, str], bytes]]:
    return []


@pytest.fixture
def url(seen: list[tuple[str, str, dict[str, str], bytes]]) -> Iterator[str]:
    handler = type("Recorder", (Recorder,), {"seen": seen})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/prod"
        server.shutdown()
        thread.join()


@pytest.fixture
def answers() -> list[Answer]:
    return []


@pytest.fixture
def client(url: str, answers: list[Answer]) -> Iterator[ApiClient]:
    made = ApiClient(lambda: url, region="us-east-1", credentials=lambda: KEY, on_answer=answers.append)
    yield made
    made.close()


def test_every_status_is_an_answer(client: ApiClient, answers: list[Answer]) -> None:
    answer = client.post("/broken", json={"content": "é"})
    assert (answer.status, answer.reason, answer.request_id) == (502, "Bad Gateway", "3f1c")
    assert answer.json() == {"message": "Internal server error"}
    assert answer.latency_ms > 0
    assert answers == [answer]


def test_what_is_no_json_says_so(client: ApiClient) -> None:
    with pytest.raises(ValueError, match=r"the body of GET .*/notes -> 200 OK is not JSON: 'plain'"):
        client.get("/notes").json()


def test_nothing_is_followed(client: ApiClient, seen: list[object]) -> None:
    assert client.get("/moved").status == 302
    assert len(seen) == 1


@pytest.mark.parametrize("path", ["/notes", "/notes/a%20b%2Fc", "/notes/é ü"])
def test_the_signature_is_of_what_is_sent(
    client: ApiClient, seen: list[tuple[str, str, dict[str, str], bytes]], path: str
) -> None:
    client.put(path, json={"a": 1}, params={"b": "x y", "a": "ü/"}, headers={"X-Extra": "1"})
    method, target, headers, body = seen[0]
    signed = headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"host", "x-amz-date", "x-amz-security-token"} <= set(signed)
    lower = {name.lower(): value for name, value in headers.items()}
    request = AWSRequest(method, f"http://{lower['host']}{target}", {name: lower[name] for name in signed}, body)
    request.context["timestamp"] = lower["x-amz-date"]
    request.context["payload_signing_enabled"] = True
    auth = SigV4Auth(Credentials(KEY.access_key_id, KEY.secret_access_key), "execute-api", "us-east-1")
    text = auth.string_to_sign(request, auth.canonical_request(request))
    assert headers["Authorization"].endswith(f"Signature={auth.signature(text, request)}")


def test_unsigned_it_carries_no_credentials(
    client: ApiClient, seen: list[tuple[str, str, dict[str, str], bytes]]
) -> None:
    client.delete("/notes/1", sign=False)
    assert not {"authorization", "x-amz-security-token"} & {name.lower() for name in seen[0][2]}


def test_no_answer_names_the_address() -> None:
    client = ApiClient(lambda: "http://127.0.0.1:9/prod", region="us-east-1", credentials=lambda: KEY)
    with pytest.raises(CallError, match=r"no answer to GET http://127\.0\.0\.1:9/prod/notes"):
        client.get("/notes")
    client.close()


def test_a_dead_cloud_is_named_first() -> None:
    def dead() -> None:
        raise CloudError("the local AWS is gone")

    client = ApiClient(lambda: "http://127.0.0.1:9/prod", region="us-east-1", credentials=lambda: KEY, check=dead)
    with pytest.raises(CloudError, match="the local AWS is gone"):
        client.get("/notes")
    client.close()


def test_credentials_are_renewed_before_they_end() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    now = start.timestamp()
    given: list[SigningCredentials] = []

    def sign_in() -> SigningCredentials:
        given.append(
            SigningCredentials(
                access_key_id=f"ASIA{len(given)}",
                secret_access_key="s",
                session_token="t",
                identity_id="i",
                expires_at=datetime.fromtimestamp(now, UTC) + timedelta(hours=1),
            )
        )
        return given[-1]

    user = User(sign_in, clock=lambda: now)
    assert user.credentials().access_key_id == "ASIA0"
    now += 3500
    assert user.credentials().access_key_id == "ASIA0"
    now += 41  # 59 s are left
    assert user.credentials().access_key_id == "ASIA1"
