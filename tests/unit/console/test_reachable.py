"""The look at pages sees what it is there for: a page that is well has nothing, and each fault is named."""

from __future__ import annotations

import pytest

from console.page import read
from console.reachable import lacks

WELL = """<html lang="en"><title>x</title><body><a href="#main">Skip</a><header>h</header>
<p id="announce" role="status"></p><main id="main"><h1>x</h1>{}</main><footer>f</footer>
<dialog>d</dialog></body></html>"""


def test_a_page_that_is_well_lacks_nothing() -> None:
    assert lacks(read(WELL.format(""))) == []


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ("<h1>y</h1>", "2 <h1>"),
        ("<h3>y</h3>", "a heading <h3> after <h1>"),
        ("<main>y</main>", "2 <main>"),
        ('<input id="q">', "a field without a label"),
        ("<textarea>y</textarea>", "a field without a label"),
        ("<button></button>", "a nameless <button>"),
        ('<a href="/x"></a>', "a nameless <a>"),
        ("<nav><a href='/x'>y</a></nav>", "a nameless navigation"),
        ("<svg></svg>", "a picture without words"),
        ('<div tabindex="0">y</div>', "a nameless box"),
        ("<time>y</time>", "a time that is not exact"),
        ("<table><tr><td>y</td></tr></table>", "a table without headings"),
        ("<table><tr><th>y</th></tr></table>", "a table's heading that is of nothing"),
        (
            '<table><tr><th scope="col">y</th><th scope="col"></th></tr></table>',
            "an empty heading that is not in a table's corner",
        ),
        ('<p id="a">y</p><p id="a">y</p>', "two of id a"),
        ('<p aria-describedby="nobody">y</p>', "aria-describedby of nothing"),
        ('<a href="#nobody">y</a>', "a link to nothing"),
        ('<p style="color: red">y</p>', "<p style>"),
        ('<p onclick="x()">y</p>', "<p onclick>"),
        ("<style>p {}</style>", "an inline <style>"),
        ("<script>x()</script>", "an inline <script>"),
        ('<script src="https://elsewhere.example/x.js"></script>', "<script> of elsewhere"),
    ],
)
def test_each_fault_is_named(markup: str, said: str) -> None:
    (found,) = lacks(read(WELL.format(markup)))
    assert found.startswith(said)
