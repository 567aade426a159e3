"""A stage's ledger: every release that ever went live on it, in order, never changed.

The stack knows what is live but not what was; the ledger is what a rollback is chosen from. A release enters it when
it is live; a deployment that failed does not. Going back twice goes back further: releases that were rolled back from
are passed over, so that the second rollback does not bring the fault again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.numbered import NumberedRecords
from pytest_rollbacklab.build.records import FORMAT, build_from_json, build_to_json, check_format
from pytest_rollbacklab.deploy.configuration import of_release
from pytest_rollbacklab.errors import NothingToRollBackError
from pytest_rollbacklab.model import Change, Release

__all__ = ["Ledger", "release_from_json", "release_to_json"]

_SHOWN = 10


class Ledger:
    """The releases of one stage.

    Args:
        bucket: The app's bucket.
        stage: The stage's name.
    """

    def __init__(self, bucket: Bucket, stage: str) -> None:
        self.stage = stage
        self._records = NumberedRecords(
            bucket, f"stages/{stage}/releases/", encode=release_to_json, decode=release_from_json
        )

    def append(self, make: Callable[[int], Release]) -> Release:
        """Write down a release that is live, under the next number; ``make`` makes it of its number."""
        return self._records.append(make)

    def releases(self) -> tuple[Release, ...]:
        """Return all releases, the first one first."""
        return self._records.all()

    def live(self) -> Release | None:
        """Return the release that is live, or None when nothing ever was."""
        return self._records.latest()

    def release(self, number: int) -> Release | None:
        """Return a release by its number, or None."""
        return self._records.get(number)

    def newest(self, limit: int, *, before: int | None = None) -> tuple[Release, ...]:
        """Return releases from the newest down, or from below a number."""
        return self._records.newest(limit, before=before)

    def previous_good(self, to: int | None = None) -> Release:
        """Return the release that a rollback goes to.

        Args:
            to: A build number; its last release is taken. None for what was live before the current release, with
                another build or another configuration, leaving out what was rolled back from.

        Raises:
            NothingToRollBackError: there is none, or it is live already; says what the ledger holds.
        """
        releases = self.releases()
        if not releases:
            raise self._nothing("nothing was ever released there", releases)
        live = releases[-1]
        if to is None:
            earlier = [release for release in _line(releases)[:-1] if not _same(release, live)]
            if not earlier:
                raise self._nothing(f"nothing else was live before build {live.build.number}", releases)
            return earlier[-1]
        if to == live.build.number:
            raise self._nothing(f"build {to} is live already", releases)
        found = [release for release in releases if release.build.number == to]
        if not found:
            raise self._nothing(f"build {to} was never live there", releases)
        return found[-1]

    def _nothing(self, why: str, releases: Sequence[Release]) -> NothingToRollBackError:
        told = ", ".join(
            f"{release.number}: {release.kind} of build {release.build.number}" for release in releases[-_SHOWN:]
        )
        earlier = "the last of " if len(releases) > _SHOWN else ""
        return NothingToRollBackError(
            f"{self.stage} cannot be rolled back: {why}",
            looked_at=f"{earlier}{len(releases)} releases of {self.stage}: {told or 'none'}",
            mend="roll back to a build that the ledger holds, or mend the code and deploy again",
        )


def _line(releases: Sequence[Release]) -> list[Release]:
    """Return the releases that led to the live one: a rollback takes back all that came after what it went to."""
    line: list[Release] = []
    for release in releases:
        if release.kind == "rollback":
            restored = next((at for at in reversed(range(len(line))) if _same(line[at], release)), len(line))
            del line[restored:]
        line.append(release)
    return line


def _same(one: Release, other: Release) -> bool:
    return one.build.number == other.build.number and of_release(one) == of_release(other)


def release_to_json(release: Release) -> dict[str, Any]:
    """Return a release as JSON values."""
    values = asdict(release)
    values["released_at"] = release.released_at.isoformat()
    values["build"] = build_to_json(release.build)
    return {"format": FORMAT, **values}


def release_from_json(values: Mapping[str, Any]) -> Release:
    """Return the release of such values.

    Raises:
        KeyError, TypeError, ValueError: they are none.
    """
    check_format(values)
    members = {name: value for name, value in values.items() if name != "format"}
    return Release(
        **{
            **members,
            "build": build_from_json(values["build"]),
            "released_at": datetime.fromisoformat(values["released_at"]),
            "changes": tuple(
                Change(**{**change, "properties": tuple(change["properties"])}) for change in values["changes"]
            ),
        }
    )
