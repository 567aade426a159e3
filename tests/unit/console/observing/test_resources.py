"""The resources page: what there is, and where to look at it."""

from __future__ import annotations

from typing import Any

import pytest

from console.conftest import Console
from console.observing.story import StoryPipeline
from pytest_rollbacklab.errors import UsageError


def _by_logical_id(console: Console) -> dict[str, Any]:
    return {row["logical_id"]: row for row in console.json("/stages/prod/resources")["resources"]}


def test_a_resource_has_its_ids_its_type_and_links(console: Console) -> None:
    assert _by_logical_id(console)["CreateFunction"] == {
        "logical_id": "CreateFunction",
        "type": "AWS::Lambda::Function",
        "physical_id": "notes-prod-CreateFunction",
        "links": {
            "logs": "/stages/prod/functions/CreateFunction/logs",
            "metrics": "/stages/prod/functions/CreateFunction/metrics",
        },
    }


@pytest.mark.parametrize(
    ("logical_id", "links"),
    [
        ("Api", {"access logs": "/stages/prod/access-logs", "metrics": "/stages/prod/metrics"}),
        ("CreateLog", {"logs": "/stages/prod/functions/CreateFunction/logs"}),
        ("OtherLog", {}),
        ("NotesTable", {}),
    ],
)
def test_links_lead_to_what_can_be_looked_at(console: Console, logical_id: str, links: dict[str, str]) -> None:
    assert _by_logical_id(console)[logical_id]["links"] == links


def test_each_link_leads_to_a_page(console: Console) -> None:
    for row in _by_logical_id(console).values():
        for path in row["links"].values():
            assert console.get(path).status == 200, path


def test_the_page_shows_what_people_look_for_first_and_folds_the_rest(console: Console) -> None:
    page = console.get("/stages/prod/resources").text
    order = ["CreateFunction</bdi>", "NotesTable</bdi>", '<details id="the-rest">', "CreateFunctionVersion7</bdi>"]
    assert [page.index(part) for part in order] == sorted(page.index(part) for part in order)
    assert "roles, permissions, versions and the like (2)" in page
    assert 'href="/k3y/stages/prod/functions/CreateFunction/logs"' in page


def test_a_stage_where_nothing_is_deployed_says_so(console: Console, pipeline: StoryPipeline) -> None:
    pipeline.fails["resources"] = UsageError("nothing is deployed as notes-prod")
    assert console.json("/stages/prod/resources") == {"stage": "prod", "resources": []}
    page = console.get("/stages/prod/resources")
    assert page.status == 200
    assert "Nothing is deployed here yet" in page.text


def test_a_stage_that_the_app_does_not_have_is_not_found(console: Console) -> None:
    answer = console.get("/stages/test/resources")
    assert answer.status == 404
    assert "has no stage" in answer.text
