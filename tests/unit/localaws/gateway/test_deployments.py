"""Deployments: snapshots that hold."""

from __future__ import annotations

import pytest


def test_a_deployment_is_a_snapshot_that_later_edits_do_not_reach(world):
    api = world.deployed("GET", "/notes")
    where = {"restApiId": api, "resourceId": world.resource(api, "/notes"), "httpMethod": "GET"}
    world.call("DeleteMethod", **where)
    world.proxy(api, "POST", "/notes")
    assert world.send(api, "GET", "/notes").status == 200
    assert world.send(api, "POST", "/notes").status == 403
    world.deploy(api)
    assert world.send(api, "GET", "/notes").status == 403
    assert world.send(api, "POST", "/notes").status == 200


def test_a_stage_can_go_back_to_an_earlier_deployment(world):
    api = world.deployed("GET", "/notes")
    first = world.call("GetStage", restApiId=api, stageName="prod")["deploymentId"]
    world.call("DeleteResource", restApiId=api, resourceId=world.resource(api, "/notes"))
    world.proxy(api, "GET", "/other")
    second = world.deploy(api)
    assert (world.send(api, path="/notes").status, world.send(api, path="/other").status) == (403, 200)
    world.patch_stage(api, **{"/deploymentId": first})
    assert (world.send(api, path="/notes").status, world.send(api, path="/other").status) == (200, 403)
    assert first != second


def test_a_deployment_is_read_and_described(world):
    api = world.deployed("GET", "/notes", authorization="AWS_IAM")
    made = world.call("CreateDeployment", restApiId=api, description="second")
    assert len(made["id"]) == 6
    read = world.call("GetDeployment", restApiId=api, deploymentId=made["id"])
    assert read == made
    summary = world.call("GetDeployment", restApiId=api, deploymentId=made["id"], embed=["apisummary"])
    assert summary["apiSummary"] == {"/notes": {"GET": {"authorizationType": "AWS_IAM", "apiKeyRequired": False}}}
    changed = world.call(
        "UpdateDeployment",
        restApiId=api,
        deploymentId=made["id"],
        patchOperations=[{"op": "replace", "path": "/description", "value": "new"}],
    )
    assert changed["description"] == "new"
    assert [item["id"] for item in world.call("GetDeployments", restApiId=api)["items"]][1] == made["id"]


def test_a_deployment_makes_its_stage_or_moves_it(world):
    api = world.deployed()
    stage = world.call("GetStage", restApiId=api, stageName="prod")
    world.patch_stage(api, **{"/variables/kept": "yes", "/description": "live"})
    second = world.deploy(api)
    moved = world.call("GetStage", restApiId=api, stageName="prod")
    assert (stage["deploymentId"] != second, moved["deploymentId"]) == (True, second)
    assert (moved["variables"], moved["description"]) == ({"kept": "yes"}, "live")
    world.deploy(api, variables={"new": "1"}, stageDescription="told")
    told = world.call("GetStage", restApiId=api, stageName="prod")
    assert (told["variables"], told["description"]) == ({"new": "1"}, "told")


def test_a_deployment_that_a_stage_points_at_stays(world):
    api = world.deployed()
    deployment = world.call("GetStage", restApiId=api, stageName="prod")["deploymentId"]
    where = {"restApiId": api, "deploymentId": deployment}
    assert world.refused("DeleteDeployment", **where) == (
        "BadRequestException",
        "Active stages pointing to this deployment must be moved or deleted",
    )
    world.call("DeleteStage", restApiId=api, stageName="prod")
    world.call("DeleteDeployment", **where)
    for operation in ("GetDeployment", "DeleteDeployment", "UpdateDeployment"):
        assert world.refused(operation, **where) == ("NotFoundException", "Invalid Deployment identifier specified")


def test_an_api_that_could_not_answer_is_not_deployed(world):
    api = world.api()
    assert world.refused("CreateDeployment", restApiId=api) == (
        "BadRequestException",
        "The REST API doesn't contain any methods",
    )
    world.call("PutMethod", restApiId=api, resourceId=world.resource(api), httpMethod="GET", authorizationType="NONE")
    assert world.refused("CreateDeployment", restApiId=api, stageName="prod") == (
        "BadRequestException",
        "No integration defined for method",
    )
    assert world.call("GetDeployments", restApiId=api)["items"] == []


