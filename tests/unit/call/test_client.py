"""The client against a real HTTP server that records what it was sent."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from pytest_rollbacklab.call.client import ApiClient
from pytest_rollbacklab.call.identity import SigningCredentials
from pytest_rollbacklab.errors import CallError, CloudError, UsageError
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
    ports: list[int]
    enough: threading.Event

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, dict(self.headers.items()), body))
        self.ports.append(self.client_address[1])
        if self.path.endswith(("/silent", "/hangs-up")):
            self.close_connection = True
            if self.path.endswith("/silent"):
                self.enough.wait(10)
            return
        status = 302 if self.path.endswith("/moved") else 502 if self.path.endswith("/broken") else 200
        content = b'{"message": "Internal server error"}' if status == 502 else b"plain"
        self.send_response(status)
        self.send_header("x-amzn-RequestId", "3f1c")
        self.send_header("Location", "/elsewhere")
        self.send_header("Set-Cookie", "a=b")
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
def ports() -> list[int]:
    """The client's ports, one a request."""
    return []


@pytest.fixture
def url(seen: list[tuple[str, str, dict[str, str], bytes]], ports: list[int]) -> Iterator[str]:
    enough = threading.Event()
    handler = type("Recorder", (Recorder,), {"seen": seen, "ports": ports, "enough": enough})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/prod"
        enough.set()
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


@pytest.mark.parametrize(
    "path",
    ["/notes", "/notes/", "/notes/a%20b%2Fc", "/notes/é ü", "/a//b;c,d@e:f=g", "/notes/100%", "/n?q=a+b;c&q=%2B"],
)
def test_the_signature_is_of_what_is_sent(
    client: ApiClient, seen: list[tuple[str, str, dict[str, str], bytes]], path: str
) -> None:
    client.put(path, json={"a": 1}, params={"b": ["x y", "+;"], "a": "ü/"}, headers={"X-Extra": "it's  so"})
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


def test_a_host_of_ones_own_is_signed(client: ApiClient, seen: list[tuple[str, str, dict[str, str], bytes]]) -> None:
    client.get("/notes", headers={"Host": "abc.execute-api.us-east-1.amazonaws.com"})
    assert seen[0][2]["Host"] == "abc.execute-api.us-east-1.amazonaws.com"
    assert "host;" in seen[0][2]["Authorization"]


def test_a_body_is_sent_as_it_is(client: ApiClient, seen: list[tuple[str, str, dict[str, str], bytes]]) -> None:
    client.post("/notes", body="{nonsense ü", headers={"content-type": "text/plain"})
    client.post("/notes", json={"a": "ü"}, headers={"content-type": "application/vnd.notes+json"})
    assert [(headers.get("content-type"), body) for _, _, headers, body in seen] == [
        ("text/plain", "{nonsense ü".encode()),
        ("application/vnd.notes+json", b'{"a": "\\u00fc"}'),
    ]


def test_cookies_are_not_remembered(client: ApiClient, seen: list[tuple[str, str, dict[str, str], bytes]]) -> None:
    client.get("/cookie")
    client.get("/notes")
    assert "Cookie" not in seen[1][2]


def test_connections_are_kept(client: ApiClient, seen: list[object], ports: list[int]) -> None:
    for _ in range(3):
        client.get("/notes")
    assert len(set(ports)) == 1


def test_proxies_of_the_environment_are_not_for_this_machine(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert client.get("/notes").status == 200


def test_the_cause_is_named_and_not_the_wrappings(url: str) -> None:
    client = ApiClient(lambda: url, region="us-east-1", credentials=lambda: KEY)
    with pytest.raises(CallError, match=rf"^no answer to GET {url}/silent: nothing came within 0\.05 s\n") as silent:
        client.get("/silent", timeout_s=0.05)
    assert "see whether the address is right" in str(silent.value)
    with pytest.raises(CallError, match=r"/hangs-up: Remote end closed connection without response\n"):
        client.get("/hangs-up")
    client.close()
    refused = ApiClient(lambda: "http://127.0.0.1:9/prod", region="us-east-1", credentials=lambda: KEY)
    with pytest.raises(CallError, match=r"/notes: \[Errno \d+\] Connection refused\n"):
        refused.get("/notes")
    refused.close()


def test_an_address_that_is_none_is_named() -> None:
    client = ApiClient(lambda: "notes.example", region="us-east-1", credentials=lambda: KEY)
    with pytest.raises(CallError, match=r"no answer to GET notes\.example/notes: Invalid URL"):
        client.get("/notes")
    client.close()


def test_a_path_without_its_slash_is_refused(client: ApiClient, seen: list[object]) -> None:
    with pytest.raises(UsageError, match="cannot GET 'notes': a path below the stage begins with a slash") as refused:
        client.get("notes")
    assert "write '/notes'" in str(refused.value)
    with pytest.raises(UsageError, match="cannot POST /notes with two bodies"):
        client.post("/notes", json={}, body="{}")
    assert seen == []
