"""Signatures: the public vectors, real signers' requests, and each refusal in AWS's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from requests_aws4auth import AWS4Auth

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.identity.credentials import Credentials, CredentialStore, Principal
from pytest_rollbacklab.localaws.identity.signatures.canonical import canonical_request, signature, string_to_sign
from pytest_rollbacklab.localaws.identity.sigv4 import Refusal, Verified, verify

VECTORS = json.loads(Path(__file__).with_name("sigv4_vectors.json").read_text())
HOST = "127.0.0.1:4566"
BASE = f"http://{HOST}"
SCOPE = Scope(account_id="123456789012", region="eu-west-1")

STORE = CredentialStore()
SESSION = STORE.issue(SCOPE, role_arn="arn:aws:iam::123456789012:role/R", session_name="s", duration_s=3600)
LONG_TERM = Credentials(
    access_key_id="AKIDEXAMPLE",
    secret_access_key=VECTORS["secret_key"],
    session_token=None,
    expires_at=None,
    principal=Principal(arn="arn:aws:iam::123456789012:user/ann", account_id="123456789012", user_id="AIDAEXAMPLE"),
)


def parsed(text: str) -> HttpRequest:
    """Read a request of the suite, folded headers kept as they are."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    method, _, rest = first.partition(" ")
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith(" "):
            name, value = headers.pop()
            headers.append((name, f"{value}\n{line}"))
        elif line:
            name, _, value = line.partition(":")
            headers.append((name, value))
    return HttpRequest(
        method=method,
        target=rest.rpartition(" ")[0],
        headers=tuple(headers),
        body=body.encode(),
        source_ip="127.0.0.1",
    )


def all_vectors() -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in VECTORS["vectors"]]


@pytest.mark.parametrize("vector", all_vectors())
def test_the_suites_canonical_request_string_to_sign_and_signature_are_recomputed(vector: Mapping[str, str]) -> None:
    fields = dict(part.split("=", 1) for part in vector["authorization"].partition(" ")[2].split(", "))
    scope = fields["Credential"].partition("/")[2]

    canonical = canonical_request(parsed(vector["signed_request"]), fields["SignedHeaders"].split(";"))
    to_sign = string_to_sign(canonical, signed_at="20150830T123600Z", scope=scope)

    assert canonical == vector["canonical_request"]
    assert to_sign == vector["string_to_sign"]
    assert signature(to_sign, secret_access_key=VECTORS["secret_key"], scope=scope) == fields["Signature"]


@pytest.mark.parametrize("vector", all_vectors())
def test_the_suites_signed_requests_are_verified(vector: Mapping[str, str]) -> None:
    # One signed request of the suite carries a placeholder for its signature; the authorization beside it is right.
    request = changed(parsed(vector["signed_request"]), authorization=vector["authorization"])
    key = Credentials(
        access_key_id=VECTORS["access_key"],
        secret_access_key=VECTORS["secret_key"],
        session_token=request.header("x-amz-security-token"),
        expires_at=None,
        principal=LONG_TERM.principal,
    )
    now = datetime.fromisoformat(VECTORS["date"])
    found = verify(request, service=VECTORS["service"], find=lambda _: key, now=now, region=VECTORS["region"])
    assert isinstance(found, Verified)
    assert found.credentials == key
    assert found.region == "us-east-1"


def boto_signed(
    method: str = "POST",
    path: str = "/_aws/execute-api/abc/prod/notes",
    *,
    key: Credentials = SESSION,
    body: bytes = b'{"content":"hello"}',
    headers: Mapping[str, str] | None = None,
    service: str = "execute-api",
    region: str = "eu-west-1",
) -> HttpRequest:
    request = AWSRequest(method=method, url=BASE + path, data=body, headers={"Host": HOST, **(headers or {})})
    credentials = BotoCredentials(key.access_key_id, key.secret_access_key, key.session_token)
    SigV4Auth(credentials, service, region).add_auth(request)
    return sent(request, path)


