"""Owners made ready: a hosted repository, an AWS account of their own, and a pipeline between the two."""

from __future__ import annotations

import getpass
from pathlib import Path

from pytest_rollbacklab.config import AppConfig
from pytest_rollbacklab.target import EmbeddedCloud, Target
from pytest_rollbacklab.up.addresses import Addresses, OwnersPlace
from pytest_rollbacklab.up.directory import LabDirectory
from pytest_rollbacklab.up.hosting import host
from pytest_rollbacklab.up.owner import AppOwner
from pytest_rollbacklab.up.students import give_first_commit

__all__ = ["Opening"]


class Opening:
    """Opens an app for its owners.

    Args:
        kept: The lab's directory.
        app: As the file says now.
        cloud: The local AWS.
        addresses: With the ports that were taken.
    """

    def __init__(self, kept: LabDirectory, app: AppConfig, cloud: EmbeddedCloud, addresses: Addresses) -> None:
        self._kept, self._cloud, self._addresses = kept, cloud, addresses
        self._branch = next((stage.branch for stage in app.stages if stage.branch), "main")

    def user(self) -> AppOwner:
        """Open the app for the user; see ``host`` for what may be raised."""
        return self._open(_users_name(), self._addresses.owner, self._kept.bare())

    def students(self) -> list[AppOwner]:
        """Open the app for each student, with the app's commit to begin with."""
        return [self._student(name, keys) for name, keys in self._addresses.students.items()]

    def _student(self, name: str, keys: OwnersPlace) -> AppOwner:
        student = self._open(name, keys, self._kept.bare(name))
        give_first_commit(student.bare, self._branch, self._kept.app_directory)
        return student

    def _open(self, name: str, keys: OwnersPlace, bare: Path) -> AppOwner:
        directory, port = self._kept.app_directory, self._addresses.console_port
        repository = host(bare, branch=self._branch, port=port, hook_token=keys.hook_token, directory=directory)
        return AppOwner(
            name,
            keys=keys,
            target=Target(endpoint_url=self._cloud.endpoint_url, account_id=keys.account_id, cloud=self._cloud),
            directory=directory,
            repository=repository,
            site=f"http://127.0.0.1:{port}",
        )


def _users_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        return "owner"
