"""A function's output, as log events: frames and lines, from one pipe, in the order in which they were written.

Standard output, standard error and the runtime's telemetry all go to one pipe. Text is split at newlines, each line an
event with its newline kept; a carriage return does not split (as recorded: lambda-log-multi-line-print). What
awslambdaric's ``FramedTelemetryLogSink`` writes is framed, so that a traceback of ten lines is one event:

    +----------------------+------------------------+---------------------+-----------------------+
    | frame type, 4 bytes  | length, 4 bytes        | microseconds, 8     | message               |
    +----------------------+------------------------+---------------------+-----------------------+

The type is ``a5 5a 00`` and a byte for level and format. Those bytes are no UTF-8 and do not occur in text. When events
are stored, and under which name, is decided elsewhere; when an invocation's output has ended, its end says so: nobody
waits for a quiet pipe.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Callable

__all__ = ["EventSplitter", "OutputPipe"]

_FRAME_START = b"\xa5\x5a\x00"
_FRAME_TYPES = frozenset(b"\x02\x03\x06\x07\x0a\x0b\x0e\x0f\x12\x13\x16\x17\x1a\x1b")
_HEADER_BYTES = 16
_FRAME_LIMIT_BYTES = 16 * 1024 * 1024
"""A longer frame is none: some binary output looked like a header."""
_EVENT_LIMIT_BYTES = 256 * 1024
"""The longest log event (CloudWatch Logs quotas at the time that Lambda's own limit was documented)."""
_READ_BYTES = 64 * 1024


class EventSplitter:
    """Turns a stream of bytes into events, keeping what is not yet complete."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the events that are complete with this data."""
        self._pending += data
        events: list[bytes] = []
        while self._take_frame(events):
            pass
        return events

    def flush(self) -> list[bytes]:
        """Return what is left as it is: a line without its end, or a frame that will never be whole."""
        rest, self._pending = self._pending, b""
        return [rest] if rest else []

    def _take_frame(self, events: list[bytes]) -> bool:
        """Take everything up to the end of the next frame; False when there is no whole frame to take."""
        start = self._pending.find(_FRAME_START)
        if start < 0:
            self._take_lines(events, keep=_frame_beginning(self._pending))
            return False
        header = self._pending[start : start + _HEADER_BYTES]
        if len(header) < _HEADER_BYTES:
            self._take_lines(events, keep=len(self._pending) - start)
            return False
        (length,) = struct.unpack_from(">I", header, 4)
        if header[3] not in _FRAME_TYPES or length > _FRAME_LIMIT_BYTES:  # some binary output
            events.append(self._pending[: start + len(_FRAME_START)])
            self._pending = self._pending[start + len(_FRAME_START) :]
            return True
        end = start + _HEADER_BYTES + length
        if end > len(self._pending):
            self._take_lines(events, keep=len(self._pending) - start)
            return False
        frame, rest = self._pending[start + _HEADER_BYTES : end], self._pending[end:]
        self._pending = self._pending[:start]
        self._take_lines(events, keep=0)
        events += self.flush()
        events.append(frame)
        self._pending = rest
        return True

    def _take_lines(self, events: list[bytes], *, keep: int) -> None:
        """Take whole lines, and pieces of a line too long to keep, from all but the last ``keep`` bytes."""
        text, kept = self._pending[: len(self._pending) - keep], self._pending[len(self._pending) - keep :]
        *lines, last = text.split(b"\n")
        events += [line + b"\n" for line in lines]
        while len(last) > _EVENT_LIMIT_BYTES:
            events.append(last[:_EVENT_LIMIT_BYTES])
            last = last[_EVENT_LIMIT_BYTES:]
        self._pending = last + kept


def _frame_beginning(data: bytes) -> int:
    """How many bytes at the end may be the beginning of a frame's type."""
    return next((size for size in (2, 1) if data.endswith(_FRAME_START[:size])), 0)


class OutputPipe:
    """A pipe that an environment writes to, read as it fills.

    Args:
        on_events: Called with events, in order, as soon as they are complete.
    """

    def __init__(self, on_events: Callable[[list[bytes]], None]) -> None:
        self._on_events = on_events
        self._splitter = EventSplitter()
        self._read_end, write_end = os.pipe()
        self._write_end: int | None = write_end
        os.set_blocking(self._read_end, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read_end, self._readable)
        self._open = True

    def drain(self) -> None:
        """Hand on everything that has been written until now, the unfinished line too. Never waits.

        Exactly what the pipe holds is read, so that a thread that goes on printing cannot keep the caller here.
        """
        if self._open:
            held = bytearray(4)
            fcntl.ioctl(self._read_end, termios.FIONREAD, held)
            self._read(struct.unpack("i", held)[0])
        self._emit(self._splitter.flush())

    @property
    def write_end(self) -> int:
        """The descriptor to write to."""
        assert self._write_end is not None
        return self._write_end

    def close_write_end(self) -> None:
        """Close this process's copy of the write end, once the environment has its own."""
        if self._write_end is not None:
            os.close(self._write_end)
            self._write_end = None

    def close(self) -> None:
        """Hand on what is left and stop reading. Whoever still writes gets a broken pipe."""
        self.close_write_end()
        if self._open:
            self.drain()
            self._stop()

    def _readable(self) -> None:
        if not self._read(_READ_BYTES):  # every writer is gone
            self._emit(self._splitter.flush())
            self._stop()

    def _read(self, size: int) -> bool:
        try:
            data = os.read(self._read_end, size) if size else b""
        except BlockingIOError:
            return True
        self._emit(self._splitter.feed(data))
        return bool(data)

    def _emit(self, events: list[bytes]) -> None:
        if events:
            self._on_events(events)

    def _stop(self) -> None:
        self._open = False
        self._loop.remove_reader(self._read_end)
        os.close(self._read_end)
