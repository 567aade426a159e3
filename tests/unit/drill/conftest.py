"""Releases, answers and clocks for timelines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pytest_rollbacklab.drill.drill import Timeline
from pytest_rollbacklab.model import Answer, Build, Commit, Package, Release, ReleaseKind

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)


class Clocks:
    """The two clocks, moved by hand."""

    seconds = 0.0

    def monotonic(self) -> float:
        return 1000.0 + self.seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def timeline(clocks: Clocks) -> Timeline:
    return Timeline("lab", clock=clocks.monotonic, now=clocks.now)


@pytest.fixture
def release() -> Callable[..., Release]:
    def made(build: int, kind: ReleaseKind = "promote", stage: str = "prod", packages_rebuilt: int = 0) -> Release:
        commit = Commit(sha="a" * 40, author="Ann <ann@example.com>", message="m", committed_at=NOW)
        packages = tuple(Package(function=f"F{n}", sha256="0" * 64, size_bytes=1, reused=n > 0) for n in range(5))
        return Release(
            number=1,
            stage=stage,
            kind=kind,
            build=Build(
                number=build,
                app="notes",
                commit=commit,
                packages=packages,
                template_key="t",
                template_sha256="0",
                built_at=NOW,
                duration_s=1.0,
            ),
            parameters={},
            released_at=NOW,
            duration_s=2.0,
            packages_rebuilt=packages_rebuilt,
            changes=(),
        )

    return made


@pytest.fixture
def answer() -> Callable[[int], Answer]:
    def made(status: int) -> Answer:
        return Answer(
            method="POST", url="u", status=status, reason="", headers={}, body=b"", latency_ms=1.0, sent_at=NOW
        )

    return made
