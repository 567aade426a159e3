"""Edits of a source text, as a careless or a careful person would make them.

The place is found by Python's own parser, never by a pattern over lines, so that docstrings, decorators, nested
functions and one-line functions are what they are (JavaScript is ``script_edits``' affair); the text around the edit
stays as it was, byte for byte. Whether
what is inserted makes sense is not asked: breaking code is the point of a drill. Files are ``source``'s business.
"""

from __future__ import annotations

import ast
import io
import textwrap
from collections.abc import Iterator

from pytest_rollbacklab.build.script_edits import SCRIPTS, insert_at_top_of_script
from pytest_rollbacklab.errors import SourceError

__all__ = ["insert_at_top", "replace_once"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_STEP = "    "


def insert_at_top(source: str, function: str, statement: str, *, where: str) -> str:
    """Put a statement at the top of a function's body, below its docstring.

    Args:
        source: A Python text, or a JavaScript one if ``where`` ends as its files do.
        function: Its name; in Python, for a method or a nested function with what it is in (``Notes.create``).
        statement: One or more lines, without indentation of their own.
        where: What to call the source in errors.

    Raises:
        SourceError: the source does not parse, or there is not exactly one such function; lists those there are.
    """
    if where.endswith(SCRIPTS):
        return insert_at_top_of_script(source, function, statement, where=where)
    node = _find(source, function, where)
    first = _start(source, node.body[0])
    indent = _indentation(source, first)
    if indent is None:  # ``def f(): return 1``: give the body a line of its own, then look again
        broken = _break_line(source, first, (_indentation(source, _start(source, node)) or "") + _STEP)
        return insert_at_top(broken, function, statement, where=where)
    inserted = textwrap.indent(textwrap.dedent(statement).strip("\n"), indent).replace("\n", _line_end(source))
    if ast.get_docstring(node, clean=False) is None:
        return _insert_before(source, node.body[0], inserted)
    if len(node.body) == 1:
        return _insert_after(source, node.body[0], inserted)
    follower = _start(source, node.body[1])
    if _indentation(source, follower) is None:  # ``"doc"; return 1``
        source = _break_line(source, follower, indent)
    return _insert_after(source, node.body[0], inserted)


def replace_once(source: str, old: str, new: str, *, where: str) -> str:
    """Replace a text that is there exactly once.

    Raises:
        SourceError: it is not there, or more than once; names the lines.
    """
    if not old:
        raise SourceError(f"nothing to replace was named in {where}", mend="give the text to replace")
    places = list(_places(source, old))
    if len(places) == 1:
        return source[: places[0]] + new + source[places[0] + len(old) :]
    found = ", ".join(str(source.count("\n", 0, place) + 1) for place in places)
    raise SourceError(
        f"the text to replace is in {where} {len(places)} times, not once: {old!r}",
        looked_at=f"{where}, lines {found}" if places else where,
        mend="give more of the text around it" if places else "look at the file as it is now",
    )


def _places(source: str, old: str) -> Iterator[int]:
    place = source.find(old)
    while place != -1:
        yield place
        place = source.find(old, place + 1)


def _find(source: str, function: str, where: str) -> _Function:
    try:
        tree = ast.parse(source, filename=where)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise SourceError(f"{where} does not parse as Python: {error}", looked_at=where + line) from error
    functions = list(_functions(tree, ""))
    found = [node for name, node in functions if name == function]
    if len(found) == 1:
        return found[0]
    names = ", ".join(dict.fromkeys(name for name, _ in functions)) or "none"
    lines = ", ".join(str(node.lineno) for node in found)
    raise SourceError(
        f"{where} has {len(found)} functions {function!r} (lines {lines})"
        if found
        else f"{where} has no function {function!r}",
        looked_at=f"functions in {where}: {names}",
        mend="name one that is there once",
    )


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, _Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Function):
            yield prefix + child.name, child
        below = f"{prefix}{child.name}." if isinstance(child, _Function | ast.ClassDef) else prefix
        yield from _functions(child, below)


def _insert_before(source: str, statement: ast.stmt, inserted: str) -> str:
    line = _line_start(source, _start(source, statement))
    return source[:line] + inserted + _line_end(source) + source[line:]


def _insert_after(source: str, statement: ast.stmt, inserted: str) -> str:
    assert statement.end_lineno is not None
    line_end = _line_end(source)
    lines = _lines(source)
    before, after = "".join(lines[: statement.end_lineno]), "".join(lines[statement.end_lineno :])
    return (before if before.endswith(("\n", "\r")) else before + line_end) + inserted + line_end + after


def _break_line(source: str, at: int, indent: str) -> str:
    return source[:at].rstrip(" \t;") + _line_end(source) + indent + source[at:]


def _start(source: str, statement: ast.stmt) -> int:
    """Return the offset in characters at which a statement begins, decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    if decorators:
        return sum(map(len, _lines(source)[: decorators[0].lineno - 1])) + statement.col_offset
    lines = _lines(source)
    # ast counts columns in bytes of UTF-8.
    column = len(lines[statement.lineno - 1].encode()[: statement.col_offset].decode())
    return sum(map(len, lines[: statement.lineno - 1])) + column


def _line_start(source: str, at: int) -> int:
    return max(source.rfind("\n", 0, at), source.rfind("\r", 0, at)) + 1


def _indentation(source: str, at: int) -> str | None:
    """Return the white space before an offset, or None when something else is before it on its line."""
    before = source[_line_start(source, at) : at]
    return None if before.strip() else before


def _lines(source: str) -> list[str]:
    """Split where Python does; ``str.splitlines`` would split at form feeds and Unicode separators too."""
    return list(io.StringIO(source, newline=""))


def _line_end(source: str) -> str:
    first = next(iter(_lines(source)), "")
    return "\r\n" if first.endswith("\r\n") else "\n"
