"""Pins: a stage is held at what is live until somebody lets it go.

A rollback pins its stage, so that the next push does not break again what was just saved. Each pin and each release of
one is a record of the stage, never changed; the last one says how it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.numbered import NumberedRecords
from pytest_rollbacklab.build.records import FORMAT, check_format
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import Release
from pytest_rollbacklab.pipeline.values import Pin

__all__ = ["Pins", "why_pinned"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Record:
    pin: Pin | None
    """None: it was let go."""
    by: str
    at: datetime
    reason: str | None


def why_pinned(rollback: Release) -> str:
    """Say why a rollback pins its stage."""
    why = f"rolled back from build {rollback.rolled_back_from}"
    return f"{why}: {rollback.reason}" if rollback.reason else why


class Pins:
    """The pins of one stage. What was read is remembered: a lab is one process, and nobody else pins its stages."""

    def __init__(self, bucket: Bucket, stage: str) -> None:
        self._stage = stage
        self._records = NumberedRecords(bucket, f"stages/{stage}/pins/", encode=_to_json, decode=_from_json)
        self._last: _Record | None = None
        self._was_read = False

    def pin(self) -> Pin | None:
        """Return the pin that holds the stage, or None."""
        if not self._was_read:
            self._last = self._records.latest()
            self._was_read = True
        return self._last.pin if self._last is not None else None

    def set(self, *, build: int | None, by: str, reason: str | None) -> Pin:
        """Pin the stage; a pin that is there already is replaced."""
        at = datetime.now(UTC)
        pin = Pin(stage=self._stage, build=build, by=by, at=at, reason=reason)
        self._keep(_Record(pin=pin, by=by, at=at, reason=reason))
        return pin

    def after(self, release: Release) -> bool:
        """Pin the stage when a rollback went live, and have a pin that is there hold what is live now.

        Returns:
            Whether the release set a pin.
        """
        if release.kind == "rollback":
            self.set(build=release.build.number, by=release.by or "", reason=why_pinned(release))
            return True
        pin = self.pin()
        if pin is not None and pin.build != release.build.number:
            self._keep(_Record(pin=replace(pin, build=release.build.number), by=pin.by, at=pin.at, reason=pin.reason))
        return False

    def release(self, *, by: str, reason: str | None) -> Pin:
        """Let the stage go, and return the pin that held it.

        Raises:
            UsageError: it is not pinned.
        """
        pin = self.pin()
        if pin is None:
            raise UsageError(f"{self._stage} is not pinned", mend="nothing has to be done: deployments reach it")
        self._keep(_Record(pin=None, by=by, at=datetime.now(UTC), reason=reason))
        return pin

    def _keep(self, record: _Record) -> None:
        self._last, self._was_read = self._records.append(lambda _: record), True


def _to_json(record: _Record) -> dict[str, Any]:
    values = asdict(record)
    values["at"] = record.at.isoformat()
    if record.pin is not None:
        values["pin"]["at"] = record.pin.at.isoformat()
    return {"format": FORMAT, **values}


def _from_json(values: Mapping[str, Any]) -> _Record:
    check_format(values)
    pin = values["pin"]
    return _Record(
        pin=Pin(**{**pin, "at": datetime.fromisoformat(pin["at"])}) if pin else None,
        by=values["by"],
        at=datetime.fromisoformat(values["at"]),
        reason=values["reason"],
    )
