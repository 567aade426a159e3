"""The client's side: against a server's side written here from the protocol's description, and against Amazon's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime

import pytest

from pytest_rollbacklab.call import srp

POOL, USER, PASSWORD, AT = "us-east-1_AbCdEf123", "ann", "Passw0rd!", "Mon Nov 23 05:42:00 UTC 2026"
N, G = srp._N, 2


def padded(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def sha(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


class Server:
    """RFC 5054's server, with Cognito's hash of the identity and its key derivation."""

    def __init__(self, password: str) -> None:
        self.salt = secrets.randbits(128)
        identity = hashlib.sha256(f"{POOL.partition('_')[2]}{USER}:{password}".encode()).digest()
        self.verifier = pow(G, sha(padded(self.salt), identity), N)
        self.b = secrets.randbits(256)
        self.public = (sha(padded(N), padded(G)) * self.verifier + pow(G, self.b, N)) % N
        self.block = secrets.token_bytes(64)

    def expects(self, srp_a: str) -> str:
        a = int(srp_a, 16)
        u = sha(padded(a), padded(self.public))
        shared = pow(a * pow(self.verifier, u, N), self.b, N)
        seed = hmac.digest(padded(u), padded(shared), "sha256")
        key = hmac.digest(seed, b"Caldera Derived Key\x01", "sha256")[:16]
        message = POOL.partition("_")[2].encode() + USER.encode() + self.block + AT.encode()
        return base64.b64encode(hmac.digest(key, message, "sha256")).decode()


def claim(handshake: srp.Handshake, server: Server, password: str) -> str:
    return handshake.claim(
        pool_id=POOL,
        user_id=USER,
        password=password,
        srp_b=f"{server.public:x}",
        salt=f"{server.salt:x}",
        secret_block=base64.b64encode(server.block).decode(),
        at=AT,
    )


def test_the_right_password_gives_the_signature_that_the_server_expects() -> None:
    for _ in range(5):
        server, handshake = Server(PASSWORD), srp.Handshake.begin()
        assert claim(handshake, server, PASSWORD) == server.expects(handshake.srp_a)


# What AuthenticationHelper of amazon-cognito-identity-js 1.31.0 computes for the same secret, SRP_B and salts. The
# first salt's highest bit is set, so that it is hashed with a zero byte before it; the second's is not.
AMAZONS_SECRET = 0xC0FFEE0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789
AMAZONS_CLAIMS = [
    ("8f00112233445566778899aabbccddee", "M0pgxfZvN0lfpLBJJz9nwh98pU+J84wg2QLOkd4XAuk="),
    ("0f00112233445566778899aabbccddee", "E7zfLQ/gokWKWXRVHeOV6i/A5CFdEEAa0PW2yyPY/IQ="),
]


@pytest.mark.parametrize(("salt", "claimed"), AMAZONS_CLAIMS)
def test_claims_what_amazons_own_client_claims(salt: str, claimed: str) -> None:
    handshake = srp.Handshake.begin(AMAZONS_SECRET)
    sent = hashlib.sha256(handshake.srp_a.encode()).hexdigest()
    assert sent == "8bcc62ac2e093503be0c71e4159fe0f686cac398124133d3de2320ce9f2f3dcd"
    assert claimed == handshake.claim(
        pool_id="eu-west-1_Xy9abcDEF",
        user_id="ann",
        password="Pässw0rd! 1",
        srp_b=f"{pow(2, 0xFEEDBEEF**7, N):x}",
        salt=salt,
        secret_block=base64.b64encode(b"secret block").decode(),
        at="Mon Nov 3 05:42:00 UTC 2026",
    )


def test_the_secret_is_not_shown() -> None:
    assert str(AMAZONS_SECRET) not in repr(srp.Handshake.begin(AMAZONS_SECRET))


def test_a_wrong_password_does_not() -> None:
    server, handshake = Server(PASSWORD), srp.Handshake.begin()
    assert claim(handshake, server, "Passw0rd?") != server.expects(handshake.srp_a)


def test_each_handshake_has_a_secret_of_its_own() -> None:
    assert srp.Handshake.begin().srp_a != srp.Handshake.begin().srp_a


def test_a_server_that_sends_no_public_value_is_refused() -> None:
    server = Server(PASSWORD)
    server.public = 0
    with pytest.raises(ValueError, match="SRP_B is no public value"):
        claim(srp.Handshake.begin(), server, PASSWORD)


def test_the_timestamp_is_cognitos_whatever_the_locale() -> None:
    assert srp.timestamp(datetime(2026, 11, 3, 5, 42, tzinfo=UTC)) == "Tue Nov 3 05:42:00 UTC 2026"
