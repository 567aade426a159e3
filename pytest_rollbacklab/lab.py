"""The composition root: an app with its repository, its pipeline and its stages, ready to be drilled.

Here the parts are chosen and wired; what each does is theirs. A ``Lab`` is what a test, a console or a command line
holds in its hand: push, promote, roll back, look. It keeps the drill's timeline from what passes through it, so that
nobody has to write it down.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.build import make_build
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.call import identity
from pytest_rollbacklab.call.client import ApiClient
from pytest_rollbacklab.config import CONFIG_NAME, AppConfig, load_config
from pytest_rollbacklab.deploy.release import Releases
from pytest_rollbacklab.drill.drill import Timeline
from pytest_rollbacklab.errors import BuildError, ConfigError
from pytest_rollbacklab.model import AccessLogLine, Answer, Build, DrillRow, Evidence, LogLine, Release
from pytest_rollbacklab.observe import access_logs, evidence, explain, lambda_logs, metrics
from pytest_rollbacklab.observe.metric_values import ApiMetrics, FunctionMetrics
from pytest_rollbacklab.observe.resources import StageResources, read_resources
from pytest_rollbacklab.target import Target

__all__ = ["BRANCH", "Lab", "Stage", "open_lab", "sample_app", "write_out"]

BRANCH = "main"
"""The branch that a lab's pushes go to."""

USERNAME = "admin@example.com"
PASSWORD = "Passw0rd!"  # noqa: S105 - the course's own, of a user who is made for the drill

_NOT_THE_APP = (".git", ".venv", ".aws-sam", ".rollbacklab", "__pycache__", "*.pyc", ".*_cache", "node_modules")


class Stage:
    """A stage of the lab: what is live there, what it leaves behind, and the way back.

    Args:
        lab: The lab it belongs to.
        name: As in ``rollbacklab.toml``.
    """

    def __init__(self, lab: Lab, name: str) -> None:
        self.name = name
        self.answers: list[Answer] = []
        """What the stage's API answered, in order."""
        self._lab, self._target = lab, lab.target
        self._user = identity.User(self._sign_in)
        self.api = ApiClient(
            lambda: self._target.invoke_url(self.resources.rest_api_id, self.resources.api_stage),
            region=self._target.region,
            credentials=self._user.credentials,
            check=self._target.check_broken_connection,
            on_answer=self._answered,
        )

    @property
    def live(self) -> Release | None:
        """The release that is live here, or None."""
        return self._lab.releases.ledger(self.name).live()

    @property
    def history(self) -> tuple[Release, ...]:
        """Every release that ever was live here, the first one first."""
        return self._lab.releases.ledger(self.name).releases()

    @functools.cached_property
    def resources(self) -> StageResources:
        """What the stage's stack is made of; read once, and again after each release.

        Raises:
            UsageError: nothing is deployed here.
        """
        return read_resources(self._target, self._lab.releases.stack(self.name).name)

    def roll_back(self, *, to: int | None = None, reason: str | None = None) -> Release:
        """Put an earlier release's very build here again; nothing is rebuilt.

        Args:
            to: A build number; None for what was live before.
            reason: Kept in the ledger.

        Raises:
            NothingToRollBackError: there is no such release, or it is live already.
            DeployError: what it was made of is not on the shelf, or the stack went back.
        """
        return self.released(self._lab.releases.roll_back(self.name, to=to, reason=reason))

    def released(self, release: Release) -> Release:
        """Note a release that has become live here, and return it."""
        self.__dict__.pop("resources", None)
        self._lab.timeline.released(release)
        return release

    def enable_access_logs(self) -> access_logs.Enabled:
        """Switch API access logs on, with the role and account setting that AWS demands for it."""
        return access_logs.enable(self._target, self.resources)

    def disable_access_logs(self) -> None:
        """Switch API access logs off."""
        access_logs.disable(self._target, self.resources)

    def access_log(self, *, since: datetime | None = None) -> tuple[AccessLogLine, ...]:
        """Return the API's access-log lines.

        Raises:
            UsageError: access logs are off.
        """
        return access_logs.read(self._target, self.resources, since=since)

    def function_log(self, function: str, *, since: datetime | None = None) -> tuple[LogLine, ...]:
        """Return a function's log events.

        Args:
            function: Its logical id in the template, or its name.

        Raises:
            UsageError: there is no such function.
        """
        return lambda_logs.read(self._target, self.resources.function_name(function), since=since)

    def api_metrics(self, *, since: datetime | None = None) -> ApiMetrics:
        """Return the API's metrics since the lab was opened, or since the time given."""
        api = self._target.client("apigateway").get_rest_api(restApiId=self.resources.rest_api_id)
        stage = self.resources.api_stage
        return metrics.read_api(self._target, api["name"], stage, since=since or self._lab.opened_at)

    def function_metrics(self, function: str, *, since: datetime | None = None) -> FunctionMetrics:
        """Return a function's metrics since the lab was opened, or since the time given.

        Raises:
            UsageError: there is no such function.
        """
        name = self.resources.function_name(function)
        return metrics.read_function(self._target, name, since=since or self._lab.opened_at)

    def evidence(self, answer: Answer, *, timeout_s: float = 0.0) -> Evidence:
        """Return what one request left behind, joined by its id."""
        return evidence.collect(self._target, self.resources, answer, timeout_s=timeout_s)

    def add_user(self, username: str, password: str) -> None:
        """Make a user of the app who can sign in at once.

        Raises:
            SignInError: the user pool refused.
        """
        identity.create_user(self._target, self.resources.user_pool_id, username, password)

    def _sign_in(self) -> identity.SigningCredentials:
        self.add_user(USERNAME, PASSWORD)
        pools = self.resources
        tokens = identity.sign_in(
            self._target,
            user_pool_id=pools.user_pool_id,
            app_client_id=pools.app_client_id,
            username=USERNAME,
            password=PASSWORD,
        )
        return identity.get_credentials(
            self._target, identity_pool_id=pools.identity_pool_id, user_pool_id=pools.user_pool_id, tokens=tokens
        )

    def _answered(self, answer: Answer) -> None:
        self.answers.append(answer)
        self._lab.timeline.answered(self.name, answer)


