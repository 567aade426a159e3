"""Markdown to HTML for texts that come with the package: no HTML in them counts, but for what folds an answer away.

Links that lead to another file are shown as text: the file is not served here.
"""

from __future__ import annotations

import functools
import re
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

__all__ = ["as_html"]

_OPENS = re.compile(r"<details><summary>([^<>]*)</summary>")
_CLOSES = "</details>"
_NOT_IN_NAMES = re.compile(r"[^\w\- ]")


def as_html(text: str) -> Markup:
    """Return a text as HTML."""
    return Markup(_parser().render(text))  # noqa: S704 - HTML in the text is switched off in the parser


@functools.cache
def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.core.ruler.before("inline", "details", _fold)
    made.core.ruler.push("links", _only_links_that_lead_somewhere)
    made.core.ruler.push("columns", _name_columns)
    made.core.ruler.push("places", _name_headings)
    return made


def _fold(state: StateCore) -> None:
    """Turn paragraphs that are a ``<details>`` tag, or end in one, into that tag."""
    folded: list[Token] = []
    for token in state.tokens:
        opens = _OPENS.fullmatch(token.content) if token.type == "inline" else None
        if opens is not None:
            folded[-1] = _tag(f"<details><summary>{escape(opens[1])}</summary>\n")
        elif token.type == "inline" and token.content == _CLOSES:
            folded[-1] = _tag(f"{_CLOSES}\n")
        elif token.type == "inline" and token.content.endswith(f"\n{_CLOSES}"):
            token.content = token.content.removesuffix(f"\n{_CLOSES}")
            folded += [token, _tag(f"{_CLOSES}\n")]
        elif token.type == "paragraph_close" and folded[-1].type == "html_block":
            _close(folded, token)
        else:
            folded.append(token)
    state.tokens = folded


def _close(folded: list[Token], paragraph_close: Token) -> None:
    """Close the paragraph before the tag that ended it; a paragraph that was the tag alone is gone."""
    if len(folded) > 1 and folded[-2].type == "inline":
        folded.insert(-1, paragraph_close)


def _tag(html: str) -> Token:
    return Token("html_block", "", 0, content=html)


def _only_links_that_lead_somewhere(state: StateCore) -> None:
    for block in state.tokens:
        within = False
        for token in block.children or ():
            if token.type == "link_open":
                within = not str(token.attrs["href"]).startswith(("https://", "http://", "#"))
                if not within:
                    token.attrs["rel"] = "noopener noreferrer"
            if within and token.type in ("link_open", "link_close"):
                within = token.type == "link_open"
                token.tag, token.attrs = "span", {}


def _name_headings(state: StateCore) -> None:
    """Give headings the names under which a text links to them, as GitHub makes them."""
    for opening, token in pairwise(state.tokens):
        if opening.type == "heading_open":
            opening.attrs["id"] = _NOT_IN_NAMES.sub("", token.content.lower()).replace(" ", "-")


def _name_columns(state: StateCore) -> None:
    """Say that a table's headings are of its columns: Markdown has no others."""
    for token in state.tokens:
        if token.type == "th_open":
            token.attrs["scope"] = "col"
