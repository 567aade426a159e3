"""Dashboards are returned as they were put; what is none is refused."""

from __future__ import annotations

import json

import pytest

BODY = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "# hello"}}]})


def put(world, name="notes", body=BODY):
    return world.cloudwatch("PutDashboard", DashboardName=name, DashboardBody=body)


def test_a_dashboard_is_what_was_put(world):
    assert put(world) == {"DashboardValidationMessages": []}

    assert world.cloudwatch("GetDashboard", DashboardName="notes") == {
        "DashboardArn": "arn:aws:cloudwatch::111111111111:dashboard/notes",
        "DashboardBody": BODY,
        "DashboardName": "notes",
    }


def test_dashboards_are_listed_and_deleted(world):
    for name in ("b", "a", "ab"):
        put(world, name)

    entries = world.cloudwatch("ListDashboards")["DashboardEntries"]
    assert [(entry["DashboardName"], entry["Size"]) for entry in entries] == [(n, len(BODY)) for n in ("a", "ab", "b")]
    world.cloudwatch("DeleteDashboards", DashboardNames=["a", "b"])
    assert [
        one["DashboardName"] for one in world.cloudwatch("ListDashboards", DashboardNamePrefix="a")["DashboardEntries"]
    ] == ["ab"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{", "The field DashboardBody must be a valid JSON object: "),
        ("[]", "The field DashboardBody must be a JSON object with a list of widgets."),
        ('{"widgets": [{}]}', "/widgets/0 must be an object with a type."),
    ],
)
def test_a_body_that_is_none_is_refused(world, body, why):
    error = world.refused("cloudwatch", "PutDashboard", DashboardName="notes", DashboardBody=body)

    assert error.code == "InvalidParameterInput"
    assert error.message.startswith(f"The dashboard body is invalid: {why}")


def test_one_that_is_not_there_is_told(world):
    put(world)
    error = world.refused("cloudwatch", "GetDashboard", DashboardName="none")
    assert (error.code, error.message, error.status) == ("ResourceNotFound", "Dashboard none does not exist", 404)
    world.refused("cloudwatch", "DeleteDashboards", DashboardNames=["notes", "none"])
    assert len(world.cloudwatch("ListDashboards")["DashboardEntries"]) == 1


def test_names_and_tags(world):
    error = world.refused("cloudwatch", "PutDashboard", DashboardName="a b", DashboardBody=BODY)
    assert error.message == "The value a b for field DashboardName contains invalid characters."
    error = world.refused("cloudwatch", "PutDashboard", DashboardName="a", DashboardBody=BODY, Tags=[{"Key": "k"}])
    assert error.message == "the local AWS does not emulate Tags of PutDashboard. Leave them out."
