"""What can be seen of the style sheets: contrast by WCAG's measure in both schemes, focus, and rest for who wants it.

https://www.w3.org/TR/WCAG22/#contrast-minimum, #non-text-contrast
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_rollbacklab.console import html

STATIC = Path(html.__file__).parent / "static"
SHEETS = {path.name: path.read_text() for path in sorted(STATIC.glob("*.css"))}
TEXT, SHAPE = 4.5, 3.0
PAIRS = (
    *((TEXT, "text", under) for under in ("page", "card", "sunken", "act-soft", "broken-soft")),
    *((TEXT, "quiet", under) for under in ("page", "card", "sunken", "broken-soft")),
    *((TEXT, "act", under) for under in ("page", "card", "sunken", "act-soft", "broken-soft")),
    *((TEXT, "act-hover", under) for under in ("page", "card", "sunken", "act-soft", "broken-soft")),
    *((TEXT, "broken", under) for under in ("page", "card", "broken-soft")),
    *((TEXT, kind, under) for kind in ("well", "caution") for under in ("page", "card")),
    (TEXT, "on-act", "act"),
    (TEXT, "on-act", "act-hover"),
    (TEXT, "on-broken", "broken"),
    (TEXT, "page", "text"),
    *((SHAPE, "line-strong", under) for under in ("page", "card")),
    *((SHAPE, kind, "card") for kind in ("spark", "bar", "caution-bar", "broken")),
)
"""What stands on what, by the names of the variables: texts, and shapes that tell something by being seen."""


@functools.cache
def colours(scheme: str) -> Mapping[str, tuple[int, ...]]:
    """Return the variables that are colours: the light ones, or with the dark ones over them."""
    found: dict[str, tuple[int, ...]] = {}
    for wanted in ("light", "dark") if scheme == "dark" else ("light",):
        for sheet in SHEETS.values():
            dark = "".join(re.findall(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}", sheet, re.S))
            light = re.sub(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{.*?\}\s*\}", "", sheet, flags=re.S)
            declared = dark if wanted == "dark" else "".join(re.findall(r":root \{(.*?)\}", light, re.S))
            for name, digits in re.findall(r"--([\w-]+): #([0-9a-f]{6});", declared):
                found[name] = tuple(bytes.fromhex(digits))
    return found


def luminance(colour: tuple[int, ...]) -> float:
    parts = (part / 255 for part in colour)
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x77, 0x77, 0x77), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("least", "over", "under"), PAIRS, ids=str)
def test_can_be_read(scheme: str, least: float, over: str, under: str) -> None:
    known = colours(scheme)
    measured = contrast(known[over], known[under])
    assert measured >= least, f"--{over} on --{under} in {scheme}: {measured:.2f}:1"


def test_both_schemes_have_colours_of_their_own() -> None:
    light, dark = colours("light"), colours("dark")
    assert light.keys() == dark.keys()
    assert {name for name in light if light[name] == dark[name]} <= {"on-act"}
    assert light["page"] != dark["page"]


def test_each_text_colour_is_one_that_was_measured() -> None:
    measured = {name for _, over, _ in PAIRS for name in [over]}
    for name, sheet in SHEETS.items():
        rules = re.sub(r":root \{.*?\}", "", sheet, flags=re.S)
        used = set(re.findall(r"(?<![-\w])color: var\(--([\w-]+)\)", rules))
        assert used - {"mark"} <= measured, name
        assert not re.findall(r"(?<![-\w])color: (?!var|inherit)[#\w]+", rules), name


def test_what_has_the_focus_is_outlined() -> None:
    assert re.search(r":focus-visible \{ outline: 3px solid var\(--act\)", SHEETS["console.css"])
    for sheet in SHEETS.values():
        without = re.findall(r"([^{}\n]+)\{[^{}]*outline: none", sheet)
        assert [selector.strip() for selector in without] in ([], ["main:focus"])


def test_nothing_moves_for_who_wants_rest() -> None:
    assert re.search(r"prefers-reduced-motion: reduce\) \{ \* \{ animation: none !important", SHEETS["console.css"])
