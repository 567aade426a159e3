"""REST APIs themselves, as recorded by LocalStack's AWS-validated ``test_apigateway_api.py``."""

from __future__ import annotations

import pytest


def test_a_new_api_has_its_defaults_and_a_root(world):
    made = world.call("CreateRestApi", name="notes")
    assert {name: made[name] for name in ("name", "apiKeySource", "disableExecuteApiEndpoint")} == {
        "name": "notes",
        "apiKeySource": "HEADER",
        "disableExecuteApiEndpoint": False,
    }
    assert made["endpointConfiguration"] == {"types": ["EDGE"], "ipAddressType": "ipv4"}
    assert (len(made["id"]), len(made["rootResourceId"])) == (10, 10)
    assert made["id"].isalnum()
    assert made["id"].islower() or made["id"].isdigit()
    assert "tags" not in made
    assert world.call("GetResources", restApiId=made["id"])["items"] == [{"id": made["rootResourceId"], "path": "/"}]


def test_an_api_keeps_what_it_was_given(world):
    api = world.api(
        description="my notes",
        version="v1",
        binaryMediaTypes=["image/png"],
        endpointConfiguration={"types": ["REGIONAL"]},
        tags={"team": "a"},
    )
    read = world.call("GetRestApi", restApiId=api)
    assert read["description"] == "my notes"
    assert read["version"] == "v1"
    assert read["binaryMediaTypes"] == ["image/png"]
    assert read["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert read["tags"] == {"team": "a"}


def test_apis_are_listed_in_pages(world):
    ids = [world.api(name=f"api-{number}") for number in range(3)]
    first = world.call("GetRestApis", limit=2)
    second = world.call("GetRestApis", limit=2, position=first["position"])
    assert [item["id"] for item in first["items"] + second["items"]] == ids
    assert "position" not in second


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"limit": 0}, "Invalid limit 0: it must be between 1 and 500"),
        ({"position": "x"}, "Invalid position specified: x"),
    ],
)
def test_a_page_that_there_is_not_is_refused(world, params, message):
    assert world.refused("GetRestApis", **params) == ("BadRequestException", message)


def test_another_account_sees_nothing_of_it(world):
    from dataclasses import replace

    api = world.api()
    world.scope = replace(world.scope, account_id="999999999999")
    assert world.call("GetRestApis")["items"] == []
    assert world.refused("GetRestApi", restApiId=api) == (
        "NotFoundException",
        f"Invalid API identifier specified 999999999999:{api}",
    )


def test_a_deleted_api_is_gone(world):
    api = world.deployed()
    world.call("DeleteRestApi", restApiId=api)
    assert world.refused("GetRestApi", restApiId=api)[0] == "NotFoundException"
    assert world.gateway.owner(api) is None
    assert world.send(api).status == 404


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"description": ""}, "BadRequestException", "Description cannot be an empty string"),
        (
            {"endpointConfiguration": {"types": []}},
            "BadRequestException",
            "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
        ),
        (
            {"endpointConfiguration": {"types": ["EDGE", "REGIONAL"]}},
            "BadRequestException",
            "Cannot create an api with multiple Endpoint Types.",
        ),
        (
            {"minimumCompressionSize": -1},
            "BadRequestException",
            "Invalid minimum compression size, must be between 0 and 10485760",
        ),
        ({"name": ""}, "BadRequestException", "Invalid request input: name must be given"),
    ],
)
def test_what_aws_refuses_of_a_new_api_is_refused_in_its_words(world, params, code, message):
    assert world.refused("CreateRestApi", **{"name": "x", **params}) == (code, message)


def test_an_endpoint_type_that_there_is_not_is_named(world):
    code, message = world.refused("CreateRestApi", name="x", endpointConfiguration={"types": ["wrong"]})
    assert code == "ValidationException"
    assert "Value '[wrong]'" in message
    assert "[PRIVATE, EDGE, REGIONAL]" in message


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"cloneFrom": "abc"}, "cloneFrom='abc' of CreateRestApi"),
        ({"minimumCompressionSize": 100}, "minimumCompressionSize=100"),
        ({"disableExecuteApiEndpoint": True}, "disableExecuteApiEndpoint=True of CreateRestApi"),
        ({"endpointConfiguration": {"types": ["PRIVATE"]}}, "endpoints of type PRIVATE"),
        ({"endpointConfiguration": {"types": ["EDGE"]}}, "endpoints of type EDGE"),
        (
            {"endpointConfiguration": {"types": ["REGIONAL"], "vpcEndpointIds": ["vpce-1"]}},
            "vpcEndpointIds=['vpce-1'] of endpointConfiguration",
        ),
    ],
)
def test_what_is_not_emulated_of_an_api_is_refused_by_name(world, params, named):
    code, message = world.refused("CreateRestApi", name="x", **params)
    assert code == "NotImplemented"
    assert f"the local AWS does not emulate {named}" in message


