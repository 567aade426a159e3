"""What went wrong in a request, and where: the error and its line of code, read from the function's own lines.

A handler's error comes as ``[ERROR] NameError: ...`` with a traceback (Python) or as JSON with a stack (Node); an end
by force as ``Task timed out`` or ``Runtime exited``. The last frame in the function's own package is the place, since
deeper ones are a library's. Where no function said anything, the gateway's own reason is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_rollbacklab.console.observing.lines import visible
from pytest_rollbacklab.model import Evidence
from pytest_rollbacklab.observe import execution_log
from pytest_rollbacklab.observe.explain import is_sign

__all__ = ["Failure", "failure_of"]

_TASK = "/var/task/"
_PYTHON_FRAME = re.compile(
    r'File "(?P<file>[^"\n]+)", line (?P<line>\d+)(?:, in [^\n]*)?(?:\n[ \t\xa0]+(?P<code>[^\n]+))?'
)
_NODE_FRAME = re.compile(r"at (?:[^\n(]*\()?(?:file://)?(?P<file>/[^:()\n\s\"]+):(?P<line>\d+):\d+")
_NODE_ERROR = re.compile(r'"errorType":"(?P<type>[^"]*)".*?"errorMessage":"(?P<message>(?:[^"\\]|\\.)*)"', re.S)
_TAKEN_OFF = re.compile(r"^\[ERROR\]\s*(?:\d{4}-\S+Z\s+[0-9a-f-]{36}\s+)?")
_LONGEST = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why a request failed."""

    what: str
    """``NameError: name 'gibberish' is not defined``."""
    place: str | None
    """``create.py:12``; None where nothing tells."""
    code: str | None
    """The line of code, where the traceback shows it."""
    told_by: str
    """function log, execution log or access log."""


def failure_of(evidence: Evidence) -> Failure | None:
    """Return what went wrong; None when nothing says that anything did."""
    signs = [line.message for line in evidence.function_log_lines if is_sign(line)]
    if signs:
        return _of_function(next((text for text in signs if _frames(text)), signs[0]))
    if reason := execution_log.failure(evidence.execution_log):
        return Failure(what=visible(reason, longest=_LONGEST), place=None, code=None, told_by="execution log")
    fields = evidence.access_log.fields if evidence.access_log else {}
    if (said := fields.get("error.message", "-")) not in ("-", ""):
        return Failure(what=visible(said, longest=_LONGEST), place=None, code=None, told_by="access log")
    return None


def _of_function(text: str) -> Failure:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    frames = _frames(text)
    own = [frame for frame in frames if frame["file"].startswith(_TASK)]
    last = next(reversed(own or frames), None)
    code = last.groupdict().get("code") if last else None
    return Failure(
        what=visible(_what(text), longest=_LONGEST),
        place=visible(f"{last['file'].removeprefix(_TASK)}:{last['line']}", longest=_LONGEST) if last else None,
        code=visible(code, longest=_LONGEST) if code else None,
        told_by="function log",
    )


def _frames(text: str) -> list[re.Match[str]]:
    """Return the frames of a traceback, the innermost last: Node writes it first."""
    return list(_PYTHON_FRAME.finditer(text)) or list(_NODE_FRAME.finditer(text))[::-1]


def _what(text: str) -> str:
    if said := _NODE_ERROR.search(text):
        return f"{said['type']}: {said['message']}"
    return _TAKEN_OFF.sub("", text.strip().partition("\n")[0])
