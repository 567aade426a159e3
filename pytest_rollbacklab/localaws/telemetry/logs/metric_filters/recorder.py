"""What metric filters make of a batch of events: points of metrics, at the events' own times.

A default value is for a minute that has events of which none matched, so it is known when the minute is over: such
minutes wait here, and are settled by the next batch, or when somebody reads metrics. They are not kept: a minute that
was under way when the process ended gets no default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent
from pytest_rollbacklab.localaws.telemetry.logs.metric_filters.metric_filter import MetricFilter
from pytest_rollbacklab.localaws.telemetry.logs.patterns import Predicate, compile_pattern
from pytest_rollbacklab.localaws.telemetry.logs.patterns.comparison import number_in
from pytest_rollbacklab.localaws.telemetry.logs.patterns.extraction import Extraction, extraction_of
from pytest_rollbacklab.localaws.telemetry.logs.store import LogGroup

__all__ = ["FilterRecorder", "Record"]

_MINUTE_S = 60
_REMEMBERED_MINUTES = 30


class Record(Protocol):
    """Records one point of a metric."""

    def __call__(
        self,
        scope: Scope,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        value: float,
        unit: str,
        at: float | None = None,
    ) -> None: ...


@dataclass(kw_only=True, slots=True)
class _Minutes:
    """The minutes of one filter with a default value. Epoch seconds."""

    unmatched: set[int] = field(default_factory=set)
    """They have events, and none has matched so far."""
    told: dict[int, None] = field(default_factory=dict)
    """They have a value; oldest first."""

    def note(self, minute: int, *, matched: bool) -> None:
        if matched:
            self.unmatched.discard(minute)
            self.told[minute] = None
            if len(self.told) > _REMEMBERED_MINUTES:
                del self.told[next(iter(self.told))]
        elif minute not in self.told:
            self.unmatched.add(minute)


class FilterRecorder:
    """Hands batches to the filters of their group.

    Args:
        record: Where the points go.
        clock: Gives the time in epoch seconds.
    """

    def __init__(self, record: Record, clock: Callable[[], float]) -> None:
        self._record = record
        self._clock = clock
        self._minutes: dict[tuple[Scope, str, MetricFilter], _Minutes] = {}

    def follow(self, scope: Scope, group: LogGroup, events: Sequence[LogEvent]) -> None:
        """Record what a group's filters find in a batch that was written to it."""
        for one in group.metric_filters.values():
            self._apply(scope, group.name, one, events)
        if self._minutes:
            self.settle()

    def settle(self) -> None:
        """Give the minutes that are over their default values."""
        now = self._clock()
        for (scope, _, one), minutes in list(self._minutes.items()):
            for minute in sorted(minute for minute in minutes.unmatched if minute + _MINUTE_S <= now):
                minutes.note(minute, matched=True)
                self._put(scope, one, {}, one.transformation.default or 0.0, minute)

    def forget(self, scope: Scope, group: str, gone: MetricFilter) -> None:
        """Forget a filter that was deleted or replaced, when the minutes that are over have their values."""
        self.settle()
        self._minutes.pop((scope, group, gone), None)

    def _apply(self, scope: Scope, group: str, one: MetricFilter, events: Sequence[LogEvent]) -> None:
        matches, extraction = _compiled(one.pattern)
        minutes = None
        if one.transformation.default is not None:
            minutes = self._minutes.setdefault((scope, group, one), _Minutes())
        for event in events:
            matched = (matches is None or matches(event.message)) and self._tell(scope, one, extraction, event)
            if minutes is not None:
                minutes.note(event.at_ms // 1000 // _MINUTE_S * _MINUTE_S, matched=matched)

    def _tell(self, scope: Scope, one: MetricFilter, extraction: Extraction, event: LogEvent) -> bool:
        """Record what an event that matches says; a value or a dimension that it does not have is no point."""
        wanted = one.transformation
        selectors = [
            *(selector for _, selector in wanted.dimensions),
            *([wanted.value] if wanted.value.startswith("$") else []),
        ]
        found = extraction.read(event.message, selectors) if selectors else {}
        value = number_in(found.get(wanted.value, wanted.value))
        if value is None or not all(found.get(selector) for _, selector in wanted.dimensions):
            return False
        dimensions = {name: found[selector] for name, selector in wanted.dimensions}
        self._put(scope, one, dimensions, value, event.at_ms / 1000)
        return True

    def _put(self, scope: Scope, one: MetricFilter, dimensions: Mapping[str, str], value: float, at: float) -> None:
        to = one.transformation
        self._record(scope, to.namespace, to.name, dimensions, value, to.unit or "None", at)


@lru_cache(maxsize=500)
def _compiled(pattern: str) -> tuple[Predicate | None, Extraction]:
    return compile_pattern(pattern), extraction_of(pattern)
