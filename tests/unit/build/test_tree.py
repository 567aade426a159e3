from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.errors import SourceError
from pytest_rollbacklab.model import Commit


def plumb(repository: Repository, *arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(["git", *arguments], cwd=repository.path, input=stdin, check=True, capture_output=True)
    return done.stdout.decode().strip()


def commit_of_tree(repository: Repository, tree: str) -> Commit:
    identity = ["-c", "user.name=x", "-c", "user.email=x@x"]
    return repository.commit_at(plumb(repository, *identity, "commit-tree", tree, "-m", "crafted"))


def test_the_commits_files_are_written_and_not_the_working_trees(repository: Repository, tmp_path: Path) -> None:
    repository.write("functions/create.py", "committed")
    repository.write("empty", "")
    commit = repository.commit("One")
    repository.write("functions/create.py", "edited")
    repository.write("untracked.txt", "x")
    repository.export(commit, tmp_path / "out")
    files = {path.relative_to(tmp_path / "out").as_posix(): path for path in (tmp_path / "out").rglob("*")}
    assert sorted(files) == ["empty", "functions", "functions/create.py"]
    assert files["functions/create.py"].read_text() == "committed"


def test_executable_bits_are_kept(repository: Repository, tmp_path: Path) -> None:
    repository.write("run.sh", "#!/bin/sh\n")
    repository.write("data.txt", "")
    (repository.path / "run.sh").chmod(0o755)
    repository.export(repository.commit("One"), tmp_path / "out")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()}
    assert modes == {"run.sh": 0o755, "data.txt": 0o644}


def test_attributes_do_not_change_the_bytes(repository: Repository, tmp_path: Path) -> None:
    repository.write(".gitattributes", "a.txt export-subst eol=crlf text\nb.txt export-ignore\n")
    repository.write("a.txt", "$Format:%H$\n")
    repository.write("b.txt", "b")
    repository.export(repository.commit("One"), tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_bytes() == b"$Format:%H$\n"
    assert (tmp_path / "out" / "b.txt").exists()


def test_large_and_binary_files_are_whole(repository: Repository, tmp_path: Path) -> None:
    content = bytes(range(256)) * 12_000
    (repository.path / "big.bin").write_bytes(content)
    repository.write("after.txt", "after\n")
    repository.export(repository.commit("One"), tmp_path / "out")
    assert (tmp_path / "out" / "big.bin").read_bytes() == content
    assert (tmp_path / "out" / "after.txt").read_text() == "after\n"


def test_a_symbolic_link_is_refused_by_name(repository: Repository, tmp_path: Path) -> None:
    repository.write("functions/a.py", "")
    (repository.path / "functions" / "secret").symlink_to("/etc/passwd")
    with pytest.raises(SourceError, match=r"holds a symbolic link: functions/secret\n.*commit the file itself"):
        repository.export(repository.commit("Link"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_submodule_is_refused_by_name(repository: Repository, tmp_path: Path) -> None:
    inner = Repository.init(repository.path / "vendored")
    inner.write("a.txt", "a")
    inner.commit("Inner")
    with pytest.raises(SourceError, match="holds a submodule: vendored"):
        repository.export(repository.commit("Outer"), tmp_path / "out")


@pytest.mark.parametrize("name", ["..", ".git", ".GIT", "."])
def test_a_name_that_leaves_the_directory_is_refused(repository: Repository, tmp_path: Path, name: str) -> None:
    blob = plumb(repository, "hash-object", "-w", "--stdin", stdin=b"evil")
    inner = plumb(repository, "mktree", stdin=f"100644 blob {blob}\tevil\n".encode())
    outer = plumb(repository, "mktree", stdin=f"040000 tree {inner}\t{name}\n".encode())
    with pytest.raises(SourceError, match=rf"holds a name that leaves the directory: {name}/evil"):
        repository.export(commit_of_tree(repository, outer), tmp_path / "out")


def test_a_name_that_is_not_utf8_is_refused(repository: Repository, tmp_path: Path) -> None:
    blob = plumb(repository, "hash-object", "-w", "--stdin", stdin=b"x")
    tree = plumb(repository, "mktree", "-z", stdin=f"100644 blob {blob}\t".encode() + b"\xff\0")
    with pytest.raises(SourceError, match=r"a name that is not UTF-8: b'\\xff'"):
        repository.export(commit_of_tree(repository, tree), tmp_path / "out")


def test_names_with_spaces_quotes_and_other_scripts_are_kept(repository: Repository, tmp_path: Path) -> None:
    names = ["a b.txt", 'q"uote.txt', "메모.txt", "-rf", "new\nline"]
    for name in names:
        repository.write(name, name)
    repository.export(repository.commit("Names"), tmp_path / "out")
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {name: name for name in names}


def test_a_directory_with_files_in_it_is_refused(repository: Repository, tmp_path: Path) -> None:
    repository.write("a.txt", "a")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("")
    with pytest.raises(SourceError, match="into an empty directory"):
        repository.export(repository.commit("One"), tmp_path / "out")


def test_a_missing_object_is_said(repository: Repository, tmp_path: Path) -> None:
    repository.write("a.txt", "a")
    commit = repository.commit("One")
    blob = plumb(repository, "rev-parse", "HEAD:a.txt")
    (repository.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(SourceError, match=rf"lacks the content of a.txt\n  looked at: object {blob}"):
        repository.export(commit, tmp_path / "out")


def test_a_commit_of_another_repository_is_said(repository: Repository, tmp_path: Path) -> None:
    other = Repository.init(tmp_path / "other")
    other.write("a.txt", "a")
    commit = other.commit("Other")
    with pytest.raises(
        SourceError,
        match=r"the repository lacks the content of the directory \.\n  looked at: object [0-9a-f]{40}\^\{tree\}",
    ):
        repository.export(commit, tmp_path / "out")
