"""SAM: a realistic application deployed, updated, rolled back by its earlier package, and failing in the transform."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

NOTES = Path(__file__).with_name("notes.template.yaml").read_text()
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


def package(key: str) -> list[dict[str, str]]:
    return [{"ParameterKey": "Package", "ParameterValue": f"packages/{key}.zip"}]


@pytest.fixture(autouse=True)
def shelf(aws: Any) -> None:
    for key in ("good", "bad"):
        aws.of("object")[f"shelf/packages/{key}.zip"] = key.encode()


async def deploy(console: Any, key: str) -> dict[str, Any]:
    change_set = await console.change_set(
        None, f"to-{key}", UsePreviousTemplate=True, Parameters=package(key), Capabilities=["CAPABILITY_IAM"]
    )
    await console.do("ExecuteChangeSet", StackName="notes", ChangeSetName=f"to-{key}")
    return dict(change_set)


def live_package(aws: Any, function: str) -> str:
    """Return the package of the version that an alias leads to."""
    alias = next(alias for arn, alias in aws.of("alias").items() if f":function:notes-{function}-" in arn)
    arn = f"arn:aws:lambda:eu-west-1:111122223333:function:{alias['FunctionName']}:{alias['FunctionVersion']}"
    return str(aws.of("version")[arn])


def test_the_application_is_deployed_whole(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        stack = await console.create(NOTES, Capabilities=CAPABILITIES)
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        assert {kind: len(things) for kind, things in aws.things.items()} == {
            "object": 2,
            "table": 1,
            "user pool": 1,
            "client": 1,
            "identity pool": 1,
            "role": 6,
            "function": 5,
            "version": 5,
            "alias": 5,
            "api": 1,
            "deployment": 1,
            "stage": 2,
            "permission": 5,
        }
        outputs = {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}
        (api,) = aws.of("api")
        assert outputs["Url"] == f"https://{api}.execute-api.eu-west-1.amazonaws.com/prod"
        assert outputs["CreateVersion"].endswith(":1")
        body = aws.of("api")[api]["body"]
        assert body["info"]["title"] == "notes"
        assert sorted(body["paths"]["/notes"]) == ["get", "options", "post"]
        uri = body["paths"]["/notes"]["post"]["x-amazon-apigateway-integration"]["uri"]
        assert uri.endswith(":live/invocations")
        assert body["paths"]["/notes"]["post"]["security"] == [{"AWS_IAM": []}]
        permission = next(item for item in aws.of("permission").values() if item["SourceArn"].endswith("/POST/notes"))
        assert permission["Qualifier"] == "live"
        assert permission["SourceArn"] == f"arn:aws:execute-api:eu-west-1:111122223333:{api}/*/POST/notes"

    drive(story)


def test_a_new_package_is_published_after_its_function_has_it(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(NOTES, Capabilities=CAPABILITIES)
        aws.calls.clear()
        change_set = await deploy(console, "bad")
        actions = [
            (item["ResourceChange"]["Action"], item["ResourceChange"]["ResourceType"]) for item in change_set["Changes"]
        ]
        assert sorted(actions) == [
            ("Add", "AWS::Lambda::Version"),
            ("Modify", "AWS::Lambda::Alias"),
            ("Modify", "AWS::Lambda::Function"),
            ("Remove", "AWS::Lambda::Version"),
        ]
        assert aws.names() == ["UpdateFunctionCode", "ListVersionsByFunction", "PublishVersion", "UpdateAlias"]
        assert live_package(aws, "Create") == "packages/bad.zip"
        assert live_package(aws, "List") == "packages/good.zip"

    drive(story)


def test_the_earlier_package_comes_back_without_anything_else_touched(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(NOTES, Capabilities=CAPABILITIES)
        await deploy(console, "bad")
        aws.calls.clear()
        await deploy(console, "good")
        assert live_package(aws, "Create") == "packages/good.zip"
        assert aws.names() == ["UpdateFunctionCode", "ListVersionsByFunction", "PublishVersion", "UpdateAlias"]
        versions = [name for name in aws.of("version") if ":notes-Create-" in name]
        assert len(versions) == 3
        assert (await console.moves()).count("CreateVersionf25e01123d DELETE_SKIPPED") in {0, 1}

    drive(story)


def test_a_package_that_is_not_there_rolls_the_update_back(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(NOTES, Capabilities=CAPABILITIES)
        before = copy.deepcopy(aws.things)
        await deploy(console, "pruned")
        stack = await console.stack()
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert aws.things == before
        assert {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}["Package"] == (
            "packages/good.zip"
        )
        reason = next(reason for _, status, reason in await console.events() if status == "UPDATE_FAILED")
        assert "S3 Error Code: NoSuchKey" in reason

    drive(story)


def test_publishing_the_same_again_is_a_failure_as_on_aws(drive: Any, aws: Any) -> None:
    from pytest_rollbacklab.localaws.api import ServiceError

    async def story(console: Any) -> None:
        await console.create(NOTES, Capabilities=CAPABILITIES)
        not_now = ServiceError("ServiceException", "not now", 500)
        aws.refuse("UpdateAlias", not_now, lambda params: params["FunctionVersion"] == "2")
        await deploy(console, "bad")
        assert (await console.stack())["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        aws.allow_all()
        # The retained version of the failed update is there still, and the code is the same as its own.
        await deploy(console, "bad")
        assert (await console.stack())["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        reasons = [reason for _, status, reason in await console.events() if status == "CREATE_FAILED"]
        assert reasons == [
            "A version for this Lambda function exists ( 2 ). Modify the function to create a new version."
        ]

    drive(story)


def test_deleting_leaves_the_retained_versions_alone(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        stack = await console.create(NOTES, Capabilities=CAPABILITIES)
        await console.do("DeleteStack", StackName="notes")
        assert (await console.stack(stack["StackId"]))["StackStatus"] == "DELETE_COMPLETE"
        left = {kind for kind, things in aws.things.items() if things}
        assert left == {"object", "version"}

    drive(story)


def test_a_stage_keeps_what_was_switched_on_outside(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(NOTES, Capabilities=CAPABILITIES)
        stage = next(item for name, item in aws.of("stage").items() if name.endswith("/prod"))
        stage["/accessLogSettings/format"] = "$context.requestId"
        deployed = stage["deploymentId"]
        stack = await console.update(NOTES.replace("/notes/{id}", "/notes/{noteId}"), Capabilities=CAPABILITIES)
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        assert stage["/accessLogSettings/format"] == "$context.requestId"
        assert stage["deploymentId"] != deployed
        assert list(aws.of("deployment")) == [stage["deploymentId"]]

    drive(story)


def test_the_original_and_the_processed_template_can_be_read(drive: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(NOTES, Capabilities=CAPABILITIES)
        original = await console.call("GetTemplate", StackName="notes", TemplateStage="Original")
        assert original["TemplateBody"] == NOTES
        processed = await console.call("GetTemplate", StackName="notes", TemplateStage="Processed")
        assert '"AWS::Lambda::Alias"' in processed["TemplateBody"]
        assert processed["StagesAvailable"] == ["Original", "Processed"]

    drive(story)


def test_a_transform_must_be_acknowledged_unless_it_is_reviewed(drive: Any, refused: Any) -> None:
    async def story(console: Any) -> None:
        message = await refused(console.create(NOTES, Capabilities=["CAPABILITY_IAM"]))
        assert message == "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_AUTO_EXPAND]"
        change_set = await console.change_set(NOTES, ChangeSetType="CREATE")
        assert (change_set["Status"], change_set["StatusReason"]) == (
            "FAILED",
            "Requires capabilities : [CAPABILITY_IAM]",
        )
        change_set = await console.change_set(NOTES, "again", ChangeSetType="CREATE", Capabilities=["CAPABILITY_IAM"])
        assert change_set["Status"] == "CREATE_COMPLETE"

    drive(story)


BROKEN = """
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: a.b}
"""
FINDING = (
    "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. Number "
    "of "
    "errors found: 1. Resource with id [F] is invalid. Only one of 'InlineCode' or 'CodeUri' can be set."
)


def test_what_sam_finds_fails_the_stack_and_the_change_set_in_its_words(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        stack = await console.create(BROKEN, Capabilities=CAPABILITIES)
        assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
        assert await console.events() == [
            ("notes", "CREATE_IN_PROGRESS", "User Initiated"),
            ("notes", "ROLLBACK_IN_PROGRESS", f"{FINDING}. Rollback requested by user."),
            ("notes", "ROLLBACK_COMPLETE", None),
        ]
        await console.do("DeleteStack", StackName="notes")
        change_set = await console.change_set(BROKEN, ChangeSetType="CREATE")
        assert (change_set["Status"], change_set["StatusReason"]) == ("FAILED", FINDING)
        assert aws.calls == []

    drive(story)


def test_what_sam_stumbles_over_is_its_failure_and_nobody_elses(drive: Any, caplog: Any) -> None:
    template = "Transform: AWS::Serverless-2016-10-31\nGlobals: 3\nResources: {F: {Type: AWS::Serverless::Function}}"

    async def story(console: Any) -> None:
        change_set = await console.change_set(template, ChangeSetType="CREATE")
        assert change_set["Status"] == "FAILED"
        assert change_set["StatusReason"].startswith("Transform AWS::Serverless-2016-10-31 failed with: ")

    drive(story)


def test_an_update_whose_transform_fails_changes_nothing(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(NOTES, Capabilities=CAPABILITIES)
        before = copy.deepcopy(aws.things)
        stack = await console.update(BROKEN, Capabilities=CAPABILITIES)
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert ("notes", "UPDATE_ROLLBACK_IN_PROGRESS", FINDING) in await console.events()
        assert aws.things == before
        original = await console.call("GetTemplate", StackName="notes", TemplateStage="Original")
        assert original["TemplateBody"] == NOTES

    drive(story)


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("Transform: [AWS::LanguageExtensions]\nResources: {}", "the transform 'AWS::LanguageExtensions'"),
        ("Transform: {Name: AWS::Include}\nResources: {}", "the transform 'AWS::Include'"),
        (
            "Transform: AWS::Serverless-2016-10-31\nResources: {App: {Type: AWS::Serverless::Application}}",
            "AWS::Serverless::Application (the resource App)",
        ),
    ],
)
def test_other_transforms_are_refused_by_name(drive: Any, refused: Any, template: str, named: str) -> None:
    async def story(console: Any) -> None:
        if "Application" in template:
            change_set = await console.change_set(template, ChangeSetType="CREATE")
            assert change_set["StatusReason"] == f"The local AWS does not emulate {named}."
        else:
            message = await refused(console.create(template, Capabilities=CAPABILITIES))
            assert message == f"ValidationError: The local AWS does not emulate {named}."

    drive(story)


def test_one_transform_leaves_nothing_behind_for_the_next(drive: Any) -> None:
    async def story(console: Any) -> None:
        processed = {}
        for stack, table in (("one", "NotesTable"), ("two", "OtherTable"), ("three", "NotesTable")):
            await console.create(NOTES.replace("NotesTable", table), StackName=stack, Capabilities=CAPABILITIES)
            answer = await console.call("GetTemplate", StackName=stack, TemplateStage="Processed")
            processed[stack] = answer["TemplateBody"]
        assert "OtherTable" in processed["two"]
        assert "NotesTable" not in processed["two"]
        assert processed["three"] == processed["one"]

    drive(story)
