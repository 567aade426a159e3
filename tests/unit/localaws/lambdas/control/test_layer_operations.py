"""Layers: published, read, shared, removed, and put where functions look for them."""

from __future__ import annotations

import json

import pytest

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.lambdas.control.layers import LayerShelf

NO_SUCH = "The resource you requested does not exist."


def publish(functions, make_zip, files, name="shared", **more):
    return functions.call("PublishLayerVersion", LayerName=name, Content={"ZipFile": make_zip(files)}, **more)


def arn(functions, name="shared", number=1):
    return f"arn:aws:lambda:us-east-1:{functions.scope.account_id}:layer:{name}:{number}"


def test_a_version_is_told_as_it_was_published(functions, make_zip):
    made = publish(functions, make_zip, {"python/a.py": "x = 1"}, Description="d", CompatibleRuntimes=["python3.12"])
    assert (made["LayerVersionArn"], made["Version"]) == (arn(functions), 1)
    assert made["LayerArn"] == arn(functions).removesuffix(":1")
    assert made["Content"]["Location"].endswith(f"/{functions.scope.account_id}/us-east-1/layer:shared/1")
    assert functions.call("GetLayerVersion", LayerName="shared", VersionNumber=1) == made
    assert functions.call("GetLayerVersionByArn", Arn=made["LayerVersionArn"]) == made
    assert functions.lambdas.code(functions.scope, "layer:shared", "1") == make_zip({"python/a.py": "x = 1"})


def test_numbers_are_never_given_twice(functions, make_zip):
    publish(functions, make_zip, {"a": "1"})
    publish(functions, make_zip, {"a": "2"})
    functions.call("DeleteLayerVersion", LayerName="shared", VersionNumber=2)
    assert publish(functions, make_zip, {"a": "3"})["Version"] == 3
    listed = functions.call("ListLayerVersions", LayerName="shared")["LayerVersions"]
    assert [version["Version"] for version in listed] == [3, 1]
    layers = functions.call("ListLayers")["Layers"]
    assert [(layer["LayerName"], layer["LatestMatchingVersion"]["Version"]) for layer in layers] == [("shared", 3)]
    assert functions.call("ListLayers", CompatibleRuntime="python3.12")["Layers"] == []


def test_what_is_not_there_is_refused_and_deleting_it_is_nothing(functions):
    assert functions.refusal("GetLayerVersion", LayerName="gone", VersionNumber=1).message == NO_SUCH
    assert functions.refusal("GetLayerVersionByArn", Arn=arn(functions)).message == NO_SUCH
    assert functions.call("DeleteLayerVersion", LayerName="gone", VersionNumber=1) == {}
    refused = functions.refusal("GetLayerVersion", LayerName="gone", VersionNumber=0)
    assert refused.message == "Layer Version Cannot be less than 1."
    refused = functions.refusal("GetLayerVersionByArn", Arn="arn:nothing")
    assert refused.message == "arn:nothing is no ARN of a layer's version."


