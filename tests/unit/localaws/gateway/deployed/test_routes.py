"""Which route a request takes, as recorded by LocalStack's AWS-validated ``TestApigatewayRouting``."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.gateway.deployed.integrations import BrokenIntegration
from pytest_rollbacklab.localaws.gateway.deployed.routes import Route, Routes


def routes(*methods):
    return Routes(
        Route(
            resource_id=f"{method} {path}",
            resource_path=path,
            http_method=method,
            signed=False,
            integration=BrokenIntegration(reason="of no matter"),
        )
        for method, path in methods
    )


def taken(table, method, path):
    """Return the route that a request takes, and its path parameters; None for no route."""
    found = table.match(method, path)
    return (found[0].resource_id, found[1]) if found else None


def test_a_method_that_the_resource_lacks_is_looked_for_in_a_greedy_sibling():
    table = routes(("POST", "/test"), ("ANY", "/test/any"), ("OPTIONS", "/{proxy+}"))
    assert taken(table, "OPTIONS", "/test") == ("OPTIONS /{proxy+}", {"proxy": "test"})
    assert taken(table, "POST", "/test") == ("POST /test", {})
    assert taken(table, "OPTIONS", "/test/any") == ("ANY /test/any", {})
    assert taken(table, "GET", "/test/any") == ("ANY /test/any", {})


def test_a_dead_end_goes_back_to_a_greedy_path_further_up():
    table = routes(("GET", "/part1"), ("GET", "/{param+}"), ("GET", "/part1/hardcoded-value"))
    assert taken(table, "GET", "/part1") == ("GET /part1", {})
    assert taken(table, "GET", "/part1/hardcoded-value") == ("GET /part1/hardcoded-value", {})
    assert taken(table, "GET", "/part1/random-value") == ("GET /{param+}", {"param": "part1/random-value"})


def test_exact_comes_before_a_variable_before_a_greedy_one():
    table = routes(("GET", "/a/b"), ("GET", "/a/{x}"), ("GET", "/a/{x}/{rest+}"), ("GET", "/{all+}"))
    assert taken(table, "GET", "/a/b") == ("GET /a/b", {})
    assert taken(table, "GET", "/a/c") == ("GET /a/{x}", {"x": "c"})
    assert taken(table, "GET", "/a/c/d/e") == ("GET /a/{x}/{rest+}", {"x": "c", "rest": "d/e"})
    assert taken(table, "GET", "/z") == ("GET /{all+}", {"all": "z"})


def test_a_method_of_its_own_comes_before_any():
    table = routes(("ANY", "/a"), ("GET", "/a"))
    assert taken(table, "GET", "/a") == ("GET /a", {})
    assert taken(table, "DELETE", "/a") == ("ANY /a", {})
    assert taken(table, "TRACE", "/a") is None


@pytest.mark.parametrize(("path", "found"), [("/", "GET /"), ("/a/", "GET /a"), ("/a", "GET /a"), ("/a//", "GET /a")])
def test_a_trailing_slash_makes_no_difference(path, found):
    assert taken(routes(("GET", "/"), ("GET", "/a")), "GET", path) == (found, {})


@pytest.mark.parametrize("path", ["/", "/b", "/a/b", "/A", "/a%2Fb", "//a"])
def test_there_is_no_other_route(path):
    assert taken(routes(("GET", "/a")), "GET", path) is None


def test_an_empty_segment_is_no_value_of_a_variable_but_part_of_a_greedy_one():
    assert taken(routes(("GET", "/a/{x}/b")), "GET", "/a//b") is None
    assert taken(routes(("GET", "/{p+}")), "GET", "/a//b") == ("GET /{p+}", {"p": "a//b"})


def test_a_greedy_path_needs_something_to_take():
    assert taken(routes(("GET", "/{p+}")), "GET", "/") is None


def test_variables_are_kept_as_they_were_sent():
    assert taken(routes(("GET", "/notes/{id}")), "GET", "/notes/a%20b%2Fc") == (
        "GET /notes/{id}",
        {"id": "a%20b%2Fc"},
    )


def test_a_variable_that_led_nowhere_is_not_told():
    table = routes(("GET", "/{x}/a"), ("GET", "/{all+}"))
    assert taken(table, "GET", "/1/b") == ("GET /{all+}", {"all": "1/b"})


def test_a_greedy_path_without_the_method_is_no_route():
    assert taken(routes(("POST", "/{p+}")), "GET", "/a") is None
