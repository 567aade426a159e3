from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_rollbacklab.build.edits import insert_at_top, replace_once
from pytest_rollbacklab.errors import SourceError

BAD = "gibberish.what"


def inserted(source: str, function: str = "main", statement: str = BAD) -> str:
    return insert_at_top(source, function, statement, where="create.py")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def main():\n    return 1\n", "def main():\n    gibberish.what\n    return 1\n"),
        ("async def main():\n\treturn 1\n", "async def main():\n\tgibberish.what\n\treturn 1\n"),
        ('def main():\n    """D"""\n    return 1\n', 'def main():\n    """D"""\n    gibberish.what\n    return 1\n'),
        ('def main():\n    """Doc."""\n', 'def main():\n    """Doc."""\n    gibberish.what\n'),
        ('def main():\n    """Doc."""', 'def main():\n    """Doc."""\n    gibberish.what\n'),
        (
            'def main():\n    "D"  # c\n    # d\n    return 1\n',
            'def main():\n    "D"  # c\n    gibberish.what\n    # d\n    return 1\n',
        ),
        ("def main(): return 1\n", "def main():\n    gibberish.what\n    return 1\n"),
        ('def main(): "Doc."\n', 'def main():\n    "Doc."\n    gibberish.what\n'),
        ('def main(): "Doc."; return 1\n', 'def main():\n    "Doc."\n    gibberish.what\n    return 1\n'),
        ('def main():\n    "Doc."; return 1\n', 'def main():\n    "Doc."\n    gibberish.what\n    return 1\n'),
        ("def main():\n    a = 1; return a\n", "def main():\n    gibberish.what\n    a = 1; return a\n"),
        (
            "def main(\n    event,\n): return 'é', 1\n",
            "def main(\n    event,\n):\n    gibberish.what\n    return 'é', 1\n",
        ),
        (
            "@wrap\ndef main():\n    @inner\n    def f(): pass\n    return f\n",
            "@wrap\ndef main():\n    gibberish.what\n    @inner\n    def f(): pass\n    return f\n",
        ),
        ("def main():\r\n    return 1\r\n", "def main():\r\n    gibberish.what\r\n    return 1\r\n"),
        ("if True:\n  def main():\n    pass\n", "if True:\n  def main():\n    gibberish.what\n    pass\n"),
        ("é = '\u2028\x0c'\ndef main(): é\n", "é = '\u2028\x0c'\ndef main():\n    gibberish.what\n    é\n"),
    ],
)  # fmt: skip
def test_the_statement_is_first_in_the_body_and_below_the_docstring(source: str, expected: str) -> None:
    assert inserted(source) == expected
    ast.parse(expected)


def test_a_statement_of_several_lines_is_indented_as_a_whole() -> None:
    result = inserted("def main():\n  return 1\n", statement="if late:\n    raise Late\n")
    assert result == "def main():\n  if late:\n      raise Late\n  return 1\n"


def test_what_is_no_python_can_be_inserted_too() -> None:
    assert inserted("def main():\n    pass\n", statement="this is not python") == (
        "def main():\n    this is not python\n    pass\n"
    )


def test_methods_and_nested_functions_are_named_with_what_they_are_in() -> None:
    source = "class Notes:\n    def create(self):\n        def inner():\n            pass\n"
    assert inserted(source, "Notes.create").count("        gibberish.what\n        def inner") == 1
    assert inserted(source, "Notes.create.inner").endswith("            gibberish.what\n            pass\n")


def test_a_function_that_is_missing_lists_those_there_are() -> None:
    source = "def handler(): pass\nclass Notes:\n    async def create(self): pass\n"
    with pytest.raises(SourceError) as caught:
        inserted(source)
    assert str(caught.value) == (
        "create.py has no function 'main'\n"
        "  looked at: functions in create.py: handler, Notes.create\n"
        "  what to do: name one that is there once"
    )


def test_a_function_that_is_there_twice_is_refused_with_its_lines() -> None:
    with pytest.raises(SourceError, match=r"has 2 functions 'main' \(lines 2, 4\)"):
        inserted("if x:\n    def main(): pass\nelse:\n    def main(): pass\n")


def test_a_source_that_does_not_parse_is_said() -> None:
    with pytest.raises(SourceError, match=r"create.py does not parse as Python: .*\n  looked at: create.py, line 2"):
        inserted("x = 1\ndef main(:\n")


STATEMENTS = st.sampled_from(["pass", "x = 1", "'text'", "x = '''a\n  b'''", "if x:\n    pass", "# only\npass"])


@settings(deadline=None)
@given(st.lists(STATEMENTS, min_size=1), st.booleans(), st.sampled_from(["", "class C:\n"]))
def test_whatever_the_body_the_statement_is_its_first_and_the_rest_is_kept(
    body: list[str], documented: bool, inside: str
) -> None:
    indent = "    " if inside else ""
    lines = "\n".join((["'doc'"] if documented else ["y = 0"]) + body)
    source = inside + f"{indent}def main():\n" + "\n".join(f"{indent}    {line}" for line in lines.split("\n"))
    result = inserted(source, "C.main" if inside else "main")
    before, after = (
        next(n for n in ast.walk(ast.parse(s)) if isinstance(n, ast.FunctionDef)) for s in (source, result)
    )
    at = 1 if documented else 0
    assert ast.unparse(after.body[at]) == BAD
    del after.body[at]
    assert ast.dump(after) == ast.dump(before)


def test_a_text_is_replaced_once() -> None:
    assert replace_once("a = 1\nb = 2\n", "1", "'\\1'", where="x") == "a = '\\1'\nb = 2\n"


def test_a_text_that_is_not_there_is_said() -> None:
    with pytest.raises(SourceError, match=r"is in x\.py 0 times, not once: 'nope'\n  looked at: x\.py\n"):
        replace_once("a = 1\n", "nope", "", where="x.py")


def test_a_text_that_is_there_more_than_once_is_refused_with_its_lines() -> None:
    with pytest.raises(SourceError, match=r"is in x\.py 2 times, not once: 'a'\n  looked at: x\.py, lines 1, 3\n"):
        replace_once("a\nb\na\n", "a", "c", where="x.py")


def test_overlapping_texts_count() -> None:
    with pytest.raises(SourceError, match="2 times"):
        replace_once("aaa", "aa", "b", where="x.py")


def test_nothing_to_replace_is_refused() -> None:
    with pytest.raises(SourceError, match=r"nothing to replace was named in x\.py"):
        replace_once("a", "", "b", where="x.py")
