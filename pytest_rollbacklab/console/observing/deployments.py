"""What became of each release that a chart shows: good, broken, rolled back, or not known.

The ledger says what was rolled back; the API's metrics say the rest. A minute counts for a release that was live for
all of it, so that no release is blamed for the calls of the one before; one that has no such minute with calls in it
has no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pytest_rollbacklab.model import Release
from pytest_rollbacklab.observe.series import Series
from pytest_rollbacklab.pipeline.pipeline import Pipeline

__all__ = ["GLYPHS", "STATES", "Deployment", "Fate", "deployments"]

Fate = Literal["good", "broken", "rolled back", "unknown"]

STATES: Mapping[Fate, str] = {
    "good": "good",
    "broken": "broken",
    "rolled back": "was rolled back",
    "unknown": "no verdict",
}
GLYPHS: Mapping[Fate, str] = {"good": "✓", "broken": "✕", "rolled back": "↩", "unknown": "·"}

_MOST = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A release, and what became of it."""

    release: Release
    fate: Fate

    @property
    def css(self) -> str:
        """The fate as a class."""
        return self.fate.replace(" ", "-")


def deployments(pipeline: Pipeline, stage: str, since: datetime, api: Sequence[Series]) -> tuple[Deployment, ...]:
    """Return a stage's releases since a time, the oldest first.

    Args:
        api: The API's series in short periods; none when it has no API.
    """
    newest_first = pipeline.releases(stage, limit=_MOST).items
    found: list[Deployment] = []
    after: Release | None = None
    for release in newest_first:
        if release.released_at < since:
            break
        is_first = release.number == 1
        found.append(Deployment(release=release, fate=_fate(release, after, api, is_first=is_first)))
        after = release
    return tuple(reversed(found))


def _fate(release: Release, after: Release | None, api: Sequence[Series], *, is_first: bool) -> Fate:
    if after is not None and after.kind == "rollback":
        return "rolled back"
    until = after.released_at if after else datetime.now(UTC) + timedelta(days=1)
    calls = _during(api, "Count", release.released_at, until, is_first=is_first)
    failures = _during(api, "5XXError", release.released_at, until, is_first=is_first)
    if not calls:
        return "unknown"
    return "broken" if failures else "good"


def _during(api: Sequence[Series], name: str, begin: datetime, end: datetime, *, is_first: bool) -> float:
    """Sum up a series' periods that lie between two times; before a stage's first release there was nobody to blame."""
    return sum(
        value or 0.0
        for series in api
        if series.name == name
        for at, value in series.points
        if (at >= begin or (is_first and at + timedelta(seconds=series.period_s) > begin))
        and at + timedelta(seconds=series.period_s) <= end
    )
