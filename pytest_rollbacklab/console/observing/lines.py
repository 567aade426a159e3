"""Lines of logs as a page shows them: legible, harmless, and with what stands out worked out.

A log holds what anybody sent. HTML is escaped by the templates; here characters that a reader would not see, or that
would turn the text around, are written out. As JSON a line is what it was: what is added here are properties.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pytest_rollbacklab.model import AccessLogLine, LogLine
from pytest_rollbacklab.observe import execution_log
from pytest_rollbacklab.observe.explain import is_sign

__all__ = ["LONGEST_TEXT", "CallLine", "TextLine", "call_line", "call_lines", "text_line", "text_lines", "visible"]

LONGEST_TEXT = 20_000
"""How many characters of a line a page shows: a log event may have 256 KiB."""

# Controls but tab and newline, marks that turn the direction of reading, halves of surrogate pairs: as in the CLI.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_PLATFORM = re.compile(r"(?:INIT_START|START|END|REPORT|INIT_REPORT|EXTENSION|TELEMETRY)\b")
_START = re.compile(r"START RequestId: ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_GATEWAYS = "API-Gateway-Execution-Logs_"
_NOT_SET = ("", "-")
_CELLS: Mapping[str, tuple[str, ...]] = {
    "method": ("httpMethod",),
    "path": ("path", "resourcePath"),
    "status": ("status",),
    "latency_ms": ("responseLatency",),
    "integration": ("integration.status", "integration.integrationStatus", "integrationStatus"),
    "ip": ("identity.sourceIp",),
    "identity": ("identity.cognitoIdentityId",),
    "request": ("requestId",),
    "invocation": ("integration.requestId",),
}
"""What a row shows of a call, by the variables that tell it; the first that was set is taken."""

Tone = Literal["broken", "refused", "fine", "unknown"]
_TONES: Mapping[str, Tone] = {"5": "broken", "4": "refused", "3": "fine", "2": "fine", "1": "fine"}


def visible(text: str, *, longest: int = LONGEST_TEXT) -> str:
    """Return a text in which nothing steers: an escape is written out as ``\\x1b``.

    Args:
        longest: How many characters are shown; what is left out is counted.
    """
    if len(text) <= longest and text.isprintable():  # as nearly all is: then nothing steers
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    shown = _UNSEEN.sub(_written_out, text[:longest])
    return shown if len(text) <= longest else f"{shown} … (+{len(text) - longest:,})"


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"


def _clock(at: datetime) -> str:
    return f"{at.astimezone():%H:%M:%S}"


def _day(at: datetime) -> str | None:
    local = at.astimezone()
    return None if local.date() == datetime.now().astimezone().date() else local.date().isoformat()


@dataclass(frozen=True, kw_only=True, slots=True)
class TextLine(LogLine):
    """A line of text."""

    @property
    def clock(self) -> str:
        """When, where the reader is: ``12:05:31``."""
        return _clock(self.at)

    @property
    def day(self) -> str | None:
        """The date, unless it is today's."""
        return _day(self.at)

    @property
    def iso(self) -> str:
        return self.at.isoformat()

    @property
    def text(self) -> str:
        return visible(self.message)

    @property
    def kind(self) -> Literal["error", "platform", "own"]:
        """error: something went wrong. platform: Lambda's own, around the function's."""
        is_the_gateways = self.group.startswith(_GATEWAYS)
        if is_sign(self) or (is_the_gateways and execution_log.failure((self,)) is not None):
            return "error"
        return "platform" if _PLATFORM.match(self.message) else "own"

    @property
    def request_id(self) -> str | None:
        """Lambda's id of the request that begins here."""
        found = _START.match(self.message)
        return found[1] if found else None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallLine(AccessLogLine):
    """A line of an access log."""

    @property
    def clock(self) -> str:
        """When, where the reader is: ``12:05:31``."""
        return _clock(self.at)

    @property
    def day(self) -> str | None:
        """The date, unless it is today's."""
        return _day(self.at)

    @property
    def iso(self) -> str:
        return self.at.isoformat()

    @property
    def cells(self) -> Mapping[str, str | None]:
        """What a row shows, by the names of ``_CELLS``; None for what was not set."""
        return {cell: self.value(*names) for cell, names in _CELLS.items()}

    def value(self, *names: str) -> str | None:
        """Return the first of these variables that was set, None when none was."""
        for name in names:
            if (value := self.fields.get(name, "-")) not in _NOT_SET:
                return visible(value, longest=500)
        return None

    @property
    def text(self) -> str:
        return visible(self.raw)

    @property
    def tone(self) -> Tone:
        """broken: the service failed. refused: the caller did."""
        return _TONES.get(self.fields.get("status", "")[:1], "unknown")


def text_line(line: LogLine) -> TextLine:
    """Return a line as a page shows it."""
    return TextLine(group=line.group, stream=line.stream, at=line.at, message=line.message)


def text_lines(lines: Iterable[LogLine]) -> tuple[TextLine, ...]:
    """Return lines as a page shows them."""
    return tuple(map(text_line, lines))


def call_line(line: AccessLogLine) -> CallLine:
    """Return a line as a page shows it."""
    return CallLine(at=line.at, fields=line.fields, raw=line.raw)


def call_lines(lines: Iterable[AccessLogLine]) -> tuple[CallLine, ...]:
    """Return lines as a page shows them."""
    return tuple(map(call_line, lines))
