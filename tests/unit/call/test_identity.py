"""Sign-in and credentials against small pools written here: what is sent, and what a refusal says."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from pytest_rollbacklab.call.identity import SigningCredentials, Tokens, User, create_user, get_credentials, sign_in
from pytest_rollbacklab.errors import CallError, SignInError

POOL, APP_CLIENT, IDENTITY_POOL = "eu-west-1_AbCdEf123", "1h57kf5cpq17m0eml12EXAMPLE", "eu-west-1:1a2b"
ENDPOINT = "http://127.0.0.1:4566"
EXPIRES = datetime(2030, 1, 1, tzinfo=UTC)
RESULT = {"AuthenticationResult": {"IdToken": "id", "AccessToken": "access"}}
PASSWORD_VERIFIER = {
    "ChallengeName": "PASSWORD_VERIFIER",
    "ChallengeParameters": {
        "USER_ID_FOR_SRP": "0b5c-sub",
        "SRP_B": "abcdef0123",
        "SALT": "0123456789",
        "SECRET_BLOCK": "c2VjcmV0",
    },
}


def refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class Meta:
    endpoint_url = ENDPOINT


class Pool:
    """A user pool that answers what it is told to, and notes what it was asked."""

    meta = Meta()

    def __init__(self, *answers: Any, **refusals: Exception) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._answers, self._refusals = list(answers), refusals

    def _answer(self, operation: str, **params: Any) -> Any:
        self.asked.append((operation, params))
        if operation in self._refusals:
            raise self._refusals[operation]
        return self._answers.pop(0) if self._answers else {}

    def initiate_auth(self, **params: Any) -> Any:
        return self._answer("initiate_auth", **params)

    def respond_to_auth_challenge(self, **params: Any) -> Any:
        return self._answer("respond_to_auth_challenge", **params)

    def admin_create_user(self, **params: Any) -> Any:
        return self._answer("admin_create_user", **params)

    def admin_set_user_password(self, **params: Any) -> Any:
        return self._answer("admin_set_user_password", **params)

    def get_id(self, **params: Any) -> Any:
        return self._answer("get_id", **params)

    def get_credentials_for_identity(self, **params: Any) -> Any:
        return self._answer("get_credentials_for_identity", **params)


class Clients:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def client(self, service: str) -> Any:
        assert service in ("cognito-idp", "cognito-identity")
        return self._pool


def signed_in(pool: Pool, **options: Any) -> Tokens:
    return sign_in(
        Clients(pool),
        user_pool_id=POOL,
        app_client_id=APP_CLIENT,
        username="ann",
        password="Passw0rd!",
        **options,
    )


class TestSignIn:
    def test_by_srp_the_password_is_not_sent(self) -> None:
        pool = Pool(PASSWORD_VERIFIER, RESULT)
        assert signed_in(pool) == Tokens(id_token="id", access_token="access")
        (_, begun), (_, answered) = pool.asked
        assert begun["AuthFlow"] == "USER_SRP_AUTH"
        assert set(begun["AuthParameters"]) == {"USERNAME", "SRP_A"}
        assert answered["ChallengeName"] == "PASSWORD_VERIFIER"
        assert answered["ChallengeResponses"]["USERNAME"] == "0b5c-sub"
        assert answered["ChallengeResponses"]["PASSWORD_CLAIM_SECRET_BLOCK"] == "c2VjcmV0"
        assert answered["ChallengeResponses"]["TIMESTAMP"].endswith(str(datetime.now(UTC).year))
        assert "Passw0rd!" not in str(pool.asked)

    def test_by_password_it_is(self) -> None:
        pool = Pool(RESULT)
        assert signed_in(pool, flow="USER_PASSWORD_AUTH").id_token == "id"
        assert pool.asked[0][1]["AuthParameters"] == {"USERNAME": "ann", "PASSWORD": "Passw0rd!"}

    def test_a_refusal_says_what_was_tried_and_where_and_what_aws_said(self) -> None:
        pool = Pool(initiate_auth=refusal("NotAuthorizedException", "Incorrect username or password."))
        with pytest.raises(SignInError) as refused:
            signed_in(pool)
        assert str(refused.value) == (
            "cannot sign in ann by USER_SRP_AUTH: NotAuthorizedException: Incorrect username or password.\n"
            f"  looked at: app client {APP_CLIENT} of user pool {POOL} at {ENDPOINT}\n"
            "  what to do: check the user's name and password, and that both pools are of the same stage"
        )

    def test_a_wrong_password_is_refused_at_the_proof(self) -> None:
        wrong = refusal("NotAuthorizedException", "Incorrect username or password.")
        with pytest.raises(SignInError, match="Incorrect username or password"):
            signed_in(Pool(PASSWORD_VERIFIER, respond_to_auth_challenge=wrong))

    @pytest.mark.parametrize(
        ("code", "mend"),
        [
            ("UserNotConfirmedException", "confirm the user"),
            ("ResourceNotFoundException", "check the ids of the pools and of the app client, and their region"),
            ("InvalidParameterException", "ExplicitAuthFlows"),
            ("SomethingNewException", "check the ids of the pools"),
        ],
    )
    def test_each_refusal_has_its_mend(self, code: str, mend: str) -> None:
        with pytest.raises(SignInError, match=f"cannot sign in ann by USER_PASSWORD_AUTH: {code}") as refused:
            signed_in(Pool(initiate_auth=refusal(code, "no")), flow="USER_PASSWORD_AUTH")
        assert mend in str(refused.value.mend)

    @pytest.mark.parametrize(
        ("challenge", "mend"),
        [
            ("NEW_PASSWORD_REQUIRED", "set a permanent password"),
            ("SMS_MFA", "without multi-factor authentication"),
            ("CUSTOM_CHALLENGE", "without Lambda challenges"),
        ],
    )
    def test_a_pool_that_asks_for_more_is_named(self, challenge: str, mend: str) -> None:
        with pytest.raises(
            SignInError, match=f"ann cannot sign in with a password alone: the pool asks for {challenge}"
        ) as refused:
            signed_in(Pool({"ChallengeName": challenge}))
        assert mend in str(refused.value)

    def test_nobody_at_the_endpoint_is_named(self) -> None:
        nobody = EndpointConnectionError(endpoint_url=ENDPOINT)
        with pytest.raises(SignInError, match=f'Could not connect to the endpoint URL: "{ENDPOINT}"') as refused:
            signed_in(Pool(initiate_auth=nobody))
        assert "see whether the endpoint is up" in str(refused.value)
        assert isinstance(refused.value, CallError)

    def test_tokens_are_not_shown(self) -> None:
        assert "secret" not in repr(Tokens(id_token="secret", access_token="secret"))


class TestCreateUser:
    def test_makes_one_who_can_sign_in_at_once(self) -> None:
        pool = Pool()
        create_user(Clients(pool), POOL, "ann", "Passw0rd!")
        assert [operation for operation, _ in pool.asked] == ["admin_create_user", "admin_set_user_password"]
        assert pool.asked[0][1] == {"UserPoolId": POOL, "Username": "ann", "MessageAction": "SUPPRESS"}
        assert pool.asked[1][1] == {"UserPoolId": POOL, "Username": "ann", "Password": "Passw0rd!", "Permanent": True}

    def test_one_who_exists_gets_the_password(self) -> None:
        pool = Pool(admin_create_user=refusal("UsernameExistsException", "User account already exists"))
        create_user(Clients(pool), POOL, "ann", "Passw0rd!")
        assert pool.asked[-1][0] == "admin_set_user_password"

    def test_a_password_that_the_pool_refuses_is_named(self) -> None:
        weak = refusal("InvalidPasswordException", "Password did not conform with policy: Password not long enough")
        with pytest.raises(SignInError, match=r"cannot make the user ann: InvalidPasswordException: .* not long"):
            create_user(Clients(Pool(admin_set_user_password=weak)), POOL, "ann", "x")


class TestCredentials:
    def test_are_those_of_the_pools_identity(self) -> None:
        keys = {"AccessKeyId": "ASIA1", "SecretKey": "s", "SessionToken": "t", "Expiration": EXPIRES}
        pool = Pool({"IdentityId": "eu-west-1:ann"}, {"Credentials": keys})
        given = get_credentials(
            Clients(pool),
            identity_pool_id=IDENTITY_POOL,
            user_pool_id=POOL,
            tokens=Tokens(id_token="id", access_token="access"),
        )
        assert given == SigningCredentials(
            access_key_id="ASIA1",
            secret_access_key="s",
            session_token="t",
            identity_id="eu-west-1:ann",
            expires_at=EXPIRES,
        )
        logins = {f"cognito-idp.eu-west-1.amazonaws.com/{POOL}": "id"}
        assert pool.asked == [
            ("get_id", {"IdentityPoolId": IDENTITY_POOL, "Logins": logins}),
            ("get_credentials_for_identity", {"IdentityId": "eu-west-1:ann", "Logins": logins}),
        ]

    def test_a_foreign_token_is_refused_in_words(self) -> None:
        foreign = refusal("NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
        with pytest.raises(SignInError, match=r"cannot get temporary credentials: .* supported provider") as refused:
            get_credentials(
                Clients(Pool(get_id=foreign)),
                identity_pool_id=IDENTITY_POOL,
                user_pool_id=POOL,
                tokens=Tokens(id_token="id", access_token="access"),
            )
        assert f"identity pool {IDENTITY_POOL} at {ENDPOINT}" in str(refused.value)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class SignIns:
    def __init__(self, clock: Clock, lasts_s: float) -> None:
        self.count = 0
        self._clock, self._lasts_s = clock, lasts_s

    def __call__(self) -> SigningCredentials:
        self.count += 1
        return SigningCredentials(
            access_key_id=f"ASIA{self.count}",
            secret_access_key="s",
            session_token="t",
            identity_id="i",
            expires_at=datetime.fromtimestamp(self._clock.now, UTC) + timedelta(seconds=self._lasts_s),
        )


class TestUser:
    def test_keeps_credentials_until_a_minute_before_they_end(self) -> None:
        clock = Clock()
        user = User(SignIns(clock, lasts_s=3600), clock=clock)
        assert user.credentials().access_key_id == "ASIA1"
        clock.now += 3540
        assert user.credentials().access_key_id == "ASIA1"
        clock.now += 1
        assert user.credentials().access_key_id == "ASIA2"

    def test_signs_in_once_for_several_threads(self) -> None:
        clock = Clock()
        sign_ins = SignIns(clock, lasts_s=3600)
        user = User(sign_ins, clock=clock)
        threads = [threading.Thread(target=user.credentials) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sign_ins.count == 1
