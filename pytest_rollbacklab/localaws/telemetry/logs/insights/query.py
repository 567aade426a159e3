"""A query of Logs Insights, read: which fields, of which events, in which order, how many; or how many of what.

Emulated are ``fields``, ``filter``, ``sort``, ``limit`` and ``stats count(*) by ...`` with ``bin()``; every other
command and function is refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_rollbacklab.localaws.telemetry.logs.insights.conditions import Condition, field_name, read_condition
from pytest_rollbacklab.localaws.telemetry.logs.insights.words import Words, commands_of, malformed
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["MAX_ROWS", "Count", "Grouping", "InsightsQuery", "read_query"]

MAX_ROWS = 10_000
_EMULATED = ("fields", "filter", "sort", "limit", "stats")
_UNITS_MS = {
    "ms": 1,
    "msec": 1,
    "s": 1000,
    "sec": 1000,
    "m": 60_000,
    "min": 60_000,
    "h": 3_600_000,
    "hr": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """``count(*)``, or ``count(field)``, which counts where the field is."""

    of: str | None
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Grouping:
    """What is counted together: a field's value, or a bin of time."""

    name: str
    of: str | None = None
    bin_ms: int | None = None


@dataclass(kw_only=True, slots=True)
class InsightsQuery:
    """A query, read."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    """Fields, and what they are called."""
    filters: list[Condition] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    """Fields, and whether the largest comes first."""
    limit: int | None = None
    counts: list[Count] = field(default_factory=list)
    groupings: list[Grouping] = field(default_factory=list)

    @property
    def aliases(self) -> dict[str, str]:
        """The fields by what they are called."""
        return {name: of for of, name in self.fields}


def read_query(text: str) -> InsightsQuery:
    """Return a query.

    Raises:
        ServiceError: MalformedQueryException; NotImplemented for what is not emulated.
    """
    query = InsightsQuery()
    for words in commands_of(text):
        command = words.take("name").text
        if command.lower() not in _EMULATED:
            raise not_emulated(f"the command {command} of Logs Insights", f"Use {', '.join(_EMULATED)}.")
        if query.counts and command.lower() in ("stats", "filter", "fields"):
            raise not_emulated(f"{command} behind stats in Logs Insights", "Ask for it before stats.")
        _READERS[command.lower()](query, words)
        words.end()
    return query


def _read_fields(query: InsightsQuery, words: Words) -> None:
    while True:
        name = words.take("name").text
        if words.next_is("("):
            raise not_emulated(f"the function {name} in fields of Logs Insights", "Ask for the fields themselves.")
        query.fields.append((field_name(name), _alias(words) or field_name(name)))
        if not words.take_if(","):
            return


def _read_filter(query: InsightsQuery, words: Words) -> None:
    query.filters.append(read_condition(words))


def _read_sort(query: InsightsQuery, words: Words) -> None:
    query.order = []
    while True:
        name = words.take("name").text
        if words.next_is("("):
            name = f"{name}({_between(words)})"
        descending = words.take_if("asc", "desc") == "desc"
        query.order.append((name[1:-1] if name.startswith("`") else name, descending))
        if not words.take_if(","):
            return


def _read_limit(query: InsightsQuery, words: Words) -> None:
    number = words.take("number").text
    if not number.isdecimal() or not 1 <= int(number) <= MAX_ROWS:
        raise malformed(f"limit {number}: it has to be from 1 to {MAX_ROWS}")
    query.limit = int(number)


def _read_stats(query: InsightsQuery, words: Words) -> None:
    while True:
        function = words.take("name").text
        if function.lower() != "count":
            raise not_emulated(f"stats {function} of Logs Insights", "Use stats count(*).")
        of = _between(words)
        name = _alias(words) or f"count({of})"
        query.counts.append(Count(of=None if of in ("*", "") else field_name(of), name=name))
        if not words.take_if(","):
            break
    if words.take_if("by"):
        while True:
            query.groupings.append(_read_grouping(words))
            if not words.take_if(","):
                return


def _read_grouping(words: Words) -> Grouping:
    name = words.take("name").text
    if not words.next_is("("):
        field_of = field_name(name)
        return Grouping(name=_alias(words) or field_of, of=field_of)
    period = _between(words)
    number, unit = period.rstrip("abcdefghijklmnopqrstuvwxyz"), period.lstrip("0123456789")
    if name.lower() != "bin":
        raise not_emulated(f"the function {name} in stats of Logs Insights", "Group by fields, or by bin().")
    if unit not in _UNITS_MS or int(number or 0) < 1:
        raise malformed(f"bin({period})")
    return Grouping(name=_alias(words) or f"bin({period})", bin_ms=int(number) * _UNITS_MS[unit])


def _between(words: Words) -> str:
    """Return what stands between parentheses."""
    words.expect("(")
    text = "" if words.next_is(")") else words.take().text
    words.expect(")")
    return text


def _alias(words: Words) -> str | None:
    return field_name(words.take("name").text) if words.take_if("as") else None


_READERS = {
    "fields": _read_fields,
    "filter": _read_filter,
    "sort": _read_sort,
    "limit": _read_limit,
    "stats": _read_stats,
}
