from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:create"


def put(control, reserved, name="create"):
    return control.call("PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=reserved)


def test_a_reservation_is_kept_and_taken_back(control):
    control.create()
    assert control.call("GetFunctionConcurrency", FunctionName="create") == {}
    assert put(control, 0) == {"ReservedConcurrentExecutions": 0}
    assert put(control, 7) == {"ReservedConcurrentExecutions": 7}
    assert control.call("GetFunctionConcurrency", FunctionName=ARN) == {"ReservedConcurrentExecutions": 7}
    assert control.call("DeleteFunctionConcurrency", FunctionName="create") == {}
    assert control.call("GetFunctionConcurrency", FunctionName="create") == {}


def test_a_hundred_stay_unreserved(control):
    control.create()
    control.create("other")
    put(control, 500, "other")
    put(control, 400)
    put(control, 400)
    with pytest.raises(ServiceError) as caught:
        put(control, 401)
    assert caught.value.code == "InvalidParameterValueException"
    assert caught.value.message == (
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
        "below its minimum value of [100]."
    )


def test_a_negative_reservation_is_refused(control):
    control.create()
    error = control.refusal("PutFunctionConcurrency", FunctionName="create", ReservedConcurrentExecutions=-1)
    assert error.message == "ReservedConcurrentExecutions must be 0 or more."


def test_a_version_has_no_reservation(control):
    error = control.refusal("PutFunctionConcurrency", FunctionName=f"{ARN}:1", ReservedConcurrentExecutions=1)
    assert error.message == (
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
        "Please specify either a function name or an unqualified function ARN."
    )


def test_a_missing_function_is_told_as_recorded(control):
    error = control.refusal("PutFunctionConcurrency", FunctionName="create", ReservedConcurrentExecutions=1)
    assert (error.status, error.message) == (404, f"Function not found: {ARN}:$LATEST")
    assert control.refusal("GetFunctionConcurrency", FunctionName="create").message == f"Function not found: {ARN}"
