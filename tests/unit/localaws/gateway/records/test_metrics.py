"""Metrics of requests: AWS/ApiGateway."""

from __future__ import annotations

NAMES = ("Count", "4XXError", "5XXError")


def counts(metrics, **dimensions):
    return [metrics.values(name, **dimensions) for name in NAMES]


def test_every_request_counts_and_errors_are_recorded_as_0_or_1(world):
    api = world.deployed()
    world.send(api)
    world.send(api, path="/nope")
    world.lambdas.fails(errorMessage="x")
    world.send(api)
    expected = [[1, 1, 1], [0, 1, 0], [0, 0, 1]]
    assert counts(world.telemetry.metrics, ApiName="notes") == expected
    assert counts(world.telemetry.metrics, ApiName="notes", Stage="prod") == expected


def test_latency_is_of_every_request_and_integration_latency_of_those_that_called(world):
    api = world.deployed(timeoutInMillis=60)
    world.lambdas.hangs()
    world.send(api)
    world.send(api, path="/nope")
    world.lambdas.permitted = False
    world.send(api)
    metrics = world.telemetry.metrics
    latencies = metrics.values("Latency", ApiName="notes", Stage="prod")
    (integration,) = metrics.values("IntegrationLatency", ApiName="notes", Stage="prod")
    assert len(latencies) == 3
    assert latencies[0] >= integration >= 60
    assert all(isinstance(value, int) for value in [*latencies, integration])


def test_units_are_awss(world):
    world.send(world.deployed())
    units = {name: unit for name, _, _, unit in world.telemetry.metrics.points}
    assert units == {
        "Count": "Count",
        "4XXError": "Count",
        "5XXError": "Count",
        "Latency": "Milliseconds",
        "IntegrationLatency": "Milliseconds",
    }


def test_detailed_metrics_are_by_method_where_they_are_on(world):
    api = world.deployed("ANY", "/notes/{id}")
    detailed = {"ApiName": "notes", "Stage": "prod", "Resource": "/notes/{id}", "Method": "PUT"}
    world.send(api, "PUT", "/notes/1")
    assert counts(world.telemetry.metrics, **detailed) == [[], [], []]
    world.patch_stage(api, **{"/*/*/metrics/enabled": "true"})
    world.send(api, "PUT", "/notes/1")
    world.send(api, "PUT", "/nope")
    assert counts(world.telemetry.metrics, **detailed) == [[1], [0], [0]]


def test_a_stage_that_there_is_not_is_measured_nowhere(world):
    world.send(world.deployed(), stage="nope")
    assert world.telemetry.metrics.points == []
