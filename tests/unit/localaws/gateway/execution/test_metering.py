"""API keys, plans, quotas and throttles: who gets 403 and who 429, and what is counted."""

from __future__ import annotations

import pytest

FORBIDDEN = (403, b'{"message":"Forbidden"}', "ForbiddenException")
TOO_MANY = (429, b'{"message":"Too Many Requests"}', "TooManyRequestsException")
USED_UP = (429, b'{"message":"Limit Exceeded"}', "LimitExceededException")
VALUE = "a-key-of-twenty-characters"
KEY = [("X-Api-Key", VALUE)]


@pytest.fixture
def metered(world):
    """An API whose method wants a key, and a plan for it with the key on it."""

    class Metered:
        def __init__(self):
            self.api = world.api()
            self.where = world.proxy(self.api, "GET", "/notes")
            world.patch_method(self.where, **{"/apiKeyRequired": "true"})
            world.deploy(self.api)
            stage = {"apiId": self.api, "stage": "prod"}
            self.plan = world.call("CreateUsagePlan", name="plan", apiStages=[stage])["id"]
            self.key = world.call("CreateApiKey", name="ann", value=VALUE, enabled=True)["id"]
            world.call("CreateUsagePlanKey", usagePlanId=self.plan, keyId=self.key, keyType="API_KEY")

        def patch(self, *patches):
            operations = [{"op": op, "path": path, "value": value} for op, path, value in patches]
            return world.call("UpdateUsagePlan", usagePlanId=self.plan, patchOperations=operations)

        def used(self, first, last=None):
            dates = {"startDate": first, "endDate": last or first}
            return world.call("GetUsage", usagePlanId=self.plan, **dates)["items"][self.key]

    return Metered()


@pytest.fixture
def told(world, header):
    """Give status, body and error type of the answer to a request."""

    def told(api, headers=KEY, **request):
        answer = world.send(api, headers=headers, **request)
        return answer.status, answer.body, header(answer, "x-amzn-ErrorType")

    return told


