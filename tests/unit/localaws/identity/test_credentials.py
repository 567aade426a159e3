"""Keys that are issued: AWS's formats, one for each session, known after they end."""

from __future__ import annotations

import re

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.identity.credentials import CognitoCaller, Credentials, CredentialStore, Principal

SCOPE = Scope(account_id="123456789012", region="us-east-1")
ROLE_ARN = "arn:aws:iam::123456789012:role/notes/CognitoAuth"
USER_KEY = Credentials(
    access_key_id="AKIAIOSFODNN7EXAMPLE",
    secret_access_key="secret",
    session_token=None,
    expires_at=None,
    principal=Principal(arn="arn:aws:iam::123456789012:user/ann", account_id="123456789012", user_id="AIDAEXAMPLE"),
)


def issue(store: CredentialStore, **changes: object) -> Credentials:
    wanted: dict[str, object] = {"role_arn": ROLE_ARN, "session_name": "s", "duration_s": 3600} | changes
    return store.issue(SCOPE, **wanted)  # type: ignore[arg-type]


def test_a_key_looks_like_one_of_aws() -> None:
    key = issue(CredentialStore())
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", key.access_key_id)
    assert len(key.secret_access_key) == 40
    assert key.session_token is not None
    assert key.session_token.startswith("IQoJb3JpZ2luX2Vj")
    assert len(key.session_token) > 500


def test_the_principal_is_a_session_of_the_role_without_its_path() -> None:
    principal = issue(CredentialStore(), session_name="CognitoIdentityCredentials").principal
    assert principal.arn == "arn:aws:sts::123456789012:assumed-role/CognitoAuth/CognitoIdentityCredentials"
    assert principal.account_id == "123456789012"
    assert principal.role_arn == ROLE_ARN
    assert re.fullmatch(r"AROA[A-Z2-7]{17}:CognitoIdentityCredentials", principal.user_id)


def test_the_user_id_begins_with_the_roles_own_id_when_that_is_known() -> None:
    assert issue(CredentialStore(), role_id="AROAEXAMPLE").principal.user_id == "AROAEXAMPLE:s"


def test_a_role_without_a_known_id_keeps_one_across_sessions() -> None:
    store = CredentialStore()
    assert issue(store).principal.user_id == issue(store).principal.user_id


def test_every_key_is_another_one() -> None:
    store = CredentialStore()
    first, second = issue(store), issue(store)
    assert first.access_key_id != second.access_key_id
    assert first.secret_access_key != second.secret_access_key
    assert first.session_token != second.session_token


def test_an_issued_key_is_found_with_its_identity() -> None:
    store = CredentialStore()
    caller = CognitoCaller(
        identity_id="us-east-1:1", identity_pool_id="us-east-1:2", authentication_type="unauthenticated", provider=None
    )
    key = issue(store, cognito=caller)
    found = store.find(key.access_key_id)
    assert found == key
    assert found.principal.cognito == caller


def test_a_key_expires_when_its_time_is_over_and_is_still_known() -> None:
    now = 1000.0
    store = CredentialStore(clock=lambda: now)
    key = issue(store, duration_s=3600)
    assert not key.expired(4599.9)
    assert key.expired(4600.0)
    assert store.find(key.access_key_id) == key


def test_a_key_that_was_not_issued_here_is_looked_up() -> None:
    store = CredentialStore(lookup=lambda key: USER_KEY if key == USER_KEY.access_key_id else None)
    assert store.find(USER_KEY.access_key_id) == USER_KEY
    assert not USER_KEY.expired(1e12)
    assert store.find("AKIAUNKNOWN") is None


def test_without_a_lookup_a_foreign_key_is_unknown() -> None:
    assert CredentialStore().find("AKIAUNKNOWN") is None
