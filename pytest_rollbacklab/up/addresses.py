"""What stays the same when a lab is started again: its ports, and each owner's keys, tokens and account.

Kept in ``.rollbacklab/addresses.json``, for its owner's eyes only: who knows a key or a token may act. Links that were
handed out in a workshop go on working the next morning.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_rollbacklab.errors import ConfigError
from pytest_rollbacklab.target import DEFAULT_ACCOUNT_ID
from pytest_rollbacklab.up.place_file import write_json

__all__ = ["Addresses", "OwnersPlace", "new_addresses", "read_addresses", "write_addresses"]

_VERSION = 1
_FIRST_STUDENTS_ACCOUNT = 200_000_000_001


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnersPlace:
    """What belongs to one owner of an app: the user, or a student."""

    account_id: str
    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    """The first part of the console's addresses."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    """In every form."""
    git_key: str = field(default_factory=lambda: secrets.token_hex(16))
    """In the address that is pushed to: it ends up in shells and logs, so it does not open the console."""
    hook_token: str = field(default_factory=lambda: secrets.token_hex(32))
    """Sent by the hooks of the repository."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """A lab's, for as long as its directory is kept."""

    console_port: int = 0
    """0 until it was chosen."""
    cloud_port: int = 0
    owner: OwnersPlace
    students: Mapping[str, OwnersPlace] = field(default_factory=dict)
    """By name, in the order in which they came."""

    def with_students(self, names: tuple[str, ...]) -> Addresses:
        """Return these addresses with a place for each name; who has one keeps it."""
        accounts = [int(place.account_id) for place in self.students.values()]
        account = max(accounts, default=_FIRST_STUDENTS_ACCOUNT - 1)
        new = (name for name in names if name not in self.students)
        made = {name: OwnersPlace(account_id=str(account + nth)) for nth, name in enumerate(new, start=1)}
        return replace(self, students={**self.students, **made})


def new_addresses() -> Addresses:
    """Return the addresses of a lab that was never started."""
    return Addresses(owner=OwnersPlace(account_id=DEFAULT_ACCOUNT_ID))


def read_addresses(file: Path) -> Addresses:
    """Return the addresses that a lab had, or new ones.

    Raises:
        ConfigError: the file is there and cannot be read.
    """
    try:
        return _decode(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return new_addresses()
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(
            "the lab's addresses of the last time cannot be read",
            looked_at=f"{file}: {type(error).__name__}: {error}",
            mend="mend the file, or forget all that was kept, with: rollbacklab up --fresh",
        ) from None


def write_addresses(file: Path, addresses: Addresses) -> None:
    """Keep a lab's addresses."""
    write_json(file, {"version": _VERSION, **asdict(addresses)})


def _decode(values: Mapping[str, Any]) -> Addresses:
    if values["version"] != _VERSION:
        raise ValueError(f"it is of version {values['version']}, and this rollbacklab reads version {_VERSION}")
    return Addresses(
        console_port=int(values["console_port"]),
        cloud_port=int(values["cloud_port"]),
        owner=OwnersPlace(**values["owner"]),
        students={str(name): OwnersPlace(**place) for name, place in values["students"].items()},
    )