def test_a_key_on_a_plan_for_the_stage_lets_its_holder_call(world, metered):
    assert world.send(metered.api, headers=KEY).status == 200
    identity = world.lambdas.event["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == (VALUE, metered.key)


@pytest.mark.parametrize("headers", [[], [("x-api-key", "")], [("x-api-key", "another-key-of-20-characters")]])
def test_without_a_key_that_is_known_it_is_forbidden(metered, told, headers):
    assert told(metered.api, headers) == FORBIDDEN


def test_a_key_without_a_plan_for_the_stage_is_none(world, metered, told):
    other = world.deployed()
    world.deploy(metered.api, "dev")
    assert told(metered.api, stage="dev") == FORBIDDEN
    assert told(other)[0] == 200, "no key is wanted there"
    world.call("DeleteUsagePlanKey", usagePlanId=metered.plan, keyId=metered.key)
    assert told(metered.api) == FORBIDDEN


def test_a_disabled_key_and_one_that_is_gone_are_none(world, metered, told):
    patch = {"op": "replace", "path": "/enabled", "value": "false"}
    assert world.call("UpdateApiKey", apiKey=metered.key, patchOperations=[patch])["enabled"] is False
    assert told(metered.api) == FORBIDDEN
    world.call("DeleteApiKey", apiKey=metered.key)
    assert told(metered.api) == FORBIDDEN
    assert world.call("GetUsagePlanKeys", usagePlanId=metered.plan)["items"] == []


def test_the_key_may_be_what_the_authorizer_says(world, metered, told):
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    world.lambdas.other("guard", {"policyDocument": everything, "usageIdentifierKey": VALUE})
    source = {"op": "replace", "path": "/apiKeySource", "value": "AUTHORIZER"}
    assert world.call("UpdateRestApi", restApiId=metered.api, patchOperations=[source])["apiKeySource"] == "AUTHORIZER"
    guard = world.authorizer(metered.api)
    world.patch_method(metered.where, **{"/authorizationType": "CUSTOM", "/authorizerId": guard})
    world.deploy(metered.api)
    assert told(metered.api, [("Authorization", "a")])[0] == 200
    world.lambdas.other("guard", {"policyDocument": everything})
    assert told(metered.api, [("Authorization", "b"), *KEY]) == FORBIDDEN, "a header counts no more"


def test_a_quota_is_used_up_and_begins_again(world, metered, told):
    metered.patch(("add", "/quota/limit", "2"), ("replace", "/quota/period", "DAY"))
    assert [told(metered.api)[0] for _ in range(2)] == [200, 200]
    assert told(metered.api) == USED_UP
    assert metered.used("2024-06-17") == [[2, 0]]
    world.now += 24 * 3600
    assert told(metered.api)[0] == 200
    assert metered.used("2024-06-16", "2024-06-18") == [[0, 2], [2, 0], [1, 1]]


def test_a_quota_can_be_given_more_of(world, metered, told):
    metered.patch(("add", "/quota/limit", "1"), ("replace", "/quota/period", "MONTH"))
    assert told(metered.api)[0] == 200
    assert told(metered.api) == USED_UP
    more = {"op": "replace", "path": "/remaining", "value": "1"}
    left = world.call("UpdateUsage", usagePlanId=metered.plan, keyId=metered.key, patchOperations=[more])
    assert left["items"] == {metered.key: [[1, 1]]}
    assert told(metered.api)[0] == 200
    assert told(metered.api) == USED_UP


def test_a_plan_throttles_each_key(world, metered, told):
    metered.patch(("replace", "/throttle/rateLimit", "1"), ("replace", "/throttle/burstLimit", "2"))
    assert [told(metered.api)[0] for _ in range(3)] == [200, 200, 429]
    assert told(metered.api) == TOO_MANY
    world.now += 1
    assert [told(metered.api)[0] for _ in range(2)] == [200, 429]
    other = world.call("CreateApiKey", value="another-key-of-20-characters", enabled=True)["id"]
    world.call("CreateUsagePlanKey", usagePlanId=metered.plan, keyId=other, keyType="API_KEY")
    assert told(metered.api, [("x-api-key", "another-key-of-20-characters")])[0] == 200


def test_what_is_throttled_is_not_counted(metered, told):
    metered.patch(
        ("replace", "/throttle/rateLimit", "1"),
        ("replace", "/throttle/burstLimit", "1"),
        ("add", "/quota/limit", "5"),
        ("replace", "/quota/period", "DAY"),
    )
    assert [told(metered.api)[0] for _ in range(3)] == [200, 429, 429]
    assert metered.used("2024-06-17") == [[1, 4]]


def test_what_the_stage_throttles_is_not_counted_either(world, metered, told):
    metered.patch(("add", "/quota/limit", "5"), ("replace", "/quota/period", "DAY"))
    world.patch_stage(metered.api, **{"/*/*/throttling/rateLimit": "1", "/*/*/throttling/burstLimit": "1"})
    assert [told(metered.api)[0] for _ in range(3)] == [200, 429, 429]
    assert metered.used("2024-06-17") == [[1, 4]]


def test_a_plans_limit_of_a_method_comes_before_its_own(metered, told):
    place = f"/apiStages/{metered.api}:prod/throttle/~1notes/GET"
    plan = metered.patch(
        ("replace", "/throttle/rateLimit", "100"),
        ("replace", "/throttle/burstLimit", "100"),
        ("replace", f"{place}/rateLimit", "1"),
        ("replace", f"{place}/burstLimit", "1"),
    )
    assert plan["apiStages"][0]["throttle"] == {"/notes/GET": {"burstLimit": 1, "rateLimit": 1.0}}
    assert [told(metered.api)[0] for _ in range(2)] == [200, 429]


def test_a_stage_throttles_a_method_and_every_method(world, told):
    api = world.deployed()
    world.proxy(api, "GET", "/other")
    world.deploy(api)
    world.patch_stage(api, **{"/~1notes/GET/throttling/rateLimit": "1", "/~1notes/GET/throttling/burstLimit": "1"})
    assert [told(api)[0] for _ in range(2)] == [200, 429]
    assert [told(api, path="/other")[0] for _ in range(3)] == [200] * 3
    world.patch_stage(api, **{"/*/*/throttling/rateLimit": "0", "/*/*/throttling/burstLimit": "0"})
    assert told(api, path="/other") == TOO_MANY
    settings = world.call("GetStage", restApiId=api, stageName="prod")["methodSettings"]
    assert settings["*/*"]["throttlingRateLimit"] == 0.0
    world.patch_stage(api, **{"/*/*/throttling/rateLimit": "-1"})
    assert told(api, path="/other")[0] == 200


def test_a_throttled_request_leaves_the_lines_that_it_leaves_on_aws(world, told):
    api = world.deployed()
    world.log_to(api, level="INFO")
    world.patch_stage(api, **{"/*/*/throttling/rateLimit": "1", "/*/*/throttling/burstLimit": "0"})
    assert told(api)[0] == 429
    written = [
        line.partition(") ")[2] for line in world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{api}/prod"]
    ]
    assert written[1].endswith(f". API Key:  API Stage: {api}/prod")
    assert written[2].startswith(f"Key throttle limit exceeded for RestApi {api}, Stage prod, Resource ")
    assert written[2].endswith(", HttpMethod GET. Limit: 1.00 Burst: 0")
    assert written[3:] == ["Method completed with status: 429"]


def test_keys_and_limits_are_told_in_logs(world, metered):
    world.log_to(metered.api, "$context.identity.apiKeyId|$context.error.responseType|$context.requestId", level="INFO")
    world.send(metered.api, headers=KEY)
    world.send(metered.api)
    metered.patch(("replace", "/throttle/rateLimit", "0"))
    world.send(metered.api, headers=KEY)
    world.send(metered.api, headers=[("x-api-key", "abcdefgh")])
    told = [line.split("|")[:2] for line in world.telemetry.logs.groups["access"]]
    assert told == [[metered.key, "-"], ["-", "INVALID_API_KEY"], [metered.key, "THROTTLED"], ["-", "INVALID_API_KEY"]]
    written = [
        line.partition(") ")[2]
        for line in world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{metered.api}/prod"]
    ]
    hidden = "*" * (len(VALUE) - 6) + VALUE[-6:]
    stage = f"{metered.api}/prod"
    assert written[1].endswith(f". API Key: {hidden} API Stage: {stage}")
    assert written[2] == f"Usage Plan check succeeded for API Key {hidden} and API Stage {stage}"
    refused = "not authorized because method 'GET /notes' requires API Key and API Key is not associated with a Usage"
    assert f"API Key  {refused} Plan for API Stage {stage}: No API Key" in written
    assert (
        f"API Key ****efgh {refused} Plan for API Stage {stage}: No Usage Plan found for key and API Stage" in written
    )
    resource = f"RestApi {metered.api}, Stage prod, Resource {metered.where['resourceId']}, HttpMethod GET"
    assert f"Key throttle limit exceeded for {resource}. Limit: 0.00 Burst: 0" in written
    assert not [line for line in written if VALUE in line]


def test_required_parameters(world, told):
    api = world.api()
    where = world.proxy(api, "GET", "/notes")
    validator = world.call("CreateRequestValidator", restApiId=api, name="v", validateRequestParameters=True)["id"]
    parameters = ("method.request.querystring.page", "method.request.header.X-Tier")
    patches = [{"op": "add", "path": f"/requestParameters/{name}", "value": "true"} for name in parameters]
    patches += [
        {"op": "add", "path": "/requestParameters/method.request.querystring.size", "value": "false"},
        {"op": "replace", "path": "/requestValidatorId", "value": validator},
    ]
    world.call("UpdateMethod", **where, patchOperations=patches)
    world.deploy(api)
    world.log_to(api, "$context.requestId $context.error.validationErrorString")
    assert told(api, [("x-tier", "gold")], query="page=1")[0] == 200
    message = b'{"message":"Missing required request parameters: [page, X-Tier]"}'
    assert told(api, [], query="size=1") == (400, message, "BadRequestException")
    assert world.telemetry.logs.groups["access"][1].endswith(" [page, X-Tier]")
    assert told(api, [("x-tier", "gold")], query="page=")[0] == 400
    off = {"op": "replace", "path": "/validateRequestParameters", "value": "false"}
    world.call("UpdateRequestValidator", restApiId=api, requestValidatorId=validator, patchOperations=[off])
    world.deploy(api)
    assert told(api, [])[0] == 200
    assert world.refused("DeleteRequestValidator", restApiId=api, requestValidatorId=validator) == (
        "ConflictException",
        "Cannot delete request validator 'v', is referenced in method: GET /notes",
    )


def test_a_line_and_headers_of_more_than_ten_kilobytes_are_too_large(world, told):
    api = world.deployed()
    assert told(api, [("a", "x" * 10_000)])[0] == 200
    assert told(api, [("a", "x" * 10_240)])[0] == 431
    assert world.send(api, body=b"x" * (10 * 1024 * 1024 + 1)).status == 413
