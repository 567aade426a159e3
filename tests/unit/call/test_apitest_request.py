"""What the options of ``rollbacklab apitest`` come to, against what npm's client sends for the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_rollbacklab.call.apitest_request import ApitestOptions, ApitestRequest, read_request
from pytest_rollbacklab.errors import UsageError


def options(**given: Any) -> ApitestOptions:
    required = {
        "username": "ann",
        "password": "Passw0rd!",
        "user_pool_id": "us-east-1_AbCdEf123",
        "app_client_id": "app",
        "identity_pool_id": "us-east-1:1a2b",
        "invoke_url": "http://127.0.0.1:4566/prod",
        "path_template": "/notes",
    }
    return ApitestOptions(**(required | given))


def test_by_default_nothing_is_sent_but_the_request() -> None:
    assert read_request(options()) == ApitestRequest(
        method="GET",
        path="/notes",
        query={},
        headers={"Accept": "application/json"},
        body=None,
        timeout_s=35.0,
    )


def test_the_chapters_call() -> None:
    request = read_request(options(method="post", body='{"content":"hello world", "attachment":"안녕.jpg"}'))
    assert (request.method, request.body) == ("POST", '{"content":"hello world","attachment":"안녕.jpg"}')
    assert request.headers == {"Accept": "application/json", "Content-Type": "application/json"}


def test_everything_at_once() -> None:
    request = read_request(
        options(
            path_template="notes/{id}",
            params='{"id": "4/5"}',
            additional_params='{"headers": {"p": 1, "Accept": "*/*"}, "queryParams": {"q": "a b"}, "timeout": 1500}',
            api_key="key",
        )
    )
    assert (request.path, request.query, request.timeout_s) == ("/notes/4%2F5", {"q": "a b"}, 1.5)
    assert request.headers == {"Accept": "*/*", "x-api-key": "key", "p": "1"}


@pytest.mark.parametrize("body", ["{}", "[]", '""', "null", "5", "true", "@"])
def test_an_empty_body_is_not_sent(body: str, tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text("{}")
    assert read_request(options(body=f"@{tmp_path}/empty.json" if body == "@" else body)).body is None


def test_a_body_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "create.json").write_text('{"content": "한글"}\n', encoding="utf-8")
    assert read_request(options(body=f"@{tmp_path}/create.json")).body == '{"content":"한글"}'


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the file of --body: No such file or directory") as missing:
        read_request(options(body=f"@{tmp_path}/create.json"))
    assert f"looked at: {tmp_path}/create.json" in str(missing.value)
    (tmp_path / "latin1.json").write_bytes(b'{"a": "\xfc"}')
    with pytest.raises(UsageError, match="cannot read the file of --body: it is not UTF-8"):
        read_request(options(body=f"@{tmp_path}/latin1.json"))
    (tmp_path / "bad.json").write_text("{bad")
    with pytest.raises(UsageError, match=r"the file of --body, .*bad\.json is not JSON"):
        read_request(options(body=f"@{tmp_path}/bad.json"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"body": "{content:hello}"}, "--body is not JSON: Expecting property name"),
        ({"body": ""}, "--body is not JSON"),
        ({"params": "[]"}, "--params is no JSON object"),
        ({"additional_params": "{"}, "--additional-params is not JSON"),
        ({"additional_params": '{"headers": [1]}'}, r"headers of --additional-params is \[1\]"),
        ({"additional_params": '{"queryParams": {"q": null}}'}, "'q' in queryParams of --additional-params is null"),
        ({"additional_params": '{"timeout": "1"}'}, 'timeout of --additional-params is "1"'),
        ({"additional_params": '{"timeout": -1}'}, "timeout of --additional-params is -1"),
        ({"additional_params": '{"retries": 1, "x": 2}'}, "--additional-params has retries, x, which is not supported"),
        ({"path_template": "/notes/{id}"}, "needs a parameter 'id'"),
    ],
)
def test_an_option_that_is_wrong_is_named(given: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_request(options(**given))


def test_the_password_is_not_shown() -> None:
    assert "Passw0rd!" not in repr(options())