def sent(request: Any, target: str) -> HttpRequest:
    body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
    return HttpRequest(
        method=request.method,
        target=target,
        headers=tuple((name, value) for name, value in request.headers.items()),
        body=body,
        source_ip="127.0.0.1",
    )


def changed(request: HttpRequest, **headers: str | None) -> HttpRequest:
    """Return the request with headers replaced (None: taken away); underscores in names stand for hyphens."""
    new = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    kept = tuple((name, value) for name, value in request.headers if name.lower() not in new)
    added = tuple((name, value) for name, value in new.items() if value is not None)
    return HttpRequest(
        method=request.method,
        target=request.target,
        headers=kept + added,
        body=request.body,
        source_ip=request.source_ip,
    )


def check(
    request: HttpRequest, *, now: datetime | None = None, region: str | None = None, key: Credentials | None = None
) -> Verified | Refusal:
    keys = {k.access_key_id: k for k in (SESSION, LONG_TERM, *([key] if key else []))}
    return verify(request, service="execute-api", find=keys.get, now=now or datetime.now(UTC), region=region)


def refused(found: Verified | Refusal) -> Refusal:
    assert isinstance(found, Refusal)
    assert found.status == 403
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/prod/notes",
        "/prod/a%2Fb",
        "/prod/a b",
        "/prod//notes/./x/../y/",
        "/prod/%E1%88%B4",
        "/prod/notes?b=2&a=1&a=0",
        "/prod/notes?q=a%20b&empty=",
        "/",
    ],
)
def test_what_botocore_signs_is_verified(path: str) -> None:
    found = check(boto_signed("GET", path, body=b""))
    assert isinstance(found, Verified)
    assert found.credentials == SESSION
    assert found.presigned is False
    assert "x-amz-security-token" in found.signed_headers


@pytest.mark.parametrize("query", ["", "?q=a+b", "?q=a%20b&z=1&a=%2F", "?flag"])
def test_what_requests_aws4auth_signs_is_verified(query: str) -> None:
    auth = AWS4Auth(
        SESSION.access_key_id,
        SESSION.secret_access_key,
        "eu-west-1",
        "execute-api",
        session_token=SESSION.session_token,
    )
    url = f"{BASE}/_aws/execute-api/abc/prod/notes{query}"
    prepared = auth(requests.Request("POST", url, json={"content": "héllo"}).prepare())
    prepared.headers["Host"] = HOST
    found = check(sent(prepared, url.removeprefix(BASE)))
    assert isinstance(found, Verified)


def presigned(*, expires: int = 3600, key: Credentials = SESSION) -> HttpRequest:
    request = AWSRequest(method="GET", url=f"{BASE}/prod/notes?b=2&a=a%20b", headers={"Host": HOST})
    credentials = BotoCredentials(key.access_key_id, key.secret_access_key, key.session_token)
    SigV4QueryAuth(credentials, "execute-api", "eu-west-1", expires=expires).add_auth(request)
    return sent(request, request.url.removeprefix(BASE))


def test_a_presigned_request_is_verified() -> None:
    found = check(presigned())
    assert isinstance(found, Verified)
    assert found.presigned is True
    assert found.signed_headers == ("host",)


def test_a_presigned_request_is_good_until_it_expires() -> None:
    now = datetime.now(UTC)
    assert isinstance(check(presigned(expires=1800), now=now + timedelta(minutes=29)), Verified)
    late = refused(check(presigned(expires=1800), now=now + timedelta(minutes=31)))
    assert late.message.startswith("Signature expired: ")
    assert late.message.endswith(" - 30 min.)")


def test_a_presigned_request_that_was_changed_is_refused() -> None:
    request = presigned()
    tampered = HttpRequest(
        method="GET", target=request.target.replace("b=2", "b=3"), headers=request.headers, body=b"", source_ip="::1"
    )
    assert refused(check(tampered)).error_type == "InvalidSignatureException"


