"""What of API Gateway outlives its process: everything that an answer, or a call of an API, could show."""

from __future__ import annotations

import pytest

READS = (
    "GetRestApi",
    "GetResources",
    "GetDeployments",
    "GetStages",
)


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
    account = world.call("GetAccount")
    return account, apis, {api["id"]: [world.call(read, restApiId=api["id"]) for read in READS] for api in apis}


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
