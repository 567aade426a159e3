"""Which requests to moto are looked at afterwards."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.moto_seam.writes import accounts_in, operation_of, writes

FORM = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")


def request(method: str, target: str = "/", body: bytes = b"", *headers: tuple[str, str]) -> HttpRequest:
    return HttpRequest(method=method, target=target, headers=headers, body=body, source_ip="127.0.0.1")


@pytest.mark.parametrize(
    ("asked", "operation", "write"),
    [
        (request("POST", "/", b"{}", ("X-Amz-Target", "DynamoDB_20120810.PutItem")), "PutItem", True),
        (request("POST", "/", b"{}", ("X-Amz-Target", "DynamoDB_20120810.Query")), "Query", False),
        (request("POST", "/", b"{}", ("X-Amz-Target", "AmazonSQS.ReceiveMessage")), "ReceiveMessage", True),
        (request("POST", "/", b"Version=1&Action=CreateRole&RoleName=r", FORM), "CreateRole", True),
        (request("POST", "/", b"Action=ListRoles", FORM), "ListRoles", False),
        (request("GET", "/?Action=Publish&Message=x"), "Publish", True),
        (request("GET", "/?Action=GetTopicAttributes"), "GetTopicAttributes", False),
        (request("GET", "/bucket/key"), "", False),
        (request("HEAD", "/bucket/key"), "", False),
        (request("POST", "/bucket?delete", b"<Delete/>"), "", True),
        (request("PUT", "/bucket/key?Action=ListIt", b"Action=ListIt", FORM), "ListIt", True),
        (request("DELETE", "/bucket/key"), "", True),
    ],
)
def test_by_operation_or_method(asked: HttpRequest, operation: str, write: bool) -> None:
    assert (operation_of(asked), writes(asked)) == (operation, write)


def test_the_accounts_that_a_request_names() -> None:
    body = b"Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fr&Id=1234567890123"
    assert accounts_in(request("POST", "/444455556666/queue", body)) == {"111122223333", "444455556666"}
