"""Real paths, told as AWS would tell them: ``/var/task`` for the package, ``/var/lang`` for Python.

A function runs from a temporary directory here. Where its output or an error names a file there, the name is replaced,
so that a trace reads as it would in AWS's logs. Only what a function reports is rewritten, never what it answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["Disguise"]


class Disguise:
    """What to replace in what a function reports.

    Args:
        task_root: Where its package lies.
        libraries: Where its Python's modules lie.
        python: The Python's version: ``3.11``.
    """

    def __init__(self, *, task_root: Path, libraries: Iterable[Path] = (), python: str = "") -> None:
        library = f"/var/lang/lib/python{python}".encode()
        self._paths = (
            (str(task_root).encode(), b"/var/task"),
            *((str(path).encode(), library) for path in libraries),
        )

    def and_also(self, real: Path, told: str) -> Disguise:
        """Return one that replaces another path as well."""
        disguise = Disguise(task_root=real)
        disguise._paths = (*self._paths, (str(real).encode(), told.encode()))
        return disguise

    def on(self, report: bytes) -> bytes:
        """Return a report (a log event, an error's JSON) with AWS's paths."""
        for real, told in self._paths:
            report = report.replace(real, told)
        return report
