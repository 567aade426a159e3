"""Which requests to moto may change something, and where: what has to be looked at after a call.

Every operation is taken for a write unless its name is that of a read, and every account that a request names for one
that it may touch: to look once too often costs a little time, and what has not changed is not written.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import unquote

from pytest_rollbacklab.localaws.http import HttpRequest

__all__ = ["accounts_in", "also_touched", "json_body", "operation_of", "writes"]

_READS: Final = re.compile(
    r"(BatchGet|Describe|Filter|Get|Head|List|Lookup|Query|Scan|Search|Select|Simulate|TransactGet|Validate)"
)
_ACTION: Final = re.compile(rb"(?:^|[&?])Action=(\w+)")
_ACCOUNT_ID: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_LOOKED_AT_BYTES: Final = 64 * 1024

_ALSO_TOUCHED: Final = {
    "dynamodb": ("kms",),
    "events": ("firehose", "kinesis", "logs", "sns", "sqs", "stepfunctions"),
    "s3": ("events", "sns", "sqs"),
    "secretsmanager": ("kms",),
    "sns": ("firehose", "sqs"),
    "sts": ("iam",),
}


def operation_of(request: HttpRequest) -> str:
    """Return the operation's name, where the request says it; empty for REST."""
    target = request.header("x-amz-target")
    if target:
        return target.rpartition(".")[2]
    if request.method == "POST" and (request.header("content-type") or "").startswith(
        "application/x-www-form-urlencoded"
    ):
        found = _ACTION.search(request.body)
    else:
        found = _ACTION.search(request.target.encode())
    return found[1].decode() if found else ""


def writes(request: HttpRequest) -> bool:
    """Tell whether a request may change something."""
    if request.method in ("DELETE", "PATCH", "PUT"):
        return True
    operation = operation_of(request)
    return not _READS.match(operation) if operation else request.method == "POST"


def also_touched(service: str) -> tuple[str, ...]:
    """Return the services that moto changes along with one: by an event that it hands on, or a key that it makes."""
    return _ALSO_TOUCHED.get(service, ())


def accounts_in(request: HttpRequest) -> set[str]:
    """Return what may be the id of an account: AssumeRole's role and a queue's address have it."""
    body = request.body[:_LOOKED_AT_BYTES].decode("latin-1")
    return set(_ACCOUNT_ID.findall(unquote(f"{request.target} {body}")))


def json_body(request: HttpRequest) -> dict[str, Any]:
    """Return the members of a JSON request; none of one that is no JSON object, which moto refuses."""
    try:
        members = json.loads(request.body)
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}