class Lab:
    """An app under drill.

    Args:
        target: Where AWS is.
        app: The app and its stages.
        repository: Where its source lies; its working tree is the drill's to change.
        name: The drill's, for the summary.
    """

    def __init__(self, *, target: Target, app: AppConfig, repository: Repository, name: str) -> None:
        self.target, self.app, self.repository = target, app, repository
        self.opened_at = datetime.now(UTC)
        self.shelf = Shelf(Bucket(target, app.name))
        self.releases = Releases(target, app, self.shelf)
        self.timeline = Timeline(name)
        self._stages: dict[str, Stage] = {}

    def stage(self, name: str) -> Stage:
        """Return a stage.

        Raises:
            UnknownStageError: the app has none of this name.
        """
        self.app.stage(name)
        if name not in self._stages:
            self._stages[name] = Stage(self, name)
        return self._stages[name]

    def push(self, message: str) -> Build:
        """Commit all that has changed, build the commit, and deploy it to the stages that follow the branch.

        Raises:
            SourceError: nothing has changed.
            BuildError: the commit does not build; the build is kept with its reason.
            DeployError: a stage's stack refused or went back.
        """
        commit = self.repository.commit(message)
        build = make_build(self.app, self.repository, commit, self.shelf)
        if build.failure is not None:
            raise BuildError(f"build {build.number} of {commit.short_sha} {commit.title!r} failed: {build.failure}")
        for stage in self.app.following(BRANCH):
            self.stage(stage.name).released(self.releases.deploy(build, stage.name))
        return build

    def promote(self, from_stage: str, to_stage: str, *, reason: str | None = None) -> Release:
        """Put what is live on one stage on another.

        Raises:
            PromoteError: there is nothing that could be promoted.
            DeployError: the stack refused or went back.
            UnknownStageError: the app has no such stage.
        """
        return self.stage(to_stage).released(self.releases.promote(from_stage, to_stage, reason=reason))

    def edit(self, path: str, *, at_top_of: str, insert: str) -> None:
        """Insert a statement at the top of a function in the working tree.

        Raises:
            SourceError: the file or the function is not there.
        """
        self.repository.edit(path, at_top_of=at_top_of, insert=insert)

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text that a file of the working tree holds exactly once.

        Raises:
            SourceError: the file or the text is not there, or is there more than once.
        """
        self.repository.edit(path, replace=old, with_=new)

    def write(self, path: str, text: str) -> None:
        """Write a file of the working tree."""
        self.repository.write(path, text)

    def restore(self, path: str, ref: str = "HEAD~1") -> None:
        """Make a file what it was in an earlier commit: by default the one before the last.

        Raises:
            SourceError: there is no such commit, or it does not hold the file.
        """
        self.repository.restore(path, ref)

    def close(self) -> None:
        """Close the connections that are kept open."""
        for stage in self._stages.values():
            stage.api.close()
        self.target.close()

    @property
    def row(self) -> DrillRow | None:
        """The drill's line in the summary; None when nothing was released."""
        return self.timeline.row()

    def explain(self) -> str:
        """Return what the records say: each stage's ledger, and the evidence of its last answer."""
        lines: list[str] = []
        for stage in self._stages.values():
            lines += explain.explain_releases(stage.name, stage.history)
            if stage.answers:
                lines += explain.explain_evidence(stage.evidence(stage.answers[-1]))
        return "\n".join(lines)


