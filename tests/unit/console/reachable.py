"""What a page lacks for who uses it by keyboard or by ear, or what its policy would block; empty when nothing is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from urllib.parse import unquote

from console.page import Element

__all__ = ["lacks"]

_ONE_OF_EACH = ("h1", "header", "main", "footer", "dialog")
_NAMES = ("aria-label", "aria-labelledby", "title")


def lacks(root: Element) -> list[str]:
    """Return what is missing or forbidden on a page, each in a few words."""
    return [*_frame(root), *_names(root), *_headings(root), *_tables(root), *_references(root), *_inline(root)]


def _frame(root: Element) -> Iterator[str]:
    yield from (f"{len(root.all(tag))} <{tag}>" for tag in _ONE_OF_EACH if len(root.all(tag)) != 1)
    if len([title for title in root.all("title") if not _within_picture(title)]) != 1:
        yield "not one title"
    if not root.one("html").attributes.get("lang"):
        yield "no language"
    if root.all("a")[0].attributes["href"] != "#main":
        yield "no link to skip to the content first"
    if not [one for one in root.all(role="status") if one.attributes.get("id") == "announce"]:
        yield "nowhere to announce what changes"


def _names(root: Element) -> Iterator[str]:
    labelled = {label.attributes["for"] for label in root.all("label")}
    for tag in ("input", "select", "textarea"):
        for field in root.all(tag):
            if field.attributes.get("type") != "hidden" and field.attributes.get("id") not in labelled:
                yield f"a field without a label: {field.attributes}"
    for tag in ("a", "button", "summary"):
        yield from (f"a nameless <{tag}>: {one.attributes}" for one in root.all(tag) if not _is_named(one))
    yield from (f"a nameless navigation: {one.text[:30]}" for one in root.all("nav") if not _has_attribute_name(one))
    for picture in root.all("svg"):
        if not _is_hidden(picture) and not _has_attribute_name(picture) and not _within_picture(picture):
            yield f"a picture without words: {picture.attributes}"
    for box in root.all(tabindex="0"):
        if not _has_attribute_name(box) and box.tag != "pre":
            yield f"a nameless box in the keyboard's way: {box.attributes}"
    for moment in root.all("time"):
        if not moment.attributes.get("datetime") or not moment.attributes.get("title"):
            yield f"a time that is not exact: {moment.text}"


def _is_named(element: Element) -> bool:
    return bool(element.text) or _has_attribute_name(element)


def _has_attribute_name(element: Element) -> bool:
    return any(element.attributes.get(name) for name in _NAMES)


def _is_hidden(element: Element) -> bool:
    return element.attributes.get("aria-hidden") == "true"


def _within_picture(element: Element) -> bool:
    return element.within is not None and (element.within.tag == "svg" or _within_picture(element.within))


def _headings(root: Element) -> Iterator[str]:
    levels = [int(one.tag[1]) for one in root if one.tag in ("h1", "h2", "h3", "h4")]
    for before, after in itertools.pairwise(levels):
        if after > before + 1:
            yield f"a heading <h{after}> after <h{before}>"


def _tables(root: Element) -> Iterator[str]:
    for table in root.all("table"):
        if not table.all("th"):
            yield "a table without headings"
        for heading in table.all("th"):
            if heading.attributes.get("scope") not in ("col", "row"):
                yield f"a table's heading that is of nothing: {heading.text}"
        if [heading for heading in table.all("th")[1:] if not heading.text]:
            yield "an empty heading that is not in a table's corner"


def _references(root: Element) -> Iterator[str]:
    ids = [element.attributes["id"] for element in root.all(id=None)]
    yield from (f"two of id {name}" for name in set(ids) if ids.count(name) > 1)
    for element in root:
        for attribute in ("for", "aria-labelledby", "aria-describedby", "form"):
            for name in element.attributes.get(attribute, "").split():
                if name not in ids:
                    yield f"{attribute} of nothing: {name}"
        where = element.attributes.get("href", "")
        if element.tag == "a" and where.startswith("#") and unquote(where[1:]) not in ids:
            yield f"a link to nothing: {where}"


def _inline(root: Element) -> Iterator[str]:
    for element in root:
        yield from (
            f"<{element.tag} {name}>" for name in element.attributes if name == "style" or name.startswith("on")
        )
        if element.tag == "style" or (element.tag == "script" and element.raw_text.strip()):
            yield f"an inline <{element.tag}>"
        for name in ("src", "href", "action"):
            where = element.attributes.get(name, "/")
            if element.tag in ("script", "link", "img", "form") and not where.startswith("/"):
                yield f"<{element.tag}> of elsewhere: {where}"
