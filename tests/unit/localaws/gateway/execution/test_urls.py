"""HTTP_PROXY integrations: what is sent on, where to, and what comes back."""

from __future__ import annotations

import http.server
import json
import socket
import threading

import pytest


class Backend(http.server.BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        sent = {
            "method": self.command,
            "path": self.path,
            "headers": list(self.headers.items()),
            "body": self.rfile.read(length).decode(),
        }
        body = b"x" * (10 * 1024 * 1024 + 1) if self.path == "/large" else json.dumps(sent).encode()
        self.send_response(302 if self.path.startswith("/moved") else 201)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("X-Several", "1")
        self.send_header("X-Several", "2")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def backend():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def proxied(world):
    """Return an API with a URL behind a path, deployed."""

    def proxied(url, path="/notes", method="ANY", *, variables=None, **integration):
        api = world.api()
        where = {"restApiId": api, "resourceId": world.resource(api, path), "httpMethod": method}
        world.call("PutMethod", **where, authorizationType="NONE")
        wanted = {"type": "HTTP_PROXY", "integrationHttpMethod": "ANY", "uri": url, **integration}
        world.call("PutIntegration", **where, **wanted)
        world.deploy(api, variables=variables or {})
        return api

    return proxied


def sent(answer):
    return json.loads(answer.body)


def test_a_request_goes_on_as_it_came(world, proxied, backend, header):
    api = proxied(f"{backend}/base")
    answer = world.send(
        api, "POST", query="a=b%20c&a=d", headers=[("X-A", "1"), ("User-Agent", "me")], body=b'{"x": 1}'
    )
    assert (answer.status, sent(answer)["method"], sent(answer)["path"]) == (201, "POST", "/base?a=b%20c&a=d")
    assert sent(answer)["body"] == '{"x": 1}'
    headers = {name.lower(): value for name, value in sent(answer)["headers"]}
    assert headers["x-a"] == "1"
    assert headers["user-agent"] == "me"
    assert headers["x-amzn-apigateway-api-id"] == api
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert [value for name, value in answer.headers if name == "X-Several"] == ["1", "2"]


def test_path_variables_and_stage_variables_make_the_url(world, proxied, backend):
    port = backend.rpartition(":")[2]
    api = proxied("http://127.0.0.1:${stageVariables.port}/v1/{proxy}", "/{proxy+}", variables={"port": port})
    assert sent(world.send(api, path="/a/b%2Fc"))["path"] == "/v1/a/b%2Fc"


def test_values_are_mapped(world, proxied, backend):
    mapping = {
        "integration.request.header.X-Static": "'yes'",
        "integration.request.header.X-From": "method.request.querystring.q",
        "integration.request.header.X-Stage": "context.stage",
        "integration.request.querystring.q": "'new'",
        "integration.request.path.id": "method.request.querystring.q",
    }
    api = proxied(f"{backend}/{{id}}", requestParameters=mapping)
    seen = sent(world.send(api, query="q=7&r=8", headers=[("x-static", "no")]))
    headers = {name.lower(): value for name, value in seen["headers"]}
    assert (headers["x-static"], headers["x-from"], headers["x-stage"]) == ("yes", "7", "prod")
    assert seen["path"] == "/7?r=8&q=new"


def test_a_method_of_its_own_and_no_redirect(world, proxied, backend, header):
    api = proxied(f"{backend}/moved", integrationHttpMethod="PUT")
    answer = world.send(api)
    assert (answer.status, header(answer, "Location")) == (302, "http://127.0.0.1:1/")
    assert sent(answer)["method"] == "PUT"


def test_an_answer_of_more_than_ten_megabytes_is_too_large(world, proxied, backend):
    api = proxied(f"{backend}/large")
    world.log_to(api, level="ERROR")
    assert world.send(api).status == 500
    written = world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{api}/prod"]
    assert written[0].endswith("The response of the endpoint is larger than 10485760 bytes")


def test_nobody_there_is_a_network_error(world, proxied):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    api = proxied(f"http://127.0.0.1:{port}/")
    world.log_to(api, "$context.requestId|$context.error.responseType|$context.integration.error", level="ERROR")
    answer = world.send(api)
    assert (answer.status, answer.body) == (504, b'{"message": "Network error communicating with endpoint"}')
    said = "Execution failed due to a network error communicating with endpoint"
    assert world.telemetry.logs.groups["access"][0].split("|")[1:] == ["INTEGRATION_FAILURE", said]
    assert any(line.endswith(said) for line in world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{api}/prod"])


def test_an_answer_that_does_not_come_is_a_timeout(world, proxied):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        api = proxied(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeoutInMillis=50)
        answer = world.send(api)
    assert (answer.status, answer.body) == (504, b'{"message": "Endpoint request timed out"}')


@pytest.mark.parametrize("host", ["", "example.com", "a b"])
def test_a_stage_cannot_point_a_url_elsewhere(world, proxied, host):
    api = world.api()
    where = {"restApiId": api, "resourceId": world.resource(api, "/notes"), "httpMethod": "GET"}
    world.call("PutMethod", **where, authorizationType="NONE")
    uri = "http://${stageVariables.host}/x"
    world.call("PutIntegration", **where, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri)
    world.deploy(api, variables={"host": host.replace(" ", "~")})
    world.log_to(api, level="ERROR")
    assert world.send(api).status == 500
    written = world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{api}/prod"]
    assert written[0].endswith("Execution failed due to configuration error: Invalid endpoint address")


def test_a_host_can_be_allowed_by_name(world, monkeypatch):
    api = world.api()
    where = {"restApiId": api, "resourceId": world.resource(api), "httpMethod": "GET"}
    world.call("PutMethod", **where, authorizationType="NONE")
    wanted = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "https://api.example.com/x"}
    code, message = world.refused("PutIntegration", **where, **wanted)
    assert code == "NotImplemented"
    assert "HTTP_PROXY integrations with api.example.com, which is not this machine" in message
    assert "ROLLBACKLAB_HTTP_HOSTS" in message
    monkeypatch.setenv("ROLLBACKLAB_HTTP_HOSTS", "other, api.example.com")
    assert world.call("PutIntegration", **where, **wanted)["type"] == "HTTP_PROXY"


def test_what_was_sent_and_received_is_logged_and_measured(world, proxied, backend):
    api = proxied(f"{backend}/x")
    world.log_to(api, "$context.requestId|$context.integration.status|$context.integration.latency", level="INFO")
    world.patch_stage(api, **{"/*/*/logging/dataTrace": "true"})
    world.send(api)
    _, status, latency = world.telemetry.logs.groups["access"][0].split("|")
    assert (status, latency.isdecimal()) == ("201", True)
    written = [
        line.partition(") ")[2] for line in world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{api}/prod"]
    ]
    assert f"Endpoint request URI: {backend}/x" in written
    assert any(line.startswith("Received response. Status: 201, Integration latency: ") for line in written)
    assert len(world.telemetry.metrics.values("IntegrationLatency", ApiName="notes", Stage="prod")) == 1


@pytest.mark.parametrize(
    ("uri", "code", "part"),
    [
        ("ftp://127.0.0.1/x", "BadRequestException", "Invalid HTTP endpoint specified for URI"),
        ("", "BadRequestException", "Invalid HTTP endpoint specified for URI"),
        ("http://192.168.0.1/x", "NotImplemented", "192.168.0.1, which is not this machine"),
        ("http://127.0.0.1@example.com/x", "NotImplemented", "example.com, which is not this machine"),
    ],
)
def test_urls_that_are_refused(world, uri, code, part):
    api = world.api()
    where = {"restApiId": api, "resourceId": world.resource(api), "httpMethod": "GET"}
    world.call("PutMethod", **where, authorizationType="NONE")
    refused, message = world.refused("PutIntegration", **where, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri)
    assert refused == code
    assert part in message
