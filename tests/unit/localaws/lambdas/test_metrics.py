from __future__ import annotations

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.lambdas.metrics import Measured, record_invocation, record_throttle

SCOPE = Scope(account_id="111122223333", region="eu-west-1")


class Recorded:
    def __init__(self):
        self.values: dict[tuple, tuple] = {}

    def record(self, scope, namespace, name, dimensions, value, unit):
        assert (scope, namespace) == (SCOPE, "AWS/Lambda")
        self.values[name, tuple(sorted(dimensions.items()))] = (value, unit)

    def dimensions_of(self, name):
        return [dict(dimensions) for metric, dimensions in self.values if metric == name]


def measured(qualifier=None, through=None):
    return Measured(scope=SCOPE, function="create", qualifier=qualifier, version_through_alias=through)


def test_an_invocation_is_measured_for_the_account_the_function_and_the_resource():
    recorded = Recorded()
    record_invocation(recorded, measured(), failed=True, duration_ms=12.5, concurrency=2)
    dimensions = [{}, {"FunctionName": "create"}, {"FunctionName": "create", "Resource": "create"}]
    for name, value, unit in (
        ("Invocations", 1, "Count"),
        ("Errors", 1, "Count"),
        ("Duration", 12.5, "Milliseconds"),
        ("ConcurrentExecutions", 2, "Count"),
    ):
        assert recorded.dimensions_of(name) == dimensions
        assert {recorded.values[key] for key in recorded.values if key[0] == name} == {(value, unit)}


def test_through_an_alias_the_executed_version_is_measured_too():
    recorded = Recorded()
    record_invocation(recorded, measured("prod", "3"), failed=False, duration_ms=1, concurrency=1)
    assert recorded.dimensions_of("Errors")[-2:] == [
        {"FunctionName": "create", "Resource": "create:prod"},
        {"FunctionName": "create", "Resource": "create:prod", "ExecutedVersion": "3"},
    ]
    assert set(recorded.values.values()) >= {(0, "Count")}


def test_a_throttled_request_is_no_invocation():
    recorded = Recorded()
    record_throttle(recorded, measured())
    assert {name for name, _ in recorded.values} == {"Throttles"}
    assert set(recorded.values.values()) == {(1, "Count")}
