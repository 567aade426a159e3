from __future__ import annotations

import json

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

AWS_RUNTIMES = "[nodejs20.x, python3.14, provided.al2023"


@pytest.mark.parametrize(
    ("member", "value", "where", "constraint"),
    [
        (
            "Role",
            "r1",
            "role",
            (
                r"Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?"
                r"[a-zA-Z_0-9+=,.@\-_/]+"
            ),
        ),
        ("Timeout", 0, "timeout", "Member must have value greater than or equal to 1"),
        ("Timeout", 901, "timeout", "Member must have value less than or equal to 900"),
        ("MemorySize", 127, "memorySize", "Member must have value greater than or equal to 128"),
        ("MemorySize", 10241, "memorySize", "Member must have value less than or equal to 10240"),
        ("Handler", "a b", "handler", r"Member must satisfy regular expression pattern: [^\s]+"),
        ("Handler", "h" * 129, "handler", "Member must have length less than or equal to 128"),
        ("Description", "d" * 257, "description", "Member must have length less than or equal to 256"),
    ],
)
def test_what_breaks_a_constraint_is_told_in_awss_words(control, member, value, where, constraint):
    with pytest.raises(ServiceError) as caught:
        control.create(**{member: value})
    assert caught.value.code == "ValidationException"
    assert caught.value.message == (
        f"1 validation error detected: Value '{value}' at '{where}' failed to satisfy constraint: {constraint}"
    )
    control.create()
    assert control.refusal("UpdateFunctionConfiguration", FunctionName="create", **{member: value}).message == (
        caught.value.message
    )


def test_storage_has_a_range(control):
    control.create()
    error = control.refusal("UpdateFunctionConfiguration", FunctionName="create", EphemeralStorage={"Size": 511})
    assert "Value '511' at 'ephemeralStorage.size'" in error.message


@pytest.mark.parametrize(
    ("architectures", "message"),
    [
        (
            ["x86_64", "arm64"],
            (
                "Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: "
                "Member must have length less than or equal to 1"
            ),
        ),
        (
            ["X86_64"],
            (
                "Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: "
                "[Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
            ),
        ),
    ],
)
def test_architectures_are_judged_as_recorded(control, make_zip, architectures, message):
    control.create()
    error = control.refusal(
        "UpdateFunctionCode", FunctionName="create", ZipFile=make_zip({"a.py": ""}), Architectures=architectures
    )
    assert error.message == f"1 validation error detected: {message}"


def test_the_architecture_comes_with_the_code(control):
    assert control.create(Architectures=["arm64"])["Architectures"] == ["arm64"]
    assert control.update("create", "new", Architectures=["x86_64"])["Architectures"] == ["x86_64"]


@pytest.mark.parametrize("runtime", ["non-existent-runtime", "PYTHON3.9"])
def test_a_runtime_that_aws_has_not_is_refused_in_its_words(control, runtime):
    with pytest.raises(ServiceError) as caught:
        control.create(Runtime=runtime)
    assert caught.value.code == "InvalidParameterValueException"
    assert caught.value.message.startswith(
        f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: {AWS_RUNTIMES}"
    )
    assert caught.value.message.endswith("java8.al2] or be a valid ARN")


def test_a_runtime_that_does_not_run_here_is_refused_by_name(control):
    with pytest.raises(ServiceError) as caught:
        control.create(Runtime="java21")
    assert caught.value.code == "InvalidParameterValueException"
    assert caught.value.message == (
        "The runtime java21 does not run on this local AWS. For now these do, on the Python and the Node.js of this "
        "machine: python3.8, python3.9, python3.10, python3.11, python3.12, python3.13, python3.14, "
        "nodejs16.x, nodejs18.x, nodejs20.x, nodejs22.x, nodejs24.x."
    )


def test_node_without_node_is_refused_with_how_to_get_it(control, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceError) as caught:
        control.create(Runtime="nodejs22.x")
    assert caught.value.code == "InvalidParameterValueException"
    assert caught.value.message == (
        "Functions in Node.js need the program 'node', which is not on the PATH of this local AWS. "
        "Install Node.js (https://nodejs.org/en/download, or your system's package manager) and try again."
    )


@pytest.mark.parametrize("missing", ["Runtime", "Handler"])
def test_runtime_and_handler_are_mandatory(control, missing):
    with pytest.raises(ServiceError) as caught:
        control.create(**{missing: None})
    assert caught.value.message == (
        "Runtime and Handler are mandatory parameters for functions created with deployment packages."
    )


@pytest.mark.parametrize(
    ("option", "shown"),
    [
        ({"PackageType": "Image"}, 'PackageType="Image"'),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, 'SnapStart={"ApplyOn": "PublishedVersions"}'),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, 'VpcConfig={"SubnetIds": ["subnet-1"]}'),
        ({"FileSystemConfigs": [{"Arn": "a", "LocalMountPath": "/mnt/x"}]}, "FileSystemConfigs=["),
        ({"TracingConfig": {"Mode": "Active"}}, 'TracingConfig={"Mode": "Active"}'),
        ({"KMSKeyArn": "arn:aws:kms:::key/1"}, "KMSKeyArn="),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, 'LoggingConfig.LogFormat="JSON"'),
    ],
)
def test_options_that_are_not_emulated_are_refused_by_name(control, option, shown):
    with pytest.raises(ServiceError) as caught:
        control.create(**option)
    assert caught.value.code == "InvalidParameterValueException"
    name = shown.partition("=")[0]
    assert caught.value.message.startswith(
        f"{name} is not emulated by this local AWS, and the request asks for {shown}"
    )


def test_options_that_ask_for_nothing_are_let_pass(control):
    control.create(
        PackageType="Zip",
        SnapStart={"ApplyOn": "None"},
        VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
        TracingConfig={"Mode": "PassThrough"},
        DeadLetterConfig={},
        KMSKeyArn="",
        Layers=[],
        LoggingConfig={"LogFormat": "Text"},
    )


def test_reserved_variables_are_refused(control):
    with pytest.raises(ServiceError) as caught:
        control.create(Environment={"Variables": {"AWS_REGION": "eu-west-1", "OK_1": "x", "_HANDLER": "y"}})
    assert caught.value.message == (
        "Lambda was unable to configure your environment variables because the environment variables you have "
        "provided contains reserved keys that are currently not supported for modification. "
        "Reserved keys used in this request: AWS_REGION, _HANDLER"
    )


def test_variables_have_names_of_a_pattern(control):
    with pytest.raises(ServiceError) as caught:
        control.create(Environment={"Variables": {"1st": "x"}})
    assert caught.value.message == (
        "1 validation error detected: Value '{1st=x}' at 'environment.variables' failed to satisfy constraint: "
        "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+, "
        "Member must not be null]"
    )


def test_variables_have_a_limit(control):
    fitting = {"LARGE_VAR": "x" * (4096 - len('{"LARGE_VAR":""}'))}
    control.create("fits", Environment={"Variables": fitting})
    large = {"LARGE_VAR": fitting["LARGE_VAR"] + "x"}
    with pytest.raises(ServiceError) as caught:
        control.create("large", Environment={"Variables": large})
    assert caught.value.message == (
        "Lambda was unable to configure your environment variables because the environment variables you have "
        f"provided exceeded the 4KB limit. String measured: {json.dumps(large, separators=(',', ':'))}"
    )
