from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_rollbacklab.build.dependencies import requirements_digest
from pytest_rollbacklab.build.package import package_function
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.build.template import LocalFunction
from pytest_rollbacklab.errors import BuildError

FunctionOf = Callable[..., LocalFunction]


@pytest.fixture
def create(tmp_path: Path) -> FunctionOf:
    code = tmp_path / "functions"
    code.mkdir()
    (code / "create.py").write_text("import tiny\n")

    def function(requirements: str | None, *, handler: str = "create.main") -> LocalFunction:
        if requirements is not None:
            (code / "requirements.txt").write_text(requirements)
        return LocalFunction(
            logical_id="Create",
            code_uri="functions",
            directory=code,
            handler=handler,
            runtimes=("python3.11",),
            include=("create.py",),
        )

    return function


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A package index of one wheel, as a directory."""
    (tmp_path / "wheels").mkdir()
    info = "tiny-1.0.dist-info"
    with zipfile.ZipFile(tmp_path / "wheels" / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "def main(event, context): return 1\n")
        wheel.writestr("create.py", "a file that the function has too\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return tmp_path / "wheels"


def test_dependencies_are_packaged_beside_the_code_once(
    create: FunctionOf, index: Path, shelf: Shelf, tmp_path: Path, objects: dict[str, bytes]
) -> None:
    function = create(f"--no-index\n--find-links {index}\ntiny==1.0\n")
    package = package_function(function, shelf, root=tmp_path)
    archive = zipfile.ZipFile(io.BytesIO(objects[f"packages/{package.sha256}.zip"]))
    assert {"create.py", "tiny.py", "tiny-1.0.dist-info/METADATA"} <= set(archive.namelist())
    assert archive.read("create.py") == b"import tiny\n"
    assert package_function(function, shelf, root=tmp_path).reused


def test_dependencies_that_do_not_install_fail_with_pips_words(
    create: FunctionOf, shelf: Shelf, tmp_path: Path
) -> None:
    with pytest.raises(BuildError) as caught:
        package_function(create("--no-index\nnosuch==1.0\n"), shelf, root=tmp_path)
    assert "the dependencies of Create do not install: " in caught.value.what
    assert "Could not satisfy the requirement: nosuch==1.0" in caught.value.what
    assert caught.value.looked_at == f"functions/requirements.txt, with pip of {sys.executable}"


@pytest.mark.parametrize("requirements", [None, "", "\n# nothing yet\n\n"])
def test_requirements_without_content_are_none(create: FunctionOf, tmp_path: Path, requirements: str | None) -> None:
    assert requirements_digest(create(requirements), tmp_path) is None


def test_comments_do_not_change_the_digest_and_requirements_do(create: FunctionOf, tmp_path: Path) -> None:
    digests = [
        requirements_digest(create(text), tmp_path)
        for text in ("tiny==1.0\n", "# why\ntiny==1.0\n\n", "tiny==1.1\n", 'tiny[fast]>=1,<2; python_version > "3"\n')
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


@pytest.mark.parametrize("pointing", ["-r ../more.txt", "./lib", "lib/tiny.whl", "tiny.whl", "--find-links wheels"])
def test_requirements_that_point_at_files_depend_on_all_files(
    create: FunctionOf, tmp_path: Path, pointing: str
) -> None:
    function = create(pointing + "\n")
    before = requirements_digest(function, tmp_path)
    (tmp_path / "more.txt").write_text("tiny==1.1\n")
    assert requirements_digest(function, tmp_path) != before


def test_requirements_that_stand_alone_do_not(create: FunctionOf, tmp_path: Path) -> None:
    function = create("tiny==1.0\n")
    before = requirements_digest(function, tmp_path)
    (tmp_path / "more.txt").write_text("tiny==1.1\n")
    assert requirements_digest(function, tmp_path) == before
