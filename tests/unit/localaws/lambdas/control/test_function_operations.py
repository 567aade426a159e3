from __future__ import annotations

import base64
import hashlib
import re

import pytest

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:create"
ROLE = "arn:aws:iam::111122223333:role/notes-api"


def test_a_created_function_is_told_as_recorded(control, make_zip):
    package = make_zip({"app.py": "x = 1"})
    created = control.create(
        Code={"ZipFile": package}, Description="makes notes", Environment={"Variables": {"TABLE": "notes"}}
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", created.pop("LastModified"))
    assert re.fullmatch(r"[0-9a-f-]{36}", created.pop("RevisionId"))
    arn = created.pop("RuntimeVersionConfig")["RuntimeVersionArn"]
    assert re.fullmatch(r"arn:aws:lambda:eu-west-1::runtime:[0-9a-f]{64}", arn)
    assert created == {
        "Architectures": ["x86_64"],
        "CodeSha256": base64.b64encode(hashlib.sha256(package).digest()).decode(),
        "CodeSize": len(package),
        "Description": "makes notes",
        "Environment": {"Variables": {"TABLE": "notes"}},
        "EphemeralStorage": {"Size": 512},
        "FunctionArn": ARN,
        "FunctionName": "create",
        "Handler": "app.handler",
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/create"},
        "MemorySize": 128,
        "PackageType": "Zip",
        "Role": ROLE,
        "Runtime": "python3.12",
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
        "Timeout": 3,
        "TracingConfig": {"Mode": "PassThrough"},
        "Version": "$LATEST",
    }


def test_a_function_without_variables_tells_none(control):
    assert "Environment" not in control.create()


def test_a_function_created_with_publish_answers_its_version_under_its_own_arn(control):
    created = control.create(Publish=True)
    assert (created["Version"], created["FunctionArn"]) == ("1", ARN)


def test_a_second_function_of_a_name_is_a_conflict(control):
    control.create()
    error = control.refusal(
        "CreateFunction", FunctionName="create", Role=ROLE, Runtime="python3.12", Handler="a.b", Code={"ZipFile": b""}
    )
    assert (error.code, error.status) == ("ResourceConflictException", 409)
    assert (error.message, error.fields) == ("Function already exist: create", {"Type": "User"})


def test_accounts_and_regions_do_not_see_each_other(control):
    control.create()
    control.scope = type(control.scope)(account_id="111122223333", region="us-east-1")
    assert control.call("ListFunctions")["Functions"] == []
    control.create()


def test_code_comes_from_s3(control, make_zip):
    control.s3.objects["shelf", "build.zip"] = make_zip({"app.py": "latest"})
    control.s3.objects["shelf", "build.zip", "v7"] = make_zip({"app.py": "seven"})
    control.create("latest", Code={"S3Bucket": "shelf", "S3Key": "build.zip"})
    control.create("seven", Code={"S3Bucket": "shelf", "S3Key": "build.zip", "S3ObjectVersion": "v7"})
    assert control.code(control.scope, "latest", "$LATEST") == control.s3.objects["shelf", "build.zip"]
    assert control.code(control.scope, "seven", "$LATEST") == control.s3.objects["shelf", "build.zip", "v7"]


@pytest.mark.parametrize(
    ("bucket", "told"),
    [
        ("shelf", "S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."),
        ("gone", "S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"),
    ],
)
def test_missing_objects_are_lambdas_own_error(control, bucket, told):
    control.s3.objects["shelf", "build.zip"] = b""
    control.create()
    for operation, more in (
        ("CreateFunction", {"Role": ROLE, "Runtime": "python3.12", "Handler": "a.b"}),
        ("UpdateFunctionCode", {}),
    ):
        where = {"S3Bucket": bucket, "S3Key": "pruned.zip"}
        code = {"Code": where} if operation == "CreateFunction" else where
        name = "new" if operation == "CreateFunction" else "create"
        error = control.refusal(operation, FunctionName=name, **code, **more)
        assert (error.code, error.status) == ("InvalidParameterValueException", 400)
        assert error.message == f"Error occurred while GetObject. {told}"


def test_updating_code_replaces_latest_and_supersedes_the_old(control, make_zip):
    created = control.create()
    old = control.registry.get(control.scope, _named("create")).latest
    updated = control.call("UpdateFunctionCode", FunctionName="create", ZipFile=make_zip({"app.py": "new"}))
    assert updated["CodeSha256"] != created["CodeSha256"]
    assert updated["RevisionId"] != created["RevisionId"]
    assert (updated["FunctionArn"], updated["Version"], updated["LastUpdateStatus"]) == (ARN, "$LATEST", "InProgress")
    assert control.superseded == [old]


def test_updating_code_can_publish(control, make_zip):
    control.create()
    updated = control.update("create", "new", Publish=True)
    assert (updated["Version"], updated["FunctionArn"]) == ("1", f"{ARN}:1")


def test_a_dry_run_judges_the_code_and_changes_nothing(control):
    created = control.create()
    judged = control.update("create", "new", DryRun=True)
    assert judged["CodeSha256"] != created["CodeSha256"]
    assert control.call("GetFunctionConfiguration", FunctionName="create")["CodeSha256"] == created["CodeSha256"]
    assert control.superseded == []
    error = control.refusal("UpdateFunctionCode", FunctionName="create", ZipFile=b"no zip", DryRun=True)
    assert error.message == "Could not unzip uploaded file. Please check your file, then try to upload again."


def test_updating_the_configuration_changes_what_is_named_and_leaves_the_rest(control):
    control.create(Timeout=10, Environment={"Variables": {"A1": "x", "B1": "y"}})
    updated = control.call(
        "UpdateFunctionConfiguration",
        FunctionName=ARN,
        MemorySize=256,
        Environment={"Variables": {"C1": "z"}},
        Handler="other.main",
        EphemeralStorage={"Size": 1024},
        LoggingConfig={"LogGroup": "/notes/all"},
    )
    told = {key: updated[key] for key in ("Timeout", "MemorySize", "Environment", "Handler", "Role")}
    assert told == {
        "Timeout": 10,
        "MemorySize": 256,
        "Environment": {"Variables": {"C1": "z"}},
        "Handler": "other.main",
        "Role": ROLE,
    }
    assert updated["EphemeralStorage"] == {"Size": 1024}
    assert updated["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/notes/all"}
    assert len(control.superseded) == 1


@pytest.mark.parametrize("operation", ["UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion"])
def test_a_stale_revision_is_refused(control, make_zip, operation):
    created = control.create()
    more = {"ZipFile": make_zip({"a.py": ""})} if operation == "UpdateFunctionCode" else {}
    error = control.refusal(operation, FunctionName="create", RevisionId="stale", **more)
    assert (error.code, error.status) == ("PreconditionFailedException", 412)
    assert error.message == (
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
    )
    control.call(operation, FunctionName="create", RevisionId=created["RevisionId"], **more)


def test_a_version_cannot_be_updated(control):
    control.create(Publish=True)
    error = control.refusal("UpdateFunctionConfiguration", FunctionName="create:1", Timeout=4)
    assert error.message.startswith("This operation is permitted on Lambda functions only.")


def test_a_missing_function_is_told_by_its_arn(control):
    for operation in ("GetFunction", "GetFunctionConfiguration", "DeleteFunction", "UpdateFunctionConfiguration"):
        error = control.refusal(operation, FunctionName="create")
        assert (error.code, error.status) == ("ResourceNotFoundException", 404)
        assert error.message == f"Function not found: {ARN}"
    assert control.refusal("GetFunction", FunctionName="create:7").message == f"Function not found: {ARN}:7"


def test_a_deleted_function_is_gone_with_its_versions(control):
    control.create(Publish=True)
    control.call("DeleteFunction", FunctionName=ARN)
    assert [version.number for version in control.superseded] == ["$LATEST", "1"]
    assert control.refusal("GetFunction", FunctionName="create").status == 404
    control.create()


def test_deleting_a_version_leaves_the_rest(control):
    control.create(Publish=True)
    control.update("create", "new", Publish=True)
    control.superseded.clear()
    control.call("DeleteFunction", FunctionName="create", Qualifier="1")
    control.call("DeleteFunction", FunctionName="create", Qualifier="1")
    assert [version.number for version in control.superseded] == ["1"]
    versions = control.call("ListVersionsByFunction", FunctionName="create")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "2"]


def test_what_cannot_be_deleted_is_refused(control):
    control.create(Publish=True)
    control.call("CreateAlias", FunctionName="create", Name="prod", FunctionVersion="1")
    told = {
        "$LATEST": "$LATEST version cannot be deleted without deleting the function.",
        "prod": "Deletion of aliases is not currently supported.",
        "1": "Unable to delete version because the following aliases reference it: [prod]",
    }
    for qualifier, message in told.items():
        assert control.refusal("DeleteFunction", FunctionName="create", Qualifier=qualifier).message == message
    assert control.refusal("DeleteFunction", FunctionName="create:1").code == "ResourceConflictException"


def test_an_option_that_is_not_emulated_is_refused_by_name(control):
    error = control.refusal(
        "UpdateFunctionConfiguration",
        FunctionName="create",
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": []},
    )
    assert error.code == "InvalidParameterValueException"
    assert error.message == (
        'VpcConfig is not emulated by this local AWS, and the request asks for VpcConfig={"SubnetIds": ["subnet-1"], '
        '"SecurityGroupIds": []}. Leave it out, or deploy this function to an account.'
    )


def _named(name):
    from pytest_rollbacklab.localaws.lambdas.control.names import FunctionName

    return FunctionName(name=name)
