"""What AWS was seen to do at API Gateway, held against a running local AWS through boto3 and raw HTTP.

The facts lie beside this file as JSON, each with where it comes from: recorded against AWS, asserted by tests that were
validated there, captured, or quoted from AWS by its users. One local AWS serves all tests; each makes its own API.
"""

from __future__ import annotations

import http.client
import io
import itertools
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from pytest_rollbacklab.target import embedded_cloud

ACCOUNT, REGION = "700000000077", "us-east-1"
HERE = Path(__file__).parent
FUNCTIONS = {
    "returning": "import json\ndef main(event, context):\n    return json.loads(event['body'])\n",
    "echo": (
        "import json\ndef main(event, context):\n"
        "    return {'statusCode': 200, 'body': json.dumps({'event': event, 'version': context.function_version})}\n"
    ),
    "failing": "def main(event, context):\n    raise KeyError('AZUL_S3_BUCKET')\n",
    "sleeping": "import time\ndef main(event, context):\n    time.sleep(30)\n",
    "guard": (
        "def main(event, context):\n"
        "    token = event['authorizationToken']\n"
        "    if token == 'unauthorized':\n        raise Exception('Unauthorized')\n"
        "    effect = {'allow': 'Allow', 'deny': 'Deny'}[token]\n"
        "    statement = {'Action': 'execute-api:Invoke', 'Effect': effect, 'Resource': event['methodArn']}\n"
        "    policy = {'Version': '2012-10-17', 'Statement': [statement]}\n"
        "    return {'principalId': token, 'policyDocument': policy, 'context': {'tier': 'gold'}}\n"
    ),
    "unpermitted": "def main(event, context):\n    return {'statusCode': 200}\n",
    "plain": (
        "import json\ndef main(event, context):\n"
        "    said = {} if event.get('body') in (None, '') else json.loads(event['body'])\n"
        "    body = json.dumps('response from localstack lambda: ' + json.dumps(said, separators=(',', ':')))\n"
        "    return {'statusCode': 200, 'body': body, 'isBase64Encoded': False, 'headers': {}}\n"
    ),
}


@dataclass
class Answer:
    """An HTTP answer as it came: header names in their own case."""

    status: int
    pairs: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def headers(self) -> dict[str, str]:
        """By exact name; several of one name in one, as many clients show them."""
        found: dict[str, list[str]] = {}
        for name, value in self.pairs:
            found.setdefault(name, []).append(value)
        return {name: ", ".join(values) for name, values in found.items()}

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.pairs if key.lower() == name.lower()), None)


