"""Provisioned concurrency: made ready ahead, used first, moved with its alias, refused where it cannot be."""

from __future__ import annotations

import json

import pytest

TELLS = (
    "import os\ndef handler(event, context):\n    return [os.environ['AWS_LAMBDA_INITIALIZATION_TYPE'], os.getpid()]\n"
)
WHERE = {"FunctionName": "create", "Qualifier": "1"}


def ready(functions, until, *, qualifier="1"):
    where = {"FunctionName": "create", "Qualifier": qualifier}

    def is_ready():
        call = functions.request("GetProvisionedConcurrencyConfig")
        return functions.service.operations[call.operation](call, where)["Status"] == "READY"

    functions.run(until(is_ready))


def provision(functions, until, code=TELLS, wanted=1):
    functions.create(code=code, Publish=True)
    asked = functions.call("PutProvisionedConcurrencyConfig", **WHERE, ProvisionedConcurrentExecutions=wanted)
    assert (asked["Status"], asked["AllocatedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 0)
    ready(functions, until)


def told(functions, qualifier):
    return json.loads(functions.invoke("create", qualifier=qualifier).payload)


def test_environments_are_ready_before_they_are_needed(functions, until):
    provision(functions, until, wanted=2)
    assert sum(line.startswith("INIT_START") for line in functions.log("create")) == 2
    assert told(functions, "1")[0] == "provisioned-concurrency"
    assert told(functions, None)[0] == "on-demand"
    told_of = functions.call("GetProvisionedConcurrencyConfig", **WHERE)
    counts = [told_of[f"{kind}ProvisionedConcurrentExecutions"] for kind in ("Requested", "Allocated", "Available")]
    assert counts == [2, 2, 2]
    listed = functions.call("ListProvisionedConcurrencyConfigs", FunctionName="create")
    assert [entry["FunctionArn"][-2:] for entry in listed["ProvisionedConcurrencyConfigs"]] == [":1"]


def test_an_environment_that_ends_is_replaced(functions, until):
    code = "import os\ndef handler(event, context):\n    os._exit(1)\n"
    provision(functions, until, code=code)
    assert functions.invoke("create", qualifier="1").function_error == "Unhandled"
    ready(functions, until)


def test_without_the_configuration_there_is_no_environment(functions, until):
    provision(functions, until)
    functions.call("DeleteProvisionedConcurrencyConfig", **WHERE)
    assert told(functions, "1")[0] == "on-demand"
    refused = functions.refusal("GetProvisionedConcurrencyConfig", **WHERE)
    assert (refused.code, refused.message) == (
        "ProvisionedConcurrencyConfigNotFoundException",
        "No Provisioned Concurrency Config found for this function",
    )


def test_an_alias_takes_its_environments_along(functions, until):
    functions.create(code=TELLS, Publish=True)
    functions.update("create", TELLS + "# two\n", Publish=True)
    functions.call("CreateAlias", FunctionName="create", Name="prod", FunctionVersion="1")
    where = {"FunctionName": "create", "Qualifier": "prod"}
    functions.call("PutProvisionedConcurrencyConfig", **where, ProvisionedConcurrentExecutions=1)
    ready(functions, until, qualifier="prod")
    functions.call("UpdateAlias", FunctionName="create", Name="prod", FunctionVersion="2")
    ready(functions, until, qualifier="prod")
    moved = functions.invoke("create", qualifier="prod")
    assert (moved.executed_version, json.loads(moved.payload)[0]) == ("2", "provisioned-concurrency")


def test_a_module_that_fails_makes_it_fail(functions, until):
    functions.create(code="raise Exception('no')", Publish=True)
    functions.call("PutProvisionedConcurrencyConfig", **WHERE, ProvisionedConcurrentExecutions=1)

    def has_failed():
        call = functions.request("GetProvisionedConcurrencyConfig")
        return functions.service.operations[call.operation](call, WHERE)["Status"] == "FAILED"

    functions.run(until(has_failed))
    told_of = functions.call("GetProvisionedConcurrencyConfig", **WHERE)
    assert told_of["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (
            {"Qualifier": "$LATEST"},
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
        ),
        ({"Qualifier": "9"}, "Function not found: {}:9"),
        ({"Qualifier": "gone"}, "Cannot find alias arn: {}:gone"),
        (
            {"ProvisionedConcurrentExecutions": 0},
            (
                "1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' failed to satisfy "
                "constraint: Member must have value greater than or equal to 1"
            ),
        ),
        (
            {"ProvisionedConcurrentExecutions": 901},
            ("Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [900]."),
        ),
        (
            {"ProvisionedConcurrentExecutions": 101},
            (
                "More than 100 provisioned environments of a function are not emulated by this local AWS: "
                "each is a process of this machine."
            ),
        ),
    ],
)
def test_what_cannot_be_provisioned_is_refused(functions, params, said):
    made = functions.create(code=TELLS, Publish=True)
    refused = functions.refusal(
        "PutProvisionedConcurrencyConfig", **{**WHERE, "ProvisionedConcurrentExecutions": 1, **params}
    )
    assert refused.message == said.format(made["FunctionArn"])


def test_no_more_than_is_reserved(functions):
    functions.create(code=TELLS, Publish=True)
    functions.call("PutFunctionConcurrency", FunctionName="create", ReservedConcurrentExecutions=1)
    refused = functions.refusal("PutProvisionedConcurrencyConfig", **WHERE, ProvisionedConcurrentExecutions=2)
    assert refused.message == (
        "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
    )
