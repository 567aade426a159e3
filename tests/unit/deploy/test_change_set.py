from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.deploy.change_set import create_change_set, delete_change_set
from pytest_rollbacklab.deploy.configuration import Configuration
from pytest_rollbacklab.deploy.stack import Stack
from pytest_rollbacklab.errors import DeployError
from pytest_rollbacklab.model import Build, Change

MakeBuild = Callable[..., Build]


@pytest.fixture
def stack(target: Any) -> Stack:
    return Stack(target, "notes-dev", timeout_s=5)


def test_a_stack_that_is_not_there_is_to_be_created(
    target: Any, stack: Stack, shelf: Shelf, make_build: MakeBuild, cloudformation: Any
) -> None:
    build = make_build()
    change_set, executable = create_change_set(target, stack, shelf, build, Configuration(parameters={"Stage": "dev"}))
    assert executable
    assert (change_set.stack_name, change_set.build_number) == ("notes-dev", 1)
    assert change_set.name.startswith("build-1-")
    (asked,) = cloudformation.called("CreateChangeSet")
    assert asked == {
        "StackName": "notes-dev",
        "ChangeSetName": change_set.name,
        "ChangeSetType": "CREATE",
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": "Stage", "ParameterValue": "dev"}],
        "TemplateBody": '{"Resources": {"Create": "good"}}',
    }


@pytest.mark.parametrize(
    ("status", "kind"),
    [("REVIEW_IN_PROGRESS", "CREATE"), ("UPDATE_COMPLETE", "UPDATE"), ("UPDATE_ROLLBACK_COMPLETE", "UPDATE")],
)
def test_a_stack_that_was_never_made_is_created_and_one_that_was_is_updated(
    target: Any, stack: Stack, shelf: Shelf, make_build: MakeBuild, cloudformation: Any, status: str, kind: str
) -> None:
    cloudformation.add_stack("notes-dev", status)
    create_change_set(target, stack, shelf, make_build(), Configuration())
    assert cloudformation.called("CreateChangeSet")[0]["ChangeSetType"] == kind


def test_what_is_left_of_a_failed_creation_is_deleted_first(
    target: Any, stack: Stack, shelf: Shelf, make_build: MakeBuild, cloudformation: Any
) -> None:
    cloudformation.add_stack("notes-dev", "ROLLBACK_COMPLETE")
    create_change_set(target, stack, shelf, make_build(), Configuration())
    assert cloudformation.called("DeleteStack") == [{"StackName": "notes-dev"}]
    assert cloudformation.called("CreateChangeSet")[0]["ChangeSetType"] == "CREATE"


def test_a_template_that_is_too_long_for_the_call_is_named_by_its_url(
    target: Any, stack: Stack, shelf: Shelf, make_build: MakeBuild, cloudformation: Any
) -> None:
    longest, longer = "é" * 25_600, "é" * 25_600 + "x"
    create_change_set(target, stack, shelf, make_build("1", template=longest), Configuration())
    build = make_build("2", template=longer)
    create_change_set(target, stack, shelf, build, Configuration())
    first, second = cloudformation.called("CreateChangeSet")
    assert first["TemplateBody"] == longest
    assert "TemplateBody" not in second
    assert second["TemplateURL"] == f"http://127.0.0.1:4566/rollbacklab-notes/{build.template_key}"


def test_all_pages_of_changes_are_read(
    target: Any, stack: Stack, shelf: Shelf, make_build: MakeBuild, cloudformation: Any
) -> None:
    function = {
        "Action": "Modify",
        "LogicalResourceId": "Create",
        "ResourceType": "AWS::Lambda::Function",
        "Replacement": "Conditional",
        "Details": [
            {"Target": {"Attribute": "Properties", "Name": "Code"}, "ChangeSource": "DirectModification"},
            {"Target": {"Attribute": "Properties", "Name": "Role"}, "ChangeSource": "ResourceAttribute"},
            {"Target": {"Attribute": "Properties", "Name": "Role"}, "ChangeSource": "ParameterReference"},
            {"Target": {"Attribute": "Tags"}},
        ],
    }
    table = {"Action": "Add", "LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table"}
    cloudformation.next_changes = [
        [{"Type": "Resource", "ResourceChange": function}],
        [{"Type": "Hook"}, {"Type": "Resource", "ResourceChange": table}],
    ]
    change_set, _ = create_change_set(target, stack, shelf, make_build(), Configuration())
    assert change_set.changes == (
        Change(
            action="Modify",
            logical_id="Create",
            resource_type="AWS::Lambda::Function",
            replacement="Conditional",
            properties=("Code", "Role", "Tags"),
        ),
        Change(
            action="Add",
            logical_id="Table",
            resource_type="AWS::DynamoDB::Table",
            replacement=None,
            properties=(),
        ),
    )


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_no_changes_is_an_empty_change_set_that_is_not_left_behind(
    target: Any, stack: Stack, shelf: Shelf, make_build: MakeBuild, cloudformation: Any, reason: str
) -> None:
    cloudformation.add_stack("notes-dev", "UPDATE_COMPLETE")
    cloudformation.next_change_set = {"Status": "FAILED", "StatusReason": reason}
    change_set, executable = create_change_set(target, stack, shelf, make_build(), Configuration())
    assert (change_set.changes, executable) == ((), False)
    assert cloudformation.change_sets == {}


def test_a_change_set_of_outputs_alone_is_empty_and_can_be_executed(
    target: Any, stack: Stack, shelf: Shelf, make_build: MakeBuild, cloudformation: Any
) -> None:
    cloudformation.next_changes = [[]]
    change_set, executable = create_change_set(target, stack, shelf, make_build(), Configuration())
    assert (change_set.changes, executable) == ((), True)


def test_a_change_set_that_fails_says_why_in_cloudformations_words(
    target: Any, stack: Stack, shelf: Shelf, make_build: MakeBuild, cloudformation: Any
) -> None:
    reason = "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document."
    cloudformation.next_change_set = {"Status": "FAILED", "StatusReason": reason}
    with pytest.raises(DeployError) as caught:
        create_change_set(target, stack, shelf, make_build(), Configuration())
    assert caught.value.what == f"build 1 cannot be put on notes-dev: {reason}"
    assert caught.value.looked_at is not None
    assert caught.value.looked_at.endswith("; nothing was changed")
    assert cloudformation.change_sets == {}


def test_a_refusal_is_told_in_cloudformations_words(
    target: Any, stack: Stack, shelf: Shelf, make_build: MakeBuild, cloudformation: Any
) -> None:
    cloudformation.refuses["CreateChangeSet"] = "Parameters: [Stag] do not exist in the template"
    with pytest.raises(DeployError) as caught:
        create_change_set(target, stack, shelf, make_build(), Configuration(parameters={"Stag": "x"}))
    assert str(caught.value) == (
        "there is no change set of build 1 for notes-dev: Parameters: [Stag] do not exist in the template\n"
        "  looked at: CreateChangeSet: ValidationError"
    )


def test_a_change_set_can_be_dropped(
    target: Any, stack: Stack, shelf: Shelf, make_build: MakeBuild, cloudformation: Any
) -> None:
    change_set, _ = create_change_set(target, stack, shelf, make_build(), Configuration())
    delete_change_set(target, change_set)
    assert cloudformation.change_sets == {}
