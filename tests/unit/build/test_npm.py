"""A Node.js function's modules, from a registry that is a file."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
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
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="this machine has no npm")


@pytest.fixture
def create(tmp_path: Path) -> FunctionOf:
    code = tmp_path / "functions"
    code.mkdir()
    (code / "create.js").write_text("exports.main = require('tiny').main;\n")

    def function(manifest: object, *runtimes: str, handler: str = "create.main") -> LocalFunction:
        (code / "package.json").write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
        return LocalFunction(
            logical_id="Create",
            code_uri="functions",
            directory=code,
            handler=handler,
            runtimes=runtimes or ("nodejs22.x",),
            include=("create.js",),
        )

    return function


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    """A module with a program, packed as npm packs them."""
    files = {
        "package.json": json.dumps({"name": "tiny", "version": "1.0.0", "bin": {"tiny": "index.js"}}),
        "index.js": "exports.main = async () => 1;\n",
    }
    (tmp_path / "registry").mkdir()
    where = tmp_path / "registry" / "tiny-1.0.0.tgz"
    with tarfile.open(where, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return f"file:{where}"


@needs_npm
def test_modules_are_packaged_beside_the_code_once(
    create: FunctionOf, tiny: str, shelf: Shelf, tmp_path: Path, objects: dict[str, bytes]
) -> None:
    function = create({"name": "notes", "version": "1.0.0", "dependencies": {"tiny": tiny}})
    package = package_function(function, shelf, root=tmp_path)
    archive = zipfile.ZipFile(io.BytesIO(objects[f"packages/{package.sha256}.zip"]))
    assert {"create.js", "node_modules/tiny/index.js", "node_modules/tiny/package.json"} <= set(archive.namelist())
    assert not [name for name in archive.namelist() if "/.bin/" in name]
    assert package_function(function, shelf, root=tmp_path).reused


@needs_npm
def test_what_does_not_install_is_told_with_npms_words(create: FunctionOf, shelf: Shelf, tmp_path: Path) -> None:
    manifest = {"name": "notes", "version": "1.0.0", "dependencies": {"gone": f"file:{tmp_path}/gone.tgz"}}
    with pytest.raises(BuildError) as caught:
        package_function(create(manifest), shelf, root=tmp_path)
    assert str(caught.value).startswith("the modules of Create do not install: NodejsNpmBuilder:NpmInstall - ")
    assert "gone.tgz" in str(caught.value)
    assert "  looked at: functions/package.json, with npm\n" in str(caught.value)


@pytest.mark.parametrize("manifest", [{"type": "module"}, {"dependencies": {}}])
def test_a_manifest_without_dependencies_needs_nothing(create: FunctionOf, manifest: object, tmp_path: Path) -> None:
    assert requirements_digest(create(manifest), tmp_path) is None


def test_a_manifest_beside_a_python_function_is_not_its_own(create: FunctionOf, tmp_path: Path) -> None:
    assert requirements_digest(create({"dependencies": {"tiny": "1"}}, "python3.12"), tmp_path) is None


def test_requirements_beside_a_node_function_are_not_its_own(create: FunctionOf, tmp_path: Path) -> None:
    (tmp_path / "functions" / "requirements.txt").write_text("tiny==1.0\n")
    assert requirements_digest(create({}), tmp_path) is None
    assert requirements_digest(create({}, "nodejs22.x", "python3.12"), tmp_path) is not None


def test_versions_and_locks_and_local_files_are_input(create: FunctionOf, tmp_path: Path) -> None:
    digests = {requirements_digest(create({"dependencies": {"tiny": version}}), tmp_path) for version in ("1", "2")}
    (tmp_path / "functions" / "package-lock.json").write_text("{}")
    digests.add(requirements_digest(create({"dependencies": {"tiny": "2"}}), tmp_path))
    digests.add(requirements_digest(create({"dependencies": {"tiny": "file:../tiny"}}), tmp_path))
    (tmp_path / "more").write_text("")
    digests.add(requirements_digest(create({"dependencies": {"tiny": "file:../tiny"}}), tmp_path))
    assert len(digests) == 5
    assert None not in digests


@pytest.mark.parametrize("manifest", ["{", "[]", '{"dependencies": []}'])
def test_a_manifest_that_cannot_be_read_is_told(create: FunctionOf, manifest: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"the package.json of Create cannot be read: .*\n  looked at: functions/pack"):
        requirements_digest(create(manifest), tmp_path)
