"""What the machine itself has: ports of 127.0.0.1, a temporary directory, room on its disks."""

from __future__ import annotations

import shutil
import socket
import tempfile
from pathlib import Path

from pytest_rollbacklab.cli.checks.check import Check, checked

__all__ = ["disk", "free_port", "temporary_directory"]

_LEAST_ROOM_MB = 200
"""Packages, logs and what is kept of a few weeks' practice stay well below."""
_MB = 1_000_000


def free_port(directory: Path) -> Check:
    """Look whether a program may listen on 127.0.0.1."""
    del directory
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            found = f"127.0.0.1:{server.getsockname()[1]} can be had"
    except OSError as error:
        mend = "allow this program to listen on 127.0.0.1: a sandbox or a firewall forbids it"
        return checked("a free port", ok=False, found=str(error), mend=mend)
    return checked("a free port", ok=True, found=found, mend=None)


def temporary_directory(directory: Path) -> Check:
    """Look whether files can be made where functions are unpacked."""
    del directory
    mend = "set TMPDIR to a directory that can be written to"
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
    except OSError as error:
        return checked("temporary files", ok=False, found=str(error), mend=mend)
    return checked("temporary files", ok=True, found=f"{tempfile.gettempdir()} can be written to", mend=mend)


def disk(directory: Path) -> Check:
    """Look how much room there is, in the lab's directory and for temporary files."""
    rooms = {}
    for place in (directory.absolute(), Path(tempfile.gettempdir())):
        there = next(path for path in (place, *place.parents) if path.exists())
        rooms[place] = shutil.disk_usage(there).free // _MB
    place, room = min(rooms.items(), key=lambda item: item[1])
    return checked(
        "disk",
        ok=room >= _LEAST_ROOM_MB,
        found=f"{room / 1000:.1f} GB free for {place}",
        mend=f"make room: the lab wants at least {_LEAST_ROOM_MB} MB",
    )
