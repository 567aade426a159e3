"""Labs' texts as HTML: no HTML in them counts, but for what folds an answer away."""

from __future__ import annotations

import pytest

from console.page import read
from pytest_rollbacklab.console.markdown import as_html


def test_what_labs_use_is_there() -> None:
    root = read(
        as_html("# Title\n\ntext `code`\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nls\n```\n")
    )
    assert root.one("h1").text == "Title"
    assert [item.text for item in root.all("li")] == ["one", "two"]
    assert [cell.text for cell in root.all("td")] == ["1", "2"]
    assert root.one("pre").text == "ls"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "text <b>bold</b>",
        "<details open><summary>x</summary>",
        "<details><summary><img src=x></summary>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,x)",
        "[x]( javascript:alert(1))",
        "<javascript:alert(1)>",
    ],
)
def test_no_html_and_no_script_gets_through(text: str) -> None:
    root = read(as_html(text))
    assert [one.tag for one in root if one.tag in ("script", "img", "b", "details", "a")] == []


@pytest.mark.parametrize(
    "text",
    [
        "<details><summary>A hint</summary>\n\nLook *there*.\n\n</details>\n",
        "<details><summary>A hint</summary>\n\nLook *there*.\n</details>\n",
    ],
)
def test_an_answer_is_folded_away(text: str) -> None:
    details = read(as_html(text)).one("details")
    assert details.one("summary").text == "A hint"
    assert details.one("p").text == "Look there."
    assert details.one("em")


def test_what_is_folded_in_a_list_stays_in_it() -> None:
    text = "1. first\n\n   <details><summary>Hint</summary>\n\n   inner\n\n   </details>\n\n2. second\n"
    items = read(as_html(text)).one("ol").all("li")
    assert [len(item.all("details")) for item in items] == [1, 0]


def test_links_to_elsewhere_are_links_and_links_to_files_are_text() -> None:
    root = read(as_html("[docs](https://docs.aws.amazon.com/x) [next](../02-x/README.md) [here](#part)"))
    assert [link.attributes["href"] for link in root.all("a")] == ["https://docs.aws.amazon.com/x", "#part"]
    assert root.all("a")[0].attributes["rel"] == "noopener noreferrer"
    assert "next" in root.text


def test_a_tables_headings_are_of_its_columns() -> None:
    assert '<th scope="col">a</th>' in as_html("| a | b |\n|---|---|\n| 1 | 2 |\n")


@pytest.mark.parametrize(
    ("heading", "name"), [("The same, in JavaScript", "the-same-in-javascript"), ("같은 실습: `a b`", "같은-실습-a-b")]
)
def test_a_heading_can_be_linked_to(heading: str, name: str) -> None:
    assert read(as_html(f"## {heading}\n")).one("h2").attributes["id"] == name
