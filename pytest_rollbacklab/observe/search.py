"""What somebody types to find lines of a log, compiled to a filter pattern in Logs' own language.

Words must all be in the line; ``field=value`` compares a ``$context`` variable of an access log, an asterisk at either
end of the value standing for anything. Logs has patterns of terms for text and of selectors for JSON, and none that
mixes them ("Filter pattern syntax"), so the pattern only narrows what is read, and ``takes`` decides. Case counts, as
in Logs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import AccessLogLine
from pytest_rollbacklab.observe.access_log_format import LineFormat

__all__ = ["Search", "read_search"]

_PART = re.compile(r'(?:(?P<field>[A-Za-z][\w.]*)=)?(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))')


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What lines are wanted."""

    words: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    pattern: str | None
    """For Logs: every line that is wanted fits it, and maybe others; None for any line."""

    def takes(self, line: AccessLogLine) -> bool:
        """Say whether a line of an access log is wanted."""
        return all(word in line.raw for word in self.words) and all(
            _fits(line.fields.get(field, "-"), wanted) for field, wanted in self.fields
        )


def read_search(text: str | None, log_format: LineFormat | None = None) -> Search:
    """Read what was typed.

    Args:
        text: ``status=502 "gibberish is not"``; None or blank for any line.
        log_format: An access log's; None for a log without fields, where all is words.

    Raises:
        UsageError: a field that the format does not hold; lists those it holds.
    """
    words: list[str] = []
    fields: list[tuple[str, str]] = []
    for part in _PART.finditer(text or ""):
        field, value = part["field"], part["quoted"] if part["quoted"] is not None else part["bare"]
        if field and log_format is not None:
            fields.append((_known(field, log_format), value))
        elif value:
            words.append(f"{field}={value}" if field else value)
    return Search(words=tuple(words), fields=tuple(fields), pattern=_pattern(words, fields, log_format))


def _known(field: str, log_format: LineFormat) -> str:
    if field in log_format.variables:
        return field
    raise UsageError(
        f"access-log lines cannot be chosen by {field}: the stage's format does not hold it",
        looked_at=f"its variables: {', '.join(log_format.variables)}",
        mend=f'name one of these, or look for it as text: "{field}=..."',
    )


def _pattern(words: list[str], fields: list[tuple[str, str]], log_format: LineFormat | None) -> str | None:
    selectors = log_format.selectors if log_format is not None else {}
    conditions = [f"({selectors[field]} = {_quoted(value)})" for field, value in fields if field in selectors]
    if conditions:
        return "{ " + " && ".join(conditions) + " }"
    terms = [*words, *(value.strip("*") for _, value in fields)]
    return " ".join(_quoted(term) for term in terms if term) or None


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _fits(value: str, wanted: str) -> bool:
    core = wanted.removeprefix("*").removesuffix("*")
    match wanted.startswith("*"), wanted.endswith("*"):
        case True, True:
            return core in value
        case True, False:
            return value.endswith(core)
        case False, True:
            return value.startswith(core)
    return value == wanted
