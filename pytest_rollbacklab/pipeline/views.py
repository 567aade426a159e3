"""What there is to see: stages and builds as they stand, read anew each time.

Nothing is decided here. What costs a call of AWS's is asked once for a look, and a look costs the same however many
builds and releases there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import Build, Release
from pytest_rollbacklab.observe.newest import newest_access_log
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.pipeline.ground import Ground
from pytest_rollbacklab.pipeline.health import read_health
from pytest_rollbacklab.pipeline.values import (
    RELEASING,
    AccessLogState,
    Activity,
    BuildLine,
    Configured,
    Health,
    Page,
    StageSettings,
    StageState,
    StageStatus,
)

__all__ = ["Views"]

_LOOKED_BACK = 50

_JUST_NOW = timedelta(minutes=2)
_SERVER_ERROR = 500

# What a stack's status says of its stage, where nobody is at work on it.
_STATES: Mapping[str, StageState] = {
    "CREATE_COMPLETE": "live",
    "UPDATE_COMPLETE": "live",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "live",
    "UPDATE_ROLLBACK_COMPLETE": "went back",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "went back",
    "REVIEW_IN_PROGRESS": "empty",
    "ROLLBACK_COMPLETE": "empty",
    "DELETE_COMPLETE": "empty",
}


class Views:
    """What there is to see of an app."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._api_names: dict[str, str] = {}

    def stage(self, name: str) -> StageStatus:
        """Return how a stage stands."""
        ground = self._ground
        config = ground.app.stage(name)
        stack = ground.releases.stack(name).state()
        live = ground.releases.ledger(name).live() if stack is not None else None
        at_work = ground.turns.at_work(name)
        state = _state(stack.status if stack else None, live, at_work)
        resources = self._resources(name) if live is not None else None
        return StageStatus(
            name=name,
            branch=config.branch,
            promote_only=config.promote_only,
            pull_request=config.pull_request,
            state=state,
            stack_status=stack.status if stack else None,
            live=live,
            pin=ground.pins(name).pin(),
            health=self._health(resources, live) if resources and live else None,
            busy=ground.journal.activity(at_work) if at_work is not None else None,
            waiting=ground.turns.waiting(name),
            last_failure=self._last_failure(name) if _went_wrong(stack.status if stack else None) else None,
            api_url=self._api_url(resources) if resources else None,
        )

    def live_builds(self) -> Mapping[int, tuple[str, ...]]:
        """Return the stages that each live build is live on, by its number."""
        found: dict[int, tuple[str, ...]] = {}
        for stage in self._ground.app.stages:
            live = self._ground.releases.ledger(stage.name).live()
            if live is not None:
                found[live.build.number] = (*found.get(live.build.number, ()), stage.name)
        return found

    def builds(self, *, before: int | None = None, limit: int = 20) -> Page[BuildLine]:
        """Return builds, the newest first."""
        found = self._ground.shelf.newest(limit + 1, before=before)
        live, pruned = self.live_builds(), self._ground.shelf.pruned()
        lines = tuple(
            self._line(build, earlier, live, pruned)
            for build, earlier in zip(found[:limit], (*found[1:], None), strict=False)
        )
        return Page(items=lines, older=found[limit - 1].number if len(found) > limit else None)

    def build(self, number: int) -> BuildLine:
        """Return a build."""
        build = self._ground.shelf.build(number)
        earlier = self._ground.shelf.newest(1, before=number)
        return self._line(build, earlier[0] if earlier else None, self.live_builds(), self._ground.shelf.pruned())

    def releases(self, stage: str, *, before: int | None, limit: int) -> Page[Release]:
        """Return a stage's releases, the newest first."""
        found = self._ground.releases.ledger(stage).newest(limit + 1, before=before)
        return Page(items=found[:limit], older=found[limit - 1].number if len(found) > limit else None)

    def activities(self, *, before: int | None, limit: int) -> Page[Activity]:
        """Return what was done, the newest first."""
        found = self._ground.journal.newest(limit + 1, before=before)
        return Page(items=found[:limit], older=found[limit - 1].number if len(found) > limit else None)

    def settings(self, stage: str) -> StageSettings:
        """Return what is set on a stage."""
        app = self._ground.app
        config, live = app.stage(stage), self._ground.releases.ledger(stage).live()
        by_hand = live.set_by_hand if live else {}
        return StageSettings(
            stage=stage,
            access_logs=self.access_logs(stage) if live else None,
            file_environment=config.environment,
            file_parameters=config.parameters,
            configured=Configured(environment=by_hand.get("environment", {}), parameters=by_hand.get("parameters", {})),
            retention_builds=app.retained_builds,
        )

    def access_logs(self, stage: str) -> AccessLogState | None:
        """Return whether API access logs are on; None when the stage has no API."""
        resources = self._resources(stage)
        if resources is None:
            return None
        apigateway = self._ground.target.client("apigateway")
        try:
            told = apigateway.get_stage(restApiId=resources.rest_api_id, stageName=resources.api_stage)
        except ClientError as error:  # it is being replaced at this moment, or was deleted beside the lab
            if error.response["Error"]["Code"] != "NotFoundException":
                raise
            return None
        settings = told.get("accessLogSettings") or {}
        group = settings.get("destinationArn", "").partition(":log-group:")[2] or None
        return AccessLogState(enabled=bool(settings), log_group=group, format=settings.get("format"))

    def _line(
        self, build: Build, earlier: Build | None, live: Mapping[int, tuple[str, ...]], pruned: frozenset[int]
    ) -> BuildLine:
        before = {package.function: package.sha256 for package in earlier.packages} if earlier else {}
        return BuildLine(
            build=build,
            live_on=live.get(build.number, ()),
            changed=tuple(p.function for p in build.packages if before.get(p.function) != p.sha256),
            pruned=build.number in pruned,
        )

    def _resources(self, stage: str) -> StageResources | None:
        """Return what the stage is made of, when it has an API that can be looked at."""
        try:
            resources = self._ground.stage(stage).resources
            _ = resources.rest_api_id, resources.api_stage
        except UsageError:
            return None
        return resources

    def _health(self, resources: StageResources, live: Release) -> Health | None:
        api_id = resources.rest_api_id
        if api_id not in self._api_names:
            try:
                api = self._ground.target.client("apigateway").get_rest_api(restApiId=api_id)
            except ClientError:  # it is being replaced at this moment
                return None
            self._api_names[api_id] = api["name"]
        health = read_health(self._ground.target, self._api_names[api_id], resources.api_stage)
        if datetime.now(UTC) - live.released_at > _JUST_NOW:
            return health
        return replace(health, since_release=self._calls_since(resources, live))

    def _calls_since(self, resources: StageResources, live: Release) -> tuple[int, int] | None:
        try:
            lines = newest_access_log(self._ground.target, resources, since=live.released_at)
        except UsageError:  # there is no access log, or it does not say the status
            return None
        return len(lines), sum(line.status >= _SERVER_ERROR for line in lines)

    def _api_url(self, resources: StageResources) -> str:
        return self._ground.target.invoke_url(resources.rest_api_id, resources.api_stage)

    def _last_failure(self, stage: str) -> str | None:
        """Return what the stage's last release that failed came to, when it is not long ago."""
        for activity in self._ground.journal.newest(_LOOKED_BACK):
            if activity.stage == stage and activity.kind in RELEASING and activity.state in ("failed", "interrupted"):
                return activity.outcome
        return None


def _state(status: str | None, live: Release | None, at_work: int | None) -> StageState:
    if at_work is not None:
        return "deploying"
    if status is None:
        return "empty"
    state = _STATES.get(status, "deploying" if status.endswith("_IN_PROGRESS") else "stuck")
    return "empty" if state == "live" and live is None else state


def _went_wrong(status: str | None) -> bool:
    return status is not None and ("ROLLBACK" in status or status.endswith("_FAILED"))