class Aws:
    """The running local AWS."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self.apigateway = self.client("apigateway")
        self.numbers = itertools.count(1)

    def client(self, service: str, **options: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=options.pop("key", ACCOUNT),
            aws_secret_access_key=options.pop("secret", "x"),
            config=Config(retries={"total_max_attempts": 1}, proxies={}, read_timeout=60),
        )

    def send(
        self,
        api: str,
        method: str = "GET",
        path: str = "/",
        *,
        headers: dict[str, str] | None = None,
        body: bytes | str | None = None,
        stage: str = "dev",
    ) -> Answer:
        """Call an API and return what came back."""
        target = f"/_aws/execute-api/{api}/{stage}{path}"
        return self.request(method, target, headers=headers, body=body)

    def request(
        self, method: str, target: str, *, headers: dict[str, str] | None = None, body: bytes | str | None = None
    ) -> Answer:
        """Send a request exactly so, and return what came back."""
        connection = http.client.HTTPConnection(urlsplit(self.endpoint_url).netloc, timeout=60)
        try:
            own_host = "Host" in (headers or {})
            connection.putrequest(method, target, skip_host=own_host, skip_accept_encoding=True)
            content = body.encode() if isinstance(body, str) else body
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if content is not None:
                connection.putheader("Content-Length", str(len(content)))
            connection.endheaders(content)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def function_arn(self, name: str) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"

    def uri(self, name: str) -> str:
        return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{self.function_arn(name)}/invocations"

    def api(self, **params: Any) -> str:
        name = f"facts-{next(self.numbers)}"
        params = {"endpointConfiguration": {"types": ["REGIONAL"]}, **params}
        return str(self.apigateway.create_rest_api(name=name, **params)["id"])

    def resource(self, api: str, path: str) -> str:
        items = self.apigateway.get_resources(restApiId=api, limit=500)["items"]
        known = {item["path"]: item["id"] for item in items}
        walked, parent = "", known["/"]
        for part in path.strip("/").split("/") if path != "/" else ():
            walked += f"/{part}"
            if walked not in known:
                made = self.apigateway.create_resource(restApiId=api, parentId=parent, pathPart=part)
                known[walked] = made["id"]
            parent = known[walked]
        return str(parent)

    def method(self, api: str, path: str = "/", method: str = "GET", **params: Any) -> dict[str, str]:
        """Put a method on a path, and return where that is."""
        where = {"restApiId": api, "resourceId": self.resource(api, path), "httpMethod": method}
        self.apigateway.put_method(**where, **{"authorizationType": "NONE", **params})
        return where

    def proxy(
        self, api: str, function: str, path: str = "/", method: str = "POST", *, integration: Any = None, **params: Any
    ) -> dict[str, str]:
        """Put a method with a function on a path, and return where that is."""
        where = self.method(api, path, method, **params)
        wanted = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": self.uri(function)}
        self.apigateway.put_integration(**where, **wanted, **(integration or {}))
        return where

    def mock(self, api: str, path: str = "/", method: str = "GET", **params: Any) -> dict[str, str]:
        """Put a method that answers 200 by itself on a path, and return where that is."""
        where = self.method(api, path, method, **params)
        template = {"application/json": '{"statusCode": 200}'}
        self.apigateway.put_integration(**where, type="MOCK", requestTemplates=template)
        self.apigateway.put_method_response(**where, statusCode="200")
        self.apigateway.put_integration_response(**where, statusCode="200", responseTemplates={"application/json": ""})
        return where

    def deploy(self, api: str, stage: str = "dev", **params: Any) -> str:
        return str(self.apigateway.create_deployment(restApiId=api, stageName=stage, **params)["id"])

    def log(self, api: str, format_: str, *, level: str = "INFO", stage: str = "dev") -> str:
        """Switch all logs of a stage on, and return the log group of its access logs."""
        group = f"access-{api}"
        self.client("logs").create_log_group(logGroupName=group)
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
        values = {"accessLogSettings/destinationArn": arn, "accessLogSettings/format": format_}
        values |= {"*/*/logging/loglevel": level, "*/*/logging/dataTrace": "true"}
        patches = [{"op": "replace", "path": f"/{path}", "value": value} for path, value in values.items()]
        self.apigateway.update_stage(restApiId=api, stageName=stage, patchOperations=patches)
        return group

    def lines(self, group: str) -> list[str]:
        """Return every line of a log group, oldest first."""
        logs = self.client("logs")
        events = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in events for event in page["events"]]


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    with embedded_cloud() as cloud:
        aws = Aws(cloud.endpoint_url)
        trust = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": ["lambda.amazonaws.com", "apigateway.amazonaws.com"]},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        )
        role = aws.client("iam").create_role(RoleName="facts", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        aws.apigateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
        for name, code in FUNCTIONS.items():
            make_function(aws, name, code, role)
        yield aws


def make_function(aws: Aws, name: str, code: str, role: str) -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", code)
    lambda_ = aws.client("lambda")
    lambda_.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="index.main",
        Timeout=60,
        Code={"ZipFile": package.getvalue()},
    )
    if name != "unpermitted":
        lambda_.add_permission(
            FunctionName=name,
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )


@pytest.fixture(scope="session")
def fact() -> Callable[[str], Any]:
    """Give what is known of AWS under an id."""
    known: dict[str, Any] = {}
    for path in sorted(HERE.glob("*.json")):
        known |= {name: found["fact"] for name, found in json.loads(path.read_text()).items()}
    return known.__getitem__
