"""What a filter pattern lets be taken out of the events that it matches: properties of JSON, named fields, or nothing.

A metric's value and dimensions are written as selectors, ``$.latency`` for JSON and ``$size`` for space-delimited
events. Whether an event matches is asked before; here it is only read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.telemetry.logs.patterns.json_events import (
    find_selectors,
    read_document,
    read_selector,
    values_at,
)
from pytest_rollbacklab.localaws.telemetry.logs.patterns.space_delimited import read_field_pattern

__all__ = ["Extraction", "extraction_of"]

_FIELD_SELECTOR = re.compile(r"\$[\w-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Extraction:
    """How values are taken out of the events of one pattern."""

    takes: Callable[[str], bool]
    """Whether a text is a selector that goes with this pattern."""
    read: Callable[[str, Iterable[str]], Mapping[str, str]]
    """The values, as text, that selectors find in a message; one that finds nothing is left out."""
    told: Callable[[str], Mapping[str, str]]
    """What TestMetricFilter tells of a message that matches."""


def extraction_of(pattern: str) -> Extraction:
    """Return what can be taken out of the events that a pattern matches; the pattern has been compiled before."""
    text = pattern.strip()
    if text.startswith("{"):
        selectors = find_selectors(text[1:-1])
        return Extraction(takes=_is_selector, read=_read_json, told=lambda message: _read_json(message, selectors))
    if text.startswith("["):
        fields = read_field_pattern(text[1:-1])
        return Extraction(
            takes=lambda selector: _FIELD_SELECTOR.fullmatch(selector) is not None,
            read=lambda message, selectors: _chosen(fields.values(message), selectors),
            told=fields.values,
        )
    return Extraction(takes=lambda _: False, read=lambda *_: {}, told=lambda _: {})


def _is_selector(text: str) -> bool:
    return text.startswith("$.") and text in find_selectors(text)


def _chosen(values: Mapping[str, str], selectors: Iterable[str]) -> dict[str, str]:
    return {selector: values[selector] for selector in selectors if selector in values}


def _read_json(message: str, selectors: Iterable[str]) -> dict[str, str]:
    document = read_document(message)
    found = {selector: next(iter(values_at(document, read_selector(selector))), None) for selector in selectors}
    return {selector: _text(value) for selector, value in found.items() if value is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
