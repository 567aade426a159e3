"""What AWS was seen to do at Lambda, held against a running local AWS through boto3.

The facts lie beside this file as JSON, each with where it comes from. ``same`` compares a recording with what came:
``<name:1>`` stands for a text that is the same wherever it occurs, a bare word (``date``) for any.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from pytest_rollbacklab.target import embedded_cloud
from pytest_rollbacklab.wait import wait_for

ACCOUNT, REGION = "111111111111", "us-east-1"
HERE = Path(__file__).parent
_TEXTS = {"<partition>": "aws", "<region>": REGION}
_ANY = frozenset({"date", "timestamp", "code-sha256", "log-result", "event-id", "<stack-trace>"})


class Aws:
    """The running local AWS, as one account sees it."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self._clients: dict[str, Any] = {}
        self._numbers = itertools.count(1)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint_url,
                region_name=REGION,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="x",
                config=Config(retries={"total_max_attempts": 1}, proxies={}, read_timeout=90),
            )
        return self._clients[service]

    @property
    def lambda_(self) -> Any:
        return self.client("lambda")

    def new_name(self, what: str = "fact") -> str:
        return f"{what}-{next(self._numbers)}"

    def function(self, code: str, *, file: str = "handler.py", **params: Any) -> str:
        """Make a function of one file, and return its name."""
        name = self.new_name()
        self.made(name, code, file=file, **params)
        return name

    def made(self, name: str, code: str, *, file: str = "handler.py", **params: Any) -> dict[str, Any]:
        """Make a function of one file, and return the answer."""
        wanted = {
            "FunctionName": name,
            "Runtime": "python3.12",
            "Role": f"arn:aws:iam::{ACCOUNT}:role/facts",
            "Handler": f"{file.removesuffix('.py')}.handler",
            "Code": {"ZipFile": zipped({file: code})},
        }
        answer: dict[str, Any] = self.lambda_.create_function(**{**wanted, **params})
        return answer

    def invoke(self, name: str, payload: Any = None, **params: Any) -> dict[str, Any]:
        """Invoke, and return the answer with its payload read."""
        sent = b"" if payload is None else payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        answer: dict[str, Any] = self.lambda_.invoke(FunctionName=name, Payload=sent, **params)
        text = answer["Payload"].read().decode()
        return {**answer, "Payload": text if text in ("", "null") else json.loads(text)}

    def send(self, name: str, payload: Any = None, **params: Any) -> dict[str, Any]:
        return self.invoke(name, payload, InvocationType="Event", **params)

    def package(self, code: str) -> bytes:
        """Make a package of a function's only file."""
        return zipped({"handler.py": code})

    def queue(self) -> tuple[str, str]:
        """Make a queue; return its URL and ARN."""
        name = self.new_name("queue")
        url = self.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def receive(self, url: str) -> dict[str, Any]:
        """Wait for a message, and return it with its body read."""

        def received() -> dict[str, Any] | None:
            found = self.client("sqs").receive_message(
                QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"], WaitTimeSeconds=0
            )
            messages = found.get("Messages", [])
            return messages[0] if messages else None

        message: dict[str, Any] = wait_for(f"a message in {url}", received, timeout_s=30)
        return {**message, "Body": json.loads(message["Body"])}

    def lines(self, group: str, *, until: Callable[[list[str]], object] = bool) -> list[str]:
        """Return the lines of a log group, once they are as wanted."""

        def found() -> list[str] | None:
            try:
                pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
                lines = [event["message"] for page in pages for event in page["events"]]
            except self.client("logs").exceptions.ResourceNotFoundException:
                return None
            return lines if until(lines) else None

        lines: list[str] = wait_for(f"the lines of {group}", found, timeout_s=30)
        return lines

    def refusal(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation that must be refused, and return the error's answer."""
        with pytest.raises(ClientError) as caught:
            getattr(self.lambda_, operation)(**params)
        return dict(caught.value.response)


def zipped(files: Mapping[str, str]) -> bytes:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return package.getvalue()


def same(recorded: Any, came: Any, *, but: tuple[str, ...] = ()) -> None:
    """Fail unless what came is what was recorded.

    Args:
        recorded: The recording.
        came: The answer.
        but: Members that are not compared.
    """
    _Comparing(but).same(recorded, came, "")


class _Comparing:
    def __init__(self, but: tuple[str, ...]) -> None:
        self._but = {*but, "ResponseMetadata"}
        self._standing: dict[str, str] = {}

    def same(self, recorded: Any, came: Any, where: str) -> None:
        if isinstance(recorded, dict):
            assert isinstance(came, dict), f"{where}: {came!r} is not {recorded!r}"
            assert recorded.keys() - self._but == came.keys() - self._but, where
            for name in recorded.keys() - self._but:
                self.same(recorded[name], came[name], f"{where}/{name}")
        elif isinstance(recorded, list):
            assert isinstance(came, list), where
            assert len(recorded) == len(came), f"{where}: {came!r} is not {recorded!r}"
            for index, pair in enumerate(zip(recorded, came, strict=True)):
                self.same(*pair, f"{where}/{index}")
        elif isinstance(recorded, str) and not (recorded in _ANY or re.fullmatch("<[^<>:]+>", recorded)):
            self._same_text(recorded, came, where)
        elif not isinstance(recorded, str):
            assert recorded == came, f"{where}: {came!r} is not {recorded!r}"

    def _same_text(self, recorded: str, came: Any, where: str) -> None:
        parts = re.split(r"(<[^<>]+>)", recorded)
        pattern = "".join(self._pattern(part) if part.startswith("<") else re.escape(part) for part in parts)
        found = re.fullmatch(pattern, str(came), re.DOTALL)
        assert found, f"{where}: {came!r} is not {recorded!r}, with {self._standing}"
        self._standing |= {part: found[_group(part)] for part in parts if _group(part) in found.groupdict()}

    def _pattern(self, part: str) -> str:
        if part in _TEXTS or part in self._standing:
            return re.escape(_TEXTS.get(part) or self._standing[part])
        return f"(?P<{_group(part)}>.+?)" if ":" in part else ".+?"


def _group(part: str) -> str:
    return "p_" + re.sub(r"\W", "_", part)


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    with embedded_cloud() as cloud:
        yield Aws(cloud.endpoint_url)


@pytest.fixture(scope="session")
def fact() -> Callable[[str], Any]:
    """Give what is known of AWS under an id."""
    known: dict[str, Any] = {}
    for path in sorted(HERE.glob("*.json")):
        known |= {name: found["fact"] for name, found in json.loads(path.read_text()).items()}
    return known.__getitem__


@pytest.fixture(name="same", scope="session")
def same_fixture() -> Callable[..., None]:
    """Compare a recording with what came."""
    return same


@pytest.fixture(name="zipped", scope="session")
def zipped_fixture() -> Callable[[Mapping[str, str]], bytes]:
    """Make a package of files by name."""
    return zipped


@pytest.fixture(scope="session")
def decoded_tail() -> Callable[[Mapping[str, Any]], list[str]]:
    """Read the tail of the log that an answer carries, as lines."""
    return lambda answer: base64.b64decode(answer["LogResult"]).decode().splitlines(keepends=True)
