"""Who may call (sigv4-*, iam-access-denied*, apigw-api-key-missing), by requests signed here as a client signs them."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
from urllib.parse import urlsplit

import pytest


@pytest.fixture(scope="module")
def signed(aws):
    """An API that wants signatures, and ann's key."""
    api = aws.api()
    aws.proxy(api, "echo", "/test", "GET", authorizationType="AWS_IAM")
    aws.deploy(api)
    iam = aws.client("iam")
    iam.create_user(UserName="signer")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="signer", PolicyName="all", PolicyDocument=json.dumps(policy))
    return api, iam.create_access_key(UserName="signer")["AccessKey"]


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def sign(aws, api, key, *, at=None, secret=None, token=None):
    """Return the headers of a signed GET /test (IAM user guide, "Create a signed AWS API request")."""
    host = urlsplit(aws.endpoint_url).netloc
    stamp = f"{at or now():%Y%m%dT%H%M%SZ}"
    headers = {"host": host, "x-amz-date": stamp} | ({"x-amz-security-token": token} if token else {})
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        [
            "GET",
            f"/_aws/execute-api/{api}/dev/test",
            "",
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            names,
            hashlib.sha256(b"").hexdigest(),
        ]
    )
    scope = f"{stamp[:8]}/us-east-1/execute-api/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signing = f"AWS4{secret or key['SecretAccessKey']}".encode()
    for part in (*scope.split("/"), to_sign):
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
    credential = f"Credential={key['AccessKeyId']}/{scope}"
    authorization = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signing.hex()}"
    sent = {"Host": host, "X-Amz-Date": stamp, "Authorization": authorization}
    return sent | ({"X-Amz-Security-Token": token} if token else {}), canonical, to_sign


def call(aws, api, headers):
    return aws.send(api, "GET", "/test", headers=headers)


def test_a_good_signature(aws, signed):
    api, key = signed
    assert call(aws, api, sign(aws, api, key)[0]).status == 200


def test_a_wrong_signature(aws, fact, signed):
    known = fact("sigv4-wrong-signature")
    api, key = signed
    headers, canonical, to_sign = sign(aws, api, key, secret="wrong")
    answer = call(aws, api, headers)
    assert (answer.status, answer.header("x-amzn-errortype")) == (known["status"], known["x-amzn-ErrorType"])
    recorded = known["body"]["message"]
    beginning, middle = recorded.partition("'POST")[0], "\n\nThe String-to-Sign should have been\n'"
    assert middle in recorded
    assert answer.json == {"message": f"{beginning}'{canonical}'{middle}{to_sign}'\n"}


def test_no_signature(aws, fact, signed):
    known = fact("sigv4-missing")
    answer = call(aws, signed[0], {})
    assert (answer.status, answer.header("x-amzn-errortype")) == (known["status"], known["x-amzn-ErrorType"])
    assert answer.json == known["body"]


def test_a_token_of_another_kind(aws, fact, signed):
    known = fact("sigv4-not-sigv4-header")
    answer = call(aws, signed[0], {"Authorization": "eyJ0..."})
    assert (answer.status, answer.header("x-amzn-errortype")) == (known["status"], known["x-amzn-ErrorType"])
    assert answer.json == known["body"]


@pytest.mark.parametrize(("name", "minutes"), [("sigv4-expired-signature", -30), ("sigv4-future-signature", 30)])
def test_a_signature_of_another_time(aws, fact, signed, name, minutes):
    known = fact(name)
    api, key = signed
    at = now() + datetime.timedelta(minutes=minutes)
    answer = call(aws, api, sign(aws, api, key, at=at)[0])
    assert answer.status == known["status"]
    stamp = f"{at:%Y%m%dT%H%M%SZ}"
    words = known["body"]["message"].split()
    found = answer.json["message"].split()
    assert [word for word in found if "Z" not in word] == [word for word in words if "Z" not in word]
    assert found[2 if minutes < 0 else 4] == stamp


def test_a_key_that_is_nobodys(aws, fact, signed):
    known = fact("sigv4-invalid-token")
    api, key = signed
    answer = call(aws, api, sign(aws, api, {**key, "AccessKeyId": "AKIAIOSFODNN7EXAMPLE"})[0])
    assert (answer.status, answer.json) == (known["status"], known["body"])


def test_a_token_that_is_nobodys(aws, fact, signed):
    known = fact("sigv4-invalid-token")
    api, key = signed
    answer = call(aws, api, sign(aws, api, key, token="not-one")[0])
    assert (answer.status, answer.json) == (known["status"], known["body"])


