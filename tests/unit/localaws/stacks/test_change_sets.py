"""Change sets: what they say, as AWS's recordings have it, and what they do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError


def group(name: Any, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name, **properties}}


def tagged(name: str, value: Any) -> dict[str, Any]:
    return group(name, Tags=[{"Key": "of", "Value": value}])


def of(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def changes_of(change_set: dict[str, Any]) -> list[tuple[Any, ...]]:
    changes = [item["ResourceChange"] for item in change_set["Changes"]]
    return [
        (item["Action"], item["LogicalResourceId"], item.get("Replacement"), item.get("PolicyAction"), item["Scope"])
        for item in changes
    ]


def details_of(change_set: dict[str, Any], logical_id: str) -> list[tuple[Any, ...]]:
    change = next(
        item["ResourceChange"]
        for item in change_set["Changes"]
        if item["ResourceChange"]["LogicalResourceId"] == logical_id
    )
    return [
        (
            item["Target"].get("Name", item["Target"]["Attribute"]),
            item["Target"]["RequiresRecreation"],
            item["ChangeSource"],
            item["Evaluation"],
            item.get("CausingEntity"),
        )
        for item in change["Details"]
    ]


def test_a_change_set_makes_a_stack_in_review_and_then_the_stack(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        template = {**of(A=group("a")), "Outputs": {"Name": {"Value": {"Ref": "A"}}}}
        change_set = await console.change_set(template, ChangeSetType="CREATE", Description="first")
        assert (change_set["Status"], change_set["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
        assert change_set["Description"] == "first"
        assert changes_of(change_set) == [("Add", "A", None, None, [])]
        assert aws.calls == []
        stack = await console.stack()
        assert (stack["StackStatus"], stack["StackStatusReason"]) == ("REVIEW_IN_PROGRESS", "User Initiated")
        await console.do("ExecuteChangeSet", StackName="notes", ChangeSetName="change", ClientRequestToken="token-3")
        stack = await console.stack()
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        assert stack["Outputs"] == [{"OutputKey": "Name", "OutputValue": "a"}]
        assert stack["ChangeSetId"] == change_set["ChangeSetId"]
        assert (await console.moves())[:2] == ["notes REVIEW_IN_PROGRESS", "notes CREATE_IN_PROGRESS"]
        executed = await console.call("DescribeChangeSet", ChangeSetName=change_set["ChangeSetId"])
        assert executed["ExecutionStatus"] == "EXECUTE_COMPLETE"
        assert (await console.call("ListChangeSets", StackName="notes"))["Summaries"] == []

    drive(story)


def test_a_direct_change_is_static_and_says_whether_it_replaces(drive: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a", RetentionInDays=1), B=group("b"), Gone=group("gone")))
        change_set = await console.change_set(
            of(A=group("a2", RetentionInDays=3), B=group("b", RetentionInDays=3), C=group("c"))
        )
        assert changes_of(change_set) == [
            ("Modify", "A", "True", "ReplaceAndDelete", ["Properties"]),
            ("Modify", "B", "False", None, ["Properties"]),
            ("Add", "C", None, None, []),
            ("Remove", "Gone", None, "Delete", []),
        ]
        assert details_of(change_set, "A") == [
            ("LogGroupName", "Always", "DirectModification", "Static", None),
            ("RetentionInDays", "Never", "DirectModification", "Static", None),
        ]
        modified = change_set["Changes"][0]["ResourceChange"]
        assert (modified["PhysicalResourceId"], modified["ResourceType"]) == ("a", "AWS::Logs::LogGroup")

    drive(story)


def test_a_parameter_is_named_as_the_cause(drive: Any) -> None:
    template = {
        "Parameters": {"Name": {"Type": "String", "Default": "a"}},
        "Mappings": {"Days": {"a": {"keep": 1}, "b": {"keep": 3}}},
        **of(A=group({"Ref": "Name"}, RetentionInDays={"Fn::FindInMap": ["Days", {"Ref": "Name"}, "keep"]})),
    }

    async def story(console: Any) -> None:
        await console.create(template)
        change_set = await console.change_set(
            None, UsePreviousTemplate=True, Parameters=[{"ParameterKey": "Name", "ParameterValue": "b"}]
        )
        assert changes_of(change_set) == [("Modify", "A", "True", "ReplaceAndDelete", ["Properties"])]
        assert details_of(change_set, "A") == [
            ("LogGroupName", "Always", "ParameterReference", "Static", "Name"),
            ("LogGroupName", "Always", "DirectModification", "Dynamic", None),
            ("RetentionInDays", "Never", "ParameterReference", "Static", "Name"),
            ("RetentionInDays", "Never", "DirectModification", "Dynamic", None),
        ]
        assert change_set["Parameters"] == [{"ParameterKey": "Name", "ParameterValue": "b"}]

    drive(story)


def test_a_reference_to_what_is_replaced_is_named_as_the_cause(drive: Any) -> None:
    async def story(console: Any) -> None:
        rest = {
            "ByRef": tagged("by-ref", {"Ref": "A"}),
            "ByAttribute": tagged("by-attribute", {"Fn::GetAtt": ["A", "Arn"]}),
            "InName": group({"Fn::Sub": "${A}-copy"}),
        }
        await console.create(of(A=group("a"), **rest))
        change_set = await console.change_set(of(A=group("a2"), **rest))
        assert details_of(change_set, "ByRef") == [("Tags", "Never", "ResourceReference", "Static", "A")]
        assert details_of(change_set, "ByAttribute") == [("Tags", "Never", "ResourceAttribute", "Static", "A.Arn")]
        assert details_of(change_set, "InName") == [("LogGroupName", "Always", "ResourceReference", "Static", "A")]
        assert ("Modify", "InName", "True", "ReplaceAndDelete", ["Properties"]) in changes_of(change_set)

    drive(story)


def test_an_attribute_of_what_is_only_updated_may_change_or_not(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        rest = {
            "ByRef": tagged("by-ref", {"Ref": "A"}),
            "ByAttribute": tagged("by-attribute", {"Fn::GetAtt": ["A", "Arn"]}),
            "InName": group({"Fn::Select": [6, {"Fn::Split": [":", {"Fn::GetAtt": ["A", "Arn"]}]}]}),
            "Further": tagged("further", {"Ref": "InName"}),
        }
        rest["InName"]["Properties"]["LogGroupName"] = {"Fn::Sub": ["${Arn}", {"Arn": {"Fn::GetAtt": ["A", "Arn"]}}]}
        await console.create(of(A=group("a", RetentionInDays=1), **rest))
        change_set = await console.change_set(of(A=group("a", RetentionInDays=3), **rest))
        assert details_of(change_set, "ByAttribute") == [("Tags", "Never", "ResourceAttribute", "Dynamic", "A.Arn")]
        assert details_of(change_set, "InName") == [("LogGroupName", "Always", "ResourceAttribute", "Dynamic", "A.Arn")]
        assert details_of(change_set, "Further") == [("Tags", "Never", "ResourceReference", "Dynamic", "InName")]
        assert [(name, replacement) for _, name, replacement, _, _ in changes_of(change_set)] == [
            ("A", "False"),
            ("ByAttribute", "False"),
            ("Further", "False"),
            ("InName", "Conditional"),
        ]
        aws.calls.clear()
        await console.do("ExecuteChangeSet", StackName="notes", ChangeSetName="change")
        assert aws.names() == ["PutRetentionPolicy"]

    drive(story)


def test_an_attribute_that_the_update_brings_is_no_error(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        outputs = {"Days": {"Value": {"Fn::GetAtt": ["A", "RetentionInDays"]}}}
        metadata = {**group("b"), "Metadata": {"of": {"Fn::GetAtt": ["A", "RetentionInDays"]}}}
        change_set = await console.change_set({**of(A=group("a", RetentionInDays=3), B=metadata), "Outputs": outputs})
        assert change_set["Status"] == "CREATE_COMPLETE"
        await console.do("ExecuteChangeSet", StackName="notes", ChangeSetName="change")
        assert (await console.stack())["Outputs"][0]["OutputValue"] == "3"
        renamed = await console.change_set({**of(A=group("a2", RetentionInDays=3), B=metadata), "Outputs": outputs})
        assert ("Modify", "B", "False", None, ["Metadata"]) in changes_of(renamed)

    drive(story)


def test_scope_names_what_is_not_a_property(drive: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        other = {**group("a"), "Metadata": {"k": 1}, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
        change_set = await console.change_set(of(A=other))
        scope = ["DeletionPolicy", "Metadata", "UpdateReplacePolicy"]
        assert changes_of(change_set) == [("Modify", "A", "False", None, scope)]

    drive(story)


def test_a_conditionally_create_only_property_makes_the_replacement_conditional(drive: Any) -> None:
    def table(key: str) -> dict[str, Any]:
        return {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {"KeySchema": [{"AttributeName": key, "KeyType": "HASH"}]},
        }

    async def story(console: Any) -> None:
        await console.create(of(Table=table("id")))
        change_set = await console.change_set(of(Table=table("other")))
        assert changes_of(change_set) == [("Modify", "Table", "Conditional", "ReplaceAndDelete", ["Properties"])]
        assert details_of(change_set, "Table")[0][1] == "Conditionally"

    drive(story)


def test_without_changes_it_fails_as_on_aws_and_cannot_be_executed(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        change_set = await console.change_set(of(A=group("a")))
        assert (change_set["Status"], change_set["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
        assert change_set["StatusReason"] == (
            "The submitted information didn't contain changes. Submit different information to create a change set."
        )
        assert change_set["Changes"] == []
        message = await refused(console.call("ExecuteChangeSet", StackName="notes", ChangeSetName="change"))
        assert message == (
            f"InvalidChangeSetStatus: ChangeSet [{change_set['ChangeSetId']}] cannot be executed in its current status "
            "of [FAILED]"
        )

    drive(story)


def test_the_stacks_other_change_sets_go_when_one_is_executed(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        await console.change_set(of(A=group("a2")), "one")
        await console.change_set(of(A=group("a3")), "two")
        listed = (await console.call("ListChangeSets", StackName="notes"))["Summaries"]
        assert [item["ChangeSetName"] for item in listed] == ["one", "two"]
        await console.do("ExecuteChangeSet", StackName="notes", ChangeSetName="two")
        message = await refused(console.call("ExecuteChangeSet", StackName="notes", ChangeSetName="one"))
        assert message == "ChangeSetNotFound: ChangeSet [one] does not exist"
        message = await refused(console.call("ExecuteChangeSet", StackName="notes", ChangeSetName="two"))
        assert message.endswith("cannot be executed in its current execution status of [EXECUTE_COMPLETE]")

    drive(story)


def test_a_change_of_the_stack_without_it_makes_a_change_set_obsolete(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(of(A=group("a")))
        change_set = await console.change_set(of(A=group("a2")))
        await console.update(of(A=group("a3")))
        described = await console.call("DescribeChangeSet", ChangeSetName=change_set["ChangeSetId"])
        assert described["ExecutionStatus"] == "OBSOLETE"
        message = await refused(console.call("ExecuteChangeSet", StackName="notes", ChangeSetName="change"))
        assert message.endswith("cannot be executed in its current execution status of [OBSOLETE]")

    drive(story)


def test_creating_the_stack_in_review_directly_makes_its_change_set_obsolete(drive: Any) -> None:
    async def story(console: Any) -> None:
        change_set = await console.change_set(of(A=group("a")), ChangeSetType="CREATE")
        stack = await console.create(of(A=group("b")))
        assert stack["StackId"] == change_set["StackId"]
        described = await console.call("DescribeChangeSet", ChangeSetName=change_set["ChangeSetId"])
        assert described["ExecutionStatus"] == "OBSOLETE"

    drive(story)


def test_an_execution_that_fails_is_said_to_have_failed(drive: Any, aws: Any) -> None:
    aws.refuse("CreateLogGroup", ServiceError("InvalidParameterException", "no", 400))

    async def story(console: Any) -> None:
        await console.change_set(of(A=group("a")), ChangeSetType="CREATE", OnStackFailure="DO_NOTHING")
        await console.do("ExecuteChangeSet", StackName="notes", ChangeSetName="change")
        assert (await console.stack())["StackStatus"] == "CREATE_FAILED"
        described = await console.call("DescribeChangeSet", StackName="notes", ChangeSetName="change")
        assert described["ExecutionStatus"] == "EXECUTE_FAILED"
        assert described["OnStackFailure"] == "DO_NOTHING"

    drive(story)


def test_a_deleted_change_set_is_gone_and_its_stack_stays_in_review(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        change_set = await console.change_set(of(A=group("a")), ChangeSetType="CREATE")
        await console.call("DeleteChangeSet", StackName="notes", ChangeSetName="change")
        message = await refused(console.call("DescribeChangeSet", StackName="notes", ChangeSetName="change"))
        assert message == "ChangeSetNotFound: ChangeSet [change] does not exist"
        by_id = change_set["ChangeSetId"]
        message = await refused(console.call("DescribeChangeSet", ChangeSetName=by_id))
        assert message == f"ChangeSetNotFound: ChangeSet [{by_id}] does not exist"
        assert (await console.stack())["StackStatus"] == "REVIEW_IN_PROGRESS"
        await console.do("DeleteStack", StackName="notes")

    drive(story)


def test_what_cannot_be_asked_for_is_refused_in_awss_words(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        assert await refused(console.change_set(of(A=group("a")))) == "ValidationError: Stack [notes] does not exist"
        assert await refused(console.call("DescribeChangeSet", ChangeSetName="change")) == (
            "ValidationError: StackName must be specified if ChangeSetName is not specified as an ARN."
        )
        stack = await console.create(of(A=group("a")))
        message = await refused(console.change_set(of(A=group("b")), ChangeSetType="CREATE"))
        assert message == (
            "ValidationError: Stack [notes] already exists and cannot be created again with the changeSet [change]."
        )
        await console.change_set(of(A=group("b")))
        assert await refused(console.change_set(of(A=group("c")))) == (
            "AlreadyExistsException: ChangeSet [change] already exists"
        )
        message = await refused(console.change_set(of(A=group("c")), "import", ChangeSetType="IMPORT"))
        assert message == "ValidationError: The local AWS does not emulate change sets of the type IMPORT."
        await console.do("DeleteStack", StackName="notes")
        message = await refused(console.change_set(of(A=group("c")), StackName=stack["StackId"]))
        assert message == (
            f"ValidationError: Stack:{stack['StackId']} is in DELETE_COMPLETE state and can not be updated."
        )
        message = await refused(
            console.change_set(of(A=group("c")), StackName=stack["StackId"], ChangeSetType="CREATE")
        )
        assert message == (
            f"ValidationError: Stack [{stack['StackId']}] already exists and cannot be created again with the "
            "changeSet [change]."
        )

    drive(story)


def test_property_values_are_refused_by_name(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        await console.change_set(of(A=group("a")), ChangeSetType="CREATE")
        call = console.call("DescribeChangeSet", StackName="notes", ChangeSetName="change", IncludePropertyValues=True)
        assert await refused(call) == (
            "ValidationError: The local AWS does not emulate the option IncludePropertyValues of DescribeChangeSet."
        )

    drive(story)


def test_changes_come_in_pages(drive: Any) -> None:
    async def story(console: Any) -> None:
        groups = {f"G{number:03}": group(f"g{number}") for number in range(120)}
        first = await console.change_set(of(**groups), ChangeSetType="CREATE")
        assert len(first["Changes"]) == 100
        rest = await console.call(
            "DescribeChangeSet", StackName="notes", ChangeSetName="change", NextToken=first["NextToken"]
        )
        assert len(rest["Changes"]) == 20
        assert "NextToken" not in rest

    drive(story)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4566/shelf/templates/t.json",
        "https://shelf.s3.eu-west-1.amazonaws.com/templates/t.json",
        "https://s3.amazonaws.com/shelf/templates/t.json",
    ],
)
def test_a_template_url_is_served_from_the_local_s3_whatever_its_host(drive: Any, aws: Any, url: str) -> None:
    async def story(console: Any) -> None:
        aws.of("object")["shelf/templates/t.json"] = json.dumps(of(A=group("a"))).encode()
        change_set = await console.change_set(None, ChangeSetType="CREATE", TemplateURL=url)
        assert changes_of(change_set) == [("Add", "A", None, None, [])]

    drive(story)


def test_a_template_url_that_leads_nowhere_is_refused(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        call = console.change_set(None, ChangeSetType="CREATE", TemplateURL="http://127.0.0.1:4566/shelf/none.json")
        assert await refused(call) == (
            "ValidationError: S3 error: The specified key does not exist. (bucket 'shelf', key 'none.json')"
        )
        call = console.change_set(None, ChangeSetType="CREATE", TemplateURL="file:///etc/passwd")
        assert await refused(call) == "ValidationError: TemplateURL must be a supported URL."
        call = console.change_set(None, ChangeSetType="CREATE", TemplateURL="s3://shelf/none.json")
        assert await refused(call) == (
            "ValidationError: S3 error: Domain name specified in shelf is not a valid S3 domain"
        )
        call = console.change_set(None, ChangeSetType="CREATE")
        assert await refused(call) == "ValidationError: Either Template URL or Template Body must be specified."

    drive(story)
