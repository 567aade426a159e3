"""The client's side of SRP as Amazon Cognito speaks it: sign in without sending the password.

SRP-6a over the 3072-bit group of RFC 3526 with SHA-256, keyed by HKDF ("Caldera Derived Key"), as AWS's own SDKs do it
(Amplify and amazon-cognito-identity-js; "USER_SRP_AUTH" of the Cognito developer guide). Pure arithmetic: no network.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Handshake", "timestamp"]

# RFC 3526, 4: the 3072-bit MODP group.
_N_HEX = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
)
_N = int(_N_HEX, 16)
_G = 2
_INFO = b"Caldera Derived Key"


def _padded(number: int) -> bytes:
    """Return a number as bytes whose first bit is 0, which is how both sides hash it."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _digest(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


_K = _number(_digest(_padded(_N), _padded(_G)))


@dataclass(frozen=True, slots=True)
class Handshake:
    """One sign-in: a secret exponent, what is sent of it, and the answer to the challenge."""

    secret: int

    @classmethod
    def begin(cls) -> Handshake:
        """Draw a new secret."""
        return cls(secrets.randbelow(_N - 2) + 1)

    @property
    def public(self) -> int:
        return pow(_G, self.secret, _N)

    @property
    def srp_a(self) -> str:
        """Return the parameter ``SRP_A`` of InitiateAuth, hex."""
        return f"{self.public:x}"

    def claim(
        self, *, pool_id: str, user_id: str, password: str, srp_b: str, salt: str, secret_block: str, at: str
    ) -> str:
        """Return ``PASSWORD_CLAIM_SIGNATURE``, base64.

        Args:
            pool_id: With or without its region: ``us-east-1_abc``.
            user_id: The challenge's ``USER_ID_FOR_SRP``.
            srp_b: The challenge's ``SRP_B``, hex.
            salt: The challenge's ``SALT``, hex.
            secret_block: The challenge's ``SECRET_BLOCK``, base64.
            at: The same ``TIMESTAMP`` that is sent along (see ``timestamp``).

        Raises:
            ValueError: the server's public value is none.
        """
        server = int(srp_b, 16)
        if server % _N == 0:
            raise ValueError("the server's SRP_B is no public value")
        pool = pool_id.rpartition("_")[2]
        key = self._key(server, f"{pool}{user_id}:{password}".encode(), int(salt, 16))
        message = pool.encode() + user_id.encode() + base64.b64decode(secret_block) + at.encode()
        return base64.b64encode(hmac.digest(key, message, "sha256")).decode()

    def _key(self, server: int, identity: bytes, salt: int) -> bytes:
        u = _number(_digest(_padded(self.public), _padded(server)))
        x = _number(_digest(_padded(salt), _digest(identity)))
        shared = pow(server - _K * pow(_G, x, _N), self.secret + u * x, _N)
        seed = hmac.digest(_padded(u), _padded(shared), "sha256")
        return hmac.digest(seed, _INFO + b"\x01", "sha256")[:16]


def timestamp(now: datetime) -> str:
    """Return a time as Cognito wants it in a claim, whatever the locale: ``Mon Nov 3 05:42:00 UTC 2026``."""
    weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[now.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{weekday} {months[now.month - 1]} {now.day} {now:%H:%M:%S} UTC {now.year}"