def test_a_presigned_request_that_lacks_a_part_says_which() -> None:
    request = HttpRequest(
        method="GET",
        target="/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host",
        headers=(("Host", HOST),),
        body=b"",
        source_ip="::1",
    )
    refusal = refused(check(request))
    assert refusal.error_type == "IncompleteSignatureException"
    assert refusal.message == (
        "AWS query-string parameters must include 'X-Amz-Credential'. "
        "AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters."
    )


@pytest.mark.parametrize("expires", ["0", "604801", "soon"])
def test_a_presigned_request_with_a_senseless_lifetime_is_refused(expires: str) -> None:
    request = presigned(expires=3600)
    target = request.target.replace("X-Amz-Expires=3600", f"X-Amz-Expires={expires}")
    odd = HttpRequest(method="GET", target=target, headers=request.headers, body=b"", source_ip="::1")
    assert refused(check(odd)).message == (
        f"'X-Amz-Expires' must be a number of seconds, at least 1 and at most 604800. Got '{expires}'."
    )


def test_header_values_that_came_as_bytes_are_verified_as_the_utf_8_that_was_signed() -> None:
    request = boto_signed(headers={"x-note": "héllo"})
    on_the_wire = changed(request, x_note="héllo".encode().decode("latin-1"))
    assert isinstance(check(on_the_wire), Verified)


def test_header_values_that_came_as_text_are_verified_as_they_are() -> None:
    assert isinstance(check(boto_signed(headers={"x-note": "ሴ"})), Verified)


