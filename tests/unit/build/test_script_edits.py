"""Statements at the top of JavaScript functions."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.build.edits import insert_at_top
from pytest_rollbacklab.errors import SourceError


def insert(source: str, function: str = "main", statement: str = "gibberish.what;") -> str:
    return insert_at_top(source, function, statement, where="create.js")


@pytest.mark.parametrize(
    "head",
    [
        "function main() {",
        "export async function main(event, context) {",
        "export default function* main() {",
        "export const main = async (event) => {",
        "const main = event => {",
        "let main = async event => {",
        "var main = function () {",
        "exports.main = async function create({ body }, [a, b] = [1, (2)]) {",
        "module.exports.main = (event, context, callback) => {",
        "export const main = handler(async (event, context) => {",
        "export const main = middy(json.of(async(event) => {",
        "export const main = async (\n  event,\n  context = { a: ')' },\n) => {",
    ],
)
def test_every_way_to_write_a_handler_is_known(head: str) -> None:
    before, after = f"import x from 'x';\n\n{head}\n", "    return 1;\n}\n"
    assert insert(before + after) == f"{before}    gibberish.what;\n{after}"


def test_what_is_no_code_is_not_looked_into() -> None:
    source = (
        "// function main() {\n/* const main = () => { */\nconst a = 'function main() {';\n"
        "const b = `function main() {`;\nconst c = /function main() {/;\nfunction main() {\n\treturn a;\n}\n"
    )
    assert insert(source) == source.replace("{\n\treturn", "{\n\tgibberish.what;\n\treturn")


def test_a_body_on_one_line_is_broken_up() -> None:
    assert insert("const main = () => { return 1; };\n") == (
        "const main = () => {\n  gibberish.what;\n  return 1; };\n"
    )


def test_an_empty_body_is_indented_below_its_function() -> None:
    assert insert("  function main() {\n  }\n") == "  function main() {\n    gibberish.what;\n  }\n"


def test_line_ends_and_several_lines_are_kept() -> None:
    assert insert("function main() {\r\n  a();\r\n}\r\n", statement="b();\nc();") == (
        "function main() {\r\n  b();\r\n  c();\r\n  a();\r\n}\r\n"
    )


def test_a_function_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(SourceError) as caught:
        insert("function read() {}\nconst other = 1;\nexports.list = async () => {};\n")
    assert str(caught.value) == (
        "create.js has no function 'main'\n"
        "  looked at: functions in create.js: read, list\n"
        "  what to do: name one that is there once"
    )


def test_one_that_is_there_twice_is_refused() -> None:
    with pytest.raises(SourceError, match=r"create.js has 2 functions 'main'"):
        insert("function main() {}\nfunction main() {}\n")


def test_one_without_braces_is_refused() -> None:
    with pytest.raises(SourceError, match=r"create.js has a function 'main' without a body in braces"):
        insert("const main = () => 1;\n")
