"""A stage in the hand: its API to call, its records to read, its release to roll back.

Here the parts that know how are given the stage they work on; nothing is decided. The timeline hears what passes.
"""

from __future__ import annotations

import functools
from datetime import datetime

from pytest_rollbacklab.call import identity
from pytest_rollbacklab.call.client import ApiClient
from pytest_rollbacklab.deploy.release import Releases
from pytest_rollbacklab.drill.drill import Timeline
from pytest_rollbacklab.model import AccessLogLine, Answer, Evidence, LogLine, Release
from pytest_rollbacklab.observe import access_logs, evidence, lambda_logs, metrics
from pytest_rollbacklab.observe.metric_values import ApiMetrics, FunctionMetrics
from pytest_rollbacklab.observe.resources import StageResources, read_resources
from pytest_rollbacklab.target import Target

__all__ = ["PASSWORD", "USERNAME", "Stage"]

USERNAME = "admin@example.com"
PASSWORD = "Passw0rd!"  # noqa: S105 - the course's own, of a user who is made for the drill


class Stage:
    """A stage of the lab: what is live there, what it leaves behind, and the way back.

    Args:
        name: As in ``rollbacklab.toml``.
        target: Where AWS is.
        releases: The app's, on all its stages.
        timeline: Told what is released here and what is answered.
        since: The earliest time that metrics are read from, when nothing else is said.
    """

    def __init__(self, name: str, *, target: Target, releases: Releases, timeline: Timeline, since: datetime) -> None:
        self.name = name
        self.answers: list[Answer] = []
        """What the stage's API answered, in order."""
        self._target, self._releases, self._timeline, self._since = target, releases, timeline, since
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
        return self._releases.ledger(self.name).live()

    @property
    def history(self) -> tuple[Release, ...]:
        """Every release that ever was live here, the first one first."""
        return self._releases.ledger(self.name).releases()

    @functools.cached_property
    def resources(self) -> StageResources:
        """What the stage's stack is made of; read once, and again after each release.

        Raises:
            UsageError: nothing is deployed here.
        """
        return read_resources(self._target, self._releases.stack(self.name).name)

    def roll_back(self, *, to: int | None = None, reason: str | None = None) -> Release:
        """Put an earlier release's very build here again; nothing is rebuilt.

        Args:
            to: A build number; None for what was live before.
            reason: Kept in the ledger.

        Raises:
            NothingToRollBackError: there is no such release, or it is live already.
            DeployError: what it was made of is not on the shelf, or the stack went back.
        """
        return self.released(self._releases.roll_back(self.name, to=to, reason=reason))

    def released(self, release: Release) -> Release:
        """Note a release that has become live here, and return it."""
        self.__dict__.pop("resources", None)
        self._timeline.released(release)
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
        return metrics.read_api(self._target, api["name"], stage, since=since or self._since)

    def function_metrics(self, function: str, *, since: datetime | None = None) -> FunctionMetrics:
        """Return a function's metrics since the lab was opened, or since the time given.

        Raises:
            UsageError: there is no such function.
        """
        name = self.resources.function_name(function)
        return metrics.read_function(self._target, name, since=since or self._since)

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
        self._timeline.answered(self.name, answer)
