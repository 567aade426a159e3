"""Cognito's tokens are kept one by one: who was signed in before a restart is so after it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError


@pytest.fixture
def pool(world: Any) -> dict[str, str]:
    pool_id = world.call("cognito-idp", "CreateUserPool", PoolName="users")["UserPool"]["Id"]
    client = world.call(
        "cognito-idp",
        "CreateUserPoolClient",
        UserPoolId=pool_id,
        ClientName="web",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    user = {"UserPoolId": pool_id, "Username": "ann"}
    world.call("cognito-idp", "AdminCreateUser", **user)
    world.call("cognito-idp", "AdminSetUserPassword", **user, Password="Passw0rd!", Permanent=True)
    return {"UserPoolId": pool_id, "ClientId": client["UserPoolClient"]["ClientId"]}


def sign_in(world: Any, pool: dict[str, str], **parameters: str) -> dict[str, str]:
    asked = parameters or {"USERNAME": "ann", "PASSWORD": "Passw0rd!"}
    flow = "REFRESH_TOKEN_AUTH" if parameters else "ADMIN_USER_PASSWORD_AUTH"
    answer = world.call("cognito-idp", "AdminInitiateAuth", **pool, AuthFlow=flow, AuthParameters=asked)
    tokens: dict[str, str] = answer["AuthenticationResult"]
    return tokens


def who(world: Any, tokens: dict[str, str]) -> str:
    return str(world.call("cognito-idp", "GetUser", AccessToken=tokens["AccessToken"])["Username"])


def test_tokens_are_good_after_a_restart(world: Any, pool: dict[str, str]) -> None:
    first, second = sign_in(world, pool), sign_in(world, pool)
    world.restart()
    assert (who(world, first), who(world, second)) == ("ann", "ann")
    refreshed = sign_in(world, pool, REFRESH_TOKEN=second["RefreshToken"])
    world.restart()
    assert (who(world, first), who(world, refreshed)) == ("ann", "ann")


def test_a_sign_out_is_kept(world: Any, pool: dict[str, str]) -> None:
    tokens = sign_in(world, pool)
    world.call("cognito-idp", "AdminUserGlobalSignOut", UserPoolId=pool["UserPoolId"], Username="ann")
    world.restart()
    with pytest.raises(ServiceError, match="NotAuthorized"):
        who(world, tokens)


def test_a_sign_in_costs_its_tokens_and_no_more(world: Any, pool: dict[str, str]) -> None:
    path = world.path / "journal"
    grown = []
    for _ in range(20):
        size = path.stat().st_size
        sign_in(world, pool)
        grown.append(path.stat().st_size - size)
    assert max(grown) < 1.1 * grown[0] < 10_000


def test_a_challenge_that_waits_is_kept(world: Any, pool: dict[str, str]) -> None:
    user = {"UserPoolId": pool["UserPoolId"], "Username": "bob"}
    world.call("cognito-idp", "AdminCreateUser", **user, TemporaryPassword="Temp0rary!")
    challenge = world.call(
        "cognito-idp",
        "AdminInitiateAuth",
        **pool,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "bob", "PASSWORD": "Temp0rary!"},
    )
    world.restart()
    answer = world.call(
        "cognito-idp",
        "AdminRespondToAuthChallenge",
        **pool,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "bob", "NEW_PASSWORD": "Passw0rd!"},
    )
    world.restart()
    assert who(world, answer["AuthenticationResult"]) == "bob"
    assert world.call("cognito-idp", "AdminGetUser", **user)["UserStatus"] == "CONFIRMED"


def test_a_pool_that_is_gone_takes_its_tokens_along(world: Any, pool: dict[str, str]) -> None:
    sign_in(world, pool)
    world.call("cognito-idp", "DeleteUserPool", UserPoolId=pool["UserPoolId"])
    world.restart()
    assert not [key for key in world.written() if key.startswith("cognito-tokens")]
