"""SRP's arithmetic: both sides come to one key when the password is one, and to two when it is not."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from pytest_rollbacklab.localaws.identity.user_pools.srp import PRIME, Handshake, password_claim


def begin(client: Any, *, password: str = "secret", salt: int = 0x1234) -> Handshake:
    return Handshake.begin(pool_name="pool", user_id="ann", password=password, salt=salt, client_public=client.big_a)


@pytest.mark.parametrize("salt", [0, 1, 0x7F, 0x80, 0xFF00, 2**128 - 1])
def test_client_and_server_come_to_the_same_key(srp_client: Callable[[str, str], Any], salt: int) -> None:
    client = srp_client("eu-west-1_pool", "secret")
    handshake = begin(client, salt=salt)
    assert client.key("ann", f"{salt:x}", f"{handshake.server_public:x}") == handshake.key()


def test_another_password_comes_to_another_key(srp_client: Callable[[str, str], Any]) -> None:
    client = srp_client("eu-west-1_pool", "guess")
    handshake = begin(client)
    assert client.key("ann", f"{0x1234:x}", f"{handshake.server_public:x}") != handshake.key()


def test_each_handshake_has_a_value_of_its_own(srp_client: Callable[[str, str], Any]) -> None:
    client = srp_client("eu-west-1_pool", "secret")
    assert begin(client).server_public != begin(client).server_public


@pytest.mark.parametrize("multiple", [0, 1, 2])
def test_a_value_that_would_fix_the_key_is_refused(multiple: int) -> None:
    with pytest.raises(ValueError, match="A mod N is 0"):
        Handshake.begin(pool_name="p", user_id="u", password="x", salt=1, client_public=multiple * PRIME)


def test_the_claim_is_over_pool_user_block_and_time() -> None:
    block = base64.b64encode(b"block").decode()
    parts = {"pool_name": "p", "user_id": "u", "secret_block": block, "timestamp": "Mon"}
    claim = password_claim(b"k" * 16, **parts)
    assert claim == password_claim(b"k" * 16, **parts)
    for name, value in {"pool_name": "q", "user_id": "v", "secret_block": "AAAA", "timestamp": "Tue"}.items():
        assert password_claim(b"k" * 16, **parts | {name: value}) != claim
