"""The intrinsic functions and conditions: what they yield, and what they refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

MAPPINGS = {"Stages": {"dev": {"days": 1, "zones": ["x", "y"]}, "prod": {"days": 30, "zones": ["z"]}}}
PARAMETERS = {
    "Stage": {"Type": "String", "Default": "prod"},
    "Names": {"Type": "CommaDelimitedList", "Default": "one,two"},
    "Count": {"Type": "Number", "Default": "3"},
}
CONDITIONS = {
    "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
    "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
    "Either": {"Fn::Or": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]},
    "Both": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]},
    "Mapped": {"Fn::Equals": [{"Fn::FindInMap": ["Stages", {"Ref": "Stage"}, "days"]}, 30]},
    "Listed": {"Fn::Equals": [{"Fn::Join": [",", {"Ref": "Names"}]}, "one,two"]},
}


def template(value: Any, **sections: Any) -> str:
    """Return a template whose output is the value; the group ``A`` is named ``a``."""
    return json.dumps(
        {
            "Mappings": MAPPINGS,
            "Parameters": PARAMETERS,
            "Conditions": CONDITIONS,
            "Resources": {"A": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "a"}}},
            "Outputs": {"O": {"Value": value}},
            **sections,
        }
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Ref": "A"}, "a"),
        ({"Ref": "Stage"}, "prod"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "AWS::AccountId"}, "111122223333"),
        ({"Ref": "AWS::StackName"}, "notes"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Fn::GetAtt": ["A", "Arn"]}, "arn:aws:logs:eu-west-1:111122223333:log-group:a:*"),
        ({"Fn::GetAtt": "A.Arn"}, "arn:aws:logs:eu-west-1:111122223333:log-group:a:*"),
        ({"Fn::GetAtt": ["A", "LogGroupName"]}, "a"),
        ({"Fn::Sub": "${Stage}-${AWS::Region}-${A}-${A.LogGroupName}-${!Stage}"}, "prod-eu-west-1-a-a-${Stage}"),
        ({"Fn::Sub": ["${x}/${ Stage }/${Names}", {"x": {"Ref": "A"}}]}, "a/prod/one,two"),
        ({"Fn::Join": ["-", ["x", 1, True, {"Ref": "Stage"}]]}, "x-1-true-prod"),
        ({"Fn::Join": ["+", {"Ref": "Names"}]}, "one+two"),
        ({"Fn::Select": [1, {"Ref": "Names"}]}, "two"),
        ({"Fn::Select": ["0", ["x", "y"]]}, "x"),
        ({"Fn::Select": [2, {"Fn::Split": ["/", "a/b/c"]}]}, "c"),
        ({"Fn::FindInMap": ["Stages", {"Ref": "Stage"}, "days"]}, "30"),
        ({"Fn::Select": [0, {"Fn::FindInMap": ["Stages", "dev", "zones"]}]}, "x"),
        ({"Fn::Base64": {"Fn::Sub": "${Stage}"}}, "cHJvZA=="),
        ({"Fn::Select": [1, {"Fn::GetAZs": ""}]}, "eu-west-1b"),
        ({"Fn::Select": [0, {"Fn::GetAZs": "us-east-1"}]}, "us-east-1a"),
        ({"Fn::If": ["IsProd", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsDev", "yes", {"Fn::If": ["Either", "inner", "no"]}]}, "inner"),
        ({"Fn::If": ["Both", "yes", "no"]}, "no"),
        ({"Fn::If": ["Mapped", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Listed", "yes", "no"]}, "yes"),
        ({"Fn::Join": [",", ["x", {"Fn::If": ["IsDev", "y", {"Ref": "AWS::NoValue"}]}]]}, "x"),
        (3, "3"),
        (True, "true"),
    ],
)
def test_what_functions_yield(drive: Any, expression: Any, value: str) -> None:
    async def story(console: Any) -> None:
        stack = await console.create(template(expression))
        assert stack["Outputs"] == [{"OutputKey": "O", "OutputValue": value}]

    drive(story)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            {"Fn::Join": ["-", "text"]},
            (
                "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list "
                "of strings "
                "to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
            ),
        ),
        (
            {"Fn::Select": ["x", ["a"]]},
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
        ),
        (
            {"Fn::Split": ["-"]},
            (
                "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a "
                "string to be "
                "split or a function that returns a string to be split."
            ),
        ),
        (
            {"Fn::FindInMap": ["Stages", "dev"]},
            (
                "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the "
                "attribute "
                "for return value"
            ),
        ),
        (
            {"Fn::GetAtt": ["A"]},
            (
                "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
                "resource "
                "attribute"
            ),
        ),
        (
            {"Fn::Sub": ["${x}", "y"]},
            (
                "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a "
                "string as "
                "first argument, and an optional second argument to specify a mapping of values to replace in the "
                "string"
            ),
        ),
        ({"Fn::Base64": ["x"]}, "Template error: every Fn::Base64 object must have a String-typed value."),
        ({"Ref": ["x"]}, "Template error: every Ref object must have a single String value."),
        (
            {"Fn::If": ["IsProd", "yes"]},
            "Template error: Fn::If requires a list argument with the first element being a condition",
        ),
        (
            {"Fn::If": ["Missing", "yes", "no"]},
            "Template error: unresolved condition dependency Missing in Fn::If",
        ),
        ({"Fn::Cidr": ["10.0.0.0/8", 1, 8]}, "The local AWS does not emulate the intrinsic function Fn::Cidr."),
        (
            {"Fn::Transform": {"Name": "AWS::Include"}},
            "The local AWS does not emulate the intrinsic function Fn::Transform.",
        ),
        (
            {"Fn::Equals": ["a", "b"]},
            "The local AWS does not emulate the intrinsic function Fn::Equals outside of Conditions.",
        ),
        (
            {"Fn::Shout": "a"},
            (
                "Template Error: Encountered unsupported function: Fn::Shout Supported functions are: [Fn::Base64, "
                "Fn::GetAtt, "
                "Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, Fn::Equals, "
                "Fn::If, Fn::Not, "
                "Condition, Fn::And, Fn::Or, Fn::Sub]"
            ),
        ),
    ],
)
def test_functions_in_the_wrong_form_are_refused_before_anything_is_made(
    drive: Any, refused: Any, aws: Any, expression: Any, message: str
) -> None:
    async def story(console: Any) -> None:
        assert await refused(console.create(template(expression))) == f"ValidationError: {message}"
        assert aws.calls == []

    drive(story)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            {"Fn::FindInMap": ["Stages", "none", "days"]},
            "Template error: Unable to get mapping for Stages::none::days",
        ),
        (
            {"Fn::Select": [5, {"Ref": "Names"}]},
            "Template error: Fn::Select cannot select nonexistent value at index 5",
        ),
        ({"Fn::ImportValue": "nothing"}, "No export named nothing found."),
        (
            {"Ref": "Names"},
            (
                "Template format error: The Value field of every Outputs member must evaluate to a String. "
                "[/Outputs/O/Value]"
            ),
        ),
    ],
)
def test_functions_that_do_not_evaluate_fail_the_stack(drive: Any, expression: Any, message: str) -> None:
    async def story(console: Any) -> None:
        await console.create(template(expression))
        reason = next(reason for _, status, reason in await console.events() if status == "ROLLBACK_IN_PROGRESS")
        assert reason == f"{message}. Rollback requested by user."

    drive(story)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (
            {"C": {"Fn::Equals": ["a"]}},
            "Template error: every Fn::Equals object requires a list of 2 string parameters.",
        ),
        ({"C": {"Fn::Not": []}}, "Template error: every Fn::Not object requires one boolean parameter."),
        (
            {"C": {"Fn::And": [{"Fn::Equals": ["a", "a"]}]}},
            "Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.",
        ),
        ({"C": {"Condition": "D"}}, "Template error: unresolved condition dependency D in Condition"),
        (
            {"C": {"Condition": "D"}, "D": {"Condition": "C"}},
            "Template error: Found circular condition dependency between C, D",
        ),
        (
            {"C": "yes"},
            "Template format error: Conditions can only be boolean operations on parameters and other conditions",
        ),
        (
            {"C": {"Fn::Equals": [{"Ref": "A"}, "a"]}},
            (
                "Template format error: Unresolved dependencies [A]. Cannot reference resources in the Conditions "
                "block of the "
                "template"
            ),
        ),
    ],
)
def test_conditions_that_are_wrong_are_refused(drive: Any, refused: Any, conditions: Any, message: str) -> None:
    async def story(console: Any) -> None:
        assert await refused(console.create(template("x", Conditions=conditions))) == f"ValidationError: {message}"

    drive(story)


def test_what_is_not_in_force_is_not_looked_at(drive: Any) -> None:
    async def story(console: Any) -> None:
        stack = await console.create(template({"Fn::If": ["IsProd", "x", {"Fn::GetAtt": ["Nowhere", "Arn"]}]}))
        assert stack["StackStatus"] == "CREATE_COMPLETE"

    drive(story)


def test_a_reference_to_a_resource_whose_condition_does_not_hold_is_unresolved(drive: Any, refused: Any) -> None:
    resources = {
        "A": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Ref": "B"}}},
        "B": {"Type": "AWS::Logs::LogGroup", "Condition": "IsDev"},
    }

    async def story(console: Any) -> None:
        assert await refused(console.create(template("x", Resources=resources))) == (
            "ValidationError: Template format error: Unresolved resource dependencies [B] in the Resources block of "
            "the "
            "template"
        )

    drive(story)


def test_an_account_number_and_a_policy_version_stay_as_they_are_written(drive: Any, aws: Any) -> None:
    text = """
    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: 2012-10-17
            Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]
    """

    async def story(console: Any) -> None:
        await console.create(text, Capabilities=["CAPABILITY_IAM"])
        document = json.loads(aws.last("CreateRole")["AssumeRolePolicyDocument"])
        assert document["Version"] == "2012-10-17"

    drive(story)