def test_a_permission_lets_another_account_in(functions, make_zip):
    publish(functions, make_zip, {"a": "1"})
    where = {"LayerName": "shared", "VersionNumber": 1}
    permission = {"StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": "222233334444"}
    assert functions.refusal("GetLayerVersionPolicy", **where).message == (
        "No policy is associated with the given resource."
    )
    functions.call("AddLayerVersionPermission", **where, **permission)
    assert functions.refusal("AddLayerVersionPermission", **where, **permission).message == (
        "The statement id (s) provided already exists. "
        "Please provide a new statement id, or remove the existing statement."
    )
    policy = json.loads(functions.call("GetLayerVersionPolicy", **where)["Policy"])
    assert policy["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::222233334444:root"}
    shelf: LayerShelf = functions.lambdas.parts[0]
    other = Scope(account_id="222233334444", region="us-east-1")
    assert [use.arn for use in shelf.uses(other, [arn(functions)])] == [arn(functions)]
    functions.call("RemoveLayerVersionPermission", **where, StatementId="s")
    with pytest.raises(ServiceError) as caught:
        shelf.uses(other, [arn(functions)])
    assert caught.value.message == (
        f"User: arn:aws:iam::222233334444:root is not authorized to perform: lambda:GetLayerVersion on resource: "
        f"{arn(functions)} because no resource-based policy allows the lambda:GetLayerVersion action"
    )
    assert functions.refusal("RemoveLayerVersionPermission", **where, StatementId="s").message == (
        "Statement s is not found in resource policy."
    )


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (["{0}:9"], "Layer version {0}:9 does not exist."),
        (["{0}:1"] * 6, "Cannot reference more than 5 layers."),
        (
            ["{0}:1", "{0}:2"],
            (
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                "{0}:1 and {0}:2."
            ),
        ),
        (["x"], "x is no ARN of a layer's version: arn:aws:lambda:REGION:ACCOUNT:layer:NAME:1."),
        (
            ["arn:aws:lambda:eu-west-1:222233334444:layer:a:1"],
            "Layers are not in the same region as the function. Layers are expected to be in region us-east-1.",
        ),
    ],
)
def test_layers_that_a_function_cannot_have_are_refused(functions, make_zip, layers, said):
    publish(functions, make_zip, {"a": "1"})
    publish(functions, make_zip, {"a": "2"})
    layer = arn(functions).removesuffix(":1")
    code = {"ZipFile": make_zip({"app.py": ""})}
    refused = functions.refusal(
        "CreateFunction",
        FunctionName="f",
        Role="arn:aws:iam::111122223333:role/r",
        Runtime="python3.12",
        Handler="app.handler",
        Code=code,
        Layers=[name.format(layer) for name in layers],
    )
    assert refused.message == said.format(layer)


LOOKS = """
import os, subprocess
import first, second
def handler(event, context):
    said = subprocess.check_output(["greet"], text=True).strip()
    return [first.NAME, second.NAME, said, os.environ["PYTHONPATH"].count("site-packages"), first.__file__]
"""


def layered(functions, make_zip):
    publish(functions, make_zip, {"python/first.py": "NAME = 'of one'", "python/second.py": "NAME = 'one'"}, "one")
    import zipfile

    tool = zipfile.ZipInfo("bin/greet")
    tool.external_attr = 0o755 << 16
    files = {"python/lib/python3.12/site-packages/first.py": "NAME = 'site'", "python/second.py": "NAME = 'two'"}
    publish(functions, make_zip, {**files, tool: "#!/bin/sh\necho hello\n"}, "two")
    functions.create(code=LOOKS, Layers=[arn(functions, "one"), arn(functions, "two")])


def test_layers_lie_over_each_other_in_order_and_on_every_path(functions, make_zip):
    layered(functions, make_zip)
    first, second, said, roots, file = json.loads(functions.invoke("create").payload)
    assert (first, second, said, roots) == ("site", "two", "hello", 1)
    assert file.endswith("/python/lib/python3.12/site-packages/first.py")
    described = functions.call("GetFunctionConfiguration", FunctionName="create")["Layers"]
    assert [layer["Arn"] for layer in described] == [arn(functions, "one"), arn(functions, "two")]


def test_a_function_keeps_layers_that_are_deleted(functions, make_zip):
    layered(functions, make_zip)
    functions.call("DeleteLayerVersion", LayerName="two", VersionNumber=1)
    assert functions.invoke("create").function_error is None
    functions.call("UpdateFunctionConfiguration", FunctionName="create", Timeout=9)
    assert functions.invoke("create").function_error is None


def test_a_version_keeps_its_layers_when_the_function_loses_them(functions, make_zip):
    layered(functions, make_zip)
    functions.call("PublishVersion", FunctionName="create")
    functions.call("UpdateFunctionConfiguration", FunctionName="create", Layers=[])
    assert functions.invoke("create").function_error == "Unhandled"
    assert functions.invoke("create", qualifier="1").function_error is None


def test_a_layer_brings_its_own_boto3(functions, make_zip):
    publish(functions, make_zip, {"python/boto3/__init__.py": "MINE = True"})
    functions.create(code="import boto3\ndef handler(e, c): return boto3.MINE", Layers=[arn(functions)])
    assert functions.invoke("create").payload == b"true"
