"""Which method answers, and the headers around it (apigw-no-route-403, -response-headers, -header-remapping-*)."""

from __future__ import annotations

import http.server
import json
import threading

import pytest

CLOUDFRONT = {"via", "x-amz-cf-id", "x-amz-cf-pop", "x-cache", "connection"}
SENT = {
    "Accept": "application/json",
    "Accept-Charset": "UTF-8",
    "Accept-Encoding": "br",
    "Age": "request_Age",
    "Authorization": "Unauthorized",
    "Content-Encoding": "deflate",
    "Content-Type": "application/json",
    "Date": "Wed, 21 Oct 2015 07:28:00 GMT",
    "Pragma": "cache",
    "Range": "bytes=500-999",
    "Referer": "https://example.com/",
    "User-Agent": "localStack/0.0",
    "Warn": "299 localStack/0.0",
    # Those that do not reach the function:
    "Content-MD5": "request_Content-MD5",
    "Max-Forwards": "2",
    "Proxy-Authenticate": "x",
    "Server": "x",
    "TE": "deflate",
    "Trailer": "x",
    "WWW-Authenticate": "x",
}
MAPPED = {
    "Accept": "text/html",
    "Accept-Charset": "UTF-16",
    "Accept-Encoding": "zstd",
    "Age": "request_params_age",
    "Authorization": "request_params_authorization",
    "Content-Encoding": "compress",
    "Content-MD5": "request_params_Content-MD5",
    "Max-Forwards": "2",
    "Pragma": "no-cache",
    "Range": "bytes=0-499",
    "Referer": "https://example.com/page",
    "Server": "https://example.com/page",
    "Trailer": "user-agent",
    "Upgrade": "HTTP/2.0",
    "User-Agent": "Override-Agent",
    "Warn": '110 anderson/1.3.37 "Response is stale"',
    "WWW-Authenticate": "Basic YWxhZGRpbjpvcGVuc2VzYW1l",
}
NEVER_ON_LAMBDA = ("authorization", "connection", "expect", "proxy-authenticate", "te")
NEVER = ("content-length", "transfer-encoding")


def test_no_route(aws, fact):
    known = fact("apigw-no-route-403")
    api = aws.api()
    aws.proxy(api, "echo", "/existing", "GET")
    aws.deploy(api)
    assert aws.send(api, "GET", "/existing").status == 200
    for name, method, path in (("not-found", "GET", "/none"), ("wrong-method", "POST", "/existing")):
        answer = aws.send(api, method, path)
        assert (answer.status, answer.json) == (403, known[name]["content"])
        assert answer.header("x-amzn-errortype") == known[name]["errorType"]


@pytest.mark.parametrize("kind", ["MOCK", "AWS_PROXY"])
def test_headers_of_answers(aws, fact, kind):
    known = fact("apigw-response-headers-and-trace-id")
    api = aws.api()
    if kind == "MOCK":
        aws.mock(api)
    else:
        aws.proxy(api, "echo", method="GET")
    aws.deploy(api)
    full = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"
    for name, trace in (("normal", None), ("trace-id", full), ("trace-id-small", full.partition(";")[0])):
        recorded = known.get(f"{name}-req-headers-{kind}")
        if recorded is None:
            continue
        answer = aws.send(api, headers={"x-amzn-trace-id": trace} if trace else {})
        seen = {header.lower() for header, _ in answer.pairs}
        assert seen - {"server"} == recorded.keys() - CLOUDFRONT
        came_back = answer.header("x-amzn-trace-id")
        if kind == "AWS_PROXY":
            assert came_back is not None
            assert came_back.startswith(trace or "Root=1-")
            assert "Parent=" in came_back


