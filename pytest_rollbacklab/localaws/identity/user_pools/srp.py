"""Secure Remote Password as Cognito speaks it: the server's side of SRP-6a.

The group is RFC 5054's of 3072 bits, the hash SHA-256. What is Cognito's own: every number is hashed as Java writes a
big integer (as few bytes as keep it positive), the identity is the pool's name and the user's, and the session key is
derived with HKDF over ``Caldera Derived Key``. Pure: who the user is and whether a proof may still be given is not
known here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

__all__ = ["GENERATOR", "MULTIPLIER", "PRIME", "Handshake", "password_claim", "private_key", "session_key"]

PRIME = int(
    """
    FFFFFFFF FFFFFFFF C90FDAA2 2168C234 C4C6628B 80DC1CD1 29024E08 8A67CC74 020BBEA6 3B139B22 514A0879 8E3404DD
    EF9519B3 CD3A431B 302B0A6D F25F1437 4FE1356D 6D51C245 E485B576 625E7EC6 F44C42E9 A637ED6B 0BFF5CB6 F406B7ED
    EE386BFB 5A899FA5 AE9F2411 7C4B1FE6 49286651 ECE45B3D C2007CB8 A163BF05 98DA4836 1C55D39A 69163FA8 FD24CF5F
    83655D23 DCA3AD96 1C62F356 208552BB 9ED52907 7096966D 670C354E 4ABC9804 F1746C08 CA18217C 32905E46 2E36CE3B
    E39E772C 180E8603 9B2783A2 EC07A28F B5C55DF0 6F4C52C9 DE2BCBF6 95581718 3995497C EA956AE5 15D22618 98FA0510
    15728E5A 8AAAC42D AD33170D 04507A33 A85521AB DF1CBA64 ECFB8504 58DBEF0A 8AEA7157 5D060C7D B3970F85 A6E1E4C7
    ABF5AE8C DB0933D7 1E8C94E0 4A25619D CEE3D226 1AD2EE6B F12FFA06 D98A0864 D8760273 3EC86A64 521F2B18 177B200C
    BBE11757 7A615D6C 770988C0 BAD946E2 08E24FA0 74E5AB31 43DB5BFC E0FD108E 4B82D120 A93AD2CA FFFFFFFF FFFFFFFF
    """.replace(" ", "").replace("\n", ""),
    16,
)
GENERATOR = 2
_PRIVATE_BITS = 256
_INFO = b"Caldera Derived Key\x01"
_KEY_BYTES = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Handshake:
    """One sign-in that a client began: its public value has come, ours goes out."""

    salt: int
    client_public: int
    """A."""
    server_public: int
    """B."""
    _private: int
    _verifier: int

    @classmethod
    def begin(cls, *, pool_name: str, user_id: str, password: str, salt: int, client_public: int) -> Handshake:
        """Answer a client's public value.

        Args:
            pool_name: What comes after the region in the user pool's id.
            user_id: ``USER_ID_FOR_SRP``.

        Raises:
            ValueError: the client's value is a multiple of the prime, which would fix the key without any password.
        """
        if client_public % PRIME == 0:
            raise ValueError("A mod N is 0")
        verifier = pow(GENERATOR, private_key(salt, pool_name, user_id, password), PRIME)
        private = secrets.randbits(_PRIVATE_BITS)
        return cls(
            salt=salt,
            client_public=client_public,
            server_public=(MULTIPLIER * verifier + pow(GENERATOR, private, PRIME)) % PRIME,
            _private=private,
            _verifier=verifier,
        )

    def key(self) -> bytes:
        """Return the session key, which the client has as well if it knows the password."""
        scrambler = _hash_of(self.client_public, self.server_public)
        secret = pow(self.client_public * pow(self._verifier, scrambler, PRIME), self._private, PRIME)
        return session_key(secret, scrambler)


def private_key(salt: int, pool_name: str, user_id: str, password: str) -> int:
    """Return ``x``, which the password's verifier is made of."""
    identity = hashlib.sha256(f"{pool_name}{user_id}:{password}".encode()).digest()
    return int.from_bytes(hashlib.sha256(_bytes(salt) + identity).digest())


def session_key(secret: int, scrambler: int) -> bytes:
    """Derive the session key of the shared secret ``S`` and of ``u`` (RFC 5869, one round)."""
    extracted = hmac.digest(_bytes(scrambler), _bytes(secret), "sha256")
    return hmac.digest(extracted, _INFO, "sha256")[:_KEY_BYTES]


def password_claim(key: bytes, *, pool_name: str, user_id: str, secret_block: str, timestamp: str) -> str:
    """Return ``PASSWORD_CLAIM_SIGNATURE``: the proof of the key over one challenge at one time."""
    message = f"{pool_name}{user_id}".encode() + base64.b64decode(secret_block) + timestamp.encode()
    return base64.b64encode(hmac.digest(key, message, "sha256")).decode()


def _hash_of(*numbers: int) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(map(_bytes, numbers))).digest())


def _bytes(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1)


MULTIPLIER = _hash_of(PRIME, GENERATOR)
