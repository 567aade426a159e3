"""Where a function's body begins in a JavaScript source: for a statement that goes to the top of it.

There is no parser of JavaScript at hand, and none is needed to find a body: what is no code (comments, strings,
templates, regular expressions) is blanked out, and in the rest a function is declared, or assigned to a name, in few
ways. Those that handlers are written in are known: ``function main() {``, ``const main = async () => {``,
``exports.main = function () {``, and the same within a wrapper: ``const main = handler(async () => {``. Methods of
classes are not.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from pytest_rollbacklab.errors import SourceError

__all__ = ["SCRIPTS", "insert_at_top_of_script"]

SCRIPTS = (".js", ".mjs", ".cjs")
_STEP = "  "
_OPAQUE = re.compile(
    r"""//[^\n]*|/\*.*?\*/
    |'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`
    |(?:(?<=[(,=:\[!&|?{};+*%~^<>])|(?<=\breturn)|^)(?P<before>\s*)/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_DECLARED = re.compile(r"\bfunction\b\s*\*?\s*(?P<name>[\w$]+)\s*(?=\()")
_ASSIGNED = re.compile(
    r"(?:\b(?:const|let|var)\s+|\b(?:module\.)?exports\.)(?P<name>[\w$]+)\s*=(?!=)\s*"
    r"(?:(?!async\b|function\b)[\w$.]+\(\s*)*(?:async\b\s*)?"
    r"(?:function\b\s*\*?\s*[\w$]*\s*(?=\()|(?=\()|(?=[\w$]+\s*=>))"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Function:
    name: str
    start: int
    """Where it is named."""
    brace: int | None
    """Where its body opens; None when it has no braces."""


def insert_at_top_of_script(source: str, function: str, statement: str, *, where: str) -> str:
    """Put a statement at the top of a function's body.

    Args:
        source: A JavaScript text.
        function: Its name.
        statement: One or more lines, without indentation of their own.
        where: What to call the source in errors.

    Raises:
        SourceError: there is not exactly one such function, or it has no body in braces; lists those there are.
    """
    functions = _functions(_code(source))
    found = [each for each in functions if each.name == function]
    if len(found) != 1 or found[0].brace is None:
        problem = f"has {len(found)} functions {function!r}" if len(found) > 1 else f"has no function {function!r}"
        if len(found) == 1:
            problem = f"has a function {function!r} without a body in braces"
        names = ", ".join(dict.fromkeys(each.name for each in functions)) or "none"
        raise SourceError(
            f"{where} {problem}", looked_at=f"functions in {where}: {names}", mend="name one that is there once"
        )
    return _inserted(source, found[0], statement)


def _code(source: str) -> str:
    """Return the source with blanks in place of all that is no code; offsets stay."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return _OPAQUE.sub(blank, source)


def _functions(code: str) -> list[_Function]:
    matches = [*_DECLARED.finditer(code), *_ASSIGNED.finditer(code)]
    return [
        _Function(name=match["name"], start=match.start(), brace=_brace(code, match.end()))
        for match in sorted(matches, key=lambda match: match.start())
    ]


def _brace(code: str, at: int) -> int | None:
    """Return where the body opens of a function whose parameters begin at an offset."""
    if code[at] == "(":
        at = _closing(code, at) + 1
    match = re.compile(r"[\w$]*\s*(?:=>)?\s*\{").match(code, at) or re.compile(r"\s*(?:=>)?\s*\{").match(code, at)
    return match.end() - 1 if match else None


def _closing(code: str, at: int) -> int:
    """Return the offset of the parenthesis that closes the one at an offset; the text's end when none does."""
    depth = 0
    for offset in range(at, len(code)):
        depth += (code[offset] == "(") - (code[offset] == ")")
        if depth == 0:
            return offset
    return len(code)


def _inserted(source: str, function: _Function, statement: str) -> str:
    assert function.brace is not None
    line_end = "\r\n" if "\r\n" in source else "\n"
    head, rest = source[: function.brace + 1], source[function.brace + 1 :]
    line_start = max(source.rfind("\n", 0, function.start), -1) + 1
    outer = re.match(r"[ \t]*", source[line_start:])
    assert outer is not None
    indent = outer[0] + _STEP
    follower = re.match(r"[ \t]*\r?\n(?:[ \t]*\r?\n)*([ \t]+)\S", rest)
    if follower and len(follower[1]) > len(outer[0]):
        indent = follower[1]
    text = textwrap.indent(textwrap.dedent(statement).strip("\n"), indent).replace("\n", line_end)
    if re.match(r"[ \t]*\r?\n", rest):
        return f"{head}{line_end}{text}{rest}"
    return f"{head}{line_end}{text}{line_end}{indent}{rest.lstrip(' ')}"
