"""Why a signed request is not accepted, in API Gateway's words.

Each constructor is one of the refusals that were reported from AWS (as recorded: ``sigv4-*`` in AWS's recordings), so
that a client's own handling of them can be practised. Which gateway response type AWS picks is known for missing
credentials, signatures that do not match, expired tokens and incomplete signatures; for the rest it is inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["Refusal"]

_STATUS = 403
_ISO_8601_BASIC = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a request is not accepted, as API Gateway answers it."""

    status: int = _STATUS
    error_type: str
    """``x-amzn-ErrorType``."""
    message: str
    """Of the body ``{"message": ...}``."""
    response_type: str
    """The gateway response type: ``INVALID_SIGNATURE``, ``MISSING_AUTHENTICATION_TOKEN`` ..."""

    @classmethod
    def missing(cls) -> Refusal:
        """Refuse a request without any signature (as recorded: sigv4-missing)."""
        return cls(
            error_type="MissingAuthenticationTokenException",
            message="Missing Authentication Token",
            response_type="MISSING_AUTHENTICATION_TOKEN",
        )

    @classmethod
    def incomplete(cls, message: str) -> Refusal:
        """Refuse a signature that lacks parts or has malformed ones (as recorded: sigv4-not-sigv4-header)."""
        return cls(error_type="IncompleteSignatureException", message=message, response_type="DEFAULT_4XX")

    @classmethod
    def invalid(cls, message: str) -> Refusal:
        """Refuse a signature that cannot be right, whatever the key."""
        return cls(error_type="InvalidSignatureException", message=message, response_type="INVALID_SIGNATURE")

    @classmethod
    def mismatch(cls, canonical_request: str, string_to_sign: str) -> Refusal:
        """Refuse a signature that is not the one computed, showing what it was computed over.

        As recorded: sigv4-wrong-signature.
        """
        return cls.invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.\n\n"
            f"The Canonical String for this request should have been\n'{_printable(canonical_request)}'\n\n"
            f"The String-to-Sign should have been\n'{string_to_sign}'\n"
        )

    @classmethod
    def signature_expired(cls, *, signed_at: datetime, now: datetime, good_for: timedelta) -> Refusal:
        """Refuse a signature that is too old (as recorded: sigv4-expired-signature)."""
        return cls.invalid(
            f"Signature expired: {_basic(signed_at)} is now earlier than {_basic(now - good_for)} "
            f"({_basic(now)} - {_minutes(good_for)} min.)"
        )

    @classmethod
    def not_yet_current(cls, *, signed_at: datetime, now: datetime, tolerance: timedelta) -> Refusal:
        """Refuse a signature from the future (as recorded: sigv4-future-signature)."""
        return cls.invalid(
            f"Signature not yet current: {_basic(signed_at)} is still later than {_basic(now + tolerance)} "
            f"({_basic(now)} + {_minutes(tolerance)} min.)"
        )

    @classmethod
    def invalid_token(cls) -> Refusal:
        """Refuse an unknown key, or a key without the session token it needs (as recorded: sigv4-invalid-token)."""
        return cls(
            error_type="UnrecognizedClientException",
            message="The security token included in the request is invalid.",
            response_type="DEFAULT_4XX",
        )

    @classmethod
    def expired_token(cls) -> Refusal:
        """Refuse a key that has ended (as recorded: sigv4-expired-token)."""
        return cls(
            error_type="ExpiredTokenException",
            message="The security token included in the request is expired",
            response_type="EXPIRED_TOKEN",
        )


def _basic(moment: datetime) -> str:
    return moment.strftime(_ISO_8601_BASIC)


def _minutes(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 60:g}"


def _printable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
