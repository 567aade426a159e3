"""The journal's file: frames, one after the other, each of which shows whether it is whole.

A frame is the length of its payload (8 bytes) and a CRC-32 of length and payload (4 bytes), little endian, then the
payload. A process that is killed while it appends leaves at most one torn frame, the last; reading ends before it. What
is appended is with the operating system when ``append`` returns, which a kill of the process does not undo; it is not
waited for until it is on the disk, so that a loss of power may cost the last seconds.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from zlib import crc32

__all__ = ["JournalFile", "Reading"]

_HEAD: Final = struct.Struct("<QI")
_LENGTH: Final = struct.Struct("<Q")
_MODE: Final = 0o600


class Reading:
    """What can be read of a file; iterate over it for the payloads, then look at what was left.

    Args:
        path: A file that need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.whole_bytes = 0
        """How much was whole, once everything was read."""
        self.torn_bytes = 0
        """How much lies behind it."""

    def __iter__(self) -> Iterator[bytes]:
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            self.torn_bytes = os.fstat(file.fileno()).st_size
            while self.torn_bytes >= _HEAD.size:
                length, checksum = _HEAD.unpack(file.read(_HEAD.size))
                if length > self.torn_bytes - _HEAD.size:
                    return
                payload = file.read(length)
                if _checksum(payload) != checksum:
                    return
                self.whole_bytes += _HEAD.size + length
                self.torn_bytes -= _HEAD.size + length
                yield payload


class JournalFile:
    """A file that is appended to.

    Args:
        path: Made, for its owner alone, when it does not exist.
        whole_bytes: Where its last whole frame ends; what lies behind is cut off.
    """

    def __init__(self, path: Path, *, whole_bytes: int = 0) -> None:
        self._path = path
        self._descriptor = _open(path)
        self.size = whole_bytes
        os.ftruncate(self._descriptor, whole_bytes)

    def append(self, payload: bytes) -> None:
        """Append a frame, whole or not at all.

        Raises:
            OSError: the disk is full, or whatever keeps the file from being written to.
        """
        frame = _HEAD.pack(len(payload), _checksum(payload)) + payload
        try:
            _write_all(self._descriptor, frame)
        except OSError:
            # Frames after a torn one would not be found.
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(frame)

    def replace(self, payloads: Iterable[bytes]) -> None:
        """Put frames in the place of all there are; a kill at any moment leaves the old file or the new one.

        Raises:
            OSError: it cannot be written; the old file stays.
        """
        beside = self._path.with_name(f"{self._path.name}.new")
        new = JournalFile(beside)
        try:
            for payload in payloads:
                new.append(payload)
            beside.replace(self._path)
        except BaseException:
            new.close()
            beside.unlink(missing_ok=True)
            raise
        self.close()
        self._descriptor, self.size = new._descriptor, new.size

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _checksum(payload: bytes) -> int:
    return crc32(payload, crc32(_LENGTH.pack(len(payload))))
