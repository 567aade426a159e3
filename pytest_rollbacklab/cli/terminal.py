"""What is printed, and how: tables and lines for people, one JSON document for programs.

Views return blocks and print nothing; everything for people passes through ``show``, which is why nothing hostile
reaches a terminal. A terminal gets colours (unless ``NO_COLOR`` is set) and tables that fit it; elsewhere text is plain
and nothing is folded, so that what is piped can be searched line by line.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

import click

from pytest_rollbacklab.cli.layout import Cell, Style, Table, cell_of, table_lines
from pytest_rollbacklab.cli.safe_text import many_lines, one_line
from pytest_rollbacklab.errors import RollbacklabError

__all__ = [
    "Block",
    "Cell",
    "Style",
    "Table",
    "ask",
    "can_be_asked",
    "confirm",
    "is_terminal",
    "show",
    "show_error",
    "show_error_json",
    "show_json",
    "show_json_line",
]

Block = str | Cell | Table

_COLOURS: Mapping[Style, str] = {"bad": "1;31", "good": "32", "quiet": "2", "strong": "1"}


def can_be_asked() -> bool:
    """Whether somebody sits at a terminal who can answer a question."""
    return sys.stdin.isatty()


def confirm(question: str) -> bool:
    """Ask whether to go on; Enter alone is no consent."""
    return click.confirm(one_line(question), err=True)


def ask(question: str, **options: Any) -> str:
    """Ask for a text, on standard error. Options are those of ``click.prompt``."""
    answer: str = click.prompt(one_line(question), err=True, **{"default": "", "show_default": False, **options})
    return answer


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that can do more than print."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def show(blocks: Iterable[Block], *, err: bool = False) -> None:
    """Print for people, each block as it comes.

    Args:
        err: To standard error, for what is not the answer itself.
    """
    stream = sys.stderr if err else sys.stdout
    fitting = is_terminal(stream)
    paint = _paint if fitting and not os.environ.get("NO_COLOR") else _leave_plain
    for block in blocks:
        if isinstance(block, Table):
            width = shutil.get_terminal_size().columns if fitting else None
            for line in table_lines(block, width=width, paint=paint):
                click.echo(line, err=err)
        else:
            cell = cell_of(block)
            click.echo(paint(many_lines(cell.text), cell.style), err=err)


def show_error(text: str) -> None:
    """Print why it did not work, to standard error."""
    what, newline, more = text.partition("\n")
    show([Cell(f"error: {what}", "bad"), *([more] if newline else [])], err=True)


def show_error_json(error: RollbacklabError) -> None:
    """Print why it did not work, as the one JSON document or, where lines were printed before, the last."""
    show_json_line({"error": {"what": error.what, "looked_at": error.looked_at, "mend": error.mend}})


def show_json(data: Any) -> None:
    """Print one JSON document. Everything beyond ASCII is escaped: a terminal is safe from it too."""
    click.echo(json.dumps(data, indent=2))


def show_json_line(data: Any, *, file: TextIO | None = None) -> None:
    """Print a JSON document on one line, for those who read while the command goes on.

    Args:
        file: None for standard output.
    """
    click.echo(json.dumps(data), file=file)


def _paint(text: str, style: Style) -> str:
    code = _COLOURS.get(style)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def _leave_plain(text: str, style: Style) -> str:
    del style
    return text
