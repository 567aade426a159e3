"""URLs as they go over the wire."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.call.signing import request_url

STAGE = "http://127.0.0.1:4566/_aws/execute-api/abc/prod"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/notes", "/notes"),
        ("/notes/", "/notes/"),
        ("/notes/a b", "/notes/a%20b"),
        ("/notes/a%20b%2Fc", "/notes/a%20b%2Fc"),
        ("/notes/100%", "/notes/100%25"),
        ("/notes/us-east-1:1a2b@x", "/notes/us-east-1:1a2b@x"),
        ("/notes/한글", "/notes/%ED%95%9C%EA%B8%80"),
        ("/notes/a;b#c", "/notes/a%3Bb%23c"),
        ("/notes?limit=3&q=a+b", "/notes?limit=3&q=a%20b"),
        ("/notes?empty", "/notes?empty="),
    ],
)
def test_a_path_is_sent_as_it_is_but_for_what_no_path_may_hold(path: str, sent: str) -> None:
    assert request_url(STAGE, path, {}) == STAGE + sent


def test_a_query_is_percent_encoded_whole() -> None:
    url = request_url(f"{STAGE}/", "/notes?z=1", {"a/b": "x y+&=", "tag": ["one", "two"]})
    assert url == f"{STAGE}/notes?z=1&a%2Fb=x%20y%2B%26%3D&tag=one&tag=two"
