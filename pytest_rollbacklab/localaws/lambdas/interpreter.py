"""The Python that functions run on: this interpreter with Lambda's own packages and no others.

On AWS a function finds the standard library, boto3 with what it needs, and its package. If it found whatever is
installed beside this project as well, a dependency left out of a package would go unnoticed here and fail on AWS. So
functions run in a virtual environment of their own, whose ``site-packages`` holds links to Lambda's packages alone.

The tests of a missing dependency rest on this. It does not make another minor version of Python appear: see
``control.runtimes``.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
import tempfile
import venv
from importlib import metadata
from pathlib import Path

__all__ = ["Interpreter"]

_DISTRIBUTIONS = (
    "awslambdaric",
    "boto3",
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "simplejson",
    "six",
    "snapshot-restore-py",
    "urllib3",
)
"""What AWS installs in its Python runtimes (Lambda's developer guide, "Runtime-included SDK versions")."""


class Interpreter:
    """A virtual environment with Lambda's packages, in a temporary directory of its own.

    Raises:
        importlib.metadata.PackageNotFoundError: one of Lambda's packages is not installed here.
    """

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="rollbacklab-python-")).resolve()
        venv.EnvBuilder(symlinks=True, with_pip=False).create(self.home)
        self.python = self.home / "bin" / "python3"
        self._library = self.home / "lib" / f"python{self.version}"
        for distribution in _DISTRIBUTIONS:
            _link(distribution, self._library / "site-packages")

    @property
    def version(self) -> str:
        """Major and minor: ``3.11``."""
        return f"{sys.version_info.major}.{sys.version_info.minor}"

    @property
    def libraries(self) -> tuple[Path, ...]:
        """Where its modules lie: what a traceback names, and AWS's would call ``/var/lang/lib/python3.11``."""
        return (self._library, Path(sysconfig.get_path("stdlib")))

    def close(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)


def _link(distribution: str, site_packages: Path) -> None:
    """Link what a distribution has installed at the top of its ``site-packages``.

    RECORD is read as text: parsed into paths, botocore's alone would take longer than all the rest.
    """
    installed = metadata.distribution(distribution)
    record = installed.read_text("RECORD") or ""
    names = {line.partition(",")[0].partition("/")[0] for line in record.splitlines()}
    for name in names - {"", "..", "__pycache__"}:
        (site_packages / name).symlink_to(Path(str(installed.locate_file(name))))
