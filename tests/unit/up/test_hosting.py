"""The hosted repository, and the remote that leads to it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pytest_rollbacklab.build.git import Git
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.errors import SourceError, ToolMissingError
from pytest_rollbacklab.up.hooks import hook_script
from pytest_rollbacklab.up.hosting import add_remote, host

BARE = Path("/srv/notes/.rollbacklab/git/notes.git")


def _remote(directory: Path) -> str:
    return Git(directory).run("remote", "get-url", "lab").decode().strip()


def test_a_repository_is_made_mended_and_keeps_its_commits(tmp_path: Path) -> None:
    bare, work = tmp_path / 'it\'s "here"' / "notes.git", Repository.init(tmp_path / "work")
    work.write("README", "x")
    sha = work.commit("First").sha
    host(bare, branch="trunk", port=1, hook_token="old", directory=tmp_path)
    Git(bare).run("fetch", "--quiet", str(work.path), "HEAD:refs/heads/trunk")
    (bare / "hooks" / "pre-receive").unlink()
    repository = host(bare, branch="trunk", port=2, hook_token="new", directory=tmp_path)
    assert repository.branches() == {"trunk": sha}
    for hook in ("pre-receive", "post-receive"):
        script = bare / "hooks" / hook
        assert script.stat().st_mode & 0o777 == 0o700
        assert "X-Rollbacklab-Hook: new" in script.read_text()
        assert "/dev/tcp/127.0.0.1/2" in script.read_text()
    assert (bare / "HEAD").read_text() == "ref: refs/heads/trunk\n"
    asked = subprocess.run(["git", "-C", str(bare), "config", "core.hooksPath"], capture_output=True, text=True)
    assert asked.stdout.strip() == str(bare / "hooks")


def test_the_remote_is_added_and_follows_the_directory(tmp_path: Path) -> None:
    work = Repository.init(tmp_path)
    work.write("README", "x")
    work.commit("First")
    remote = add_remote(tmp_path, BARE)
    assert (remote.repository_made, remote.branch, remote.has_commits) == (False, "main", True)
    assert _remote(tmp_path) == str(BARE)
    moved = Path("/home/ann/notes/.rollbacklab/git/notes.git")
    add_remote(tmp_path, moved)
    assert _remote(tmp_path) == str(moved)


def test_a_directory_that_is_no_repository_becomes_one(tmp_path: Path) -> None:
    remote = add_remote(tmp_path, BARE)
    assert (remote.repository_made, remote.branch, remote.has_commits) == (True, "main", False)
    assert _remote(tmp_path) == str(BARE)


def test_a_remote_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    Repository.init(tmp_path)
    Git(tmp_path).run("remote", "add", "lab", "git@example.com:lab.git")
    with pytest.raises(SourceError) as raised:
        add_remote(tmp_path, BARE)
    assert str(raised.value) == (
        "this repository has a remote 'lab' that leads elsewhere\n"
        f"  looked at: {tmp_path}: git remote get-url lab: git@example.com:lab.git\n"
        "  what to do: give that one another name: git remote rename lab another-name"
    )
    assert _remote(tmp_path) == "git@example.com:lab.git"


def test_an_app_inside_another_repository_is_refused(tmp_path: Path) -> None:
    Repository.init(tmp_path)
    inside = tmp_path / "apps" / "notes"
    inside.mkdir(parents=True)
    with pytest.raises(SourceError, match="the app is not at the top of its repository") as raised:
        add_remote(inside, BARE)
    assert "make a repository of the app's directory: git init" in str(raised.value)
    assert not (inside / ".git").exists()


def test_a_machine_without_bash_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError) as raised:
        hook_script("pre-receive", port=1, token="t", directory="/srv")
    assert str(raised.value) == (
        "there is no bash on this machine, and the hooks of the lab's git repository need it\n"
        "  looked at: the PATH\n"
        "  what to do: install bash with the system's package manager"
    )
