"""Programs and packages: which of them are there, and whether they are new enough."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import webbrowser
from importlib import metadata
from pathlib import Path

from pytest_rollbacklab.cli.checks.check import Check, checked

__all__ = ["bash", "browser", "git", "git_http_backend", "node", "packages", "python", "runtime_client"]

_PYTHON = (3, 11)
_GIT = (2, 28)
"""``git init --initial-branch`` came with it (git's release notes of 2.28)."""
_PROGRAM_S = 10.0
_PACKAGE = "pytest-rollbacklab"


def python(directory: Path) -> Check:
    """Look which Python runs."""
    del directory
    return checked(
        "Python",
        ok=sys.version_info >= _PYTHON,
        found=".".join(map(str, sys.version_info[:3])),
        mend=f"install Python {_PYTHON[0]}.{_PYTHON[1]} or newer, from python.org or by your system's packages",
    )


def packages(directory: Path) -> Check:
    """Look whether the packages that ours needs are there, in versions that it can use."""
    del directory
    from packaging.requirements import Requirement

    asked = [Requirement(line) for line in metadata.requires(_PACKAGE) or ()]
    needed = [one for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]
    found = {one: _installed(one.name) for one in needed}
    wrong = [
        f"{one.name} {version}, not {one.specifier}" if version else f"{one.name} is missing"
        for one, version in found.items()
        if not version or not one.specifier.contains(version, prereleases=True)
    ]
    versions = ", ".join(f"{one.name} {version}" for one, version in found.items())
    return checked(
        "packages",
        ok=not wrong,
        found="; ".join(wrong) or f"{_PACKAGE} {_installed(_PACKAGE)}, {versions}",
        mend=f"{Path(sys.executable).name} -m pip install --upgrade {_PACKAGE}",
    )


def _installed(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def runtime_client(directory: Path) -> Check:
    """Look for AWS's own runtime client, which runs Python functions; a machine may lack its compiled part."""
    del directory
    try:
        found = f"awslambdaric {importlib.import_module('awslambdaric').__version__}"
        importlib.import_module("runtime_client")
    except ImportError as error:
        mend = "pip install awslambdaric; on Windows use WSL"
        return checked("Lambda runtime", ok=False, found=str(error), mend=mend)
    return checked("Lambda runtime", ok=True, found=found, mend=None)


def git(directory: Path) -> Check:
    """Look which git there is."""
    del directory
    said = _said_by("git", "--version")
    return checked(
        "git",
        ok=_number(said) >= _GIT,
        found=said or "not found on PATH",
        mend=f"install git {_GIT[0]}.{_GIT[1]} or newer: apt install git, brew install git, or git-scm.com",
    )


def git_http_backend(directory: Path) -> Check:
    """Look for the part of git that takes pushes over HTTP; some systems have it in a package of its own."""
    del directory
    place = _said_by("git", "--exec-path")
    program = Path(place) / "git-http-backend"
    there = bool(place) and os.access(program, os.X_OK)
    return checked(
        "git over HTTP",
        ok=there,
        found=str(program) if there else f"no git-http-backend in {place or 'git, which is not there'}",
        mend="install all of git: apt install git, brew install git, apk add git-daemon",
    )


def bash(directory: Path) -> Check:
    """Look for bash, in which the hooks are written that hand a push to the lab."""
    del directory
    found = shutil.which("bash")
    mend = "install bash with the system's packages: git's hooks need it"
    return checked("bash", ok=found is not None, found=found or "not found on PATH", mend=mend)


def node(directory: Path) -> Check:
    """Look for node, which functions written for it need."""
    del directory
    said = _said_by("node", "--version")
    mend = "only functions in Node.js need it: nodejs.org"
    return checked("node", ok=bool(said), needed=False, found=said or "not found on PATH", mend=mend)


def browser(directory: Path) -> Check:
    """Look for a browser that can be opened."""
    del directory
    try:
        name = getattr(webbrowser.get(), "name", "") or "the system's own"
    except webbrowser.Error:
        name = ""
    mend = "open the address that rollbacklab up prints in any browser of this machine"
    return checked("a browser", ok=bool(name), needed=False, found=name or "none that can be opened", mend=mend)


def _said_by(program: str, question: str) -> str:
    """Return what a program says of itself, or nothing where it is not there or does not run."""
    path = shutil.which(program)
    if path is None:
        return ""
    try:
        ran = subprocess.run([path, question], capture_output=True, text=True, timeout=_PROGRAM_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return ran.stdout.strip()


def _number(said: str) -> tuple[int, ...]:
    """Return the first number with dots in a text: ``(2, 43, 0)`` of ``git version 2.43.0``."""
    word = next((word for word in said.split() if word[:1].isdigit()), "")
    return tuple(int(part) for part in word.split(".") if part.isdecimal())
