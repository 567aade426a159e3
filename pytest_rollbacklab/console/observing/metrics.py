"""Metrics as charts: a stage's API with a small chart for each of its functions, and one function at length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_rollbacklab.console.observing import windows
from pytest_rollbacklab.console.observing.charts import Chart, Column, Frame, Heading, columns_chart, lines_chart
from pytest_rollbacklab.console.observing.deployments import STATES, Deployment, deployments
from pytest_rollbacklab.console.observing.looking import function_named, has_api, stage_resources
from pytest_rollbacklab.console.observing.shapes import Values
from pytest_rollbacklab.console.visit import Outcome, Route, Shown, Visit
from pytest_rollbacklab.console.words import Words
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.observe.series import Series, read_api_series, read_many_function_series
from pytest_rollbacklab.target import Target

__all__ = ["ROUTES"]

_MINUTE_S = 60
_PERCENTILES = (("p50", "low"), ("p90", "middle"), ("p99", "high"))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """What was read for a page."""

    api: tuple[Series, ...]
    functions: Mapping[str, tuple[Series, ...]]
    """By logical id."""
    deployments: tuple[Deployment, ...]

    def frame(self, series: Sequence[Series]) -> Frame:
        starts = tuple(at for at, _ in series[0].points)
        return Frame(starts=starts, period_s=series[0].period_s, deployments=self.deployments)


async def stage_metrics(visit: Visit) -> Outcome:
    """Show how a stage's API and its functions have done."""
    return await visit.run(_stage, visit)


def _stage(visit: Visit) -> Shown:
    stage = visit.part("stage")
    window = windows.chosen(visit, "range") or _fitting(visit, stage)
    found = stage_resources(visit.pipeline, stage)
    read = _read(visit, found, window, found.functions) if found else None
    charts = (*_api_charts(visit.words, read), *_function_tiles(visit, read)) if read else ()
    return Shown(
        template="observing/metrics.html",
        data={
            "stage": stage,
            "range": window,
            "api": read.api if read else (),
            "functions": read.functions if read else {},
            "releases": [one.release for one in read.deployments] if read else [],
        },
        extra=_extra(visit, found, read, charts),
    )


def _fitting(visit: Visit, stage: str) -> str:
    """Return the window that is looked at when none is asked for: a short one where the stage is that young."""
    first = visit.pipeline.releases(stage, limit=1, before=2).items
    is_young = bool(first) and datetime.now(UTC) - first[0].released_at < windows.WINDOWS["15m"]
    return "15m" if is_young else windows.DEFAULT_RANGE


async def function_metrics(visit: Visit) -> Outcome:
    """Show how one function has done."""
    return await visit.run(_function, visit)


def _function(visit: Visit) -> Shown:
    stage = visit.part("stage")
    window = windows.chosen(visit, "range") or _fitting(visit, stage)
    found = stage_resources(visit.pipeline, stage)
    function, name = function_named(found, visit.part("function"))
    assert found is not None
    read = _read(visit, found, window, {function: name})
    series = read.functions[function]
    return Shown(
        template="observing/function_metrics.html",
        data={
            "stage": stage,
            "function": function,
            "range": window,
            "series": series,
            "releases": [one.release for one in read.deployments],
        },
        extra=_extra(visit, found, read, _function_charts(visit.words, read.frame(series), series)),
    )


def _extra(
    visit: Visit, found: StageResources | None, read: _Read | None, charts: Sequence[Chart]
) -> Mapping[str, object]:
    return {
        "charts": charts,
        "deployments": read.deployments[::-1] if read else (),
        "states": {fate: visit.words(text) for fate, text in STATES.items()},
        "windows": windows.WINDOWS,
        "functions": sorted(found.functions) if found else (),
        "is_deployed": found is not None,
    }


def _read(visit: Visit, found: StageResources, window: str, names: Mapping[str, str]) -> _Read:
    target, since = visit.pipeline.target, datetime.now(UTC) - windows.WINDOWS[window]
    points = windows.PERIODS[window]
    api, by_minute = _read_api(target, found, since, points) if has_api(found) else ((), ())
    series = read_many_function_series(target, list(names.values()), since=since, points=points)
    return _Read(
        api=api,
        functions={logical_id: series[name] for logical_id, name in sorted(names.items())},
        deployments=deployments(visit.pipeline, visit.part("stage"), since, by_minute),
    )


