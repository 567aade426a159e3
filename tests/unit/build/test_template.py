from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_rollbacklab.build.template import Template, read_template
from pytest_rollbacklab.errors import TemplateError

SAM = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.11
    CodeUri: functions
    Timeout: 5
Parameters:
  Stage: {Type: String}
Resources:
  Create:
    Type: AWS::Serverless::Function
    Metadata:
      rollbacklab:
        include: [create.py]
    Properties:
      Handler: create.main
      Environment:
        Variables: {TABLE: !Ref Table}
  Table:
    Type: AWS::DynamoDB::Table
Outputs:
  Url: {Value: !Sub "https://${Api}"}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "create.py").write_text("")
    return tmp_path


def read(root: Path, text: str, name: str = "template.yaml") -> Template:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    return read_template(root / name, root=root)


def with_function(properties: dict[str, Any], kind: str = "AWS::Serverless::Function", **more: Any) -> str:
    return json.dumps({"Resources": {"Create": {"Type": kind, "Properties": properties, **more}}})


def test_functions_with_local_code_are_found_with_what_the_globals_say(root: Path) -> None:
    (function,) = read(root, SAM).functions
    assert function.logical_id == "Create"
    assert (function.code_uri, function.directory) == ("functions", root / "functions")
    assert (function.handler, function.runtimes, function.include) == ("create.main", ("python3.11",), ("create.py",))


def test_a_packaged_template_names_the_code_as_literals_and_keeps_the_rest(root: Path) -> None:
    template = read(root, SAM)
    packaged = json.loads(template.packaged("shelf", {"Create": "packages/abc.zip"}))
    properties = packaged["Resources"]["Create"]["Properties"]
    assert properties.pop("CodeUri") == {"Bucket": "shelf", "Key": "packages/abc.zip"}
    assert properties == {"Handler": "create.main", "Environment": {"Variables": {"TABLE": {"Ref": "Table"}}}}
    assert packaged["Globals"] == {"Function": {"Runtime": "python3.11", "Timeout": 5}}
    assert packaged["Outputs"] == {"Url": {"Value": {"Fn::Sub": "https://${Api}"}}}
    assert list(packaged) == ["AWSTemplateFormatVersion", "Transform", "Globals", "Parameters", "Resources", "Outputs"]


def test_packaging_is_deterministic_and_leaves_the_template_as_it_was(root: Path) -> None:
    template = read(root, SAM)
    assert template.packaged("b", {"Create": "k"}) == template.packaged("b", {"Create": "k"})
    assert read(root, SAM).packaged("b", {"Create": "k"}) == template.packaged("b", {"Create": "k"})


def test_a_plain_lambda_function_is_packaged_too(root: Path) -> None:
    template = read(root, with_function({"Code": "./functions", "Handler": "create.main"}, "AWS::Lambda::Function"))
    packaged = json.loads(template.packaged("shelf", {"Create": "k"}))
    assert packaged["Resources"]["Create"]["Properties"]["Code"] == {"S3Bucket": "shelf", "S3Key": "k"}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::Serverless::Function", {"InlineCode": "x = 1"}),
        ("AWS::Serverless::Function", {"CodeUri": "s3://bucket/key.zip"}),
        ("AWS::Serverless::Function", {"CodeUri": {"Bucket": "b", "Key": "k"}}),
        ("AWS::Serverless::Function", {"PackageType": "Image", "ImageUri": "x"}),
        ("AWS::Lambda::Function", {"Code": {"ZipFile": "x = 1"}}),
        ("AWS::Lambda::Function", {"Code": {"S3Bucket": "b", "S3Key": {"Ref": "Key"}}}),
    ],
)
def test_code_that_is_not_local_is_left_alone(root: Path, kind: str, properties: dict[str, Any]) -> None:
    template = read(root, with_function(properties, kind))
    assert template.functions == ()
    assert json.loads(template.packaged("b", {}))["Resources"]["Create"]["Properties"] == properties


def test_a_serverless_function_without_any_code_property_is_its_directory(root: Path) -> None:
    (function,) = read(root, with_function({"Handler": "a.b"}), "app/template.json").functions
    assert function.directory == root / "app"


def test_code_is_found_relative_to_the_template(root: Path) -> None:
    (function,) = read(root, with_function({"CodeUri": "../functions/"}), "app/template.json").functions
    assert function.directory == root / "functions"


def test_a_handler_that_a_parameter_gives_is_not_known(root: Path) -> None:
    (function,) = read(root, with_function({"CodeUri": "functions", "Handler": {"Ref": "Handler"}})).functions
    assert (function.handler, function.runtimes) == (None, ())


def test_unknown_sections_and_odd_resources_are_left_alone(root: Path) -> None:
    body = {"Hooks": {"x": 1}, "Resources": {"Fn::ForEach::All": ["x", ["a"], {}], "A": {"Type": "Own::Kind"}}}
    assert json.loads(read(root, json.dumps(body)).packaged("b", {})) == body


@pytest.mark.parametrize("text", ["{}", "Resources: {}", "Resources:", "Parameters: {A: {Type: String}}"])
def test_a_template_without_resources_is_refused(root: Path, text: str) -> None:
    with pytest.raises(
        TemplateError, match=r"the template has no Resources\n  looked at: template.yaml: its sections: "
    ):
        read(root, text)


def test_a_code_directory_that_is_missing_is_named(root: Path) -> None:
    with pytest.raises(TemplateError) as caught:
        read(root, with_function({"CodeUri": "function"}))
    assert str(caught.value) == (
        "the code of Create is not there: function is no directory in the commit\n"
        "  looked at: template.yaml: function: there is nothing"
    )


def test_a_file_as_code_is_refused(root: Path) -> None:
    with pytest.raises(TemplateError, match=r"functions/create.py is no directory .*\n.*there is a file"):
        read(root, with_function({"CodeUri": "functions/create.py"}))


@pytest.mark.parametrize("code_uri", ["../elsewhere", "/etc"])
def test_code_outside_of_the_repository_is_refused(root: Path, code_uri: str) -> None:
    with pytest.raises(TemplateError, match="the code of Create is outside of the repository"):
        read(root, with_function({"CodeUri": code_uri}))


def test_a_template_outside_of_the_repository_is_refused(root: Path) -> None:
    with pytest.raises(TemplateError, match=r"the template is outside of the repository: \.\./template.yaml"):
        read_template(root / ".." / "template.yaml", root=root)


@pytest.mark.parametrize("ours", [{"include": []}, {"include": "a.py"}, {"includes": ["a"]}, {"include": [1]}, "x"])
def test_metadata_that_is_not_understood_is_refused(root: Path, ours: object) -> None:
    with pytest.raises(
        TemplateError, match=r"Metadata.rollbacklab of Create is not understood: .*\n.*\n.*write it as in"
    ):
        read(root, with_function({"CodeUri": "functions"}, Metadata={"rollbacklab": ours}))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::Serverless::LayerVersion", "ContentUri"),
        ("AWS::Serverless::Api", "DefinitionUri"),
        ("AWS::CloudFormation::Stack", "TemplateURL"),
    ],
)
def test_other_local_paths_are_refused_by_name(root: Path, kind: str, name: str) -> None:
    with pytest.raises(
        TemplateError, match=rf"{name} of Create \({kind}\) is a local path, and only .*\n.*{name}: layer"
    ):
        read(root, with_function({name: "layer"}, kind))
    read(root, with_function({name: "s3://bucket/layer.zip"}, kind))
    read(root, with_function({name: {"Ref": "Place"}}, kind))
