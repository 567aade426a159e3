"""Exports and imports between stacks."""

from __future__ import annotations

from typing import Any


def exporting(value: str, name: str = "shared") -> dict[str, Any]:
    return {
        "Resources": {"A": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": value}}},
        "Outputs": {"O": {"Value": {"Ref": "A"}, "Export": {"Name": {"Fn::Sub": name}}}},
    }


IMPORTING = {
    "Resources": {
        "B": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": "importing",
                "Tags": [{"Key": "of", "Value": {"Fn::ImportValue": {"Fn::Sub": "shared"}}}],
            },
        }
    }
}


def test_a_value_is_exported_and_imported(drive: Any, aws: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        owner = await console.create(exporting("a", "${AWS::StackName}-x"), StackName="owner")
        exports = (await console.call("ListExports"))["Exports"]
        assert exports == [{"ExportingStackId": owner["StackId"], "Name": "owner-x", "Value": "a"}]
        await console.update(exporting("a"), StackName="owner")
        await console.create(IMPORTING, StackName="user")
        assert aws.of("log group")["importing"]["tags"] == {"of": "a"}
        assert (await console.call("ListImports", ExportName="shared"))["Imports"] == ["user"]
        message = await refused(console.call("ListImports", ExportName="other"))
        assert message == "ValidationError: Export 'other' is not imported by any stack."

    drive(story)


def test_an_export_stays_as_it_is_while_it_is_imported(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(exporting("a"), StackName="owner")
        await console.create(IMPORTING, StackName="user")
        stack = await console.update(exporting("a2"), StackName="owner")
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert stack["Outputs"][0]["OutputValue"] == "a"
        events = await console.events("owner")
        assert (
            "owner",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "Export shared cannot be updated as it is in use by user",
        ) in events
        assert sorted(aws.of("log group")) == ["a", "importing"]
        await console.do("DeleteStack", StackName="owner")
        stack = await console.stack("owner")
        assert stack["StackStatus"] == "DELETE_FAILED"
        assert stack["StackStatusReason"] == "Export shared cannot be deleted as it is in use by user"
        await console.do("DeleteStack", StackName="user")
        await console.do("DeleteStack", StackName="owner")
        assert aws.of("log group") == {}

    drive(story)


def test_an_importer_that_no_longer_imports_lets_go(drive: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(exporting("a"), StackName="owner")
        await console.create(IMPORTING, StackName="user")
        plain = {"Resources": {"B": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "importing"}}}}
        await console.update(plain, StackName="user")
        stack = await console.update(exporting("a2"), StackName="owner")
        assert stack["StackStatus"] == "UPDATE_COMPLETE"

    drive(story)


def test_a_name_is_exported_once(drive: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(exporting("a"), StackName="owner")
        stack = await console.create(exporting("b"), StackName="other")
        assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
        reason = next(reason for _, status, reason in await console.events("other") if status == "ROLLBACK_IN_PROGRESS")
        assert reason == ("Export with name shared is already exported by stack owner.. Rollback requested by user.")

    drive(story)
