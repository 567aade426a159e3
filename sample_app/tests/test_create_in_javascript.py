"""functions/create.js, called on Node.js as Lambda calls it, with a DynamoDB that notes what it is asked for."""

import json
import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

FUNCTIONS = Path(__file__).parent.parent / "functions"
CALL = """
const { main } = await import(process.argv[1]);
console.log(JSON.stringify(await main(JSON.parse(process.argv[2]))));
"""
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="this machine has no Node.js")


class DynamoDb(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((dict(self.headers), body))
        answer = json.dumps(self.server.answer).encode()
        self.send_response(400 if self.server.answer else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


@pytest.fixture
def dynamodb():
    with HTTPServer(("127.0.0.1", 0), DynamoDb) as server:
        server.asked, server.answer = [], {}
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def create(dynamodb):
    """Call the function: create(body) -> the finished process."""

    def call(body):
        event = {"body": body, "requestContext": {"identity": {"cognitoIdentityId": "us-east-1:ann"}}}
        variables = {
            "PATH": os.environ["PATH"],
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{dynamodb.server_port}",
            "AWS_ACCESS_KEY_ID": "ASIAANN",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token",
            "TABLE_NAME": "notes",
        }
        command = ["node", "--input-type=module", "-e", CALL, (FUNCTIONS / "create.js").as_uri(), json.dumps(event)]
        return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)

    return call


def test_a_note_is_written_and_answered(create, dynamodb):
    answer = json.loads(create('{"content": "안녕", "attachment": "hello.jpg"}').stdout)
    note = json.loads(answer["body"])
    assert (answer["statusCode"], answer["headers"]["Access-Control-Allow-Origin"]) == (200, "*")
    assert set(note) == {"userId", "noteId", "content", "attachment", "createdAt"}
    assert (note["userId"], note["content"], note["attachment"]) == ("us-east-1:ann", "안녕", "hello.jpg")
    [(headers, body)] = dynamodb.asked
    assert headers["x-amz-target"] == "DynamoDB_20120810.PutItem"
    item = {name: {"N" if name == "createdAt" else "S": str(value)} for name, value in note.items()}
    assert json.loads(body) == {"TableName": "notes", "Item": item}


def test_a_note_without_an_attachment_has_null(create, dynamodb):
    assert json.loads(json.loads(create('{"content": ""}').stdout)["body"])["attachment"] is None
    assert json.loads(dynamodb.asked[0][1])["Item"]["attachment"] == {"NULL": True}


def test_the_request_is_signed_as_botocore_signs_it(create, dynamodb):
    create('{"content": "hello world"}')
    [(headers, body)] = dynamodb.asked
    names = ("content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target")
    request = AWSRequest(
        "POST", f"http://{headers['host']}/", headers={name: headers[name] for name in names}, data=body
    )
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials("ASIAANN", "secret", "token"), "dynamodb", "us-east-1")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    assert headers["authorization"].rpartition("Signature=")[2] == signer.signature(text, request)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (None, "a note needs a text as its content"),
        ("{", "the body is not JSON"),
        ("[]", "a note needs a text as its content"),
        ('{"content": 1}', "a note needs a text as its content"),
        ('{"content": "a", "attachment": 1}', "a note's attachment is the name of a file, or null"),
    ],
)
def test_what_is_no_note_is_refused(create, dynamodb, body, error):
    answer = json.loads(create(body).stdout)
    assert (answer["statusCode"], json.loads(answer["body"])) == (400, {"error": error})
    assert dynamodb.asked == []


def test_what_dynamodb_refuses_ends_the_invocation(create, dynamodb):
    dynamodb.answer = {"__type": "AccessDeniedException", "Message": "no"}
    failed = create('{"content": "hello world"}')
    assert failed.returncode != 0
    assert "PutItem: AccessDeniedException no" in failed.stderr
