from __future__ import annotations

from pathlib import Path

import pytest

from pytest_rollbacklab.build.selection import check_handler, files_below, source_files
from pytest_rollbacklab.build.template import LocalFunction
from pytest_rollbacklab.errors import BuildError


@pytest.fixture
def code(tmp_path: Path) -> Path:
    for name in ("create.py", "list.py", "shared/db.py", "shared/sql/all.sql", "data.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def function(
    code: Path, *include: str, handler: str | None = None, runtimes: tuple[str, ...] = ("python3.11",)
) -> LocalFunction:
    return LocalFunction(
        logical_id="Create", code_uri="functions", directory=code, handler=handler, runtimes=runtimes, include=include
    )


def names(code: Path, *include: str) -> list[str]:
    return [file.name for file in source_files(function(code, *include))]


def test_without_patterns_the_whole_directory_is_taken_by_name(code: Path) -> None:
    assert names(code) == ["create.py", "data.json", "list.py", "shared/db.py", "shared/sql/all.sql"]


def test_compiled_files_and_gits_own_are_left_out(code: Path) -> None:
    for name in ("__pycache__/create.cpython-311.pyc", "shared/__pycache__/x", "old.pyc", ".git/config"):
        (code / name).parent.mkdir(exist_ok=True)
        (code / name).write_text("")
    assert names(code) == ["create.py", "data.json", "list.py", "shared/db.py", "shared/sql/all.sql"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["create.py"], ["create.py"]),
        (["*.py"], ["create.py", "list.py"]),
        (["**/*.py"], ["create.py", "list.py", "shared/db.py"]),
        (["shared/**"], ["shared/db.py", "shared/sql/all.sql"]),
        (["shared/*"], ["shared/db.py"]),
        (["l?st.py", "create.py", "*.py"], ["create.py", "list.py"]),
        (["**/sql/*"], ["shared/sql/all.sql"]),
    ],
)
def test_patterns_choose_files(code: Path, patterns: list[str], expected: list[str]) -> None:
    assert names(code, *patterns) == expected


def test_a_dot_in_a_pattern_is_a_dot(code: Path) -> None:
    (code / "create_py").write_text("")
    assert names(code, "create.py") == ["create.py"]


def test_a_pattern_that_matches_nothing_is_named_with_what_is_there(code: Path) -> None:
    with pytest.raises(BuildError) as caught:
        names(code, "create.py", "crate.py")
    assert str(caught.value) == (
        "no file of Create matches 'crate.py' (Metadata.rollbacklab.include)\n"
        "  looked at: functions: there is create.py, data.json, list.py, shared/db.py, shared/sql/all.sql\n"
        "  what to do: patterns are relative to CodeUri; ** is for any number of directories"
    )


def test_an_empty_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"the package of Create would be empty\n  looked at: functions"):
        names(tmp_path)


def test_a_symbolic_link_is_refused(code: Path) -> None:
    (code / "link").symlink_to("/etc/passwd")
    with pytest.raises(BuildError, match=r"cannot hold a symbolic link: link"):
        files_below(code)


def test_executable_files_are_known(code: Path) -> None:
    (code / "create.py").chmod(0o755)
    assert [file.name for file in files_below(code) if file.executable] == ["create.py"]


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        ("create.main", "create.py"),
        ("notes/create.main", "notes/create.py"),
        ("notes.create.main", "notes/create.py"),
        ("notes.main", "notes/__init__.py"),
        ("fast.main", "fast.cpython-311-x86_64-linux-gnu.so"),
    ],
)
def test_a_handler_in_the_package_is_found_as_the_runtime_imports_it(code: Path, handler: str, name: str) -> None:
    check_handler(function(code, handler=handler), [name])


def test_a_handler_that_is_missing_is_named_with_what_was_looked_for_and_what_is_there(code: Path) -> None:
    with pytest.raises(BuildError) as caught:
        check_handler(function(code, handler="crate.main"), ["list.py", "create.py"])
    assert str(caught.value) == (
        "the package of Create lacks its handler 'crate.main': looked for crate.py and crate/__init__.py\n"
        "  looked at: functions: there is create.py, list.py\n"
        "  what to do: commit the file, or mend Handler or CodeUri in the template"
    )


def test_long_listings_are_cut(code: Path) -> None:
    with pytest.raises(BuildError, match=r"f19.py and 5 more"):
        check_handler(function(code, handler="crate.main"), [f"f{at:02}.py" for at in range(25)])


def test_a_handler_without_a_dot_is_said(code: Path) -> None:
    with pytest.raises(BuildError, match=r"lacks its handler 'create': a handler is MODULE.FUNCTION"):
        check_handler(function(code, handler="create"), ["create.py"])


@pytest.mark.parametrize(("handler", "runtimes"), [(None, ("python3.11",)), ("x.y", ()), ("x.y", ("java21",))])
def test_what_is_not_known_is_not_checked(code: Path, handler: str | None, runtimes: tuple[str, ...]) -> None:
    check_handler(function(code, handler=handler, runtimes=runtimes), [])


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        ("create.main", "create.js"),
        ("create.main", "create.mjs"),
        ("create.main", "create.cjs"),
        ("create.notes.main", "create.js"),
        ("functions/create.main", "functions/create.js"),
        ("functions.v1/create.main", "functions.v1/create.js"),
        ("create.main", "create/index.js"),
        ("create.main", "node_modules/create/package.json"),
    ],
)
def test_a_handler_in_node_is_found_where_the_runtime_looks(code: Path, handler: str, name: str) -> None:
    check_handler(function(code, handler=handler, runtimes=("nodejs22.x",)), [name])


def test_a_function_of_two_runtimes_needs_a_handler_for_each(code: Path) -> None:
    either = function(code, handler="create.main", runtimes=("nodejs22.x", "python3.12"))
    check_handler(either, ["create.js", "create.py"])
    with pytest.raises(BuildError, match=r"looked for create.js and create.mjs and create.cjs\n"):
        check_handler(either, ["create.py"])
    with pytest.raises(BuildError, match=r"looked for create.py and create/__init__.py\n"):
        check_handler(either, ["create.js"])
