"""A page as a browser reads it: elements with their attributes and texts, found by what they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.conftest import Console

__all__ = ["Element", "Page", "card", "page", "read"]

_VOID = frozenset({"area", "br", "hr", "img", "input", "link", "meta", "path", "rect", "line", "circle"})


@dataclass(eq=False)
class Element:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    within: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        """Yield this element and all below it."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child

    def all(self, tag: str | None = None, **attributes: str | None) -> list[Element]:
        """Return elements below: of a tag, with attributes of these values (None: whatever value)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self
            if (tag is None or element.tag == tag)
            and all(
                name in element.attributes and value in (None, element.attributes[name])
                for name, value in wanted.items()
            )
        ]

    def one(self, tag: str | None = None, **attributes: str | None) -> Element:
        (found,) = self.all(tag, **attributes)
        return found

    def classed(self, name: str) -> list[Element]:
        return [element for element in self if name in element.attributes.get("class", "").split()]

    @property
    def text(self) -> str:
        """All text below, spaces as one."""
        return " ".join(self.raw_text.split())

    @property
    def raw_text(self) -> str:
        if self.tag == "br":
            return "\n"
        return "".join(child if isinstance(child, str) else child.raw_text for child in self.children)

    def button(self, label: str) -> Element:
        """Return the form that a button sends."""
        (found,) = [button for button in self.all("button") if button.text == label]
        form: Element | None = found
        while form is not None and form.tag != "form":
            form = form.within
        assert form is not None, f"{label} is in no form"
        return form

    @property
    def fields(self) -> dict[str, str]:
        """A form's hidden fields."""
        return {one.attributes["name"]: one.attributes["value"] for one in self.all("input", type="hidden")}

    @property
    def buttons(self) -> list[str]:
        return [button.text for button in self.all("button")]


class Page(HTMLParser):
    """Reads a page; a tag that closes nothing, or is not closed, is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Element("root")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> has an attribute twice: {attrs}"
        made = Element(tag, {name: value or "" for name, value in attrs}, within=self.at)
        self.at.children.append(made)
        if tag not in _VOID:
            self.at = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag} {self.at.attributes}>"
        assert self.at.within is not None
        self.at = self.at.within

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def read(text: str) -> Element:
    """Return a page's elements."""
    page = Page()
    page.feed(text)
    page.close()
    assert page.at is page.root, f"<{page.at.tag}> is not closed"
    return page.root


def page(console: Console, path: str, language: str = "en") -> Element:
    """Ask for a page and read it."""
    return read(console.get(path, **{"Accept-Language": language}).text)


def card(console: Console, stage: str) -> Element:
    """Return a stage's card on the overview."""
    return page(console, "/").one("article", id=f"stage-{stage}")
