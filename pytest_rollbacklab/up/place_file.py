"""``.rollbacklab/lab.json``: where the lab of a directory runs, written by it and read by the command line.

It is there as long as the lab runs, and for its owner's eyes only, since it holds the token. A lab that was killed
leaves it behind; then nobody has its process id, and the file is said to be old. The standard library alone, because
every command begins here.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pytest_rollbacklab.errors import LabNotRunningError

__all__ = ["LAB_DIRECTORY", "LabFile", "read_lab", "remove_lab", "write_json", "write_lab"]

LAB_DIRECTORY = ".rollbacklab"

_NAME = "lab.json"
_VERSION = 1
_START = "start it with: rollbacklab up"


@dataclass(frozen=True, kw_only=True, slots=True)
class LabFile:
    """A running lab, as its directory says."""

    console_url: str
    """With the place's key, without a slash at the end."""
    token: str
    pid: int
    endpoint_url: str
    """Of the local AWS."""
    owner: str
    account_id: str
    region: str
    app: str


def write_lab(directory: Path, lab: LabFile) -> None:
    """Write down where the lab of a directory runs."""
    write_json(directory / LAB_DIRECTORY / _NAME, {"version": _VERSION, **asdict(lab)})


def read_lab(directory: Path) -> LabFile:
    """Return where the lab of a directory runs.

    Raises:
        LabNotRunningError: there is none, it is gone, or the file cannot be read.
    """
    file = directory / LAB_DIRECTORY / _NAME
    try:
        lab = _decode(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise LabNotRunningError(
            f"no lab runs in {directory}",
            looked_at=f"{file}: it is not there",
            mend=f"{_START}, or name the lab's directory with -C",
        ) from None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LabNotRunningError(
            f"it cannot be told whether a lab runs in {directory}",
            looked_at=f"{file}: {type(error).__name__}: {error}",
            mend="if one runs, end it with Ctrl-C where it runs; then " + _START,
        ) from None
    if not _is_alive(lab.pid):
        raise LabNotRunningError(
            f"the lab of {directory} has ended without a goodbye",
            looked_at=f"{file}: process {lab.pid} is gone",
            mend=f"{_START}; what it kept is there then",
        )
    return lab


def remove_lab(directory: Path) -> None:
    """Forget where the lab of a directory ran."""
    with contextlib.suppress(FileNotFoundError):
        (directory / LAB_DIRECTORY / _NAME).unlink()


def write_json(file: Path, values: dict[str, Any]) -> None:
    """Write a file that its owner alone may read, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # made for its owner alone
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            json.dump(values, written, ensure_ascii=False, indent=2)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink()
        raise


def _decode(values: dict[str, Any]) -> LabFile:
    if values["version"] != _VERSION:
        raise ValueError(f"it is of version {values['version']}, and this rollbacklab reads version {_VERSION}")
    kinds = {"pid": int}
    members = {name: values[name] for name in LabFile.__slots__}
    for name, value in members.items():
        if not isinstance(value, kinds.get(name, str)):
            raise TypeError(f"{name} is {value!r}")
    return LabFile(**members)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
