"""What of API Gateway outlives its process: everything that an answer, or a call of an API, could show."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import pytest

READS = (
    "GetRestApi",
    "GetResources",
    "GetDeployments",
    "GetStages",
    "GetAuthorizers",
    "GetRequestValidators",
    "GetGatewayResponses",
)
OF_THE_ACCOUNT = ("GetRestApis", "GetAccount", "GetApiKeys", "GetUsagePlans")


@pytest.fixture
def journal(new_journal):
    return new_journal()


@pytest.fixture
def kept(new_world, journal):
    """A gateway that is kept."""
    return new_world(keeper=journal)


@pytest.fixture
def after_a_kill(new_world, journal, put_back):
    """Return another gateway with what was kept of the first, put back in either order."""

    def restart(*, backwards=False):
        journal.commit()
        world = new_world()
        put_back(journal.records, world.gateway.parts, backwards=backwards)
        return world

    return restart


def shown(world):
    """Return everything that reads show."""
    apis = world.call("GetRestApis")["items"]
    return [world.call(read) for read in OF_THE_ACCOUNT], {
        api["id"]: [world.call(read, restApiId=api["id"]) for read in READS] for api in apis
    }


@pytest.mark.parametrize("backwards", [False, True])
def test_everything_is_as_it_was(kept, after_a_kill, backwards):
    api = kept.deployed()
    kept.log_to(api, level="INFO")
    kept.proxy(api, "POST", "/notes/{id}")
    second = kept.deploy(api, stage="dev", variables={"colour": "green"})
    kept.call("UpdateDeployment", restApiId=api, deploymentId=second, patchOperations=[describe("second")])
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api}"
    kept.call("TagResource", resourceArn=arn, tags={"team": "a"})
    kept.call("TagResource", resourceArn=f"{arn}/stages/dev", tags={"team": "b"})
    for name in ("x", "y", "z"):
        kept.api(name=name, binaryMediaTypes=["image/png"])
    world = after_a_kill(backwards=backwards)
    assert shown(world) == shown(kept)
    assert world.call("GetTags", resourceArn=f"{arn}/stages/dev") == {"tags": {"team": "b"}}


def describe(text):
    return {"op": "replace", "path": "/description", "value": text}


@pytest.mark.parametrize("backwards", [False, True])
def test_what_is_deployed_answers_and_what_is_edited_does_not(kept, after_a_kill, backwards):
    api = kept.deployed("GET", "/notes")
    kept.log_to(api, "$context.requestId $context.resourcePath $context.stage")
    kept.proxy(api, "GET", "/later")
    world = after_a_kill(backwards=backwards)
    world.lambdas.returns({"statusCode": 200, "body": "here"})
    answer = world.send(api)
    assert (answer.status, answer.body) == (200, b"here")
    assert [line.partition(" ")[2] for line in world.telemetry.logs.groups["access"]] == ["/notes prod"]
    assert world.send(api, path="/later").status == 403
    world.deploy(api)
    assert world.send(api, path="/later").status == 200


def test_what_is_gone_stays_gone(kept, journal, after_a_kill):
    api, gone = kept.deployed(), kept.deployed()
    old = kept.call("GetStage", restApiId=api, stageName="prod")["deploymentId"]
    kept.deploy(api)
    kept.deploy(api, stage="dev")
    kept.call("DeleteStage", restApiId=api, stageName="dev")
    kept.call("DeleteDeployment", restApiId=api, deploymentId=old)
    journal.commit()
    kept.call("DeleteRestApi", restApiId=gone)
    world = after_a_kill()
    assert shown(world) == shown(kept)
    assert world.send(gone).status == 404
    assert world.send(api, stage="dev").status == 403
    assert not [key for _, _, key in journal.records if gone in key or old in key]


def test_new_apis_come_after_those_that_were_put_back(kept, after_a_kill):
    first = [kept.api(name=name) for name in ("b", "a")]
    world = after_a_kill(backwards=True)
    assert [item["id"] for item in world.call("GetRestApis")["items"]] == [*first, world.api(name="c")][:2]
    assert [item["name"] for item in world.call("GetRestApis")["items"]] == ["b", "a", "c"]


def test_an_edit_does_not_write_the_deployments_again(kept, journal):
    api = kept.deployed()
    journal.commit()
    journal.writes.clear()
    kept.proxy(api, "POST")
    journal.commit()
    assert [key for _, _, key in journal.writes] == [f"api/{api}"]


VALUE = "a-key-of-twenty-characters"


@pytest.fixture
def metered(kept):
    """An API that wants a key, with an authorizer, and a key that has been used once."""
    kept.lambdas.other(
        "guard", {"policyDocument": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}}
    )
    api = kept.api()
    kept.guard(api)
    where = {"restApiId": api, "resourceId": kept.resource(api, "/notes"), "httpMethod": "GET"}
    kept.patch_method(where, **{"/apiKeyRequired": "true"})
    kept.call("CreateRequestValidator", restApiId=api, name="v", validateRequestParameters=True)
    kept.call("PutGatewayResponse", restApiId=api, responseType="DEFAULT_4XX", statusCode="418")
    deployment = kept.deploy(api)
    canary = {"deploymentId": deployment, "percentTraffic": 50.0, "stageVariableOverrides": {"a": "b"}}
    kept.call("CreateStage", restApiId=api, stageName="dev", deploymentId=deployment, canarySettings=canary)
    stage, quota = {"apiId": api, "stage": "prod"}, {"limit": 2, "period": "DAY"}
    plan = kept.call("CreateUsagePlan", name="plan", apiStages=[stage], quota=quota)["id"]
    key = kept.call("CreateApiKey", value=VALUE, enabled=True)["id"]
    kept.call("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
    assert used(kept, api) == 200
    return api


def used(world, api):
    return world.send(api, headers=[("Authorization", "a"), ("x-api-key", VALUE)]).status


@pytest.mark.parametrize("backwards", [False, True])
def test_keys_plans_and_what_was_used_of_them_come_back(kept, metered, after_a_kill, backwards):
    world = after_a_kill(backwards=backwards)
    assert shown(world) == shown(kept)
    plan = world.call("GetUsagePlans")["items"][0]["id"]
    dates = {"startDate": "2024-06-17", "endDate": "2024-06-17"}
    assert list(world.call("GetUsage", usagePlanId=plan, **dates)["items"].values()) == [[[1, 1]]]
    world.lambdas.others = kept.lambdas.others
    assert [used(world, metered) for _ in range(2)] == [200, 418]
    assert world.call("GetStage", restApiId=metered, stageName="dev")["canarySettings"]["percentTraffic"] == 50.0


def test_a_use_of_a_key_writes_its_count_alone(kept, metered, journal):
    journal.commit()
    journal.writes.clear()
    assert used(kept, metered) == 200
    journal.commit()
    assert [key.partition("/")[0] for _, _, key in journal.writes] == ["used"]


def test_keys_and_plans_that_are_gone_stay_gone(kept, metered, journal, after_a_kill):
    key = kept.call("GetApiKeys")["items"][0]["id"]
    plan = kept.call("GetUsagePlans")["items"][0]["id"]
    journal.commit()
    patch = {"op": "remove", "path": "/apiStages", "value": f"{metered}:prod"}
    kept.call("UpdateUsagePlan", usagePlanId=plan, patchOperations=[patch])
    kept.call("DeleteUsagePlan", usagePlanId=plan)
    kept.call("DeleteApiKey", apiKey=key)
    world = after_a_kill()
    assert (world.call("GetApiKeys")["items"], world.call("GetUsagePlans")["items"]) == ([], [])
    assert not [name for _, _, name in journal.records if key in name or plan in name]


NEWER = ("authorizers", "api_key_required", "authorization_scopes", "canary", "rate_limit", "policy", "validators")


def test_what_an_older_version_wrote_gets_what_it_does_not_have(kept, journal, new_world):
    """A value that was pickled before it had its newer members comes back without them."""
    api = kept.deployed()
    kept.log_to(api, level="INFO")
    journal.commit()
    world = new_world()
    apis = world.gateway.parts[0]
    for (_, scope, key), (state, _) in journal.records.items():
        apis.restore(scope, key, aged(pickle.loads(state)), ())
    assert world.send(api).status == 200
    assert shown(world) == shown(kept)


def aged(state):
    """Return a state without the members that came later, however deep they are."""
    if is_dataclass(state):
        for item in fields(state):
            if item.name in NEWER:
                object.__delattr__(state, item.name)
            else:
                aged(getattr(state, item.name))
    elif isinstance(state, Mapping):
        aged(tuple(state.values()))
    elif isinstance(state, tuple):
        for value in state:
            aged(value)
    return state
