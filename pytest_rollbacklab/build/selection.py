"""Which files go into a function's package, and whether its handler is among them.

A package that lacks its handler deploys well and fails on the first request, so it is refused here, where the name of
the file that was meant is still at hand. The files' bytes are ``package``'s business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_rollbacklab.build.template import LocalFunction
from pytest_rollbacklab.errors import BuildError

__all__ = ["PackageFile", "check_handler", "files_below", "source_files"]

_LEFT_OUT_DIRECTORIES = frozenset({"__pycache__", ".git"})
_LEFT_OUT_SUFFIXES = (".pyc",)
_SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageFile:
    """A file of a package."""

    name: str
    """In the package, with ``/``."""
    path: Path
    """On disk."""
    executable: bool


def files_below(directory: Path) -> tuple[PackageFile, ...]:
    """Return all files of a directory that belong into a package, by name; compiled Python and git's own are left out.

    Raises:
        BuildError: one of them is a symbolic link.
    """
    return tuple(sorted(map(_package_file, _walk(directory, directory)), key=lambda file: file.name))


def source_files(function: LocalFunction) -> tuple[PackageFile, ...]:
    """Return the files of a function's own code.

    Raises:
        BuildError: there are none, or one of its patterns matches none.
    """
    files = files_below(function.directory)
    if function.include:
        files = _included(function, files)
    if not files:
        raise BuildError(f"the package of {function.logical_id} would be empty", looked_at=function.code_uri)
    return files


def check_handler(function: LocalFunction, names: Iterable[str]) -> None:
    """Check that the package holds the module that the handler of a Python or a Node.js function names.

    As the runtime loads it. In Python ``create.main``, ``notes/create.main`` and ``notes.create.main`` are all modules
    and the function after the last dot; in Node.js the module ends at the first dot of the file's name. Other runtimes,
    and handlers that a parameter gives, are not looked into.

    Raises:
        BuildError: it does not; names the function, the handler, what was looked for and what is there.
    """
    there = sorted(names)
    for runtime in function.runtimes if function.handler is not None else ():
        if (candidates := _candidates(runtime, function.handler or "", there)) is not None:
            _check_module(function, candidates, there)


def _candidates(runtime: str, handler: str, names: Iterable[str]) -> tuple[str, ...] | None:
    """Return the files that may be a handler's module, the likely ones first; None for a runtime that is not known."""
    if runtime.startswith("python"):
        module, dot, _ = handler.rpartition(".")
        stem = module.replace(".", "/")
        compiled = (name for name in names if name.startswith(f"{stem}.") and name.endswith(".so"))
        return (f"{stem}.py", f"{stem}/__init__.py", *compiled) if dot else ()
    if runtime.startswith("nodejs"):
        directory, slash, file = handler.rpartition("/")
        module, dot, _ = file.partition(".")
        stem = f"{directory}{slash}{module}"
        beside = (f"{stem}/index.js", f"node_modules/{stem}/package.json", f"node_modules/{stem}/index.js", stem)
        return (f"{stem}.js", f"{stem}.mjs", f"{stem}.cjs", *beside) if dot else ()
    return None


def _check_module(function: LocalFunction, candidates: Sequence[str], there: Sequence[str]) -> None:
    if set(candidates) & set(there):
        return
    likely = [name for name in candidates if name.endswith((".py", ".js", ".mjs", ".cjs"))][:3]
    looked_for = f"looked for {' and '.join(likely)}" if likely else "a handler is MODULE.FUNCTION"
    raise BuildError(
        f"the package of {function.logical_id} lacks its handler {function.handler!r}: {looked_for}",
        looked_at=f"{function.code_uri}: {_listed(there)}",
        mend="commit the file, or mend Handler or CodeUri in the template",
    )


def _walk(directory: Path, top: Path) -> Iterable[tuple[str, Path]]:
    for entry in directory.iterdir():
        if entry.is_symlink():
            raise BuildError(f"a package cannot hold a symbolic link: {entry.name}", looked_at=str(directory))
        if entry.is_dir():
            if entry.name not in _LEFT_OUT_DIRECTORIES:
                yield from _walk(entry, top)
        elif not entry.name.endswith(_LEFT_OUT_SUFFIXES):
            yield entry.relative_to(top).as_posix(), entry


def _package_file(named: tuple[str, Path]) -> PackageFile:
    name, path = named
    return PackageFile(name=name, path=path, executable=bool(path.stat().st_mode & 0o100))


def _included(function: LocalFunction, files: Sequence[PackageFile]) -> tuple[PackageFile, ...]:
    chosen: dict[str, PackageFile] = {}
    for pattern in function.include:
        expression = _expression(pattern)
        matched = {file.name: file for file in files if expression.fullmatch(file.name)}
        if not matched:
            raise BuildError(
                f"no file of {function.logical_id} matches {pattern!r} (Metadata.rollbacklab.include)",
                looked_at=f"{function.code_uri}: {_listed([file.name for file in files])}",
                mend="patterns are relative to CodeUri; ** is for any number of directories",
            )
        chosen |= matched
    return tuple(chosen[name] for name in sorted(chosen))


def _expression(pattern: str) -> re.Pattern[str]:
    """Translate a glob: ``*`` and ``?`` stay within a name, ``**`` does not. (``glob.translate`` came with 3.13.)"""
    pieces = {"**/": "(?:.+/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    words = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(pieces.get(word) or re.escape(word) for word in words), re.DOTALL)


def _listed(names: Sequence[str]) -> str:
    if len(names) > _SHOWN:
        return f"there are {', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"
    return f"there is {', '.join(names)}" if names else "there is nothing"
