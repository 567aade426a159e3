"""Settings of a stage and of the app: what ``rollbacklab.toml`` says, what was set by hand over it, and by which form.

Variables and parameters are not changed here: the form plans a release of the kind ``config``, which is shown and
confirmed as any other (see ``plans``).
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_rollbacklab.config import CONFIG_NAME
from pytest_rollbacklab.console.visit import Moved, Outcome, Route, Shown, Visit
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.pipeline.pipeline import Pipeline

__all__ = ["ROUTES"]


async def stage_settings(visit: Visit) -> Outcome:
    """Show what is set on a stage."""
    name = visit.part("stage")
    stage = await visit.run(visit.pipeline.stage, name)
    settings = await visit.run(visit.pipeline.settings, name)
    tables = {
        "environment": _merged(settings.file_environment, settings.configured.environment),
        "parameters": _merged(settings.file_parameters, settings.configured.parameters),
    }
    return Shown(template="stage_settings.html", data={"settings": settings, "stage": stage}, extra={"tables": tables})


def _merged(file: Mapping[str, str], by_hand: Mapping[str, str]) -> list[tuple[str, str | None, str | None]]:
    """Return each name with what the file says and what was set by hand."""
    return [(name, file.get(name), by_hand.get(name)) for name in sorted({*file, *by_hand})]


async def app_settings(visit: Visit) -> Outcome:
    """Show the app's file and its stages."""
    data, extra = await visit.run(_app, visit.pipeline)
    return Shown(template="settings.html", data=data, extra=extra)


def _app(pipeline: Pipeline) -> tuple[dict[str, object], dict[str, object]]:
    app, target = pipeline.app, pipeline.target
    try:
        text = (app.directory / CONFIG_NAME).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{CONFIG_NAME} cannot be read: {error.strerror}", looked_at=str(app.directory)) from error
    stages = [stage.name for stage in app.stages]
    return {"app": app.name, "stages": stages, "file": text}, {"config": app, "target": target}


async def set_access_logs(visit: Visit) -> Outcome:
    """Switch API access logs on or off."""
    name, enabled = visit.part("stage"), visit.form.get("enabled", "")
    if enabled not in ("true", "false"):
        raise UsageError(f"enabled must be true or false, not {enabled[:40]!r}")
    done = await visit.run(visit.pipeline.set_access_logs, name, enabled == "true", who=visit.who)
    back = "access-logs" if visit.form.get("back") == "access-logs" else "settings"
    return Moved(to=f"/stages/{name}/{back}", data={"done": done})


async def add_user(visit: Visit) -> Outcome:
    """Make a user of the app."""
    name, username, password = (
        visit.part("stage"),
        visit.form.get("username", "").strip(),
        visit.form.get("password", ""),
    )
    if not username or not password:
        raise UsageError("a user needs a name and a password", mend="fill in both")
    await visit.run(visit.pipeline.add_user, name, username, password, who=visit.who)
    return Moved(to=f"/stages/{name}/settings", data={"username": username})


ROUTES = (
    Route(method="GET", path="/settings", handler=app_settings),
    Route(method="GET", path="/stages/{stage}/settings", handler=stage_settings),
    Route(method="POST", path="/stages/{stage}/access-logs", handler=set_access_logs),
    Route(method="POST", path="/stages/{stage}/users", handler=add_user),
)
