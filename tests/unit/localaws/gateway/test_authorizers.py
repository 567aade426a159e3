"""Operations on authorizers, and on request validators."""

from __future__ import annotations

import pytest

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abcdefghi"
GUARD = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:guard/invocations"
)


@pytest.fixture
def api(world):
    return world.api()


def test_an_authorizer_is_made_and_read_and_listed_and_deleted(world, api):
    made = world.call(
        "CreateAuthorizer",
        restApiId=api,
        name="guard",
        type="TOKEN",
        authorizerUri=GUARD,
        identitySource="method.request.header.Authorization",
        identityValidationExpression="Bearer .+",
    )
    assert made == {
        "id": made["id"],
        "name": "guard",
        "type": "TOKEN",
        "authType": "custom",
        "authorizerUri": GUARD,
        "identitySource": "method.request.header.Authorization",
        "identityValidationExpression": "Bearer .+",
        "authorizerResultTtlInSeconds": 300,
    }
    where = {"restApiId": api, "authorizerId": made["id"]}
    assert world.call("GetAuthorizer", **where) == made
    assert world.call("GetAuthorizers", restApiId=api) == {"items": [made]}
    world.call("DeleteAuthorizer", **where)
    assert world.refused("GetAuthorizer", **where) == (
        "NotFoundException",
        "Invalid Authorizer identifier specified",
    )


def test_an_authorizer_of_user_pools(world, api):
    made = world.call(
        "CreateAuthorizer",
        restApiId=api,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[POOL],
        identitySource="method.request.header.Authorization",
    )
    assert (made["providerARNs"], made["authType"]) == ([POOL], "cognito_user_pools")
    assert "authorizerResultTtlInSeconds" not in made


def test_an_authorizer_is_patched(world, api):
    made = world.authorizer(api)
    values = {
        "/name": "other",
        "/authorizerUri": GUARD.replace("guard", "other"),
        "/identitySource": "method.request.header.X-Token",
        "/identityValidationExpression": "x+",
        "/authorizerResultTtlInSeconds": "0",
        "/authType": "oauth2",
    }
    patches = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    changed = world.call("UpdateAuthorizer", restApiId=api, authorizerId=made, patchOperations=patches)
    assert changed == {
        "id": made,
        "name": "other",
        "type": "TOKEN",
        "authType": "oauth2",
        "authorizerUri": GUARD.replace("guard", "other"),
        "identitySource": "method.request.header.X-Token",
        "identityValidationExpression": "x+",
        "authorizerResultTtlInSeconds": 0,
    }


def test_user_pools_are_added_and_taken_away(world, api):
    made = world.authorizer(api, type="COGNITO_USER_POOLS", providerARNs=[POOL], authorizerUri=None)
    other = POOL.replace("abc", "xyz")
    patches = [
        {"op": "add", "path": "/providerARNs", "value": other},
        {"op": "remove", "path": "/providerARNs", "value": POOL},
    ]
    changed = world.call("UpdateAuthorizer", restApiId=api, authorizerId=made, patchOperations=patches)
    assert changed["providerARNs"] == [other]


def test_an_authorizer_that_a_method_names_stays(world, api):
    world.guard(api, "/notes")
    guard = world.call("GetAuthorizers", restApiId=api)["items"][0]["id"]
    assert world.refused("DeleteAuthorizer", restApiId=api, authorizerId=guard) == (
        "ConflictException",
        "Cannot delete authorizer 'guard', is referenced in method: GET /notes",
    )


