"""Lambda's types over Lambda's API."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "FunctionName": "f",
        "Role": "arn:aws:iam::111122223333:role/r",
        "Runtime": "python3.11",
        "Handler": "index.handler",
        "Code": {"ZipFile": "def handler(event, context):\n    return 1\n"},
    },
}


def with_properties(**properties: Any) -> dict[str, Any]:
    return {"Resources": {"F": {**FUNCTION, "Properties": {**FUNCTION["Properties"], **properties}}}}


def test_inline_code_is_packaged_with_cfnresponse_and_always_alike(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(with_properties())
        packaged = aws.of("function")["f"]["ZipFile"]
        archive = zipfile.ZipFile(io.BytesIO(packaged))
        assert archive.namelist() == ["index.py", "cfnresponse.py"]
        assert archive.read("index.py").decode() == FUNCTION["Properties"]["Code"]["ZipFile"]
        compile(archive.read("cfnresponse.py"), "cfnresponse.py", "exec")
        await console.update(with_properties(Code={"ZipFile": "x = 1\n"}))
        await console.update(with_properties())
        assert aws.of("function")["f"]["ZipFile"] == packaged

    drive(story)


def test_a_node_function_has_its_own_file() -> None:
    from pytest_rollbacklab.localaws.stacks.resources.inline_code import package

    assert zipfile.ZipFile(io.BytesIO(package("exports.handler = 1", "nodejs20.x"))).namelist() == ["index.js"]


def test_everything_that_a_function_has_is_passed_on(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(
            with_properties(
                Layers=["arn:aws:lambda:eu-west-1:1:layer:l:1"],
                KmsKeyArn="arn:aws:kms:eu-west-1:1:key/k",
                Tags=[{"Key": "k", "Value": "v"}],
                ReservedConcurrentExecutions=0,
                LoggingConfig={"LogFormat": "JSON"},
            )
        )
        made = aws.of("function")["f"]
        assert made["KMSKeyArn"] == "arn:aws:kms:eu-west-1:1:key/k"
        assert made["Tags"] == {"k": "v"}
        assert made["ReservedConcurrentExecutions"] == 0
        assert made["LoggingConfig"] == {"LogFormat": "JSON"}

    drive(story)


def test_what_the_template_no_longer_gives_goes_back_to_lambdas_default(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(
            with_properties(
                Timeout=9,
                Environment={"Variables": {"A": "1"}},
                ReservedConcurrentExecutions=1,
                Architectures=["arm64"],
            )
        )
        await console.update(with_properties())
        assert aws.last("UpdateFunctionConfiguration") == {
            "FunctionName": "f",
            "Environment": {"Variables": {}},
            "Timeout": 3,
        }
        assert aws.last("UpdateFunctionCode")["Architectures"] == ["x86_64"]
        assert aws.names()[-1] == "DeleteFunctionConcurrency"

    drive(story)


def test_tags_are_set_and_taken_away_one_by_one(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(with_properties(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]))
        aws.calls.clear()
        await console.update(with_properties(Tags=[{"Key": "a", "Value": "3"}]))
        arn = "arn:aws:lambda:eu-west-1:111122223333:function:f"
        assert aws.calls == [
            ("TagResource", {"Resource": arn, "Tags": {"a": "3"}}),
            ("UntagResource", {"Resource": arn, "TagKeys": ["b"]}),
        ]

    drive(story)


def test_an_alias_takes_weights_and_can_be_pointed_elsewhere(drive: Any, aws: Any) -> None:
    def alias(**properties: Any) -> dict[str, Any]:
        template = with_properties()
        template["Resources"]["Live"] = {
            "Type": "AWS::Lambda::Alias",
            "Properties": {"FunctionName": {"Ref": "F"}, "Name": "live", **properties},
        }
        return template

    async def story(console: Any) -> None:
        weights = {"AdditionalVersionWeights": [{"FunctionVersion": "2", "FunctionWeight": "0.1"}]}
        await console.create(alias(FunctionVersion="1", RoutingConfig=weights))
        made = aws.last("CreateAlias")
        assert made["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.1}}
        await console.update(alias(FunctionVersion="2"))
        assert aws.last("UpdateAlias") == {
            "FunctionName": "f",
            "Name": "live",
            "FunctionVersion": "2",
            "Description": "",
            "RoutingConfig": {"AdditionalVersionWeights": {}},
        }
        provisioned = {"ProvisionedConcurrentExecutions": 2}
        await console.update(alias(FunctionVersion="2", ProvisionedConcurrencyConfig=provisioned))
        assert aws.last("PutProvisionedConcurrencyConfig") == {"FunctionName": "f", "Qualifier": "live", **provisioned}
        await console.update(alias(FunctionVersion="2"))
        assert aws.names()[-1] == "DeleteProvisionedConcurrencyConfig"

    drive(story)


def test_an_alias_under_another_name_is_made_before_the_old_one_goes(drive: Any, aws: Any) -> None:
    def alias(name: str) -> dict[str, Any]:
        properties = {"FunctionName": "f", "Name": name, "FunctionVersion": "1"}
        return {"Resources": {"Live": {"Type": "AWS::Lambda::Alias", "Properties": properties}}}

    async def story(console: Any) -> None:
        await console.create(alias("blue"))
        await console.update(alias("green"))
        assert aws.names() == ["CreateAlias", "CreateAlias", "DeleteAlias"]
        assert aws.last("DeleteAlias") == {"FunctionName": "f", "Name": "blue"}

    drive(story)


@pytest.mark.parametrize(
    ("function", "target"),
    [
        ("f", {"FunctionName": "f"}),
        ("arn:aws:lambda:eu-west-1:1:function:f", {"FunctionName": "arn:aws:lambda:eu-west-1:1:function:f"}),
        (
            "arn:aws:lambda:eu-west-1:1:function:f:live",
            {"FunctionName": "arn:aws:lambda:eu-west-1:1:function:f", "Qualifier": "live"},
        ),
    ],
)
def test_a_permission_is_the_qualifiers_own(drive: Any, aws: Any, function: str, target: dict[str, str]) -> None:
    properties = {"FunctionName": function, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}

    async def story(console: Any) -> None:
        await console.create({"Resources": {"P": {"Type": "AWS::Lambda::Permission", "Properties": properties}}})
        statement = (await console.resource("P"))["PhysicalResourceId"]
        rest = {name: value for name, value in properties.items() if name != "FunctionName"}
        assert aws.last("AddPermission") == {"StatementId": statement, **target, **rest}
        await console.do("DeleteStack", StackName="notes")
        assert aws.last("RemovePermission") == {"StatementId": statement, **target}

    drive(story)


def test_a_version_is_deleted_by_its_number(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        template = with_properties()
        template["Resources"]["V"] = {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "F"}}}
        template["Outputs"] = {"Number": {"Value": {"Fn::GetAtt": ["V", "Version"]}}}
        stack = await console.create(template)
        assert stack["Outputs"][0]["OutputValue"] == "1"
        await console.do("DeleteStack", StackName="notes")
        deletions = [params for name, params in aws.calls if name == "DeleteFunction"]
        arn = "arn:aws:lambda:eu-west-1:111122223333:function:f"
        assert deletions == [{"FunctionName": arn, "Qualifier": "1"}, {"FunctionName": "f"}]

    drive(story)
