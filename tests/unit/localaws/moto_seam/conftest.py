"""moto, kept in a directory, that can be ended and begun again within one process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.core.base_backend import BackendDict
from moto.s3.models import s3_backends

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.journal.batches import read_batches
from pytest_rollbacklab.localaws.journal.directory import open_directory
from pytest_rollbacklab.localaws.journal.file import Reading
from pytest_rollbacklab.localaws.journal.journal import Journal
from pytest_rollbacklab.localaws.moto_seam.client import MotoClient
from pytest_rollbacklab.localaws.moto_seam.state import KeptMoto

ACCOUNT, OTHER = "600000000001", "600000000002"
HERE = Scope(account_id=ACCOUNT, region="eu-west-1")


class World:
    """moto, kept in a directory, that can be ended and begun again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begin()

    def begin(self) -> None:
        self._stack = contextlib.ExitStack()
        directory = self._stack.enter_context(open_directory(self.path))
        self.journal = Journal(directory)
        kept = KeptMoto(self.journal)
        self.journal.restore(kept.parts)
        self.client = MotoClient(kept.dispatch)

    def restart(self) -> None:
        """Begin again with nothing in memory, as after a kill: what was not committed is lost."""
        self.journal._file.close()  # type: ignore[union-attr]
        self._stack.close()
        forget()
        self.begin()

    def call(self, service: str, operation: str, scope: Scope = HERE, /, **params: Any) -> dict[str, Any]:
        answer = asyncio.run(self.client.call(scope, service, operation, params))
        self.journal.commit()
        return answer

    def written(self) -> dict[str, int]:
        """Return how many bytes are kept of each key, but for what is another part's than moto's pieces."""
        found = read_batches(Reading(self.path / "journal"))
        return {
            f"{name}:{key}": len(kept.pickled_state or b"") + sum(map(len, kept.pickled_events))
            for (name, _, key), kept in found.items()
        }


def forget() -> None:
    for backends in BackendDict._instances:
        for account in (ACCOUNT, OTHER):
            dict.pop(backends, account, None)
    for name, (_, account) in list(s3_backends.bucket_accounts.items()):
        if account in (ACCOUNT, OTHER):
            del s3_backends.bucket_accounts[name]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    forget()
    world = World(tmp_path / "state")
    yield world
    world.journal.close()
    world._stack.close()
    forget()
