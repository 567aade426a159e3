"""Authorizers that are user pools: which tokens are taken, and what of them goes on to the function."""

from __future__ import annotations

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

POOL = "us-east-1_abcdefghi"
ISSUER = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
ARN = f"arn:aws:cognito-idp:us-east-1:123456789012:userpool/{POOL}"
UNAUTHORIZED = b'{"message":"Unauthorized"}'
EXPIRED = b'{"message":"The incoming token has expired"}'

KEY = RSAKey.generate_key(2048, {"kid": "one"})
FOREIGN = RSAKey.generate_key(2048, {"kid": "one"})


@pytest.fixture
def token(world):
    """Make a token of the pool."""
    world.jwks[POOL] = {"keys": [KEY.as_dict(private=False)]}

    def token(key=KEY, **claims):
        now = int(world.now)
        base = {"sub": "s", "iss": ISSUER, "aud": "client", "token_use": "id", "iat": now, "exp": now + 3600}
        wanted = {name: value for name, value in (base | claims).items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "one"}, wanted, key)

    return token


@pytest.fixture
def api(world):
    return world.guarded(type="COGNITO_USER_POOLS", providerARNs=[ARN], authorizerUri=None)


@pytest.fixture
def scoped(world):
    """An API whose method wants an access token with one of two scopes."""
    api = world.api()
    where = world.proxy(api, "GET", "/notes")
    made = world.authorizer(api, type="COGNITO_USER_POOLS", providerARNs=[ARN], authorizerUri=None)
    world.patch_method(where, **{"/authorizationType": "COGNITO_USER_POOLS", "/authorizerId": made})
    scopes = [{"op": "add", "path": "/authorizationScopes", "value": scope} for scope in ("notes/read", "notes/all")]
    assert world.call("UpdateMethod", **where, patchOperations=scopes)["authorizationScopes"] == [
        "notes/read",
        "notes/all",
    ]
    world.deploy(api)
    return api


def sent(world, api, value):
    answer = world.send(api, headers=[] if value is None else [("Authorization", value)])
    return answer.status, answer.body


@pytest.mark.parametrize("prefix", ["", "Bearer "])
def test_a_good_token_lets_its_bearer_call(world, token, api, prefix):
    assert sent(world, api, prefix + token())[0] == 200


def test_claims_go_on_to_the_function_as_text(world, token, api):
    claims = {"email_verified": True, "auth_time": 1718636300, "cognito:groups": ["a", "b"], "cognito:username": "ann"}
    sent(world, api, token(**claims))
    context = world.lambdas.event["requestContext"]["authorizer"]
    assert context["claims"] == {
        "sub": "s",
        "iss": ISSUER,
        "aud": "client",
        "token_use": "id",
        "iat": "Mon Jun 17 14:58:25 UTC 2024",
        "exp": "Mon Jun 17 15:58:25 UTC 2024",
        "email_verified": "true",
        "auth_time": "1718636300",
        "cognito:groups": "a,b",
        "cognito:username": "ann",
    }
    assert context.keys() == {"claims"}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other"},
        {"token_use": "access"},
        {"key": FOREIGN},
    ],
)
def test_a_token_of_another_kind_is_none(world, token, api, claims):
    assert sent(world, api, token(**claims)) == (401, UNAUTHORIZED)
    assert world.lambdas.invoked == []


@pytest.mark.parametrize("value", [None, "", "text", "a.b.c", "Bearer "])
def test_what_is_no_token_is_none(world, token, api, value):
    assert sent(world, api, value) == (401, UNAUTHORIZED)


def test_a_token_expires(world, token, api, header):
    world.now = int(world.now)
    old = token()
    world.now += 3599
    assert sent(world, api, old)[0] == 200
    world.now += 1
    answer = world.send(api, headers=[("Authorization", old)])
    assert (answer.status, answer.body) == (401, EXPIRED)
    assert header(answer, "x-amzn-ErrorType") == "UnauthorizedException"


def test_a_method_with_scopes_wants_an_access_token_with_one_of_them(world, token, scoped):
    access = {"token_use": "access", "aud": None, "client_id": "client"}
    assert sent(world, scoped, token(**access, scope="openid notes/read"))[0] == 200
    assert sent(world, scoped, token(**access, scope="openid")) == (401, UNAUTHORIZED)
    assert sent(world, scoped, token(**access)) == (401, UNAUTHORIZED)
    assert sent(world, scoped, token(scope="notes/read")) == (401, UNAUTHORIZED)


def test_the_audience_must_look_as_the_expression_says(world, token):
    expression = {"identityValidationExpression": "client|other"}
    api = world.guarded(type="COGNITO_USER_POOLS", providerARNs=[ARN], authorizerUri=None, **expression)
    assert sent(world, api, token(aud="other"))[0] == 200
    assert sent(world, api, token(aud="third")) == (401, UNAUTHORIZED)


def test_claims_can_be_logged(world, token, api):
    names = ("claims.sub", "claims.cognito:username", "claims", "principalId", "status")
    world.log_to(api, "|".join(["$context.requestId", *(f"$context.authorizer.{name}" for name in names)]))
    sent(world, api, token(**{"cognito:username": "ann"}))
    assert world.telemetry.logs.groups["access"][0].split("|")[1:] == ["s", "ann", "-", "s", "200"]
