"""A running local AWS whose functions are in Node.js, and the facts that it is held against."""

from __future__ import annotations

import io
import itertools
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from pytest_rollbacklab.target import embedded_cloud

ACCOUNT, REGION = "700000000078", "us-east-1"
HERE = Path(__file__).parent


class Functions:
    """Functions of one account, each made for one question."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._numbers = itertools.count(1)
        self.api = self._client("lambda")
        self.logs = self._client("logs")

    def _client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self._endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="x",
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )

    def create(self, file: str, code: str, runtime: str = "nodejs22.x", **params: Any) -> str:
        """Make a function of one file, and return its name."""
        name = f"facts-{next(self._numbers)}"
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr(file, code)
        self.api.create_function(
            FunctionName=name,
            Runtime=runtime,
            Handler=f"{file.partition('.')[0]}.handler",
            Role=f"arn:aws:iam::{ACCOUNT}:role/facts",
            Code={"ZipFile": package.getvalue()},
            **params,
        )
        self.api.get_waiter("function_active_v2").wait(FunctionName=name)
        return name

    def invoke(self, name: str, payload: Any = None, **params: Any) -> dict[str, Any]:
        """Invoke a function, and return what boto3 does, with the payload decoded."""
        answer = self.api.invoke(FunctionName=name, Payload=json.dumps(payload or {}), **params)
        answer.pop("ResponseMetadata")
        return {**answer, "Payload": json.loads(answer["Payload"].read())}

    def lines(self, name: str) -> list[str]:
        """Return a function's log, oldest first."""
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
        return [event["message"] for page in pages for event in page["events"]]


@pytest.fixture(scope="session")
def functions() -> Iterator[Functions]:
    if shutil.which("node") is None:
        pytest.skip("this machine has no Node.js")
    with embedded_cloud() as cloud:
        yield Functions(cloud.endpoint_url)


@pytest.fixture(scope="session")
def fact() -> Callable[[str], Any]:
    """Looks a fact up by its id."""
    facts = json.loads((HERE / "facts.json").read_text())
    return lambda name: facts[name]["fact"]
