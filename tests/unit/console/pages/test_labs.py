"""The labs' texts."""

from __future__ import annotations

import pytest

from console.conftest import Console
from console.page import page


def test_are_listed_with_how_long_and_how_hard(console: Console) -> None:
    root = page(console, "/labs")
    assert "difficulty" in root.all("li")[-1].text
    assert "min" in root.all("li")[-1].text
    assert next(lab["name"] for lab in console.json("/labs")["labs"]) == "01-gibberish"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_is_shown_in_the_visitors_language(console: Console, language: str) -> None:
    for lab in console.json("/labs")["labs"]:
        root = page(console, f"/labs/{lab['name']}", language)
        (article,) = root.classed("prose")
        assert article.all("h1")
        assert article.all("pre")
        assert any("가" <= letter <= "힣" for letter in article.text) is (language == "ko")


def test_one_that_is_not_there_is_404(console: Console) -> None:
    assert console.get("/labs/..%2f..%2fetc").status == 404
    assert console.get("/labs/nope").status == 404
