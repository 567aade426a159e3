from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.errors import SourceError, ToolMissingError

HANDLER = '''import os


def main(event, context):
    """Create a note."""
    return {"statusCode": 200}
'''


@pytest.fixture
def with_handler(repository: Repository) -> Repository:
    repository.write("functions/create.py", HANDLER)
    repository.commit("Notes API")
    return repository


def git(repository: Repository, *arguments: str) -> str:
    """The user's own git, with what it needs of an identity."""
    identity = ["-c", "user.name=Mina", "-c", "user.email=mina@example.com"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=repository.path, check=True, capture_output=True, text=True
    ).stdout


def test_a_commit_tells_what_was_committed_by_whom_and_when(repository: Repository) -> None:
    repository.write("a.txt", "a")
    commit = repository.commit("Add a\n\nBecause.", author="Jin Kim <jin@example.com>")
    assert len(commit.sha) == 40
    assert (commit.author, commit.title, commit.message) == (
        "Jin Kim <jin@example.com>",
        "Add a",
        "Add a\n\nBecause.",
    )
    assert abs(datetime.now(UTC) - commit.committed_at) < timedelta(minutes=1)


def test_a_new_repository_is_on_main(repository: Repository) -> None:
    repository.write("a.txt", "a")
    commit = repository.commit("Add a")
    assert repository.commit_at("main") == repository.commit_at(commit.short_sha) == commit


def test_commits_made_by_the_users_own_git_are_read_too(with_handler: Repository) -> None:
    with_handler.write("b.txt", "b")
    git(with_handler, "add", "b.txt")
    git(with_handler, "commit", "-m", "고침")
    commit = with_handler.commit_at("HEAD")
    assert (commit.author, commit.message) == ("Mina <mina@example.com>", "고침")


def test_nothing_to_commit_is_said(with_handler: Repository) -> None:
    with pytest.raises(SourceError, match=r"there is nothing to commit\n.*no file differs from the last commit"):
        with_handler.commit("Again")


def test_an_empty_message_is_refused(repository: Repository) -> None:
    with pytest.raises(SourceError, match="a commit needs a message"):
        repository.commit(" \n")


@pytest.mark.parametrize("author", ["Jin", "Jin <>", "<jin@example.com>", "Jin <a b>", "A\nB <a@b>"])
def test_an_author_of_another_form_is_refused(repository: Repository, author: str) -> None:
    with pytest.raises(SourceError, match=r"is not an author\n.*write it as in 'rollbacklab <rollbacklab@localhost>'"):
        repository.commit("x", author=author)


@pytest.mark.parametrize("ref", ["nosuch", "main..HEAD", "--all", "", "HEAD:functions"])
def test_a_ref_that_names_no_commit_lists_the_refs_there_are(with_handler: Repository, ref: str) -> None:
    git(with_handler, "tag", "v1")
    with pytest.raises(SourceError, match=r"names no commit\n  looked at: .*branches and tags: main, v1"):
        with_handler.commit_at(ref)


def test_a_directory_without_a_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"is not a git repository\n.*\.git\n.*git init"):
        Repository(tmp_path)


def test_a_repository_further_up_is_not_taken(with_handler: Repository) -> None:
    inner = with_handler.path / "functions"
    (inner / "HEAD").write_text("looks like a bare repository")
    with pytest.raises(SourceError, match="not a git repository"):
        Repository(inner).is_clean()


def test_a_missing_git_is_said(repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match=rf"there is no git on this machine\n.*PATH={tmp_path}\n.*install git"):
        repository.is_clean()


def test_a_directory_that_went_away_is_said(repository: Repository) -> None:
    repository.path.rename(repository.path.with_name("elsewhere"))
    with pytest.raises(SourceError, match="there is no such directory"):
        repository.is_clean()


