from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.build import make_build
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.config import AppConfig, StageConfig
from pytest_rollbacklab.errors import ToolMissingError
from pytest_rollbacklab.model import Build

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11, CodeUri: functions}}
Resources:
  Create:
    Type: AWS::Serverless::Function
    Metadata: {rollbacklab: {include: [create.py]}}
    Properties: {Handler: create.main}
  List:
    Type: AWS::Serverless::Function
    Metadata: {rollbacklab: {include: [list.py]}}
    Properties: {Handler: list.main}
"""


@pytest.fixture
def app(tmp_path: Path) -> AppConfig:
    return AppConfig(name="notes", directory=tmp_path, stages=(StageConfig(name="dev"),))


@pytest.fixture
def notes(repository: Repository) -> Repository:
    repository.write("template.yaml", TEMPLATE)
    for name in ("create", "list"):
        repository.write(f"functions/{name}.py", f"def main(event, context):\n    return '{name}'\n")
    return repository


@pytest.fixture
def build(app: AppConfig, shelf: Shelf, notes: Repository) -> Build:
    return make_build(app, notes, notes.commit("Notes API"), shelf)


def push(app: AppConfig, shelf: Shelf, notes: Repository) -> Build:
    return make_build(app, notes, notes.commit("Change"), shelf)


def test_a_commit_becomes_build_1_with_its_parts_on_the_shelf(
    build: Build, notes: Repository, shelf: Shelf, objects: dict[str, bytes]
) -> None:
    assert (build.number, build.app, build.failure) == (1, "notes", None)
    assert build.commit == notes.commit_at("HEAD")
    assert [(package.function, package.reused) for package in build.packages] == [("Create", False), ("List", False)]
    shelf.verify(build)
    assert build.template_key is not None
    resources = json.loads(objects[build.template_key])["Resources"]
    assert resources["Create"]["Properties"]["CodeUri"] == {
        "Bucket": shelf.bucket.name,
        "Key": f"packages/{build.packages[0].sha256}.zip",
    }
    assert shelf.latest() == build


def test_one_changed_file_is_one_new_package(app: AppConfig, build: Build, notes: Repository, shelf: Shelf) -> None:
    notes.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
    second = push(app, shelf, notes)
    assert second.number == 2
    assert [package.reused for package in second.packages] == [False, True]
    assert second.packages[0].sha256 != build.packages[0].sha256
    assert second.packages[1].sha256 == build.packages[1].sha256


def test_a_commit_brought_back_has_the_packages_of_then(
    app: AppConfig, build: Build, notes: Repository, shelf: Shelf
) -> None:
    notes.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
    push(app, shelf, notes)
    notes.restore("functions/create.py", build.commit.sha)
    third = push(app, shelf, notes)
    assert [package.sha256 for package in third.packages] == [package.sha256 for package in build.packages]
    assert all(package.reused for package in third.packages)
    assert (third.template_key, third.template_sha256) == (build.template_key, build.template_sha256)


def test_what_is_not_committed_is_not_built(app: AppConfig, build: Build, notes: Repository, shelf: Shelf) -> None:
    notes.write("functions/create.py", "edited")
    again = make_build(app, notes, notes.commit_at("HEAD"), shelf)
    assert [package.sha256 for package in again.packages] == [package.sha256 for package in build.packages]


def test_the_build_log_tells_what_was_made(app: AppConfig, notes: Repository, shelf: Shelf) -> None:
    lines: list[str] = []
    build = make_build(app, notes, notes.commit("Notes API\n\nWhy."), shelf, log=lines.append)
    size, sha256 = build.packages[0].size_bytes, build.packages[0].sha256
    assert lines[0] == f"Building {build.commit.short_sha} 'Notes API' by rollbacklab <rollbacklab@localhost>"
    assert lines[1] == f"  packaged Create: {size} bytes, sha256 {sha256}"
    assert lines[-1].startswith("Build 1 succeeded in 0.")
    again: list[str] = []
    make_build(app, notes, build.commit, shelf, log=again.append)
    assert again[1] == f"  unchanged Create: {size} bytes, sha256 {sha256}"


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("template.yaml", "Resources: [", "the template does not parse"),
        ("template.yaml", TEMPLATE.replace("functions", "function"), "the code of Create is not there"),
        ("template.yaml", TEMPLATE.replace("create.main", "crate.main"), "lacks its handler 'crate.main'"),
        ("template.yaml", TEMPLATE.replace("[create.py]", "[crate.py]"), "no file of Create matches 'crate.py'"),
    ],
)
def test_a_build_that_fails_has_its_number_and_its_reason(
    app: AppConfig, build: Build, notes: Repository, shelf: Shelf, path: str, text: str, reason: str
) -> None:
    notes.write(path, text)
    lines: list[str] = []
    failed = make_build(app, notes, notes.commit("Break it"), shelf, log=lines.append)
    assert (failed.number, failed.packages, failed.template_key, failed.succeeded) == (2, (), None, False)
    assert failed.failure is not None
    assert reason in failed.failure
    assert any(reason in line for line in lines)
    assert lines[-1].startswith("Build 2 failed in ")
    assert shelf.build(2) == failed


def test_a_commit_that_cannot_be_exported_is_a_failed_build(app: AppConfig, notes: Repository, shelf: Shelf) -> None:
    (notes.path / "functions" / "secret").symlink_to("/etc/passwd")
    failed = push(app, shelf, notes)
    assert failed.failure is not None
    assert "a symbolic link: functions/secret" in failed.failure


def test_a_missing_git_spends_no_number(
    app: AppConfig, build: Build, notes: Repository, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ToolMissingError):
        make_build(app, notes, build.commit, shelf)
    assert shelf.latest() == build


def test_an_app_can_lie_further_down(app: AppConfig, repository: Repository, shelf: Shelf) -> None:
    repository.write("apps/notes/template.yaml", TEMPLATE)
    for name in ("create", "list"):
        repository.write(f"apps/notes/functions/{name}.py", "def main(): pass\n")
    commit = repository.commit("Notes API")
    assert make_build(app, repository, commit, shelf, app_path="apps/notes").succeeded
    failed = make_build(app, repository, commit, shelf)
    assert failed.failure is not None
    assert "there is no template template.yaml in the commit\n  looked at: there is apps" in failed.failure


def test_builds_that_race_get_numbers_of_their_own(app: AppConfig, notes: Repository, bucket: Bucket) -> None:
    commit = notes.commit("Notes API")
    ready = threading.Barrier(2)

    def race(_: int) -> int:
        ready.wait()
        return make_build(app, notes, commit, Shelf(bucket)).number

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(race, range(2))) == [1, 2]
    assert [build.number for build in Shelf(bucket).builds()] == [1, 2]
