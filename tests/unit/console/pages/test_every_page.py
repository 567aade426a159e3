"""What all pages have: forms that are let in, links that lead somewhere, and the same as JSON and by HEAD."""

from __future__ import annotations

import pytest

from console.conftest import KEY, TOKEN, Console
from console.page import page

PAGES = (
    "/",
    "/builds",
    "/builds/7",
    "/builds/5",
    "/stages/dev",
    "/stages/prod",
    "/stages/prod/releases",
    "/stages/prod/plans/p1",
    "/stages/prod/settings",
    "/settings",
    "/activity",
    "/activity/12",
    "/labs",
    "/labs/01-gibberish",
    "/nope",
)


@pytest.mark.parametrize("path", PAGES)
def test_sends_its_forms_to_this_place_with_the_token(console: Console, path: str) -> None:
    forms = page(console, path).all("form", method="post")
    assert forms
    for form in forms:
        assert form.fields["token"] == TOKEN
        assert form.attributes["action"].startswith(f"/{KEY}/")


@pytest.mark.parametrize("path", PAGES)
def test_leaves_no_placeholder_and_no_python(console: Console, path: str) -> None:
    text = page(console, path).one("main").text
    assert path.startswith("/labs/") or "None" not in text
    for left in ("{stage}", "{number}", "{name}", "datetime.", "<bound", "Undefined", "Markup("):
        assert left not in text


def test_links_lead_to_pages_that_are_there(console: Console) -> None:
    links = {
        link.attributes["href"].partition("#")[0].partition("?")[0]
        for path in PAGES[:-1]
        for link in page(console, path).all("a", href=None)
    }
    ours = sorted(link.removeprefix(f"/{KEY}") for link in links if link.startswith(f"/{KEY}/"))
    observing = ("/resources", "/access-logs", "/metrics")
    assert len(ours) > 15
    for path in ours:
        if not path.endswith(observing):
            assert console.get(path).status == 200, path


def test_marks_where_one_is(console: Console) -> None:
    current = page(console, "/activity/12").all("a", aria_current="page")
    assert [link.text for link in current] == ["Activity"]
    assert [link.text for link in page(console, "/stages/prod/settings").all("a", aria_current="page")] == ["Settings"]


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/nope"])
def test_is_there_as_json_and_by_head(console: Console, path: str) -> None:
    by_accept = console.ask("GET", path, headers={"Accept": "application/json"})
    by_query = console.ask("GET", f"{path}?format=json")
    assert by_accept.status == by_query.status == 200
    assert by_accept.headers["Content-Type"].startswith("application/json")
    assert by_accept.json() == by_query.json()
    head = console.ask("HEAD", path, headers={"Accept": "text/html"})
    assert (head.status, head.text) == (200, "")
    assert head.headers["Content-Type"].startswith("text/html")


def test_says_where_it_is_as_json_with_what_it_was_asked(console: Console) -> None:
    link = next(link for link in page(console, "/builds?before=7").all("a") if link.text == "This page as JSON")
    assert link.attributes["href"] == f"/{KEY}/builds?before=7&format=json"