def test_an_unsigned_payload_is_accepted_when_the_header_says_so() -> None:
    request = boto_signed(body=b"", headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    with_body = HttpRequest(
        method=request.method, target=request.target, headers=request.headers, body=b"anything", source_ip="::1"
    )
    assert isinstance(check(with_body), Verified)


def test_the_date_header_serves_when_there_is_no_x_amz_date() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    scope = f"{now:%Y%m%d}/eu-west-1/execute-api/aws4_request"
    bare = HttpRequest(
        method="GET",
        target="/prod/notes",
        headers=(("Host", HOST), ("Date", f"{now:%a, %d %b %Y %H:%M:%S} GMT")),
        body=b"",
        source_ip="::1",
    )
    to_sign = string_to_sign(canonical_request(bare, ["date", "host"]), signed_at=f"{now:%Y%m%dT%H%M%SZ}", scope=scope)
    signed = signature(to_sign, secret_access_key=LONG_TERM.secret_access_key, scope=scope)
    authorization = f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders=date;host, Signature={signed}"
    assert isinstance(check(changed(bare, authorization=authorization)), Verified)


def test_the_session_token_may_be_added_after_signing() -> None:
    keyless = Credentials(
        access_key_id=SESSION.access_key_id,
        secret_access_key=SESSION.secret_access_key,
        session_token=None,
        expires_at=None,
        principal=SESSION.principal,
    )
    request = changed(boto_signed(key=keyless), x_amz_security_token=SESSION.session_token)
    found = check(request)
    assert isinstance(found, Verified)
    assert "x-amz-security-token" not in found.signed_headers


@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2Vjwrong"])
def test_a_session_key_without_its_token_is_invalid(token: str | None) -> None:
    refusal = refused(check(changed(boto_signed(), x_amz_security_token=token)))
    assert refusal.error_type == "UnrecognizedClientException"
    assert refusal.message == "The security token included in the request is invalid."


def test_a_token_that_belongs_to_no_long_term_key_is_invalid() -> None:
    request = changed(boto_signed(key=LONG_TERM), x_amz_security_token="something")
    assert refused(check(request)).error_type == "UnrecognizedClientException"


def test_an_unknown_key_is_invalid() -> None:
    unknown = STORE.issue(SCOPE, role_arn="arn:aws:iam::1:role/R", session_name="s", duration_s=60)
    refusal = refused(check(boto_signed(key=unknown)))
    assert refusal.message == "The security token included in the request is invalid."


def test_an_expired_key_is_told_from_an_unknown_one() -> None:
    now = datetime.now(UTC)
    store = CredentialStore(clock=lambda: now.timestamp() - 3600)
    key = store.issue(SCOPE, role_arn="arn:aws:iam::1:role/R", session_name="s", duration_s=3599)
    refusal = refused(check(boto_signed(key=key), now=now, key=key))
    assert refusal.error_type == "ExpiredTokenException"
    assert refusal.message == "The security token included in the request is expired"
    assert refusal.response_type == "EXPIRED_TOKEN"


def test_a_request_without_a_signature_lacks_a_token() -> None:
    refusal = refused(check(changed(boto_signed(), authorization=None)))
    assert refusal.error_type == "MissingAuthenticationTokenException"
    assert refusal.message == "Missing Authentication Token"
    assert refusal.response_type == "MISSING_AUTHENTICATION_TOKEN"


def test_a_wrong_signature_is_answered_with_what_should_have_been_signed() -> None:
    scope = "20150830/us-east-1/execute-api/aws4_request"
    request = changed(
        parsed(VECTORS["vectors"][0]["request"]),
        host="api.example.com",
        authorization=f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders=host;x-amz-date, Signature=00",
    )
    canonical = (
        "GET\n/\n\nhost:api.example.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    refusal = refused(check(request, now=datetime.fromisoformat(VECTORS["date"])))
    assert refusal.error_type == "InvalidSignatureException"
    assert refusal.response_type == "INVALID_SIGNATURE"
    assert refusal.message == (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.\n\n"
        f"The Canonical String for this request should have been\n'{canonical}'\n\n"
        "The String-to-Sign should have been\n"
        f"'AWS4-HMAC-SHA256\n20150830T123600Z\n{scope}\n{sha256(canonical.encode()).hexdigest()}'\n"
    )


@pytest.mark.parametrize("change", ["method", "path", "query", "body", "header"])
def test_whatever_is_changed_after_signing_is_noticed(change: str) -> None:
    request = boto_signed(headers={"x-note": "one"})
    tampered = {
        "method": HttpRequest(
            method="PUT", target=request.target, headers=request.headers, body=request.body, source_ip="::1"
        ),
        "path": HttpRequest(
            method="POST", target="/other", headers=request.headers, body=request.body, source_ip="::1"
        ),
        "query": HttpRequest(
            method="POST", target=request.target + "?x=1", headers=request.headers, body=request.body, source_ip="::1"
        ),
        "body": HttpRequest(method="POST", target=request.target, headers=request.headers, body=b"{}", source_ip="::1"),
        "header": changed(request, x_note="two"),
    }[change]
    assert isinstance(check(request), Verified)
    assert refused(check(tampered)).error_type == "InvalidSignatureException"


def test_a_path_segment_that_was_encoded_appears_encoded_twice() -> None:
    request = HttpRequest(method="GET", target="/prod/a%2Fb", headers=(("Host", HOST),), body=b"", source_ip="::1")
    assert canonical_request(request, ["host"]).split("\n")[1] == "/prod/a%252Fb"


def test_a_stale_signature_is_told_by_how_much() -> None:
    request = changed(boto_signed(), x_amz_date="20201027T123008Z")
    request = redated(request, "20201027")
    refusal = refused(check(request, now=datetime(2020, 10, 27, 13, 0, 7, tzinfo=UTC)))
    assert refusal.error_type == "InvalidSignatureException"
    assert refusal.message == (
        "Signature expired: 20201027T123008Z is now earlier than 20201027T125507Z (20201027T130007Z - 5 min.)"
    )


def test_a_signature_from_the_future_is_told_by_how_much() -> None:
    request = redated(changed(boto_signed(), x_amz_date="20230804T000000Z"), "20230804")
    refusal = refused(check(request, now=datetime(2023, 8, 3, 17, 17, 33, tzinfo=UTC)))
    assert refusal.message == (
        "Signature not yet current: 20230804T000000Z is still later than 20230803T172233Z (20230803T171733Z + 5 min.)"
    )


@pytest.mark.parametrize(("minutes", "accepted"), [(-4, True), (4, True), (-6, False), (6, False)])
def test_five_minutes_either_way_are_tolerated(minutes: int, accepted: bool) -> None:
    found = check(boto_signed(), now=datetime.now(UTC) + timedelta(minutes=minutes))
    assert isinstance(found, Verified) is accepted


def redated(request: HttpRequest, day: str) -> HttpRequest:
    authorization = request.header("authorization") or ""
    today = authorization.split("/")[1]
    return changed(request, authorization=authorization.replace(today, day))


def test_a_token_of_another_scheme_lists_all_that_lacks() -> None:
    request = changed(boto_signed(), authorization="eyJ0", x_amz_date=None)
    refusal = refused(check(request))
    assert refusal.error_type == "IncompleteSignatureException"
    assert refusal.message == (
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
        "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either "
        "a 'X-Amz-Date' or a 'Date' header. Authorization=eyJ0"
    )


def test_a_bearer_token_is_no_key_value_pair() -> None:
    refusal = refused(check(changed(boto_signed(), authorization="Bearer eyJ0")))
    assert refusal.error_type == "IncompleteSignatureException"
    assert refusal.message == (
        "'eyJ0' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer eyJ0'."
    )


def authorization(**changes: str) -> str:
    parts = {
        "algorithm": "AWS4-HMAC-SHA256",
        "credential": f"AKIDEXAMPLE/{datetime.now(UTC):%Y%m%d}/eu-west-1/execute-api/aws4_request",
        "headers": "host",
    } | changes
    return f"{parts['algorithm']} Credential={parts['credential']}, SignedHeaders={parts['headers']}, Signature=00"


def test_another_algorithm_is_refused_by_name() -> None:
    request = changed(boto_signed(), authorization=authorization(algorithm="AWS4-ECDSA-P256-SHA256"))
    assert refused(check(request)).message == "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."


def test_a_credential_that_is_no_scope_is_refused() -> None:
    request = changed(boto_signed(), authorization=authorization(credential="AKID/20150830/us-east-1"))
    assert refused(check(request)).message == (
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
        "got 'AKID/20150830/us-east-1'"
    )


def test_a_date_in_another_format_is_refused() -> None:
    request = changed(boto_signed(), authorization=authorization(), x_amz_date="yesterday")
    assert refused(check(request)).message == (
        "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601"
    )


def test_the_host_must_be_signed() -> None:
    refusal = refused(check(changed(boto_signed(), authorization=authorization(headers="x-amz-date"))))
    assert refusal.error_type == "InvalidSignatureException"
    assert refusal.message == "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."


def test_a_signature_for_another_service_and_region_is_refused() -> None:
    refusal = refused(check(boto_signed(service="lambda", region="us-east-1"), region="eu-west-1"))
    assert refusal.error_type == "InvalidSignatureException"
    assert refusal.message == (
        "Credential should be scoped to a valid region, not 'us-east-1'. "
        "Credential should be scoped to correct service: 'execute-api'. "
    )


def test_a_scope_that_ends_otherwise_is_refused() -> None:
    credential = f"AKIDEXAMPLE/{datetime.now(UTC):%Y%m%d}/eu-west-1/execute-api/aws5_request"
    refusal = refused(check(changed(boto_signed(), authorization=authorization(credential=credential))))
    assert (
        refusal.message == "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. "
    )


def test_a_scope_of_another_day_is_refused() -> None:
    request = changed(
        boto_signed(),
        authorization=authorization(credential="AKIDEXAMPLE/20151124/eu-west-1/execute-api/aws4_request"),
        x_amz_date="20151125T154140Z",
    )
    assert refused(check(request)).message == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'20151124' != '20151125', from '20151125T154140Z'."
    )
