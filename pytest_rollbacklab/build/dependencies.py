"""What a function needs from the package index: its ``requirements.txt``, installed beside its code.

Of Python functions, that is; what Node.js ones need is ``npm``'s affair, and asked for here together with the rest.

aws-lambda-builders does it, as in SAM, for the interpreter and the processor at hand, because that is what runs the
function locally. It is imported only when a function has requirements. Whether dependencies need building at all is
told by a digest of what they come from; that the index may answer differently tomorrow is why a build keeps its
packages.
"""

from __future__ import annotations

import hashlib
import platform
import re
import sys
import tempfile
from pathlib import Path

from pytest_rollbacklab.build.npm import install_modules, modules_digest
from pytest_rollbacklab.build.selection import files_below
from pytest_rollbacklab.build.template import LocalFunction
from pytest_rollbacklab.errors import BuildError

__all__ = ["build_dependencies", "requirements_digest"]

_REQUIREMENTS = "requirements.txt"
_RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
_ARCHITECTURE = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"
# ``name[extra]>=1,<2; python_version > "3"``: all that there is to it is in the line itself.
_SELF_CONTAINED = re.compile(r"[A-Za-z0-9][\w.-]*\s*(\[[^\]]*\])?\s*([<>=!~;].*)?")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tar.bz2")
_WORDS_SHOWN = 2000


def requirements_digest(function: LocalFunction, root: Path) -> str | None:
    """Return a digest of what decides a function's dependencies, or None when it has none.

    Args:
        root: The commit's files. Requirements that point at other files count all of them as their input.

    Raises:
        BuildError: its ``package.json`` cannot be read.
    """
    digests = [digest for digest in (_python_digest(function, root), modules_digest(function, root)) if digest]
    return " ".join(digests) or None


def build_dependencies(function: LocalFunction, to_dir: Path) -> None:
    """Install a function's dependencies into an empty directory.

    Raises:
        BuildError: they do not install; carries pip's or npm's words.
    """
    if _requirements(function):
        _install_requirements(function, to_dir)
    if modules_digest(function, function.directory) is not None:
        install_modules(function, to_dir)


def _python_digest(function: LocalFunction, root: Path) -> str | None:
    lines = _requirements(function)
    if not lines:
        return None
    digest = hashlib.sha256("\n".join([_RUNTIME, _ARCHITECTURE, *lines]).encode())
    if not all(_SELF_CONTAINED.fullmatch(line) and not line.endswith(_ARCHIVES) for line in lines):
        for file in files_below(root):
            digest.update(f"\n{file.name}\0{hashlib.sha256(file.path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def _install_requirements(function: LocalFunction, to_dir: Path) -> None:
    from aws_lambda_builders.builder import LambdaBuilder
    from aws_lambda_builders.exceptions import LambdaBuilderError

    builder = LambdaBuilder(language="python", dependency_manager="pip", application_framework=None)
    requirements = function.directory / _REQUIREMENTS
    with tempfile.TemporaryDirectory() as no_source, tempfile.TemporaryDirectory() as scratch:
        try:
            builder.build(
                no_source,  # our own files are chosen by ``selection``
                str(to_dir),
                scratch,
                str(requirements),
                runtime=_RUNTIME,
                architecture=_ARCHITECTURE,
                executable_search_paths=[str(Path(sys.executable).parent)],
            )
        except LambdaBuilderError as error:
            raise BuildError(
                f"the dependencies of {function.logical_id} do not install: {str(error)[-_WORDS_SHOWN:].strip()}",
                looked_at=f"{function.code_uri}/{_REQUIREMENTS}, with pip of {sys.executable}",
                mend="mend the requirement; see that pip is installed and reaches its index",
            ) from error


def _requirements(function: LocalFunction) -> list[str]:
    path = function.directory / _REQUIREMENTS
    for_another = function.runtimes and not any(runtime.startswith("python") for runtime in function.runtimes)
    if for_another or not path.is_file():
        return []
    lines = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
