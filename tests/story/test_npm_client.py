"""A client that others wrote, unmodified from npm, against the local AWS: SRP sign-in, credentials, a signed call.

``aws-api-gateway-cli-test`` is built on AWS SDK v2, which knows no endpoint but AWS's; ``amazonaws_to_endpoint.js``,
loaded before it by Node, sends its requests to the lab. It is installed once, from the registry that npm is set up for,
into pytest's cache. Where node, npm or the registry is missing these tests are skipped with the reason;
``ROLLBACKLAB_REQUIRE_NPM=1`` makes that a failure.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pytest_rollbacklab import Lab, Stage
from pytest_rollbacklab.stage import PASSWORD, USERNAME

PACKAGE, VERSION = "aws-api-gateway-cli-test", "1.3.2"
PRELOAD = Path(__file__).with_name("amazonaws_to_endpoint.js")
SAID_ON_THE_WAY = "Authenticating with User Pool Getting temporary credentials Making API request "

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Call = Callable[..., str]


def unavailable(reason: str) -> None:
    """Skip, or fail where the test must not be skipped."""
    if os.environ.get("ROLLBACKLAB_REQUIRE_NPM") == "1":
        pytest.fail(f"ROLLBACKLAB_REQUIRE_NPM=1, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        unavailable("node is not on PATH")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def npm_package(node: str, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as npm installed it: once for all runs, where pytest keeps a cache."""
    cache: pytest.Cache | None = getattr(pytestconfig, "cache", None)
    place = (cache.mkdir("npm") if cache else tmp_path_factory.mktemp("npm")) / f"{PACKAGE}-{VERSION}"
    if not place.exists():
        install_from_npm(place)
    package = place / "node_modules" / PACKAGE
    assert json.loads((package / "package.json").read_text())["version"] == VERSION
    return package


def install_from_npm(place: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        unavailable("npm is not on PATH")
    assert npm is not None
    under_way = place.with_name(f"{place.name}.{os.getpid()}")
    quick = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefer-offline", "--fetch-retries=1")
    try:
        subprocess.run(
            [npm, "install", *quick, "--prefix", str(under_way), f"{PACKAGE}@{VERSION}"],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        under_way.rename(place)
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", None) or str(error)).splitlines()
        unavailable(f"npm cannot install {PACKAGE}@{VERSION}: {'; '.join(said[:4])}")
    except OSError:
        if not place.exists():  # else another worker was first
            raise
    finally:
        shutil.rmtree(under_way, ignore_errors=True)


@pytest.fixture
def run_node(node: str, tmp_path: Path) -> Run:
    """Run a Node program whose requests to AWS go to an endpoint; nothing of the user's settings reaches it."""

    def run(endpoint_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "NODE_OPTIONS": f'--require "{PRELOAD}"',
            "NODE_NO_WARNINGS": "1",
            "AWS_ENDPOINT_URL": endpoint_url,
        }
        return subprocess.run([node, *arguments], env=environment, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def call(run_node: Run, npm_package: Path, lab: Lab, prod: Stage) -> Call:
    """Save a note on prod, and return what the client prints, on one line."""

    def call(*, password: str = PASSWORD) -> str:
        options = {
            "username": USERNAME,
            "password": password,
            "user-pool-id": prod.resources.user_pool_id,
            "app-client-id": prod.resources.app_client_id,
            "cognito-region": lab.target.region,
            "identity-pool-id": prod.resources.identity_pool_id,
            "invoke-url": api_url(prod),
            "api-gateway-region": lab.target.region,
            "path-template": "/notes",
            "method": "POST",
            "body": '{"content":"hello world","attachment":"hello.jpg"}',
        }
        endpoint_url = lab.target.endpoint_url
        client = run_node(endpoint_url, str(npm_package), *(f"--{name}={value}" for name, value in options.items()))
        assert client.returncode == 0, client.stderr  # also when the call failed: the client is like that
        return " ".join(client.stdout.split())

    return call


def api_url(stage: Stage) -> str:
    """Return the stage's URL as the app's template gives it: AWS's own."""
    assert stage.live is not None
    return stage.live.outputs["ApiUrl"]


def test_sees_200_then_502_then_200_again(call: Call, lab: Lab, prod: Stage) -> None:
    lab.push("Notes API")
    lab.promote("dev", "prod")
    prod.add_user(USERNAME, PASSWORD)
    before = note_in(call())

    lab.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
    lab.push("Making a mistake")
    lab.promote("dev", "prod")
    bad_gateway = "{ status: 502, statusText: 'Bad Gateway', data: { message: 'Internal server error' } }"
    assert call() == SAID_ON_THE_WAY + bad_gateway

    assert prod.roll_back(reason="POST /notes answers 502").packages_rebuilt == 0
    after = note_in(call())
    assert after["userId"] == before["userId"]
    assert after["noteId"] != before["noteId"]
    assert int(after["createdAt"]) > int(before["createdAt"])


def test_a_wrong_password_is_refused(call: Call, lab: Lab, prod: Stage) -> None:
    lab.push("Notes API")
    lab.promote("dev", "prod")
    prod.add_user(USERNAME, PASSWORD)
    assert call(password="Passw0rd?") == "Authenticating with User Pool Incorrect username or password."


def note_in(said: str) -> Mapping[str, str]:
    """Return the note that the client was answered, field by field, as Node prints it."""
    note = re.fullmatch(
        re.escape(SAID_ON_THE_WAY) + r"\{ status: 200, statusText: 'OK', data: \{ "
        r"userId: '(?P<userId>us-east-1:[0-9a-f-]{36})', noteId: '(?P<noteId>[0-9a-f-]{36})', "
        r"content: 'hello world', attachment: 'hello\.jpg', createdAt: (?P<createdAt>\d{13}) \} \}",
        said,
    )
    assert note, said
    return note.groupdict()


class TestPreload:
    """What the preload does to a request, seen by a server that says what it was sent."""

    @pytest.fixture
    def echo(self) -> Iterator[str]:
        class Echo(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps([self.path, *self.headers.items(), body]).encode())

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()

    @pytest.mark.parametrize(
        "address",
        [
            "'https://abc.execute-api.us-east-1.amazonaws.com/prod/a%2Fb?x=%20', {headers, method, agent}",
            "{headers, method, agent, host: 'abc.execute-api.us-east-1.amazonaws.com', path: '/prod/a%2Fb?x=%20'}",
        ],
    )
    def test_a_request_to_aws_arrives_as_it_was_meant(self, run_node: Run, echo: str, address: str) -> None:
        program = (
            "const https = require('https'), agent = new https.Agent({keepAlive: false});"
            "const method = 'POST', headers = {'X-MiXeD': '1', 'Content-Length': 5};"
            f"https.request({address}, (answer) => answer.pipe(process.stdout)).end('hello')"
        )
        ran = run_node(echo, "-e", program)
        path, *headers, body = json.loads(ran.stdout)
        assert (path, body) == ("/prod/a%2Fb?x=%20", "hello")
        assert ["Host", "abc.execute-api.us-east-1.amazonaws.com"] in headers
        assert ["X-MiXeD", "1"] in headers

    def test_a_request_to_anybody_else_is_refused(self, run_node: Run, echo: str) -> None:
        ran = run_node(echo, "-e", "require('https').get('https://example.com/')")
        assert ran.returncode != 0
        assert "refused: example.com is not AWS" in ran.stderr