def test_a_user_who_may_not(aws, fact):
    api = aws.api()
    aws.proxy(api, "echo", "/test", "GET", authorizationType="AWS_IAM")
    aws.deploy(api)
    iam = aws.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    answer = call(aws, api, sign(aws, api, key)[0])
    known = fact("iam-access-denied-signed")
    middle = " is not authorized to perform: execute-api:Invoke on resource: "
    assert middle in known["message"]
    resource = f"arn:aws:execute-api:us-east-1:********0077:{api}/dev/GET/test"
    user = "User: arn:aws:iam::700000000077:user/nobody"
    assert (answer.status, answer.json) == (known["status"], {"Message": f"{user}{middle}{resource}"})


def test_someone_whom_a_resource_policy_does_not_let_in(aws, fact):
    known = fact("iam-access-denied")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*",
                "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
            }
        ],
    }
    api = aws.api(policy=json.dumps(policy))
    aws.mock(api)
    aws.deploy(api, "api")
    answer = aws.send(api, stage="api")
    recorded = known["body"]["Message"]
    resource = f"arn:aws:execute-api:us-east-1:********0077:{api}/api/GET/"
    assert answer.status == known["status"]
    assert answer.json == {"Message": recorded[: recorded.index("arn:")] + resource}


def test_api_keys(aws, fact):
    known = fact("apigw-api-key-missing")
    apigateway = aws.apigateway
    api = aws.api()
    aws.mock(api, apiKeyRequired=True)
    aws.deploy(api)
    plan = apigateway.create_usage_plan(name="plan", apiStages=[{"apiId": api, "stage": "dev"}])["id"]
    key = apigateway.create_api_key(name="key", enabled=True)
    apigateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    with_key = {"x-api-key": key["value"]}
    assert aws.send(api).status == known["no x-api-key"]
    assert aws.send(api, headers=with_key).status == known["valid key"]
    disable = [{"op": "replace", "path": "/enabled", "value": "false"}]
    apigateway.update_api_key(apiKey=key["id"], patchOperations=disable)
    assert aws.send(api, headers=with_key).status == known["disabled key"]


def test_a_user_pools_own_tokens(aws):
    """The whole way: a pool, a user who signs in, and their token at an API; a token of another pool is none."""
    cognito, apigateway = aws.client("cognito-idp"), aws.apigateway
    tokens = {}
    for name in ("ours", "theirs"):
        pool = cognito.create_user_pool(PoolName=name)["UserPool"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        client = cognito.create_user_pool_client(UserPoolId=pool["Id"], ClientName="c", ExplicitAuthFlows=flows)
        client_id = client["UserPoolClient"]["ClientId"]
        cognito.admin_create_user(UserPoolId=pool["Id"], Username="ann", MessageAction="SUPPRESS")
        secret = {"UserPoolId": pool["Id"], "Username": "ann", "Password": "Passw0rd!"}
        cognito.admin_set_user_password(**secret, Permanent=True)
        signed_in = cognito.initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ann", "PASSWORD": "Passw0rd!"},
        )["AuthenticationResult"]
        tokens[name] = (pool["Arn"], client_id, signed_in["IdToken"], signed_in["AccessToken"])
    arn, client_id, id_token, access_token = tokens["ours"]
    api = aws.api()
    authorizer = apigateway.create_authorizer(
        restApiId=api,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[arn],
        identitySource="method.request.header.Authorization",
    )["id"]
    aws.proxy(api, "echo", "/me", "GET", authorizationType="COGNITO_USER_POOLS", authorizerId=authorizer)
    aws.deploy(api)
    good = aws.send(api, path="/me", headers={"Authorization": id_token})
    assert good.status == 200
    claims = good.json["event"]["requestContext"]["authorizer"]["claims"]
    assert (claims["aud"], claims["token_use"], claims["cognito:username"]) == (client_id, "id", "ann")
    for bad in (access_token, tokens["theirs"][2], id_token[:-4] + "AAAA", ""):
        answer = aws.send(api, path="/me", headers={"Authorization": bad})
        assert (answer.status, answer.json) == (401, {"message": "Unauthorized"})


def test_an_authorizers_function(aws):
    """The whole way: a function of Lambda that says who may call, and what it says at the function behind it."""
    apigateway = aws.apigateway
    api = aws.api()
    authorizer = apigateway.create_authorizer(
        restApiId=api,
        name="guard",
        type="TOKEN",
        authorizerUri=aws.uri("guard"),
        identitySource="method.request.header.Authorization",
    )["id"]
    aws.proxy(api, "echo", "/me", "GET", authorizationType="CUSTOM", authorizerId=authorizer)
    aws.deploy(api)
    statuses = {"allow": 200, "deny": 403, "unauthorized": 401, "broken": 500}
    seen = {token: aws.send(api, path="/me", headers={"Authorization": token}) for token in statuses}
    assert {token: answer.status for token, answer in seen.items()} == statuses
    said = seen["allow"].json["event"]["requestContext"]["authorizer"]
    assert (said["principalId"], said["tier"]) == ("allow", "gold")