def mock(world, *, template='{"statusCode": 200}', response=None):
    api = world.api()
    where = {"restApiId": api, "resourceId": world.resource(api, "/notes"), "httpMethod": "GET"}
    world.call("PutMethod", **where, authorizationType="NONE")
    world.call("PutIntegration", **where, type="MOCK", requestTemplates={"application/json": template})
    header = {"method.response.header.X": False}
    world.call("PutMethodResponse", **where, statusCode="200", responseParameters=header)
    world.call("PutIntegrationResponse", **where, statusCode="200", **(response or {}))
    return api


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        (
            {"template": '{"statusCode": $input.params("s")}'},
            "mapping templates (VTL): the request template application/json of GET /notes holds '$input.params",
        ),
        (
            {"response": {"responseTemplates": {"application/json": "#set($x = 1)\n{}"}}},
            (
                "mapping templates (VTL): the response template application/json of the integration response 200 "
                "of GET /notes holds '#set($x = 1)'"
            ),
        ),
        (
            {"response": {"responseParameters": {"method.response.header.X": "context.requestId"}}},
            (
                "mapping expressions: method.response.header.X of the integration response 200 of GET /notes is "
                "'context.requestId'"
            ),
        ),
        (
            {"response": {"contentHandling": "CONVERT_TO_BINARY"}},
            "contentHandling=CONVERT_TO_BINARY of the integration response 200 of GET /notes",
        ),
    ],
)
def test_templates_beyond_literals_are_refused_by_name_when_they_are_deployed(world, changes, part):
    api = mock(world, **changes)
    code, message = world.refused("CreateDeployment", restApiId=api)
    assert (code, f"the local AWS does not emulate {part}" in message) == ("NotImplemented", True)


def test_a_mock_answers_in_headers_of_one_value_alone(world):
    api = world.api()
    where = {"restApiId": api, "resourceId": world.resource(api), "httpMethod": "GET"}
    name = "method.response.multivalueheader.X"
    world.call("PutMethod", **where, authorizationType="NONE")
    world.call("PutIntegration", **where, type="MOCK")
    world.call("PutMethodResponse", **where, statusCode="200", responseParameters={name: False})
    world.call("PutIntegrationResponse", **where, statusCode="200", responseParameters={name: "'x'"})
    code, message = world.refused("CreateDeployment", restApiId=api)
    assert code == "BadRequestException"
    assert f"[Invalid mapping expression parameter specified: {name}]" in message


def test_a_selection_pattern_that_is_none_is_refused_when_it_is_deployed(world):
    api = mock(world, response={"selectionPattern": "("})
    code, message = world.refused("CreateDeployment", restApiId=api)
    assert code == "BadRequestException"
    assert "Invalid selection pattern '(' of the integration response 200 of GET /notes" in message


@pytest.mark.parametrize(
    ("params", "code", "part"),
    [
        ({"cacheClusterEnabled": True}, "NotImplemented", "cacheClusterEnabled=True of CreateDeployment"),
        ({"tracingEnabled": True}, "NotImplemented", "tracingEnabled=True of CreateDeployment"),
        (
            {"stageName": "a b"},
            "BadRequestException",
            "Stage name only allows a-zA-Z0-9_-, at most 128 characters: 'a b'",
        ),
        (
            {"stageName": "a", "variables": {"v": "a b"}},
            "BadRequestException",
            "Invalid stage variable v=a b: names are of a-zA-Z0-9_",
        ),
    ],
)
def test_what_a_deployment_may_not_ask_for_is_refused(world, params, code, part):
    api = world.deployed()
    refused = world.refused("CreateDeployment", restApiId=api, **params)
    assert (refused[0], part in refused[1]) == (code, True)
    assert len(world.call("GetDeployments", restApiId=api)["items"]) == 1


def test_other_changes_of_a_deployment_are_refused(world):
    api = world.deployed()
    where = {"restApiId": api, "deploymentId": world.deploy(api)}
    patch = {"op": "replace", "path": "/id", "value": "x"}
    assert world.refused("UpdateDeployment", **where, patchOperations=[patch]) == (
        "BadRequestException",
        "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description]",
    )
    code, message = world.refused("GetDeployment", **where, embed=["other"])
    assert (code, "embed=other of deployments" in message) == ("NotImplemented", True)
