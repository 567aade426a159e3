from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_rollbacklab.build.package import input_digest, package_function, zip_files
from pytest_rollbacklab.build.selection import files_below
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.build.template import LocalFunction
from pytest_rollbacklab.errors import BuildError

NAMES = st.from_regex(r"[a-z]{1,3}(/[a-z]{1,3})?\.(py|txt)", fullmatch=True)
TREES = st.dictionaries(NAMES, st.binary(max_size=40), min_size=1, max_size=5)


def write(tree: dict[str, bytes], directory: Path) -> None:
    for name, content in tree.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)


def packed(tree: dict[str, bytes]) -> tuple[str, str]:
    """Return the digests of the input and of the zip."""
    with tempfile.TemporaryDirectory() as directory:
        write(tree, Path(directory))
        files = files_below(Path(directory))
        return input_digest(files, None), hashlib.sha256(zip_files(files)).hexdigest()


@settings(deadline=None)
@given(TREES, st.randoms(use_true_random=False))
def test_the_same_tree_gives_the_same_sha256(tree: dict[str, bytes], random: Random) -> None:
    shuffled = list(tree.items())
    random.shuffle(shuffled)
    assert packed(tree) == packed(dict(shuffled))


@settings(deadline=None)
@given(TREES, st.data())
def test_any_one_byte_makes_another_sha256(tree: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(tree)))
    at = data.draw(st.integers(0, len(tree[name])))
    byte = data.draw(st.binary(min_size=1, max_size=1))
    changed = tree[name][:at] + byte + tree[name][at + 1 :]
    if changed != tree[name]:
        before, after = packed(tree), packed({**tree, name: changed})
        assert before[0] != after[0]
        assert before[1] != after[1]


def test_another_name_or_mode_makes_another_sha256(tmp_path: Path) -> None:
    before = packed({"a.py": b"x"})
    assert before[0] != packed({"b.py": b"x"})[0]
    write({"a.py": b"x"}, tmp_path)
    (tmp_path / "a.py").chmod(0o755)
    files = files_below(tmp_path)
    assert before[0] != input_digest(files, None)
    assert before[1] != hashlib.sha256(zip_files(files)).hexdigest()


def test_requirements_are_part_of_the_input(tmp_path: Path) -> None:
    write({"a.py": b"x"}, tmp_path)
    files = files_below(tmp_path)
    assert len({input_digest(files, requirements) for requirements in (None, "a", "b")}) == 3


def test_a_zip_has_fixed_times_modes_and_order(tmp_path: Path) -> None:
    write({"b.sh": b"#!/bin/sh\n", "a/b.py": b"x" * 1000, "메모.txt": b""}, tmp_path)
    (tmp_path / "b.sh").chmod(0o700)
    (tmp_path / "a" / "b.py").chmod(0o600)
    infos = zipfile.ZipFile(io.BytesIO(zip_files(files_below(tmp_path)))).infolist()
    assert [info.filename for info in infos] == ["a/b.py", "b.sh", "메모.txt"]
    assert [oct(info.external_attr >> 16) for info in infos] == ["0o100644", "0o100755", "0o100644"]
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {(info.extra, info.create_system) for info in infos} == {(b"", 3)}
    assert infos[0].compress_size < 100


def test_the_digest_of_an_input_is_what_it_was_in_earlier_versions() -> None:
    """Where this changes, every function of every user is packaged again: raise ``_RULES`` only for a reason."""
    assert packed({"a.py": b"print('hello')\n"})[0].startswith("f84c325d3b64cfa7")


FunctionOf = Callable[..., LocalFunction]


@pytest.fixture
def create(tmp_path: Path) -> FunctionOf:
    write({"create.py": b"def main(): pass\n", "list.py": b""}, tmp_path / "functions")

    def function(*include: str, handler: str = "create.main") -> LocalFunction:
        return LocalFunction(
            logical_id="Create",
            code_uri="functions",
            directory=tmp_path / "functions",
            handler=handler,
            runtimes=("python3.11",),
            include=include,
        )

    return function


def test_a_function_is_packaged_once_and_then_found(
    create: FunctionOf, shelf: Shelf, tmp_path: Path, objects: dict[str, bytes]
) -> None:
    first = package_function(create(), shelf, root=tmp_path)
    assert not first.reused
    content = objects[f"packages/{first.sha256}.zip"]
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (first.sha256, first.size_bytes)
    again = package_function(create(), shelf, root=tmp_path)
    assert (again.sha256, again.size_bytes, again.reused) == (first.sha256, first.size_bytes, True)


def test_a_change_beside_the_chosen_files_changes_no_package(create: FunctionOf, shelf: Shelf, tmp_path: Path) -> None:
    first = package_function(create("create.py"), shelf, root=tmp_path)
    (tmp_path / "functions" / "list.py").write_text("changed")
    assert package_function(create("create.py"), shelf, root=tmp_path).sha256 == first.sha256
    (tmp_path / "functions" / "create.py").write_text("changed")
    changed = package_function(create("create.py"), shelf, root=tmp_path)
    assert changed.sha256 != first.sha256
    assert not changed.reused


def test_a_package_that_was_removed_is_made_again(
    create: FunctionOf, shelf: Shelf, tmp_path: Path, objects: dict[str, bytes]
) -> None:
    first = package_function(create(), shelf, root=tmp_path)
    del objects[f"packages/{first.sha256}.zip"]
    again = package_function(create(), Shelf(shelf.bucket), root=tmp_path)
    assert (again.sha256, again.reused) == (first.sha256, False)
    assert f"packages/{first.sha256}.zip" in objects


def test_a_package_without_its_handler_is_not_kept(create: FunctionOf, shelf: Shelf, tmp_path: Path) -> None:
    package_function(create(), shelf, root=tmp_path)
    with pytest.raises(BuildError, match=r"lacks its handler 'crate.main'"):
        package_function(create(handler="crate.main"), shelf, root=tmp_path)
