"""The whole drill, warm, on the local AWS and on ministack, side by side in one run.

    python benchmarks/drill.py [--rounds N]

Each round does the same work through boto3 and HTTP on each of the two: a table, a role, a function, a REST API;
POST answers 201; the bad code goes out; POST answers 502; the function's log and metrics are read; the good package
goes back; POST answers 201; all is deleted. The two take turns, so that a slow moment of the machine meets both.
Prints the median of each and the ratio; asserts only that the answers are right.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.config import Config

from pytest_rollbacklab.target import embedded_cloud
from pytest_rollbacklab.wait import wait_for

GOOD = """
import json, os, boto3
table = boto3.client("dynamodb")

def main(event, context):
    note = json.loads(event["body"])
    item = {"id": {"S": context.aws_request_id}, "content": {"S": note["content"]}}
    table.put_item(TableName=os.environ["TABLE_NAME"], Item=item)
    return {"statusCode": 201, "body": json.dumps(note)}
"""
BAD = GOOD.replace("    note = json", "    gibberish.what\n    note = json", 1)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
MAY_WRITE = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}]}
)


class Place:
    """One of the two, with its clients."""

    def __init__(self, name: str, endpoint_url: str) -> None:
        self.name = name
        self.endpoint_url = endpoint_url
        self.http = requests.Session()
        self.http.trust_env = False
        self.seconds: list[float] = []
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint_url,
                region_name="us-east-1",
                aws_access_key_id="000000000000",
                aws_secret_access_key="x",
                config=Config(retries={"total_max_attempts": 1}, proxies={}),
            )
        return self._clients[service]


def drill(place: Place, tag: str) -> None:
    """Deploy, break, see, roll back, clean up."""
    good, bad = zipped(GOOD), zipped(BAD)
    iam = place.client("iam")
    role = iam.create_role(RoleName=f"role-{tag}", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName=f"role-{tag}", PolicyName="table", PolicyDocument=MAY_WRITE)
    place.client("dynamodb").create_table(
        TableName=f"notes-{tag}",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    function = f"create-{tag}"
    arn = place.client("lambda").create_function(
        FunctionName=function,
        Runtime="python3.11",
        Role=role,
        Handler="create.main",
        Code={"ZipFile": good},
        Environment={"Variables": {"TABLE_NAME": f"notes-{tag}"}},
    )["FunctionArn"]
    api_id, url = make_api(place, function, arn)
    expect(place, url, 201)
    put_code(place, function, bad)
    expect(place, url, 502)
    read(place, function)
    put_code(place, function, good)
    expect(place, url, 201)
    place.client("apigateway").delete_rest_api(restApiId=api_id)
    place.client("lambda").delete_function(FunctionName=function)
    place.client("dynamodb").delete_table(TableName=f"notes-{tag}")
    place.client("iam").delete_role_policy(RoleName=f"role-{tag}", PolicyName="table")
    place.client("iam").delete_role(RoleName=f"role-{tag}")


def make_api(place: Place, function: str, arn: str) -> tuple[str, str]:
    gateway = place.client("apigateway")
    api_id = gateway.create_rest_api(name=function)["id"]
    root = gateway.get_resources(restApiId=api_id)["items"][0]["id"]
    notes = gateway.create_resource(restApiId=api_id, parentId=root, pathPart="notes")["id"]
    where = {"restApiId": api_id, "resourceId": notes, "httpMethod": "POST"}
    gateway.put_method(**where, authorizationType="NONE")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    gateway.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    place.client("lambda").add_permission(
        FunctionName=function, StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    deployment = gateway.create_deployment(restApiId=api_id)["id"]
    gateway.create_stage(restApiId=api_id, stageName="prod", deploymentId=deployment)
    return api_id, f"{place.endpoint_url}/restapis/{api_id}/prod/_user_request_/notes"


def put_code(place: Place, function: str, code: bytes) -> None:
    place.client("lambda").update_function_code(FunctionName=function, ZipFile=code)


def expect(place: Place, url: str, status: int) -> None:
    answer = place.http.post(url, json={"content": "hello"}, timeout=30)
    if answer.status_code != status:
        raise SystemExit(f"{place.name}: expected {status}, got {answer.status_code} {answer.text}")


def read(place: Place, function: str) -> None:
    def error_line() -> Any:
        events = place.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        return [event for event in events if "gibberish" in event["message"]] or None

    wait_for(f"{place.name} to log the error", error_line, timeout_s=10)
    now = time.time()
    place.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=now - 3600,
        EndTime=now + 60,
        Period=60,
        Statistics=["Sum"],
    )


def zipped(source: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as package:
        package.writestr("create.py", source)
    return data.getvalue()


@contextlib.contextmanager
def ministack() -> Iterator[str]:
    """Run ministack, from PyPI, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    endpoint_url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [Path(sys.executable).with_name("ministack")],
        env={**os.environ, "GATEWAY_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:

        def healthy() -> bool | None:
            with contextlib.suppress(requests.ConnectionError):
                return requests.get(f"{endpoint_url}/_ministack/health", timeout=5).ok or None
            return None

        wait_for("ministack to start", healthy, timeout_s=60, first_pause_s=0.1)
        yield endpoint_url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with ministack() as theirs, embedded_cloud() as ours:
        places = [Place("rollbacklab", ours.endpoint_url), Place("ministack", theirs)]
        for number in range(rounds + 1):
            for place in places:
                start = time.perf_counter()
                drill(place, f"{number}-{os.getpid()}")
                if number:  # the first round warms both up
                    place.seconds.append(time.perf_counter() - start)
    medians = {place.name: statistics.median(place.seconds) for place in places}
    for place in places:
        spread = f"{min(place.seconds) * 1000:.0f} to {max(place.seconds) * 1000:.0f}"
        print(f"{place.name:12} {medians[place.name] * 1000:8.0f} ms  ({spread}, {rounds} rounds)")
    print(f"ratio        {medians['rollbacklab'] / medians['ministack']:8.2f}")


if __name__ == "__main__":
    main()
