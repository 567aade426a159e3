"""What a request says of its own signature: whose key, for where, over which headers, made when.

It is read in full before anything is computed, and in the order in which AWS complains: parts that are missing, parts
that are malformed, a scope that belongs elsewhere. Whether the claim is true is ``sigv4``'s business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.identity.signatures.canonical import ALGORITHM, query_pairs
from pytest_rollbacklab.localaws.identity.signatures.refusals import Refusal

__all__ = ["Claim", "read_claim"]

_SEPARATORS = re.compile(r"[,\s]+")
_LONGEST_EXPIRY_S = 7 * 24 * 3600
_SCOPE_PARTS = 5
_FROM_QUERY = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature")


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A signature with all that came along with it."""

    access_key_id: str
    scope: str
    """``20150830/us-east-1/execute-api/aws4_request``."""
    signed_headers: tuple[str, ...]
    """Names in lower case, in the order in which they were signed."""
    signature: str
    signed_at: datetime
    session_token: str | None
    good_for: timedelta | None
    """Of a presigned request: how long after ``signed_at`` it may be sent."""
    presigned: bool

    @property
    def region(self) -> str:
        return self.scope.split("/")[1]

    def misdirected(self, *, service: str, region: str | None) -> Refusal | None:
        """Refuse a credential scope that is not of this service, region and day."""
        date, scope_region, scope_service, terminator = self.scope.split("/")
        complaints = ""
        if region is not None and scope_region != region:
            complaints += f"Credential should be scoped to a valid region, not '{scope_region}'. "
        if scope_service != service:
            complaints += f"Credential should be scoped to correct service: '{service}'. "
        if terminator != "aws4_request":
            complaints += f"Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'. "
        signed_on = f"{self.signed_at:%Y%m%d}"
        if date != signed_on:
            complaints += (
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                f"'{date}' != '{signed_on}', from '{self.signed_at:%Y%m%dT%H%M%SZ}'."
            )
        return Refusal.invalid(complaints) if complaints else None


def read_claim(request: HttpRequest) -> Claim | Refusal:
    """Read the claim from the Authorization header, else from the query string."""
    authorization = request.header("authorization")
    if authorization is not None:
        return _from_header(request, authorization)
    query = dict(query_pairs(request.raw_query))
    if any(name in query for name in ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature")):
        return _from_query(query)
    return Refusal.missing()


def _from_header(request: HttpRequest, authorization: str) -> Claim | Refusal:
    algorithm, _, rest = authorization.strip().partition(" ")
    parts: dict[str, str] = {}
    for pair in filter(None, _SEPARATORS.split(rest)):
        name, equals, value = pair.partition("=")
        if not equals:
            return Refusal.incomplete(
                f"'{pair}' not a valid key=value pair (missing equal-sign) in Authorization header: '{authorization}'."
            )
        parts[name] = value
    date = request.header("x-amz-date") or request.header("date")
    missing = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    ]
    if not date:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if missing or date is None:
        return Refusal.incomplete(f"{' '.join(missing)} Authorization={authorization}")
    return _claim(
        algorithm=algorithm,
        credential=parts["Credential"],
        signed_headers=parts["SignedHeaders"],
        signature=parts["Signature"],
        date=date,
        session_token=request.header("x-amz-security-token"),
    )


def _from_query(query: dict[str, str]) -> Claim | Refusal:
    missing = [name for name in _FROM_QUERY if not query.get(name)]
    if missing:
        complaints = "".join(f"AWS query-string parameters must include '{name}'. " for name in missing)
        return Refusal.incomplete(f"{complaints}Re-examine the query-string parameters.")
    expires = query.get("X-Amz-Expires", "300")
    if not expires.isdecimal() or not 0 < int(expires) <= _LONGEST_EXPIRY_S:
        return Refusal.incomplete(
            f"'X-Amz-Expires' must be a number of seconds, at least 1 and at most {_LONGEST_EXPIRY_S}. Got '{expires}'."
        )
    return _claim(
        algorithm=query["X-Amz-Algorithm"],
        credential=query["X-Amz-Credential"],
        signed_headers=query["X-Amz-SignedHeaders"],
        signature=query["X-Amz-Signature"],
        date=query["X-Amz-Date"],
        session_token=query.get("X-Amz-Security-Token"),
        good_for=timedelta(seconds=int(expires)),
    )


def _claim(
    *,
    algorithm: str,
    credential: str,
    signed_headers: str,
    signature: str,
    date: str,
    session_token: str | None,
    good_for: timedelta | None = None,
) -> Claim | Refusal:
    if algorithm != ALGORITHM:
        return Refusal.incomplete(f"Unsupported AWS 'algorithm': '{algorithm}'.")
    if len(credential.split("/")) != _SCOPE_PARTS:
        return Refusal.incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{credential}'"
        )
    signed_at = _moment(date)
    if signed_at is None:
        return Refusal.incomplete(
            f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        )
    names = tuple(name.lower() for name in signed_headers.split(";"))
    if "host" not in names:
        return Refusal.invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    access_key_id, _, scope = credential.partition("/")
    return Claim(
        access_key_id=access_key_id,
        scope=scope,
        signed_headers=names,
        signature=signature,
        signed_at=signed_at,
        session_token=session_token,
        good_for=good_for,
        presigned=good_for is not None,
    )


def _moment(date: str) -> datetime | None:
    try:
        return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass  # it may be a Date header, which is written the mail way
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