def test_patches_change_an_api(world):
    api = world.api(description="old", binaryMediaTypes=["image/png"])
    changed = world.call(
        "UpdateRestApi",
        restApiId=api,
        patchOperations=[
            {"op": "replace", "path": "/name", "value": "renamed"},
            {"op": "remove", "path": "/description"},
            {"op": "replace", "path": "/version", "value": "2"},
            {"op": "add", "path": "/binaryMediaTypes/image~1jpeg"},
            {"op": "replace", "path": "/binaryMediaTypes/image~1png", "value": "image/gif"},
            {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"},
            {"op": "replace", "path": "/endpointConfiguration/ipAddressType", "value": "dualstack"},
            {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "false"},
            {"op": "replace", "path": "/policy", "value": ""},
            {"op": "replace", "path": "/apiKeySource", "value": "HEADER"},
        ],
    )
    assert changed["name"] == "renamed"
    assert "description" not in changed
    assert changed["version"] == "2"
    assert changed["binaryMediaTypes"] == ["image/gif", "image/jpeg"]
    assert changed["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "dualstack"}
    assert world.call("GetRestApi", restApiId=api) == changed


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"op": "add", "path": "/binaryMediaTypes"}, "Invalid patch path /binaryMediaTypes"),
        ({"op": "replace", "path": "/wrong"}, "Invalid patch path /wrong"),
        ({"op": "replace", "path": ""}, "Invalid patch path "),
        (
            {"op": "add", "path": "/minimumCompressionSize", "value": "1"},
            "Invalid patch operation specified. Must be one of: [replace]",
        ),
        (
            {"op": "replace", "path": "/minimumCompressionSize", "value": "test"},
            "Invalid minimum compression size, must be between 0 and 10485760",
        ),
        (
            {"op": "replace", "path": "/endpointConfiguration/ipAddressType", "value": "wrong"},
            "ipAddressType must be either ipv4 or dualstack.",
        ),
        ({"op": "replace", "path": "/name", "value": ""}, "Invalid value for /name: an API needs a name"),
        (
            {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "maybe"},
            "Invalid value 'maybe' for /disableExecuteApiEndpoint: it must be true or false",
        ),
    ],
)
def test_a_patch_that_makes_no_sense_is_refused_as_recorded(world, patch, message):
    assert world.refused("UpdateRestApi", restApiId=world.api(), patchOperations=[patch]) == (
        "BadRequestException",
        message,
    )


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("/disableExecuteApiEndpoint", "true", "disableExecuteApiEndpoint=true"),
        ("/endpointConfiguration/vpcEndpointIds", "vpce-1", "endpointConfiguration/vpcEndpointIds"),
        ("/endpointConfiguration/types/REGIONAL", "EDGE", "endpoints of type EDGE"),
        ("/minimumCompressionSize", "10", "minimumCompressionSize=10"),
    ],
)
def test_a_patch_for_what_is_not_emulated_is_refused_by_name(world, path, value, named):
    patch = {"op": "replace", "path": path, "value": value}
    code, message = world.refused("UpdateRestApi", restApiId=world.api(), patchOperations=[patch])
    assert (code, named in message) == ("NotImplemented", True)


def test_unknown_patch_operations_are_all_told(world):
    patches = [{"op": "wrong", "path": "/name", "value": "x"}] * 2
    code, message = world.refused("UpdateRestApi", restApiId=world.api(), patchOperations=patches)
    assert code == "ValidationException"
    assert message == (
        "2 validation errors detected: Value 'wrong' at 'updateRestApiInput.patchOperations.1.member.op' failed to "
        "satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]; "
        "Value 'wrong' at 'updateRestApiInput.patchOperations.2.member.op' failed to satisfy constraint: "
        "Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
    )


def test_a_patch_operation_that_is_not_emulated_is_named(world):
    patch = {"op": "copy", "path": "/name", "from": "/description"}
    code, message = world.refused("UpdateRestApi", restApiId=world.api(), patchOperations=[patch])
    assert code == "NotImplemented"
    assert "the patch operation copy of UpdateRestApi on /name" in message


def test_a_failing_patch_leaves_the_api_as_it_was(world):
    api = world.api()
    before = world.call("GetRestApi", restApiId=api)
    patches = [{"op": "replace", "path": "/name", "value": "x"}, {"op": "replace", "path": "/wrong"}]
    world.refused("UpdateRestApi", restApiId=api, patchOperations=patches)
    assert world.call("GetRestApi", restApiId=api) == before
