"""ListMetrics: which metrics there are."""

from __future__ import annotations

import pytest


def dimensions(**named):
    return [{"Name": name, "Value": value} for name, value in named.items()]


def names(world, **filters):
    return [metric["MetricName"] for metric in world.cloudwatch("ListMetrics", **filters)["Metrics"]]


@pytest.fixture
def filled(world):
    world.publish(1.0, name="Errors", Dimensions=dimensions(Stage="prod", Api="notes"))
    world.publish(1.0, name="Errors", Dimensions=dimensions(Stage="prod", Api="notes"))
    world.publish(1.0, name="Calls", Dimensions=dimensions(Stage="dev"))
    world.telemetry.metrics.record(world.scope, "AWS/Lambda", "Invocations", {}, 1, "Count")
    return world


def test_a_metric_is_listed_once_with_its_dimensions_sorted(filled):
    assert filled.cloudwatch("ListMetrics", MetricName="Errors") == {
        "Metrics": [{"Namespace": "Notes", "MetricName": "Errors", "Dimensions": dimensions(Api="notes", Stage="prod")}]
    }


def test_filters(filled):
    assert names(filled) == ["Errors", "Calls", "Invocations"]
    assert names(filled, Namespace="AWS/Lambda") == ["Invocations"]
    assert names(filled, Dimensions=[{"Name": "Stage"}]) == ["Errors", "Calls"]
    assert names(filled, Dimensions=dimensions(Stage="prod")) == ["Errors"]
    assert names(filled, Dimensions=dimensions(Stage="prod", Api="other")) == []


def test_recently_active_metrics_alone(filled):
    filled.clock.advance(3 * 3600 + 60)
    filled.publish(1.0, name="Calls", Dimensions=dimensions(Stage="dev"))

    assert names(filled, RecentlyActive="PT3H") == ["Calls"]
    error = filled.refused("cloudwatch", "ListMetrics", RecentlyActive="PT1H")
    assert error.message == (
        "1 validation error detected: Value 'PT1H' at 'recentlyActive' failed to satisfy constraint: Member must "
        "satisfy enum value set: [PT3H]"
    )


def test_pages_of_500(world):
    for number in range(501):
        world.publish(1.0, name=f"m{number}")

    first = world.cloudwatch("ListMetrics")
    second = world.cloudwatch("ListMetrics", NextToken=first["NextToken"])
    assert (len(first["Metrics"]), [metric["MetricName"] for metric in second["Metrics"]]) == (500, ["m500"])
    assert "NextToken" not in second


def test_a_token_that_is_none_is_refused(world):
    error = world.refused("cloudwatch", "ListMetrics", NextToken="nonsense")

    assert (error.code, error.message) == ("InvalidParameterValue", "Request parameter NextToken is invalid")


@pytest.mark.parametrize("option", ["IncludeLinkedAccounts", "OwningAccount"])
def test_other_accounts_are_refused_by_name(world, option):
    error = world.refused("cloudwatch", "ListMetrics", **{option: "111111111111"})

    assert error.message == (
        f"the local AWS does not emulate {option} of ListMetrics. Ask with the other account's own credentials."
    )