@contextlib.contextmanager
def open_lab(target: Target, app_directory: Path, workdir: Path, *, name: str) -> Iterator[Lab]:
    """Open a lab of its own for an app: a copy in a new repository, an account that nobody else has.

    Args:
        target: The AWS to work in; its account is replaced by the lab's own.
        app_directory: A directory with a ``rollbacklab.toml``; it is copied and never written to.
        workdir: An empty directory for the repository.
        name: The drill's.

    Raises:
        ConfigError: the directory is no app.
    """
    load_config(app_directory)
    copy = workdir / "app"
    shutil.copytree(app_directory, copy, ignore=shutil.ignore_patterns(*_NOT_THE_APP))
    repository = Repository.init(copy)
    lab = Lab(target=_in_own_account(target, name), app=load_config(copy), repository=repository, name=name)
    try:
        yield lab
    finally:
        lab.close()


def _in_own_account(target: Target, name: str) -> Target:
    """Give each drill an AWS account of its own, so that drills run side by side and nothing needs a reset."""
    digest = hashlib.sha256(f"{name}\0{datetime.now(UTC).timestamp()}".encode()).digest()
    account_id = str(10**11 + int.from_bytes(digest[:8], "big") % (9 * 10**11))
    return Target(endpoint_url=target.endpoint_url, account_id=account_id, region=target.region, cloud=target.cloud)


def sample_app(root: Path) -> Path:
    """Return the app to drill when none is named: the one at a project's root, else the sample app.

    Args:
        root: The project's root.
    """
    for candidate in (root, root / "sample_app"):
        if (candidate / CONFIG_NAME).is_file():
            return candidate
    return _shipped("sample_app")


def write_out(directory: Path) -> int:
    """Write the sample app and the labs into a directory and return the number of files.

    Raises:
        ConfigError: the directory is there and not empty.
    """
    if directory.exists() and any(directory.iterdir()):
        raise ConfigError(
            f"{directory} is not empty",
            looked_at=str(directory.absolute()),
            mend="name a new directory, or an empty one",
        )
    ignored = shutil.ignore_patterns(*_NOT_THE_APP)
    shutil.copytree(_shipped("sample_app"), directory, ignore=ignored, dirs_exist_ok=True)
    shutil.copytree(_shipped("labs"), directory / "labs", ignore=ignored)
    (directory / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\ntestpaths = labs tests\n")
    return sum(1 for path in directory.rglob("*") if path.is_file())


def _shipped(name: str) -> Path:
    """Return what the wheel carries, or, in a checkout, what lies beside the package."""
    package = Path(str(resources.files("pytest_rollbacklab")))
    for candidate in (package / "_shipped" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise ConfigError(
        f"{name} was not installed with the package", looked_at=str(package), mend="install pytest-rollbacklab again"
    )