def test_headers_on_their_way_to_a_function(aws, fact):
    known = fact("apigw-header-remapping-AWS_PROXY")
    for name, mapping in (("no-param-integration", {}), ("full-integration", MAPPED)):
        api = aws.api()
        parameters = {
            f"integration.request.header.{header}": f"'{value}'"
            for header, value in mapping.items()
            if header.lower() not in NEVER_ON_LAMBDA
        }
        aws.proxy(api, "echo", method="GET", integration={"requestParameters": parameters})
        aws.deploy(api)
        answer = aws.send(api, headers=SENT)
        recorded = dict(known[name]["headers"])
        for of_edge in ("Via", "Date", "Host", "X-Amzn-Trace-Id"):
            recorded.pop(of_edge)
        event = answer.json["event"]
        assert event["headers"].keys() == recorded.keys() | {"Date", "Host", "X-Amzn-Trace-Id"}
        for header, value in recorded.items():
            if not value.startswith("<"):
                assert event["headers"][header] == value
        assert event["body"] is known[name]["body"]


@pytest.mark.parametrize("header", [*NEVER, *NEVER_ON_LAMBDA])
def test_headers_that_cannot_be_mapped_to_a_function(aws, fact, header):
    recorded = fact("apigw-header-remapping-AWS_PROXY")[header]
    api = aws.api()
    parameters = {f"integration.request.header.{header}": "'x'"}
    aws.proxy(api, "echo", method="GET", integration={"requestParameters": parameters})
    aws.deploy(api)
    answer = aws.send(api, headers={"Connection": "close"})
    assert (answer.status, answer.json) == (500, recorded["body"])
    expected = recorded["response-headers"]
    assert answer.headers["Content-Length"] == expected["Content-Length"]
    assert answer.headers["x-amzn-ErrorType"] == expected["x-amzn-ErrorType"]
    assert answer.headers.keys() - {"Server", "X-Amzn-Trace-Id"} == expected.keys()


class Backend(http.server.BaseHTTPRequestHandler):
    """Answers with the headers that came, as the recording's back end did."""

    server_version = "gunicorn/19.9.0"
    sys_version = ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps({"headers": dict(self.headers.items()), "body": ""}).encode()
        self.send_response(200)
        self.send_header("Access-Control-Allow-Credentials", "true")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "keep-alive")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def backend():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def http_proxy(aws, backend, mapping):
    api = aws.api()
    where = aws.method(api)
    aws.apigateway.put_integration(
        **where,
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri=backend,
        requestParameters={f"integration.request.header.{name}": f"'{value}'" for name, value in mapping.items()},
    )
    aws.deploy(api)
    return api


def test_headers_on_their_way_to_a_url(aws, fact, backend):
    known = fact("apigw-header-remapping-HTTP_PROXY")
    for name, mapping in (("no-param-integration", {}), ("full-integration", MAPPED)):
        api = http_proxy(aws, backend, mapping)
        answer = aws.send(api, headers={**SENT, "Connection": "close"})
        recorded = known[name]
        got = {header.lower(): value for header, value in answer.json["headers"].items()}
        expected = {header.lower(): value for header, value in recorded["headers"].items()}
        # The recording's back end tells of a Content-Length of its own server's making; Connection belongs to the hop.
        assert got.keys() - {"connection", "content-length"} == expected.keys() - {"content-length"}
        for header, value in expected.items():
            if not value.startswith("<") and header != "content-length":
                assert got[header] == value, header
        own = {"X-Amzn-Trace-Id", "Server"}
        assert answer.headers.keys() - own == recorded["response-headers"].keys()
        assert answer.headers["x-amzn-Remapped-Server"].startswith("gunicorn/19.9.0")
        assert answer.headers["x-amzn-Remapped-Connection"] == "keep-alive"


@pytest.mark.parametrize("header", NEVER)
def test_headers_that_cannot_be_mapped_to_a_url(aws, fact, backend, header):
    recorded = fact("apigw-header-remapping-HTTP_PROXY")[header]
    answer = aws.send(http_proxy(aws, backend, {header: "5"}), headers={"Connection": "close"})
    assert (answer.status, answer.json) == (500, recorded["body"])
    assert answer.headers.keys() - {"Server"} == recorded["response-headers"].keys()


def test_integrations_that_need_templates_are_refused_by_name(aws):
    """apigw-header-remapping-AWS is about mapping templates (VTL)."""
    where = aws.method(aws.api())
    with pytest.raises(aws.apigateway.exceptions.ClientError, match="does not emulate integrations of type AWS"):
        aws.apigateway.put_integration(**where, type="AWS", integrationHttpMethod="POST", uri=aws.uri("echo"))
