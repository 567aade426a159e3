"""What AWS was seen to do at CloudWatch and Logs, held against a running local AWS through boto3.

The facts lie beside this file as JSON, each with where it comes from: recorded against AWS, or quoted from AWS by its
users. One local AWS serves all tests; each has an account of its own.
"""

from __future__ import annotations

import io
import itertools
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from pytest_rollbacklab.target import embedded_cloud

REGION = "eu-west-1"
FACTS = json.loads((Path(__file__).parent / "facts.json").read_text())["facts"]
_ACCOUNTS = itertools.count(700000001000)
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")
HANDLER = """
import json
def main(event, context):
    print("GOT " + json.dumps(event))
    if event.get("fail"):
        raise Exception("fail on purpose")
    return {"success": "ok"}
"""


class Aws:
    """One account of the running local AWS."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self.account = str(next(_ACCOUNTS))
        self.region = REGION
        self.cloudwatch = self.client("cloudwatch")
        self.logs = self.client("logs")
        self.awslambda = self.client("lambda")

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=self.account,
            aws_secret_access_key="x",
            config=Config(retries={"total_max_attempts": 1}, proxies={}, read_timeout=60),
        )

    def function(self, name: str) -> str:
        """Make a function that logs its event, and return its ARN."""
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("handler.py", HANDLER)
        made = self.awslambda.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="handler.main",
            Role=f"arn:aws:iam::{self.account}:role/function",
            Code={"ZipFile": package.getvalue()},
        )
        return str(made["FunctionArn"])

    def got(self, function: str) -> list[Any]:
        """Return the events that a function was invoked with so far."""
        try:
            found = self.logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", filterPattern="GOT")["events"]
        except self.logs.exceptions.ResourceNotFoundException:
            return []
        return [json.loads(event["message"].removeprefix("GOT ")) for event in found]

    def inbox(self, topic_name: str) -> tuple[str, Callable[[], Any]]:
        """Make a topic with a queue behind it; return the topic's ARN, and what takes the next message."""
        sns, sqs = self.client("sns"), self.client("sqs")
        topic = sns.create_topic(Name=topic_name)["TopicArn"]
        url = sqs.create_queue(QueueName=topic_name)["QueueUrl"]
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

        def take() -> Any:
            messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return json.loads(json.loads(message["Body"])["Message"])
            return None

        return topic, take


def eventually(look: Callable[[], Any], within_s: float = 20.0) -> Any:
    """Return the first thing that is found."""
    end = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.05)
    return found


def undated(value: Any) -> Any:
    """Return a value with its dates as recordings have them."""
    if isinstance(value, dict):
        return {name: undated(member) for name, member in value.items()}
    if isinstance(value, list):
        return [undated(member) for member in value]
    return "date" if isinstance(value, str) and _DATE.fullmatch(value) else value


def filled(value: Any, **names: str) -> Any:
    """Return a fact with what stands for names replaced: ``<log-group>`` by ``log_group``."""
    text = json.dumps(value)
    for name, given in names.items():
        text = text.replace(f"<{name.replace('_', '-')}>", json.dumps(given)[1:-1])
    return json.loads(text)


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with embedded_cloud() as cloud:
        yield cloud.endpoint_url


@pytest.fixture
def aws(endpoint: str) -> Aws:
    return Aws(endpoint)


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., Any]:
    return eventually


@pytest.fixture(name="undated")
def _undated() -> Callable[[Any], Any]:
    return undated


@pytest.fixture
def fact() -> Callable[..., Any]:
    return lambda identity, **names: filled(FACTS[identity]["fact"], **names)
