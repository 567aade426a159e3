"""Parameters: values, defaults, lists, constraints."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.stacks.templates.parameters import read_parameters, resolve_parameters


async def _store(name: str) -> str:
    return f"value of {name}"


def resolve(
    section: dict[str, Any], given: dict[str, Any] | None = None, previous: dict[str, str] | None = None
) -> dict[str, Any]:
    items = [
        {"ParameterKey": key, **(value if isinstance(value, dict) else {"ParameterValue": value})}
        for key, value in (given or {}).items()
    ]
    found = asyncio.run(resolve_parameters(read_parameters(section), items, previous or {}, _store))
    return {name: parameter.resolved for name, parameter in found.items()}


def refusal(section: dict[str, Any], given: dict[str, Any] | None = None, **rest: Any) -> str:
    with pytest.raises(ServiceError) as caught:
        resolve(section, given, **rest)
    assert caught.value.code == "ValidationError"
    return caught.value.message


def test_a_value_that_is_given_wins_over_the_default() -> None:
    section = {"A": {"Type": "String", "Default": "a"}, "B": {"Type": "Number", "Default": 2}}
    assert resolve(section) == {"A": "a", "B": "2"}
    assert resolve(section, {"A": "x"}) == {"A": "x", "B": "2"}


def test_lists_are_split_and_trimmed() -> None:
    section = {"A": {"Type": "CommaDelimitedList"}, "B": {"Type": "List<Number>", "Default": "1, 2"}}
    assert resolve(section, {"A": " x ,y"}) == {"A": ["x", "y"], "B": ["1", "2"]}
    assert resolve(section, {"A": ""})["A"] == []


def test_a_value_can_come_from_parameter_store() -> None:
    section = {"A": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/notes/name"}}
    assert resolve(section) == {"A": "value of /notes/name"}


def test_the_previous_value_can_be_kept() -> None:
    section = {"A": {"Type": "String", "Default": "a"}}
    assert resolve(section, {"A": {"UsePreviousValue": True}}, {"A": "before"}) == {"A": "before"}


@pytest.mark.parametrize(
    ("definition", "value", "message"),
    [
        ({"AllowedPattern": "[a-z]+"}, "A1", "Parameter 'P' must match pattern [a-z]+"),
        ({"AllowedPattern": "[a-z]+"}, "a1", "Parameter 'P' must match pattern [a-z]+"),
        ({"AllowedValues": ["dev", "prod"]}, "test", "Parameter 'P' must be one of AllowedValues"),
        ({"MinLength": 3}, "ab", "Parameter 'P' must contain at least 3 characters"),
        ({"MaxLength": "3"}, "abcd", "Parameter 'P' must contain at most 3 characters"),
        ({"Type": "Number"}, "many", "Parameter 'P' must be a number."),
        ({"Type": "Number", "MinValue": 2}, "1", "Parameter 'P' must be a number not less than 2"),
        ({"Type": "Number", "MaxValue": 2.5}, "3", "Parameter 'P' must be a number not greater than 2.5"),
        ({"Type": "List<Number>"}, "1,x", "Parameter 'P' must be a number."),
        (
            {"AllowedPattern": "[a-z]+", "ConstraintDescription": "small letters"},
            "A",
            "Parameter P failed to satisfy constraint: small letters",
        ),
    ],
)
def test_a_constraint_that_is_broken_is_told_in_awss_words(
    definition: dict[str, Any], value: str, message: str
) -> None:
    assert refusal({"P": {"Type": "String", **definition}}, {"P": value}) == message


def test_what_is_missing_or_too_much_is_named() -> None:
    section = {"A": {"Type": "String"}, "B": {"Type": "String"}}
    assert refusal(section) == "Parameters: [A, B] must have values"
    assert refusal(section, {"A": "1", "B": "2", "C": "3"}) == "Parameters: [C] do not exist in the template"
    assert refusal({}, {"C": "3"}) == "Parameter values specified for a template which does not require them."


def test_a_previous_value_that_there_is_not_is_refused() -> None:
    section = {"A": {"Type": "String"}}
    assert refusal(section, {"A": {"UsePreviousValue": True}}) == (
        "Invalid input for parameter key A. Cannot specify usePreviousValue as true for a parameter key not in the "
        "previous "
        "template"
    )
    assert refusal(section, {"A": {"UsePreviousValue": True, "ParameterValue": "x"}}, previous={"A": "y"}) == (
        "Invalid input for parameter key A. Cannot specify usePreviousValue as true and non empty value for a parameter"
    )


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"A": {}}, "Template format error: Every Parameters object must contain a Type member."),
        (
            {"A": {"Type": "String", "Default": ["x"]}},
            "Template format error: Default must be a string. [/Parameters/A/Default]",
        ),
        (
            {"A": {"Type": "String", "AllowedValues": "x"}},
            "Template format error: AllowedValues of the parameter A must be a list.",
        ),
        ({"A": {"Type": "Text"}}, "Template format error: Unrecognized parameter type: Text"),
        ({"a-b": {"Type": "String"}}, "Template format error: Parameter name a-b is non alphanumeric."),
        (
            {"A": {"Type": "AWS::EC2::VPC::Id"}},
            "The local AWS does not emulate the parameter type AWS::EC2::VPC::Id (of the parameter A).",
        ),
        (
            {"A": {"Type": "String", "MinLength": "long"}},
            "Template format error: MinLength of the parameter A must be a number.",
        ),
        (
            {"A": {"Type": "String", "AllowedPattern": "[a"}},
            (
                "Template format error: AllowedPattern of the parameter A is no pattern: unterminated character set at "
                "position 0"
            ),
        ),
    ],
)
def test_a_declaration_that_is_wrong_is_refused(section: dict[str, Any], message: str) -> None:
    assert refusal(section) == message


def test_a_secret_is_never_shown(drive: Any, aws: Any) -> None:
    template = {
        "Parameters": {"Secret": {"Type": "String", "NoEcho": True}, "Plain": {"Type": "String", "Default": "p"}},
        "Resources": {"A": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Ref": "Secret"}}}},
    }

    async def story(console: Any) -> None:
        given = [{"ParameterKey": "Secret", "ParameterValue": "hidden"}]
        shown = [
            {"ParameterKey": "Secret", "ParameterValue": "****"},
            {"ParameterKey": "Plain", "ParameterValue": "p"},
        ]
        change_set = await console.change_set(template, ChangeSetType="CREATE", Parameters=given)
        assert change_set["Parameters"] == shown
        await console.do("ExecuteChangeSet", StackName="notes", ChangeSetName="change")
        assert (await console.stack())["Parameters"] == shown
        assert list(aws.of("log group")) == ["hidden"]

    drive(story)


def test_parameter_store_is_asked_again_at_each_update(drive: Any, aws: Any, refused: Any) -> None:
    template = {
        "Parameters": {"Name": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/notes/days"}},
        "Resources": {
            "A": {
                "Type": "AWS::Logs::LogGroup",
                "Properties": {"LogGroupName": "a", "RetentionInDays": {"Ref": "Name"}},
            }
        },
    }

    async def story(console: Any) -> None:
        assert await refused(console.create(template)) == (
            "ValidationError: Unable to fetch parameters [/notes/days] from parameter store for this account."
        )
        aws.of("parameter")["/notes/days"] = "7"
        stack = await console.create(template)
        assert stack["Parameters"] == [{"ParameterKey": "Name", "ParameterValue": "/notes/days", "ResolvedValue": "7"}]
        aws.of("parameter")["/notes/days"] = "30"
        await console.update(template)
        assert aws.of("log group")["a"]["retentionInDays"] == 30

    drive(story)
