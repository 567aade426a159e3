"""The client's side of SRP as Amazon Cognito speaks it: sign in without sending the password.

SRP-6a over the 3072-bit group of RFC 3526 with generator 2 and SHA-256. What is Cognito's own is how numbers are hashed
(as few bytes as keep them positive) and that the key is derived with HKDF over ``Caldera Derived Key``, as in AWS's
SDKs ("USER_SRP_AUTH" of the Cognito developer guide; AuthenticationHelper of amazon-cognito-identity-js). Pure
arithmetic: nothing is sent from here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Handshake", "timestamp"]

# RFC 3526, 4: the 3072-bit MODP group.
_N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
_G = 2
_SECRET_BITS = 256  # RFC 5054, 2.5.4: at least 256 bits
_INFO = b"Caldera Derived Key\x01"
_KEY_BYTES = 16

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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

    secret: int = field(repr=False)
    public: int
    """The group's generator to the power of the secret."""

    @classmethod
    def begin(cls, secret: int | None = None) -> Handshake:
        """Begin a sign-in.

        Args:
            secret: An exponent of one's own; None draws a new one.
        """
        exponent = secret or secrets.randbits(_SECRET_BITS) | 1
        return cls(exponent, pow(_G, exponent, _N))

    @property
    def srp_a(self) -> str:
        """The parameter ``SRP_A`` of InitiateAuth, hex."""
        return f"{self.public:x}"

    def claim(
        self, *, pool_id: str, user_id: str, password: str, srp_b: str, salt: str, secret_block: str, at: str
    ) -> str:
        """Return ``PASSWORD_CLAIM_SIGNATURE``, base64: the proof that the password is known.

        Args:
            pool_id: ``us-east-1_abc``; what follows the underscore is hashed.
            user_id: The challenge's ``USER_ID_FOR_SRP``.
            srp_b: The challenge's ``SRP_B``, hex.
            salt: The challenge's ``SALT``, hex.
            secret_block: The challenge's ``SECRET_BLOCK``, base64.
            at: The same ``TIMESTAMP`` that is sent along (see ``timestamp``).

        Raises:
            ValueError: the server's public value would give the key away, or is no number.
        """
        pool = pool_id.rpartition("_")[2]
        key = self._key(int(srp_b, 16), f"{pool}{user_id}:{password}".encode(), int(salt, 16))
        message = pool.encode() + user_id.encode() + base64.b64decode(secret_block) + at.encode()
        return base64.b64encode(hmac.digest(key, message, "sha256")).decode()

    def _key(self, server: int, identity: bytes, salt: int) -> bytes:
        u = _number(_digest(_padded(self.public), _padded(server)))
        if server % _N == 0 or u == 0:
            raise ValueError("the server's SRP_B is no public value: it would fix the key without any password")
        x = _number(_digest(_padded(salt), _digest(identity)))
        shared = pow(server - _K * pow(_G, x, _N), self.secret + u * x, _N)
        extracted = hmac.digest(_padded(u), _padded(shared), "sha256")
        return hmac.digest(extracted, _INFO, "sha256")[:_KEY_BYTES]


def timestamp(now: datetime) -> str:
    """Return a time as Cognito wants it in a claim, whatever the locale: ``Mon Nov 3 05:42:00 UTC 2026``.

    Args:
        now: In UTC.
    """
    return f"{_WEEKDAYS[now.weekday()]} {_MONTHS[now.month - 1]} {now.day} {now:%H:%M:%S} UTC {now.year}"
