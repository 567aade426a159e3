"""Log lines, a line for each event: the time where the reader is, who wrote it, and what."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_rollbacklab.cli.moments import clock
from pytest_rollbacklab.cli.terminal import Cell
from pytest_rollbacklab.model import AccessLogLine, LogLine
from pytest_rollbacklab.observe.explain import is_sign

__all__ = ["access_line", "log_line"]

_FIRST_FAILURE, _FIRST_SERVER_ERROR = 400, 500


def log_line(line: LogLine, *, function: str | None) -> Cell:
    """Return a function's line.

    Args:
        function: Its logical id, where lines of several are shown.
    """
    who = f"  {function}" if function else ""
    return Cell(f"{clock(line.at)}{who}  {line.message.rstrip()}", "bad" if is_sign(line) else "plain")


def access_line(line: AccessLogLine) -> Cell:
    """Return a call: ``12:05:31  POST /notes  502  41 ms  request 3f1c...``; as it is where it does not say these."""
    fields = line.fields
    if "status" not in fields:
        return Cell(f"{clock(line.at)}  {line.raw.rstrip()}")
    where = _first(fields, "path", "resourcePath")
    latency = _first(fields, "responseLatency")
    parts = (
        clock(line.at),
        f"{_first(fields, 'httpMethod')} {where}".strip(),
        fields["status"],
        f"{latency} ms" if latency else "",
        _first(fields, "identity.cognitoIdentityId", "identity.sourceIp"),
        f"request {_first(fields, 'requestId')}",
    )
    return Cell("  ".join(part for part in parts if part), "bad" if _is_server_error(fields["status"]) else "plain")


def _first(fields: Mapping[str, str], *names: str) -> str:
    return next((fields[name] for name in names if fields.get(name, "-") != "-"), "")


def _is_server_error(status: str) -> bool:
    return status.isdecimal() and int(status) >= _FIRST_SERVER_ERROR
