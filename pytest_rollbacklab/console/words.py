"""The console's words in a visitor's language: English is written in the code, others are looked up by it.

A translation is a line in a file ``words*.<language>.toml`` of this package, under its English text; the files are
read as one, so that each part of the console keeps its own. A text without one is shown in English; a test sees that
there is none.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Literal

__all__ = ["LANGUAGES", "LANGUAGE_COOKIE", "LANGUAGE_NAMES", "Language", "Words", "choose_language"]

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")
LANGUAGE_NAMES: Mapping[Language, str] = {"en": "English", "ko": "한국어"}


LANGUAGE_COOKIE = "rollbacklab_language"

_NAME = re.compile(r"\{(\w+)\}")
_ONE_WORD = ("build", "field", "number", "plan", "release", "resource", "sha", "stack", "stage")
"""Names for which a retold text has one word; for any other it may have several."""
_LONGEST_RETOLD = 1000
"""Letters: a longer text is nobody's sentence, and would be long in being looked through."""


class Words:
    """Texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._known = translations(language)

    def __call__(self, english: str, /, **values: object) -> str:
        """Return a text in this language, its ``{names}`` filled in."""
        text = self._known.get(english, english)
        return text.format(**values) if values else text

    def retell(self, english: str) -> str:
        """Return a text that the pipeline put together, in this language where its pattern is known."""
        if self.language == "en" or english in self._known:
            return self._known.get(english, english)
        if len(english) > _LONGEST_RETOLD:
            return english
        for pattern, text in _patterns(self.language):
            if (found := pattern.fullmatch(english)) is not None:
                return text.format(**{name: self._part(name, said) for name, said in found.groupdict().items()})
        return english

    def _part(self, name: str, said: str) -> str:
        """Return what stands for a name in a retold text; ``{..._parts}`` are texts themselves, with ``; `` between."""
        return "; ".join(self.retell(part) for part in said.split("; ")) if name.endswith("_parts") else said


@functools.cache
def translations(language: Language) -> Mapping[str, str]:
    """Return a language's texts by the English ones; none for English itself.

    Raises:
        ValueError: two files translate the same text differently.
    """
    texts: dict[str, str] = {}
    files = resources.files("pytest_rollbacklab.console").iterdir()
    for file in sorted((file for file in files if _is_words(file.name, language)), key=lambda file: file.name):
        for english, text in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if texts.setdefault(english, text) != text:
                raise ValueError(f"{file.name} translates {english!r} as {text!r}, another file as {texts[english]!r}")
    return texts


@functools.cache
def _patterns(language: Language) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the texts with ``{names}`` as patterns, the most particular first."""
    templates = sorted((text for text in translations(language) if "{" in text), key=lambda text: -_fixed(text))
    return tuple((_pattern(english), translations(language)[english]) for english in templates)


def _pattern(english: str) -> re.Pattern[str]:
    parts = _NAME.split(english)
    return re.compile("".join(_group(part) if at % 2 else re.escape(part) for at, part in enumerate(parts)), re.S)


def _group(name: str) -> str:
    return rf"(?P<{name}>\S+)" if name in _ONE_WORD else f"(?P<{name}>.+)"


def _fixed(english: str) -> int:
    """Return how many letters of a text do not vary."""
    return len(_NAME.sub("", english))


def _is_words(name: str, language: Language) -> bool:
    return name.startswith("words") and name.endswith(f".{language}.toml")


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
