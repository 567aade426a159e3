"""Resources, as recorded by LocalStack's AWS-validated ``test_apigateway_api.py``."""

from __future__ import annotations

import pytest

NO_RESOURCE = ("NotFoundException", "Invalid Resource identifier specified")


def patch(world, api, resource, *operations):
    return world.call("UpdateResource", restApiId=api, resourceId=resource, patchOperations=list(operations))


def paths(world, api):
    return [item["path"] for item in world.call("GetResources", restApiId=api)["items"]]


def test_a_resource_stands_below_its_parent(world):
    api = world.api()
    root = world.resource(api)
    pets = world.call("CreateResource", restApiId=api, parentId=root, pathPart="pets")
    assert pets == {"id": pets["id"], "parentId": root, "pathPart": "pets", "path": "/pets"}
    assert len(pets["id"]) == 6
    pet = world.call("CreateResource", restApiId=api, parentId=pets["id"], pathPart="{petId}")
    assert pet["path"] == "/pets/{petId}"
    assert world.call("GetResource", restApiId=api, resourceId=pet["id"]) == pet


def test_moving_a_resource_moves_all_below_it(world):
    api = world.api()
    world.resource(api, "/pets/{id}/toys")
    pets = world.resource(api, "/pets")
    moved = patch(world, api, pets, {"op": "replace", "path": "/pathPart", "value": "dogs"})
    assert moved["path"] == "/dogs"
    assert paths(world, api) == ["/", "/dogs", "/dogs/{id}", "/dogs/{id}/toys"]
    other = world.resource(api, "/animals")
    patch(world, api, pets, {"op": "replace", "path": "/parentId", "value": other})
    assert "/animals/dogs/{id}/toys" in paths(world, api)


def test_deleting_a_resource_deletes_all_below_it(world):
    api = world.api()
    world.resource(api, "/pets/{id}/toys")
    world.call("DeleteResource", restApiId=api, resourceId=world.resource(api, "/pets"))
    assert paths(world, api) == ["/"]


def test_methods_are_embedded_when_asked_for(world):
    api = world.api()
    world.proxy(api, "GET", "/pets")
    listed = world.call("GetResources", restApiId=api)["items"][1]
    assert listed["resourceMethods"] == {"GET": {}}
    embedded = world.call("GetResources", restApiId=api, embed=["methods"])["items"][1]
    assert embedded["resourceMethods"]["GET"]["methodIntegration"]["type"] == "AWS_PROXY"
    one = world.call("GetResource", restApiId=api, resourceId=listed["id"], embed=["methods"])
    assert one == embedded
    code, message = world.refused("GetResources", restApiId=api, embed=["other"])
    assert (code, "embed=other of resources" in message) == ("NotImplemented", True)


def test_what_may_not_stand_next_to_or_below_another_is_refused_as_recorded(world):
    api = world.api()
    root, proxy = world.resource(api), world.resource(api, "/{proxy+}")
    parent = world.resource(api, "/parent")
    world.resource(api, "/parent/{child+}")

    def create(parent_id, part):
        return world.refused("CreateResource", restApiId=api, parentId=parent_id, pathPart=part)

    assert create(root, "{dynamic}") == (
        "BadRequestException",
        "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed",
    )
    for part in ("child", "{child}"):
        assert create(proxy, part) == (
            "BadRequestException",
            "Cannot create a child of a resource with a greedy path variable: {proxy+}",
        )
    assert create(root, "parent") == (
        "ConflictException",
        "Another resource with the same parent already has this name: parent",
    )
    assert create("nope", "x") == NO_RESOURCE
    assert create(parent, "a b")[1].endswith(": a b")


def test_what_a_resource_may_not_become_is_refused_as_recorded(world):
    api = world.api()
    root, pets = world.resource(api), world.resource(api, "/pets")
    sub = world.resource(api, "/pets/sub")

    def update(resource, op, path, value=""):
        operation = {"op": op, "path": path, "value": value}
        return world.refused("UpdateResource", restApiId=api, resourceId=resource, patchOperations=[operation])

    assert update("nope", "replace", "/pathPart", "x") == NO_RESOURCE
    assert update(pets, "replace", "/invalid") == (
        "BadRequestException",
        "Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]",
    )
    assert update(pets, "remove", "/pathPart") == (
        "BadRequestException",
        "Invalid patch path  '/pathPart' specified for op 'remove'. Please choose supported operations",
    )
    assert update(pets, "replace", "/parentId", "nope") == NO_RESOURCE
    assert update(pets, "replace", "/parentId", sub) == ("BadRequestException", "Resources cannot be cyclical.")
    assert update(root, "replace", "/pathPart", "x") == (
        "BadRequestException",
        "Root resource cannot update its pathPart.",
    )
    assert update(root, "replace", "/parentId", pets) == (
        "BadRequestException",
        "Root resource cannot update its parentId.",
    )
    world.resource(api, "/dogs")
    assert update(pets, "replace", "/pathPart", "dogs")[0] == "ConflictException"


def test_the_root_stays(world):
    api = world.api()
    assert world.refused("DeleteResource", restApiId=api, resourceId=world.resource(api)) == (
        "BadRequestException",
        "The root resource cannot be deleted.",
    )


@pytest.mark.parametrize("operation", ["GetResource", "DeleteResource", "UpdateResource"])
def test_without_the_api_it_is_the_resource_that_is_missed(world, operation):
    assert world.refused(operation, restApiId="nope", resourceId="x") == NO_RESOURCE
