"""The pytest plugin: options, fixtures and the summary. A shell over ``lab``; it decides nothing itself.

Nothing heavy is imported before a fixture asks for it, and no fixture is automatic: a run that uses none of them pays
for this file alone and starts no process.

Fixtures, each of which a conftest may replace:

    rollbacklab_target (session)  the AWS that drills run in: an embedded cloud, or the endpoint that was named
    rollbacklab_app               the directory of the app that is drilled
    lab                           an app of the test's own: repository, stages and pipeline, in an account of its own
    dev, prod                     the lab's stages of these names
    api                           the signed client of prod
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from pytest_rollbacklab.call.client import ApiClient
    from pytest_rollbacklab.lab import Lab
    from pytest_rollbacklab.stage import Stage
    from pytest_rollbacklab.target import Target

__all__ = ["api", "dev", "lab", "prod", "rollbacklab_app", "rollbacklab_target"]

_DRILL = "rollbacklab_drill"
_kept = pytest.StashKey[tuple[str, int]]()
_lab = pytest.StashKey["Lab"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("rollbacklab", "deploy and rollback drills")
    group.addoption(
        "--rollbacklab-app", type=Path, metavar="DIR", help="the app to drill: a directory with a rollbacklab.toml"
    )
    group.addoption(
        "--rollbacklab-endpoint", metavar="URL", help="use the local AWS that answers there (see: rollbacklab cloud)"
    )
    group.addoption(
        "--rollbacklab-keep",
        action="store_true",
        help="leave the local AWS running for inspection when a drill has failed, and say where it is",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Summary(), "rollbacklab-summary")


@pytest.fixture(scope="session")
def rollbacklab_target(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Iterator[Target]:
    """The AWS that drills run in; ends with the session."""
    from pytest_rollbacklab.target import Target, embedded_cloud

    endpoint = pytestconfig.getoption("rollbacklab_endpoint")
    if endpoint:
        yield Target(endpoint_url=endpoint)
        return
    with embedded_cloud() as cloud:
        yield Target(endpoint_url=cloud.endpoint_url, cloud=cloud)
        if pytestconfig.getoption("rollbacklab_keep") and request.session.testsfailed:
            cloud.leave_running()
            pytestconfig.stash[_kept] = (cloud.endpoint_url, cloud.pid)


@pytest.fixture
def rollbacklab_app(pytestconfig: pytest.Config) -> Path:
    """The directory of the app that is drilled: ``--rollbacklab-app``, else the sample app."""
    from pytest_rollbacklab.shipped import sample_app

    named = pytestconfig.getoption("rollbacklab_app")
    return sample_app(pytestconfig.rootpath) if named is None else pytestconfig.invocation_params.dir / named


@pytest.fixture
def lab(
    rollbacklab_target: Target, rollbacklab_app: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Lab]:
    """The app in a repository, an account and stages of this test's own."""
    from pytest_rollbacklab.lab import open_lab

    with open_lab(rollbacklab_target, rollbacklab_app, tmp_path, name=request.node.nodeid) as opened:
        request.node.stash[_lab] = opened
        yield opened
        if opened.row is not None:
            request.node.user_properties.append((_DRILL, opened.row.to_dict()))


@pytest.fixture
def dev(lab: Lab) -> Stage:
    """The lab's stage ``dev``."""
    return lab.stage("dev")


@pytest.fixture
def prod(lab: Lab) -> Stage:
    """The lab's stage ``prod``."""
    return lab.stage("prod")


@pytest.fixture
def api(prod: Stage) -> ApiClient:
    """The signed client of prod, as a user of the app who is signed in."""
    return prod.api


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a failed drill explain itself: what its records say."""
    report = yield
    opened = item.stash.get(_lab, None)
    if opened is not None and report.failed and report.when == "call":
        report.sections.append(("what the records say", opened.explain()))
    return report


class _Summary:
    """Collects the drills' rows, which xdist's workers send with their reports, and prints them at the end."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self._rows += [cast(dict[str, Any], value) for name, value in report.user_properties if name == _DRILL]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        if self._rows:
            from pytest_rollbacklab.report.terminal import table_lines

            terminalreporter.section("drills")
            for line in table_lines(self._rows, width=terminalreporter._tw.fullwidth):
                terminalreporter.write_line(line)
        if kept := config.stash.get(_kept, None):
            terminalreporter.write_line(f"left running for inspection: {kept[0]}; end it with: kill {kept[1]}")