@pytest.mark.parametrize(
    ("params", "code", "part"),
    [
        ({"type": "JWT"}, "ValidationException", "[TOKEN, REQUEST, COGNITO_USER_POOLS]"),
        ({"name": ""}, "BadRequestException", "name must be given"),
        ({"authorizerUri": "arn:x"}, "BadRequestException", "Invalid Authorizer URI: arn:x. Authorizer URI should be"),
        ({"identitySource": None}, "BadRequestException", "Invalid identity source specified: None"),
        ({"identitySource": "method.request.querystring.q"}, "BadRequestException", "It must be one header"),
        ({"authorizerResultTtlInSeconds": 3601}, "BadRequestException", "between 0 and 3600 seconds"),
        ({"identityValidationExpression": "("}, "BadRequestException", "Invalid identity validation expression '('"),
        (
            {"type": "REQUEST", "identitySource": None},
            "BadRequestException",
            "An identity source is required for a REQUEST authorizer whose results are cached",
        ),
        (
            {"type": "REQUEST", "identitySource": "method.request.body"},
            "BadRequestException",
            "Invalid identity source specified: method.request.body",
        ),
        (
            {"type": "REQUEST", "identityValidationExpression": "x"},
            "BadRequestException",
            "Identity validation expressions are of TOKEN authorizers only",
        ),
        ({"type": "COGNITO_USER_POOLS"}, "BadRequestException", "At least one provider ARN must be given"),
        (
            {"type": "COGNITO_USER_POOLS", "providerARNs": ["arn:x"]},
            "BadRequestException",
            "Invalid Cognito User Pool ARN specified: arn:x",
        ),
        (
            {"authorizerCredentials": "arn:aws:iam::123456789012:role/x"},
            "NotImplemented",
            "authorizerCredentials=arn:aws:iam::123456789012:role/x of authorizers",
        ),
    ],
)
def test_what_an_authorizer_may_not_be_is_refused(world, api, params, code, part):
    wanted = {
        "name": "guard",
        "type": "TOKEN",
        "authorizerUri": GUARD,
        "identitySource": "method.request.header.Authorization",
        **params,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    refused, message = world.refused("CreateAuthorizer", restApiId=api, **given)
    assert refused == code
    assert part in message


def test_names_are_unique(world, api):
    world.authorizer(api)
    assert world.refused(
        "CreateAuthorizer",
        restApiId=api,
        name="guard",
        type="TOKEN",
        authorizerUri=GUARD,
        identitySource="method.request.header.Authorization",
    ) == (
        "BadRequestException",
        "Authorizer name must be unique. Authorizer guard already exists in this RestApi.",
    )


def test_a_method_forgets_the_authorizer_that_it_does_not_ask_for(world, api):
    guard = world.authorizer(api)
    where = world.proxy(api, "GET", "/notes")
    changed = world.patch_method(where, **{"/authorizationType": "CUSTOM", "/authorizerId": guard})
    assert changed["authorizerId"] == guard
    changed = world.patch_method(where, **{"/authorizationType": "NONE"})
    assert "authorizerId" not in changed


def test_an_authorizer_must_be_of_the_methods_kind(world, api):
    guard = world.authorizer(api)
    where = {"restApiId": api, "resourceId": world.resource(api), "httpMethod": "GET"}
    code, message = world.refused("PutMethod", **where, authorizationType="COGNITO_USER_POOLS", authorizerId=guard)
    assert (code, message.startswith("Invalid authorizer ID specified.")) == ("BadRequestException", True)
    code, message = world.refused(
        "PutMethod", **where, authorizationType="CUSTOM", authorizerId=guard, authorizationScopes=["a"]
    )
    assert message == "Authorization scopes are of methods with a COGNITO_USER_POOLS authorizer only"


def test_validators(world, api):
    made = world.call("CreateRequestValidator", restApiId=api, name="v", validateRequestParameters=False)
    assert made == {
        "id": made["id"],
        "name": "v",
        "validateRequestBody": False,
        "validateRequestParameters": False,
    }
    where = {"restApiId": api, "requestValidatorId": made["id"]}
    patches = [
        {"op": "replace", "path": "/name", "value": "w"},
        {"op": "replace", "path": "/validateRequestParameters", "value": "true"},
        {"op": "replace", "path": "/validateRequestBody", "value": "false"},
    ]
    changed = world.call("UpdateRequestValidator", **where, patchOperations=patches)
    assert (changed["name"], changed["validateRequestParameters"]) == ("w", True)
    assert world.call("GetRequestValidators", restApiId=api) == {"items": [changed]}
    body = {"op": "replace", "path": "/validateRequestBody", "value": "true"}
    code, message = world.refused("UpdateRequestValidator", **where, patchOperations=[body])
    assert code == "NotImplemented"
    assert "validateRequestBody=true of request validators (models)" in message
    assert world.refused("CreateRequestValidator", restApiId=api, validateRequestBody=True)[0] == "NotImplemented"
    world.call("DeleteRequestValidator", **where)
    assert world.refused("GetRequestValidator", **where) == (
        "NotFoundException",
        "Invalid Request Validator identifier specified",
    )
