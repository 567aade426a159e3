"""The console's page shows every picture that there is, and each says what is on it."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
LARGEST_BYTES = 150_000


def shown() -> list[tuple[str, str]]:
    """Return the pictures of the page: what is said of each, and its file's name."""
    return re.findall(r"^!\[(.*)\]\(pictures/(.+)\)$", (DOCS / "console.md").read_text(), re.MULTILINE)


def test_every_picture_that_is_named_is_there_and_every_one_that_is_there_is_named() -> None:
    there = [path.name for path in (DOCS / "pictures").iterdir()]
    assert sorted(name for _, name in shown()) == sorted(there)


def test_every_picture_has_a_text_for_who_does_not_see_it() -> None:
    assert [name for text, name in shown() if len(text.split()) < 4] == []


def test_no_picture_is_large() -> None:
    assert [path.name for path in (DOCS / "pictures").iterdir() if path.stat().st_size > LARGEST_BYTES] == []
