"""Templates that are wrong, in AWS's words; and what is read of right ones."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.stacks.templates.document import parse

GROUP = {"Type": "AWS::Logs::LogGroup"}


def test_short_forms_become_their_long_ones() -> None:
    document = parse(
        """
        Joined: !Join ["-", [!Ref A, !GetAtt B.Arn.Inner, !Sub "${C}"]]
        Chosen: !If [Wanted, !Ref "AWS::NoValue", {Deep: !Select [0, !GetAZs ""]}]
        Bound: !GetAtt [D, Arn]
        Asked: !Condition Wanted
        Text: !Sub
          - "${x}"
          - {x: !ImportValue y}
        """
    )
    assert document == {
        "Joined": {"Fn::Join": ["-", [{"Ref": "A"}, {"Fn::GetAtt": ["B", "Arn.Inner"]}, {"Fn::Sub": "${C}"}]]},
        "Chosen": {
            "Fn::If": ["Wanted", {"Ref": "AWS::NoValue"}, {"Deep": {"Fn::Select": [0, {"Fn::GetAZs": ""}]}}],
        },
        "Bound": {"Fn::GetAtt": ["D", "Arn"]},
        "Asked": {"Condition": "Wanted"},
        "Text": {"Fn::Sub": ["${x}", {"x": {"Fn::ImportValue": "y"}}]},
    }


def test_dates_stay_text_and_keys_become_text() -> None:
    assert parse("Version: 2012-10-17\nresponses: {200: {on: 1}}") == {
        "Version": "2012-10-17",
        "responses": {"200": {"on": 1}},
    }


def test_json_is_read_as_json() -> None:
    assert parse('{"A": {"200": [1, true, "x"]}}') == {"A": {"200": [1, True, "x"]}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"Resources": }', "Template format error: JSON not well-formed. (line 1, column 15)"),
        ("A: b: c", "Template format error: YAML not well-formed. (line 1, column 5)"),
        ("- A", "Template format error: unsupported structure."),
        ("just words", "Template format error: unsupported structure."),
        ("A: !!python/object:os.system {}", "Template format error: YAML not well-formed. (line 1, column 4)"),
        ("Outputs: {O: {Value: }}", "[/Outputs/O/Value] 'null' values are not allowed in templates"),
        ("A: [1, null]", "[/A/1] 'null' values are not allowed in templates"),
        ("A: &a [*a]", "Template format error: YAML not well-formed. (line 1, column 4)"),
        ("A: " + "[" * 5000 + "]" * 5000, "Template format error: YAML not well-formed."),
        (
            '{"A": ' + "[" * 200 + "]" * 200 + "}",
            "Template format error: more than 200000 values, or nested deeper than 100.",
        ),
    ],
)
def test_text_that_does_not_parse_says_where(text: str, message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parse(text)
    assert (caught.value.code, caught.value.message) == ("ValidationError", message)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({"Foo": {}, "Resources": {"A": GROUP}}, "Invalid template property or properties [Foo]"),
        ({"Description": "x"}, "Template format error: At least one Resources member must be defined."),
        ({"Resources": {"A": "x"}}, "Template format error: Any Resources member must be an object."),
        ({"Resources": []}, "Template format error: Resources must be an object."),
        (
            {"Resources": {"my-id": GROUP}},
            "Template format error: Resource name my-id is non alphanumeric.",
        ),
        (
            {"Resources": {"A": {"Properties": {}}}},
            "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
        ),
        ({"Resources": {"A": {**GROUP, "Invalid": 1}}}, "Invalid template resource property 'Invalid'"),
        (
            {"Resources": {"A": {**GROUP, "DependsOn": {"B": 1}}}},
            "Template format error: DependsOn must be a string or list of strings. [/Resources/A]",
        ),
        (
            {"Resources": {"A": {**GROUP, "Condition": ["C"]}}},
            "Template format error: Every Condition member must be a string. [/Resources/A/Condition]",
        ),
        (
            {"Resources": {"A": GROUP}, "Outputs": {"O": {"Value": "x", "Export": "name"}}},
            "Template format error: Output O is malformed. The Name field of every Export member must be specified.",
        ),
        (
            {"Description": ["x"], "Resources": {"A": GROUP}},
            "Template format error: Description must be a string. [/Description]",
        ),
        (
            {"Resources": {"A": {**GROUP, "Properties": "x"}}},
            "Template format error: [/Resources/A/Properties] Properties must be an object.",
        ),
        (
            {"Resources": {"A": {**GROUP, "DeletionPolicy": "Snapshot"}}},
            "Template error: resource type AWS::Logs::LogGroup does not support deletion policy Snapshot",
        ),
        (
            {"Resources": {"A": {**GROUP, "DeletionPolicy": "Keep"}}},
            "Template format error: Unrecognized DeletionPolicy Keep",
        ),
        (
            {"Resources": {"A": {**GROUP, "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {}}}}},
            "The local AWS does not emulate UpdatePolicy (of the resource A).",
        ),
        (
            {"Rules": {"R": {}}, "Resources": {"A": GROUP}},
            "The local AWS does not emulate the template section 'Rules'.",
        ),
        (
            {"Hooks": {"H": {}}, "Resources": {"A": GROUP}},
            "The local AWS does not emulate the template section 'Hooks'.",
        ),
        (
            {"Resources": {"A": GROUP}, "Outputs": {"O": {"Description": "x"}}},
            "Template format error: Every Outputs member must contain a Value object",
        ),
        (
            {"Mappings": {"M": "x"}, "Resources": {"A": GROUP}},
            "Template format error: Every Mappings member M must be a map",
        ),
        (
            {"Mappings": {"M": {"a": {"b": {"c": 1}}}}, "Resources": {"A": GROUP}},
            "Template format error: Every Mappings attribute must be a String or a List.",
        ),
        (
            {"Resources": {"A": {"Type": "AWS::No::Thing"}, "B": {"Type": "Nonsense"}}},
            "Template format error: Unrecognized resource types: [AWS::No::Thing, Nonsense]",
        ),
        (
            {"Resources": {f"A{number}": GROUP for number in range(501)}},
            "Template format error: Number of resources, 501, is greater than maximum allowed, 500",
        ),
        (
            {"Resources": {"A": {**GROUP, "DependsOn": "B"}}},
            "Template format error: Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            {"Resources": {"A": {**GROUP, "Properties": {"LogGroupName": {"Ref": "B"}}}}},
            "Template format error: Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            {"Resources": {"A": GROUP}, "Outputs": {"O": {"Value": {"Fn::Sub": "${B}"}}}},
            "Template format error: Unresolved resource dependencies [B] in the Outputs block of the template",
        ),
        (
            {"Resources": {"A": {**GROUP, "Properties": {"LogGroupName": {"Fn::GetAtt": ["B", "Arn"]}}}}},
            "Template error: instance of Fn::GetAtt references undefined resource B",
        ),
        (
            {"Resources": {"A": {**GROUP, "Properties": {"LogGroupName": {"Fn::Sub": "${B.Arn}"}}}}},
            "Template error: instance of Fn::Sub references invalid resource attribute B.Arn",
        ),
        (
            {"Resources": {"A": GROUP}, "Outputs": {"O": {"Value": {"Fn::GetAtt": ["A", "Size"]}}}},
            "Template error: resource A does not support attribute type Size in Fn::GetAtt",
        ),
        (
            {
                "Resources": {
                    "A": {**GROUP, "DependsOn": "C"},
                    "B": {**GROUP, "Properties": {"LogGroupName": {"Ref": "A"}}},
                    "C": {**GROUP, "Properties": {"LogGroupName": {"Fn::Sub": "${B}-x"}}},
                    "After": {**GROUP, "DependsOn": "A"},
                }
            },
            "Circular dependency between resources: [A, B, C]",
        ),
        (
            {"Resources": {"A": {**GROUP, "Properties": {"LogGroupName": "{{resolve:ssm:name}}"}}}},
            "The local AWS does not emulate dynamic references ('{{resolve:ssm:name}}').",
        ),
    ],
)
def test_a_template_that_is_wrong_is_refused_before_anything_is_made(
    drive: Any, refused: Any, aws: Any, template: dict[str, Any], message: str
) -> None:
    async def story(console: Any) -> None:
        assert await refused(console.create(template)) == f"ValidationError: {message}"
        assert (await console.call("DescribeStacks"))["Stacks"] == []
        assert aws.calls == []

    drive(story)


def test_a_few_lines_of_aliases_cannot_stand_for_more_than_a_machine_holds() -> None:
    lines = ["A0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"A{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    with pytest.raises(ServiceError, match="Template format error: more than 200000 values"):
        parse("\n".join(lines))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"TemplateBody": "{}", "TemplateURL": "http://h/b/k"},
            "Only one of TemplateBody or TemplateURL may be specified.",
        ),
        ({"TemplateURL": "http://h/bucket-alone"}, "TemplateURL must be a supported URL."),
        ({"TemplateURL": "http://h/shelf/binary"}, "Template format error: unsupported structure."),
        ({}, "Either Template URL or Template Body must be specified."),
    ],
)
def test_a_call_that_names_no_template_or_two_is_refused(
    drive: Any, refused: Any, aws: Any, params: dict[str, str], message: str
) -> None:
    aws.of("object")["shelf/binary"] = b"\xff\xfe\x00"

    async def story(console: Any) -> None:
        call = console.call("CreateStack", StackName="notes", **params)
        assert await refused(call) == f"ValidationError: {message}"

    drive(story)


def test_the_previous_template_is_taken_alone_and_only_where_there_is_one(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        call = console.change_set(None, ChangeSetType="CREATE", UsePreviousTemplate=True)
        assert await refused(call) == (
            "ValidationError: UsePreviousTemplate is not valid: the stack has no template yet."
        )
        await console.create({"Resources": {"A": GROUP}})
        call = console.change_set({"Resources": {"A": GROUP}}, UsePreviousTemplate=True)
        assert await refused(call) == (
            "ValidationError: You cannot specify both usePreviousTemplate and Template Body/Template URL."
        )

    drive(story)


def test_a_parameters_section_that_is_none_is_refused(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        assert await refused(console.create({"Parameters": [], "Resources": {"A": GROUP}})) == (
            "ValidationError: Template format error: Parameters must be an object."
        )

    drive(story)


def test_a_template_over_the_size_limits_is_refused(drive: Any, refused: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        large = "Description: " + "x" * 51_200
        message = await refused(console.create(large))
        assert message.endswith("failed to satisfy constraint: Member must have length less than or equal to 51200")
        aws.of("object")["shelf/large"] = b"#" * 1_000_001
        message = await refused(console.call("ValidateTemplate", TemplateURL="http://127.0.0.1/shelf/large"))
        assert message == "ValidationError: Template may not exceed 1000000 bytes in size."

    drive(story)


def test_a_type_of_which_aws_has_more_than_we_do_is_recognized(drive: Any) -> None:
    async def story(console: Any) -> None:
        template = {"Resources": {"A": {"Type": "AWS::EC2::VPC"}, "B": {"Type": "Custom::Thing"}}}
        assert (await console.create(template))["StackStatus"] == "ROLLBACK_COMPLETE"

    drive(story)


TEMPLATE = {
    "Description": "groups",
    "Metadata": {"by": "hand"},
    "Parameters": {
        "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"], "Default": "dev", "Description": "which"},
        "Secret": {"Type": "String", "NoEcho": True, "Default": "x"},
    },
    "Resources": {
        "A": GROUP,
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": {}}},
    },
}


def test_a_summary_tells_parameters_capabilities_and_types(drive: Any) -> None:
    async def story(console: Any) -> None:
        import json

        summary = await console.call("GetTemplateSummary", TemplateBody=json.dumps(TEMPLATE))
        assert summary == {
            "Parameters": [
                {
                    "ParameterKey": "Stage",
                    "DefaultValue": "dev",
                    "ParameterType": "String",
                    "NoEcho": False,
                    "Description": "which",
                    "ParameterConstraints": {"AllowedValues": ["dev", "prod"]},
                },
                {
                    "ParameterKey": "Secret",
                    "DefaultValue": "x",
                    "ParameterType": "String",
                    "NoEcho": True,
                    "ParameterConstraints": {},
                },
            ],
            "Description": "groups",
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "CapabilitiesReason": "The following resource(s) require capabilities: [AWS::IAM::Role]",
            "ResourceTypes": ["AWS::Logs::LogGroup", "AWS::IAM::Role"],
            "Version": "2010-09-09",
            "Metadata": '{"by": "hand"}',
            "ResourceIdentifierSummaries": [
                {
                    "ResourceType": "AWS::Logs::LogGroup",
                    "LogicalResourceIds": ["A"],
                    "ResourceIdentifiers": ["LogGroupName"],
                },
                {
                    "ResourceType": "AWS::IAM::Role",
                    "LogicalResourceIds": ["Role"],
                    "ResourceIdentifiers": ["RoleName"],
                },
            ],
        }
        validated = await console.call("ValidateTemplate", TemplateBody=json.dumps(TEMPLATE))
        assert validated["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
        assert [item["ParameterKey"] for item in validated["Parameters"]] == ["Stage", "Secret"]

    drive(story)


def test_a_sam_template_is_summed_up_as_it_is_written(drive: Any) -> None:
    async def story(console: Any) -> None:
        text = "Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: AWS::Serverless::Function}}"
        summary = await console.call("GetTemplateSummary", TemplateBody=text)
        assert summary["DeclaredTransforms"] == ["AWS::Serverless-2016-10-31"]
        assert summary["Capabilities"] == ["CAPABILITY_AUTO_EXPAND"]
        assert summary["ResourceTypes"] == ["AWS::Serverless::Function"]
        assert (await console.call("ValidateTemplate", TemplateBody=text))["Parameters"] == []

    drive(story)


def test_validation_finds_what_a_deployment_would(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        call = console.call("ValidateTemplate", TemplateBody="Resources: {A: {Type: AWS::No::Thing}}")
        assert await refused(call) == (
            "ValidationError: Template format error: Unrecognized resource types: [AWS::No::Thing]"
        )

    drive(story)


def test_a_template_is_read_back_as_it_was_given(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        text = "# a comment\nResources: {A: {Type: AWS::Logs::LogGroup}}\n"
        await console.create(text)
        answer = await console.call("GetTemplate", StackName="notes")
        assert answer["TemplateBody"] == text
        assert (await console.call("GetTemplateSummary", StackName="notes"))["ResourceTypes"] == ["AWS::Logs::LogGroup"]
        await console.change_set(text + "# more\n")
        answer = await console.call("GetTemplate", StackName="notes", ChangeSetName="change")
        assert answer["TemplateBody"].endswith("# more\n")
        assert await refused(console.call("GetTemplate", StackName="nothing")) == (
            "ValidationError: Stack with id nothing does not exist"
        )
        assert await refused(console.call("GetTemplate")) == (
            "ValidationError: StackName is required if ChangeSetName is not specified."
        )
        assert await refused(console.call("GetTemplateSummary", StackName="nothing")) == (
            "ValidationError: Stack with id nothing does not exist"
        )
        assert await refused(console.call("GetTemplateSummary", TemplateBody="Description: x")) == (
            "ValidationError: Template format error: At least one Resources member must be defined."
        )
        assert await refused(console.call("GetTemplate", ChangeSetName="change")) == (
            "ValidationError: StackName is a required parameter."
        )

    drive(story)


def test_a_stack_in_review_has_no_template_to_sum_up(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        await console.change_set({"Resources": {"A": GROUP}}, ChangeSetType="CREATE")
        assert await refused(console.call("GetTemplateSummary", StackName="notes")) == (
            "ValidationError: GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks."
        )
        assert await refused(console.call("GetTemplate", StackName="notes")) == (
            "ValidationError: Stack [notes] has no template yet: it is in REVIEW_IN_PROGRESS."
        )

    drive(story)


@pytest.mark.parametrize(
    ("properties", "given", "missing"),
    [
        ({}, [], "CAPABILITY_IAM"),
        ({"RoleName": "r"}, ["CAPABILITY_IAM"], "CAPABILITY_NAMED_IAM"),
        ({}, ["CAPABILITY_NAMED_IAM"], None),
        ({"RoleName": "r"}, ["CAPABILITY_NAMED_IAM"], None),
    ],
)
def test_iam_resources_must_be_acknowledged(
    drive: Any, refused: Any, properties: dict[str, Any], given: list[str], missing: str | None
) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, **properties}}

    async def story(console: Any) -> None:
        if missing is None:
            stack = await console.create({"Resources": {"Role": role}}, Capabilities=given)
            assert stack["Capabilities"] == given
        else:
            message = await refused(console.create({"Resources": {"Role": role}}, Capabilities=given))
            assert message == f"InsufficientCapabilitiesException: Requires capabilities : [{missing}]"

    drive(story)
