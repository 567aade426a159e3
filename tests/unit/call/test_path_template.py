from __future__ import annotations

import pytest

from pytest_rollbacklab.call.path_template import expand
from pytest_rollbacklab.errors import UsageError


@pytest.mark.parametrize(
    ("template", "params", "path"),
    [
        ("/notes", {}, "/notes"),
        ("/notes/{id}", {"id": "456"}, "/notes/456"),
        ("/notes/{id}", {"id": "a/b c:한"}, "/notes/a%2Fb%20c%3A%ED%95%9C"),
        ("/users/{user}/notes/{id}", {"user": "ann", "id": 7}, "/users/ann/notes/7"),
        ("/flags/{on}/{ratio}", {"on": True, "ratio": 0.5}, "/flags/true/0.5"),
    ],
)
def test_parameters_are_put_in_percent_encoded(template: str, params: dict[str, object], path: str) -> None:
    assert expand(template, params) == path


def test_a_parameter_that_is_missing_is_named() -> None:
    with pytest.raises(UsageError, match=r"the path template '/notes/\{id\}' needs a parameter 'id'") as missing:
        expand("/notes/{id}", {"noteId": "1"})
    assert '--params: {"noteId": "1"}' in str(missing.value)
    assert """--params '{"id": "..."}'""" in str(missing.value)


def test_an_operator_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"\{\?limit\} in the path template '/notes\{\?limit\}' is not supported"):
        expand("/notes{?limit}", {"limit": 1})


@pytest.mark.parametrize(("value", "shown"), [(None, "null"), ([1], r"\[1\]"), ({"a": 1}, r'\{"a": 1\}')])
def test_a_value_that_is_no_plain_one_is_refused(value: object, shown: str) -> None:
    with pytest.raises(UsageError, match=f"the parameter 'id' of --params is {shown}"):
        expand("/notes/{id}", {"id": value})
