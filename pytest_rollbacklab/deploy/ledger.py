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
_READ_FIRST = 20


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

    def last_of(self, build: int) -> Release | None:
        """Return the last release of a build, or None; reads from the newest down until it is found."""
        before = None
        while page := self.newest(_READ_FIRST, before=before):
            found = next((release for release in page if release.build.number == build), None)
            if found is not None:
                return found
            before = page[-1].number
        return None

    def previous_good(self, to: int | None = None) -> Release:
        """Return the release that a rollback goes to.

        Args:
            to: A build number; its last release is taken. None for what was live before the current release, with
                another build or another configuration, leaving out what was rolled back from.

        Raises:
            NothingToRollBackError: there is none, or it is live already; says what the ledger holds.
        """
        live = self.live()
        if live is None:
            raise self._nothing("nothing was ever released there")
        if to == live.build.number:
            raise self._nothing(f"build {to} is live already")
        found = self._before(live) if to is None else self.last_of(to)
        if found is None:
            nothing_else = f"nothing else was live before build {live.build.number}"
            raise self._nothing(nothing_else if to is None else f"build {to} was never live there")
        return found

    def _before(self, live: Release) -> Release | None:
        """Return what was live before; reads as many of the newest releases as it takes to be sure, mostly few."""
        limit = _READ_FIRST
        while True:
            releases = self.newest(limit)[::-1]
            line, is_sure = _line(releases)
            earlier = [release for release in line[:-1] if not _same(release, live)]
            if len(releases) < limit or (earlier and is_sure):
                return earlier[-1] if earlier else None
            limit *= 4

    def _nothing(self, why: str) -> NothingToRollBackError:
        releases = self.newest(_SHOWN)[::-1]
        count = releases[-1].number if releases else 0
        told = ", ".join(f"{release.number}: {release.kind} of build {release.build.number}" for release in releases)
        earlier = "the last of " if count > _SHOWN else ""
        return NothingToRollBackError(
            f"{self.stage} cannot be rolled back: {why}",
            looked_at=f"{earlier}{count} releases of {self.stage}: {told or 'none'}",
            mend="roll back to a build that the ledger holds, or mend the code and deploy again",
        )


def _line(releases: Sequence[Release]) -> tuple[list[Release], bool]:
    """Return the releases that led to the live one: a rollback takes back all that came after what it went to.

    Of a ledger's newest releases alone this is the line's end, unless a rollback among them went to an earlier one:
    whether none did is told, too.
    """
    line: list[Release] = []
    found_all = True
    for release in releases:
        if release.kind == "rollback":
            restored = next((at for at in reversed(range(len(line))) if _same(line[at], release)), None)
            found_all = found_all and restored is not None
            del line[len(line) if restored is None else restored :]
        line.append(release)
    return line, found_all


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
