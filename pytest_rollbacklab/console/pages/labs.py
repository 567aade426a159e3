"""The labs' texts, in the visitor's language, as they come with the package."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_rollbacklab.console.faults import Refused
from pytest_rollbacklab.console.markdown import as_html
from pytest_rollbacklab.console.visit import Outcome, Route, Shown, Visit
from pytest_rollbacklab.shipped import shipped_labs

__all__ = ["ROUTES"]


async def labs(visit: Visit) -> Outcome:
    """List the labs, in the order in which to take them."""
    found = await visit.run(_labs, visit.words.language)
    return Shown(template="labs.html", data={"labs": found})


async def lab(visit: Visit) -> Outcome:
    """Show one lab's text."""
    name, language = visit.part("name"), visit.words.language
    found = await visit.run(_labs, language)
    if (named := next((item for item in found if item["name"] == name), None)) is None:
        raise Refused(
            404, f"there is no lab {name[:60]!r}", mend=f"there are {', '.join(item['name'] for item in found)}"
        )
    text = await visit.run(_text, shipped_labs() / named["name"], language)
    return Shown(template="lab.html", data={"lab": named, "text": text}, extra={"html": as_html(text)})


def _labs(language: str) -> list[Mapping[str, Any]]:
    listed = tomllib.loads((shipped_labs() / "labs.toml").read_text(encoding="utf-8"))["lab"]
    return [
        {
            "name": item["id"],
            "title": item["title"].get(language, item["title"]["en"]),
            "difficulty": item["difficulty"],
            "minutes": item["minutes"],
        }
        for item in listed
    ]


def _text(directory: Path, language: str) -> str:
    for name in (f"README.{language}.md", "README.md"):
        if (directory / name).is_file():
            return (directory / name).read_text(encoding="utf-8")
    raise Refused(404, f"the lab {directory.name} has no text", looked_at=str(directory / "README.md"))


ROUTES = (Route(method="GET", path="/labs", handler=labs), Route(method="GET", path="/labs/{name}", handler=lab))
