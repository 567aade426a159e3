"""A function's deployment package: a zip that is the same whenever its files are the same.

Names in order, one fixed time, two fixed modes, one compression level, no extra fields: so the zip's sha256 names the
content, and a function that did not change keeps its package. (Another zlib may pack the same files otherwise; what the
shelf holds already is found by the files, not by the zip.) What goes in is ``selection``'s and ``dependencies``'
business; where it lies is the ``shelf``'s.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from pytest_rollbacklab.build.dependencies import build_dependencies, requirements_digest
from pytest_rollbacklab.build.selection import PackageFile, check_handler, files_below, source_files
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.build.template import LocalFunction
from pytest_rollbacklab.model import Package

__all__ = ["input_digest", "package_function", "zip_files"]

# Part of every input digest: to be raised when the same input is to give another zip.
_RULES = "1"
_TIME = (1980, 1, 1, 0, 0, 0)
_LEVEL = 6
_UNIX = 3
_REGULAR_FILE = 0o100000


def package_function(function: LocalFunction, shelf: Shelf, *, root: Path) -> Package:
    """Return a function's package, which lies on the shelf then; it is made only when the shelf lacks it.

    Args:
        root: The commit's files.

    Raises:
        BuildError: there is nothing to package, the handler is not in it, or the dependencies do not install.
    """
    files = source_files(function)
    requirements = requirements_digest(function, root)
    if requirements is None:
        check_handler(function, (file.name for file in files))
    else:  # whether the handler is among the dependencies is seen when they are built, and so belongs to the input
        requirements += f" for {function.handler}"
    digest = input_digest(files, requirements)
    kept = shelf.find_package(digest)
    if kept is not None:
        return Package(function=function.logical_id, sha256=kept.sha256, size_bytes=kept.size_bytes, reused=True)
    content = zip_files(files) if requirements is None else _zip_with_dependencies(function, files)
    made = shelf.keep_package(content, digest)
    return Package(function=function.logical_id, sha256=made.sha256, size_bytes=made.size_bytes, reused=False)


def input_digest(files: Sequence[PackageFile], requirements: str | None) -> str:
    """Return the digest of all that a package is made from: files with their names and modes, and requirements."""
    digest = hashlib.sha256(f"{_RULES}\0{requirements}".encode())
    for file in files:
        content = hashlib.sha256(file.path.read_bytes()).hexdigest()
        digest.update(f"\0{file.name}\0{file.executable:d}\0{content}".encode())
    return digest.hexdigest()


def zip_files(files: Sequence[PackageFile]) -> bytes:
    """Return the zip of these files, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(files, key=lambda file: file.name):
            archive.writestr(_header(file), file.path.read_bytes(), zipfile.ZIP_DEFLATED, _LEVEL)
    return buffer.getvalue()


def _header(file: PackageFile) -> zipfile.ZipInfo:
    header = zipfile.ZipInfo(file.name, _TIME)
    header.create_system = _UNIX
    header.external_attr = (_REGULAR_FILE | (0o755 if file.executable else 0o644)) << 16
    return header


def _zip_with_dependencies(function: LocalFunction, files: Sequence[PackageFile]) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        build_dependencies(function, Path(directory))
        # The function's own file wins over a dependency's of the same name, as in ``sam build``.
        merged = {file.name: file for file in (*files_below(Path(directory)), *files)}
        check_handler(function, merged)
        return zip_files(tuple(merged.values()))
