from __future__ import annotations

from contextlib import ExitStack

import pytest

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.lambdas.control.names import FunctionName
from pytest_rollbacklab.localaws.lambdas.throttle import Throttle


@pytest.fixture
def function(control):
    """Makes a function, with a reservation or without."""

    def make(name, reserved=None):
        control.create(name)
        made = control.registry.get(control.scope, FunctionName(name=name))
        made.reserved_concurrency = reserved
        return made

    return make


def refusal(throttle, function) -> ServiceError:
    with pytest.raises(ServiceError) as caught, throttle.one_more(function):
        pass
    return caught.value


def test_a_reservation_of_nothing_lets_nothing_run(control, function):
    error = refusal(Throttle(registry=control.registry), function("create", reserved=0))
    assert (error.code, error.status, error.message) == ("TooManyRequestsException", 429, "Rate Exceeded.")
    assert error.fields == {"Type": "User", "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}


def test_a_reservation_lets_that_many_run_at_once(control, function):
    throttle, create = Throttle(registry=control.registry), function("create", reserved=2)
    with throttle.one_more(create) as first:
        with throttle.one_more(create) as second:
            assert (first, second) == (1, 2)
            refusal(throttle, create)
        with throttle.one_more(create) as again:
            assert again == 2


def test_an_error_gives_the_place_back(control, function):
    throttle, create = Throttle(registry=control.registry), function("create", reserved=1)
    with pytest.raises(ZeroDivisionError), throttle.one_more(create):
        raise ZeroDivisionError
    with throttle.one_more(create) as running:
        assert running == 1


def test_functions_without_a_reservation_share_what_is_left(control, function):
    throttle = Throttle(registry=control.registry)
    one, two, reserved = function("one"), function("two"), function("reserved", reserved=900)
    with ExitStack() as running:
        for turn in range(100):
            running.enter_context(throttle.one_more(one if turn % 2 else two))
        error = refusal(throttle, one)
        assert error.fields["Reason"] == "ConcurrentInvocationLimitExceeded"
        running.enter_context(throttle.one_more(reserved))
