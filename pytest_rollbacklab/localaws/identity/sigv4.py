"""Whether a request is signed by whom it says: the signature is really recomputed, as API Gateway does it.

A pure function of the request, the keys and the time, so that every refusal can be tested by its words. It says who
signed; whether they may call is ``policies``' business. Two of API Gateway's habits matter to real clients: the session
token must come with the key but need not be signed (older SDKs add it after signing), and the path is encoded twice.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.identity.credentials import Credentials
from pytest_rollbacklab.localaws.identity.signatures.canonical import canonical_request, signature, string_to_sign
from pytest_rollbacklab.localaws.identity.signatures.claim import Claim, read_claim
from pytest_rollbacklab.localaws.identity.signatures.refusals import Refusal

__all__ = ["Refusal", "Verified", "verify"]

_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """A request that was signed by the owner of a key."""

    credentials: Credentials
    region: str
    """Of the credential's scope."""
    signed_headers: tuple[str, ...]
    """Names in lower case."""
    presigned: bool
    """Whether the signature came in the query string."""


def verify(
    request: HttpRequest,
    *,
    service: str,
    find: Callable[[str], Credentials | None],
    now: datetime,
    region: str | None = None,
) -> Verified | Refusal:
    """Recompute a request's signature (IAM user guide, "Create a signed AWS API request").

    Args:
        request: Exactly as it was sent: path, query and Host header are part of what was signed.
        service: The name that it must be signed for: ``execute-api``.
        find: Gives the credentials of an access key id.
        now: The time, aware, UTC.
        region: The region that it must be signed for; None for any.
    """
    claim = read_claim(request)
    if isinstance(claim, Refusal):
        return claim
    misdirected = claim.misdirected(service=service, region=region)
    if misdirected is not None:
        return misdirected
    credentials = find(claim.access_key_id)
    if credentials is None:
        return Refusal.invalid_token()
    return (
        _refuse_token(claim, credentials, now)
        or _refuse_age(claim, now)
        or _refuse_signature(request, claim, credentials)
        or Verified(
            credentials=credentials,
            region=claim.region,
            signed_headers=claim.signed_headers,
            presigned=claim.presigned,
        )
    )


def _refuse_token(claim: Claim, credentials: Credentials, now: datetime) -> Refusal | None:
    if not _same(claim.session_token or "", credentials.session_token or ""):
        return Refusal.invalid_token()
    return Refusal.expired_token() if credentials.expired(now.timestamp()) else None


def _refuse_age(claim: Claim, now: datetime) -> Refusal | None:
    good_for = claim.good_for or _WINDOW
    if claim.signed_at < now - good_for:
        return Refusal.signature_expired(signed_at=claim.signed_at, now=now, good_for=good_for)
    if claim.signed_at > now + _WINDOW:
        return Refusal.not_yet_current(signed_at=claim.signed_at, now=now, tolerance=_WINDOW)
    return None


def _refuse_signature(request: HttpRequest, claim: Claim, credentials: Credentials) -> Refusal | None:
    canonical = canonical_request(request, claim.signed_headers)
    to_sign = string_to_sign(canonical, signed_at=f"{claim.signed_at:%Y%m%dT%H%M%SZ}", scope=claim.scope)
    computed = signature(to_sign, secret_access_key=credentials.secret_access_key, scope=claim.scope)
    return None if _same(computed, claim.signature) else Refusal.mismatch(canonical, to_sign)


def _same(one: str, other: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape"))
