"""What a Node.js function needs from npm's registry: its ``package.json``'s dependencies, installed beside its code.

aws-lambda-builders does it, as in SAM, from the manifest and the lock file alone: the function's own files are chosen
by ``selection``. As for Python, whether anything needs building is told by a digest of what it comes from.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_rollbacklab.build.selection import files_below
from pytest_rollbacklab.build.template import LocalFunction
from pytest_rollbacklab.errors import BuildError

__all__ = ["install_modules", "modules_digest"]

_MANIFEST = "package.json"
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
_DEPENDENCIES = ("dependencies", "optionalDependencies")
_LOCAL = re.compile(r"file:|[./~]")
"""A dependency that lies on this machine; all others are in the registry, or at an address of their own."""
_WORDS_SHOWN = 2000


def modules_digest(function: LocalFunction, root: Path) -> str | None:
    """Return a digest of what decides a function's modules, or None when it has none from npm.

    Args:
        root: The commit's files. Dependencies that are files count all of them as their input.

    Raises:
        BuildError: ``package.json`` cannot be read.
    """
    if _runtime(function) is None or not (wanted := _wanted(function)):
        return None
    digest = hashlib.sha256(json.dumps([_runtime(function), wanted], sort_keys=True).encode())
    for path in (function.directory / name for name in _LOCKS):
        if path.is_file():
            digest.update(path.read_bytes())
    if any(_LOCAL.match(where) for where in wanted.values()):
        for file in files_below(root):
            digest.update(f"\n{file.name}\0{hashlib.sha256(file.path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def install_modules(function: LocalFunction, to_dir: Path) -> None:
    """Install a function's modules into a directory, as ``node_modules``.

    Raises:
        BuildError: they do not install; carries npm's words.
    """
    from aws_lambda_builders.builder import LambdaBuilder
    from aws_lambda_builders.exceptions import LambdaBuilderError

    builder = LambdaBuilder(language="nodejs", dependency_manager="npm", application_framework=None)
    with tempfile.TemporaryDirectory() as source, tempfile.TemporaryDirectory() as scratch:
        for name in (_MANIFEST, *_LOCKS):
            if (function.directory / name).is_file():
                shutil.copy(function.directory / name, source)
        try:
            builder.build(
                source, str(to_dir), scratch, str(Path(source) / _MANIFEST), runtime=_runtime(function), options={}
            )
        except LambdaBuilderError as error:
            raise BuildError(
                f"the modules of {function.logical_id} do not install: {str(error)[-_WORDS_SHOWN:].strip()}",
                looked_at=f"{function.code_uri}/{_MANIFEST}, with npm",
                mend="mend the dependency; see that npm is installed and reaches its registry",
            ) from error
    shutil.rmtree(to_dir / "node_modules" / ".bin", ignore_errors=True)  # links to programs, which no function runs


def _runtime(function: LocalFunction) -> str | None:
    return next((runtime for runtime in function.runtimes if runtime.startswith("nodejs")), None)


def _wanted(function: LocalFunction) -> Mapping[str, str]:
    path = function.directory / _MANIFEST
    if not path.is_file():
        return {}
    try:
        manifest: Any = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(where) for kind in _DEPENDENCIES for name, where in manifest.get(kind, {}).items()}
    except (ValueError, AttributeError) as error:
        raise BuildError(
            f"the package.json of {function.logical_id} cannot be read: {error}",
            looked_at=f"{function.code_uri}/{_MANIFEST}",
            mend="write it as npm wants it: one JSON object",
        ) from error