def _read_api(
    target: Target, found: StageResources, since: datetime, points: int
) -> tuple[tuple[Series, ...], tuple[Series, ...]]:
    """Return an API's series as they are drawn, and by the minute, which tells which release it was that failed."""
    name = target.client("apigateway").get_rest_api(restApiId=found.rest_api_id)["name"]
    drawn = read_api_series(target, name, found.api_stage, since=since, points=points)
    if drawn[0].period_s == _MINUTE_S:
        return drawn, drawn
    minutes = int((datetime.now(UTC) - since).total_seconds() // _MINUTE_S) + 2
    return drawn, read_api_series(target, name, found.api_stage, since=since, points=minutes)


def _api_charts(words: Words, read: _Read) -> tuple[Chart, ...]:
    if not read.api:
        return ()
    frame, of = read.frame(read.api), {series.name: _values(series) for series in read.api}
    failed = Column(label="5xx", values=of["5XXError"], tone="bad")
    refused = Column(label="4xx", values=of["4XXError"], tone="warn")
    others = Column(label="", values=_less(of["Count"], of["5XXError"], of["4XXError"]), tone="plain")
    total = Column(label=words("requests"), values=of["Count"], tone="plain", is_drawn=False)
    failures = Heading(id="5xx", title=words("5xx answers"), is_small=True)
    refusals = Heading(id="4xx", title=words("4xx answers"), is_small=True)
    return (
        columns_chart(words, frame, Heading(id="requests", title=words("Requests")), (failed, refused, others, total)),
        columns_chart(words, frame, failures, (failed,)),
        columns_chart(words, frame, refusals, (refused,)),
        _percentiles(words, frame, Heading(id="latency", title=words("Latency"), is_small=True), "Latency", of),
    )


def _function_charts(words: Words, frame: Frame, series: Sequence[Series]) -> tuple[Chart, ...]:
    of = {one.name: _values(one) for one in series}
    failed, _, throttled, _ = invocations = _invocations(words, of)
    failures = Heading(id="errors", title=words("Errors"), is_small=True)
    throttles = Heading(id="throttles", title=words("Throttles"), is_small=True)
    return (
        columns_chart(words, frame, Heading(id="invocations", title=words("Invocations")), invocations),
        columns_chart(words, frame, failures, (failed,)),
        columns_chart(words, frame, throttles, (throttled,)),
        _percentiles(words, frame, Heading(id="duration", title=words("Duration"), is_small=True), "Duration", of),
    )


def _function_tiles(visit: Visit, read: _Read) -> Iterator[Chart]:
    below = f"/stages/{visit.part('stage')}/functions"
    for function, series in read.functions.items():
        link = f"{below}/{function}/metrics"
        heading = Heading(id=f"function-{function}", title=function, is_small=True, link=link)
        columns = _invocations(visit.words, {one.name: _values(one) for one in series})
        yield columns_chart(visit.words, read.frame(series), heading, columns)


def _invocations(words: Words, of: Mapping[str, Values]) -> tuple[Column, Column, Column, Column]:
    """Return a function's columns: its errors are invocations, too; its throttles are not."""
    return (
        Column(label=words("errors"), values=of["Errors"], tone="bad"),
        Column(label="", values=_less(of["Invocations"], of["Errors"]), tone="plain"),
        Column(label=words("throttles"), values=of["Throttles"], tone="warn"),
        Column(label=words("invocations"), values=of["Invocations"], tone="plain", is_drawn=False),
    )


def _percentiles(words: Words, frame: Frame, heading: Heading, metric: str, of: Mapping[str, Values]) -> Chart:
    lines = [Column(label=name, values=of[f"{metric} {name}"], tone=tone) for name, tone in _PERCENTILES]
    return lines_chart(words, frame, heading, lines)


def _values(series: Series) -> Values:
    return tuple(value for _, value in series.points)


def _less(total: Values, *parts: Values) -> Values:
    """Return what is left of a total; never less than nothing, as counters may come late one by one."""
    return tuple(
        max(0.0, (whole or 0.0) - sum(value or 0.0 for value in those))
        for whole, *those in zip(total, *parts, strict=True)
    )


ROUTES = (
    Route(method="GET", path="/stages/{stage}/metrics", handler=stage_metrics),
    Route(method="GET", path="/stages/{stage}/functions/{function}/metrics", handler=function_metrics),
)
