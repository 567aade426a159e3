"""Deployment packages, unpacked: one directory for each content, shared by the environments that run it.

A directory is made when the first environment needs it, is read-only as ``/var/task`` is, and goes with the last. What
is unpacked has been judged before (no entry leaves the directory, no links): see ``control.code``, which also decides
whether a zip is acceptable as a package at all.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import lzma
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.lambdas.control.code import CodePackage

__all__ = ["Lease", "Packages"]

_UNPACK_INLINE_BYTES = 256 * 1024
"""Up to this size unpacking is quicker than handing it to a thread."""


class Lease:
    """A package in use. ``release`` it once."""

    def __init__(self, package: _Package) -> None:
        self._package = package
        self.root = package.root
        """Where it lies, once it is ready."""

    async def ready(self) -> None:
        """Wait until it is unpacked.

        Raises:
            ServiceError: ``InvalidZipFileException``, when an entry turns out to be damaged.
        """
        await asyncio.shield(self._package.unpacked)

    def release(self) -> None:
        """Give it back; the last one to do so removes the directory."""
        self._package.leases -= 1
        if not self._package.leases:
            self._package.forget()
            _remove(self.root)


@dataclass(kw_only=True, slots=True)
class _Package:
    root: Path
    unpacked: asyncio.Future[None]
    forget: Callable[[], object]
    leases: int = 0


class Packages:
    """The unpacked packages of a cloud, below one temporary directory."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="rollbacklab-packages-")).resolve()
        self._packages: dict[tuple[str, ...], _Package] = {}
        self._numbers = itertools.count(1)

    def lease(self, *codes: CodePackage) -> Lease:
        """Use a package, which begins to be unpacked unless it is there.

        Args:
            codes: Several are unpacked into one directory, each over those before it, as layers are.
        """
        key = tuple(code.sha256 for code in codes)
        package = self._packages.get(key)
        if package is None:
            root = self._home / str(next(self._numbers))
            package = _Package(root=root, unpacked=_begin(codes, root), forget=lambda: self._packages.pop(key, None))
            self._packages[key] = package
        package.leases += 1
        return Lease(package)

    def close(self) -> None:
        """Remove every directory."""
        _remove(self._home)


def _begin(codes: Sequence[CodePackage], root: Path) -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    if sum(code.unzipped_bytes for code in codes) > _UNPACK_INLINE_BYTES:
        return loop.run_in_executor(None, _unpack, codes, root)
    unpacked: asyncio.Future[None] = loop.create_future()
    try:
        _unpack(codes, root)
        unpacked.set_result(None)
    except ServiceError as error:
        unpacked.set_exception(error)
    return unpacked


def _unpack(codes: Sequence[CodePackage], root: Path) -> None:
    try:
        root.mkdir()
        for code in codes:
            with zipfile.ZipFile(io.BytesIO(code.zip)) as archive:
                for entry in archive.infolist():
                    _write(archive, entry, root / entry.filename)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, NotImplementedError) as error:
        raise ServiceError(
            "InvalidZipFileException", f"Lambda could not unzip the deployment package: {error}", 502, Type="User"
        ) from error
    for directory in (root, *(path for path in root.rglob("*") if path.is_dir())):
        directory.chmod(0o555)


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # a zip may name a file twice; the last one counts
    with archive.open(entry) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    executable = (entry.external_attr >> 16) & stat.S_IXUSR
    path.chmod(0o555 if executable else 0o444)


def _remove(root: Path) -> None:
    if not root.exists():
        return
    for directory in (root, *(path for path in root.rglob("*") if path.is_dir() and not path.is_symlink())):
        directory.chmod(0o755)
    shutil.rmtree(root, ignore_errors=True)