def test_the_users_hooks_configuration_and_environment_have_no_say(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text("[commit]\n\tgpgSign = true\n[core]\n\texcludesFile = ~/ignored\n")
    (tmp_path / "home" / "ignored").write_text("*.txt\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Nobody")
    hooks = repository.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-commit", "commit-msg", "post-commit"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)
    repository.write("a.txt", "a")
    assert repository.commit("Add a").author == "rollbacklab <rollbacklab@localhost>"


def test_is_clean_sees_changed_and_new_files_but_not_ignored_ones(with_handler: Repository) -> None:
    assert with_handler.is_clean()
    with_handler.write("new.txt", "")
    assert not with_handler.is_clean()
    with_handler.write(".gitignore", "new.txt\n")
    with_handler.commit("Ignore it")
    assert with_handler.is_clean()


def test_edit_inserts_at_the_top_of_a_function(with_handler: Repository) -> None:
    with_handler.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
    assert with_handler.read("functions/create.py") == HANDLER.replace(
        '"""\n    return', '"""\n    gibberish.what\n    return'
    )


def test_edit_replaces_a_text(with_handler: Repository) -> None:
    with_handler.edit("functions/create.py", replace="200", with_="500")
    assert with_handler.read("functions/create.py") == HANDLER.replace("200", "500")


def test_edit_takes_one_of_its_two_forms(with_handler: Repository) -> None:
    with pytest.raises(TypeError, match=r"either at_top_of= and insert=, or replace= and with_="):
        with_handler.edit("functions/create.py", at_top_of="main", with_="x")  # type: ignore[call-overload]


def test_a_file_that_is_missing_lists_its_neighbours(with_handler: Repository) -> None:
    expected = r"no file functions/crate.py in the repository\n  looked at: .*/functions: create.py"
    with pytest.raises(SourceError, match=expected):
        with_handler.edit("functions/crate.py", replace="a", with_="b")
    with pytest.raises(SourceError, match=r"looked at: .*/app: functions$"):
        with_handler.read("nosuch/crate.py")


def test_a_file_that_is_no_text_is_said(repository: Repository) -> None:
    (repository.path / "a.bin").write_bytes(b"\xff\xfe")
    with pytest.raises(SourceError, match=r"a\.bin is not a UTF-8 text"):
        repository.read("a.bin")


def test_line_ends_are_kept(repository: Repository) -> None:
    repository.write("a.py", "def main():\r\n    return 1\r\n")
    repository.edit("a.py", at_top_of="main", insert="x = 1")
    assert (repository.path / "a.py").read_bytes() == b"def main():\r\n    x = 1\r\n    return 1\r\n"


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/passwd", ".git/config", "a/../../outside.txt", "", "link/x"])
def test_paths_that_leave_the_repository_are_refused(repository: Repository, path: str) -> None:
    (repository.path / "link").symlink_to(repository.path.parent)
    with pytest.raises(SourceError, match="is not a file of the repository"):
        repository.write(path, "x")


def test_a_directory_is_not_written_over(with_handler: Repository) -> None:
    with pytest.raises(SourceError, match="functions is a directory"):
        with_handler.write("functions", "x")


def test_restore_brings_a_file_back(with_handler: Repository) -> None:
    first = with_handler.commit_at("HEAD")
    with_handler.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
    with_handler.commit("Making a mistake")
    with_handler.restore("functions/create.py", first.sha)
    assert with_handler.read("functions/create.py") == HANDLER
    with_handler.restore("functions/create.py")
    assert with_handler.is_clean()


def test_restore_of_a_file_that_the_commit_lacks_lists_what_it_has(with_handler: Repository) -> None:
    with pytest.raises(SourceError, match=r"no nosuch\.py in commit [0-9a-f]{7}\n.*its files: functions/create\.py"):
        with_handler.restore("nosuch.py")


def test_a_path_is_no_pattern(with_handler: Repository) -> None:
    with_handler.edit("functions/create.py", replace="200", with_="500")
    with pytest.raises(SourceError, match=r"no functions/\*\.py in commit"):
        with_handler.restore("functions/*.py")


def test_branches_are_told_with_their_heads(with_handler: Repository) -> None:
    first = with_handler.commit_at("HEAD").sha
    git(with_handler, "branch", "feature/a-b")
    git(with_handler, "tag", "v1")
    with_handler.write("a.txt", "a")
    second = with_handler.commit("Add a").sha
    assert with_handler.branches() == {"main": second, "feature/a-b": first}


def test_a_repository_without_commits_has_no_branches(repository: Repository) -> None:
    assert repository.branches() == {}


def test_a_bare_repository_has_branches_too(with_handler: Repository, tmp_path: Path) -> None:
    git(with_handler, "clone", "--quiet", "--bare", str(with_handler.path), str(tmp_path / "bare.git"))
    assert Repository(tmp_path / "bare.git").branches() == with_handler.branches()


def test_a_commit_that_git_has_not_taken_is_read_from_its_quarantine(with_handler: Repository, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(with_handler, "clone", "--quiet", "--bare", str(with_handler.path), str(bare))
    with_handler.write("a.txt", "a")
    pushed = with_handler.commit("Add a")
    with pytest.raises(SourceError, match="names no commit"):
        Repository(bare).commit_at(pushed.sha)
    quarantine = {
        "GIT_OBJECT_DIRECTORY": str(with_handler.path / ".git" / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(bare / "objects"),
    }
    taken = Repository(bare, quarantine=quarantine)
    assert taken.commit_at(pushed.sha) == pushed
    (tmp_path / "out").mkdir()
    taken.export(pushed, tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "a"


def test_of_a_quarantine_only_gits_own_variables_are_taken(with_handler: Repository, tmp_path: Path) -> None:
    elsewhere = {"GIT_DIR": str(tmp_path), "GIT_WORK_TREE": str(tmp_path), "PATH": "/nowhere"}
    assert Repository(with_handler.path, quarantine=elsewhere).branches() == with_handler.branches()
