"""The console's words in a visitor's language: English is written in the code, others are looked up by it.

A translation is a line in ``words.<language>.toml`` under its English text. A text without one is shown in English; a
test sees that there is none.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Literal

__all__ = ["LANGUAGES", "Language", "Words", "choose_language"]

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")


class Words:
    """Texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._known = _translations(language)

    def __call__(self, english: str, /, **values: object) -> str:
        """Return a text in this language, its ``{names}`` filled in."""
        text = self._known.get(english, english)
        return text.format(**values) if values else text


@functools.cache
def _translations(language: Language) -> Mapping[str, str]:
    if language == "en":
        return {}
    file = resources.files("pytest_rollbacklab.console").joinpath(f"words.{language}.toml")
    texts: dict[str, str] = tomllib.loads(file.read_text(encoding="utf-8"))
    return texts


def choose_language(accept_language: str, chosen: str | None = None) -> Language:
    """Return the language to speak.

    Args:
        accept_language: The browser's header: ``ko-KR,ko;q=0.9,en;q=0.8``.
        chosen: What the visitor chose, if anything; it wins where it is one that we speak.
    """
    wanted = [part.partition(";") for part in accept_language.replace(" ", "").split(",")]
    ranked = sorted(wanted, key=lambda part: -_quality(part[2]))
    for tag in [chosen or "", *(name for name, _, _ in ranked)]:
        short = tag.lower().partition("-")[0].partition("_")[0]
        for language in LANGUAGES:
            if short == language:
                return language
    return "en"


def _quality(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 1.0
