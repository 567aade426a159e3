"""The instructor's page, in the instructor's own console: every student at a glance, and a button that breaks them all.

It is answered for the instructor's place alone; for a student there is no such page.
"""

from __future__ import annotations

import functools

import jinja2
from aiohttp import web

from pytest_rollbacklab.console import html
from pytest_rollbacklab.console.visit import Moved, Outcome, Route, Shown, Visit
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.up.faults import FAULTS, fault_named
from pytest_rollbacklab.up.workshop import Workshop

__all__ = ["workshop_routes"]

_PAGE = "/workshop"


def workshop_routes(workshop: Workshop, key: str) -> tuple[Route, ...]:
    """Return the page's routes.

    Args:
        key: Of the instructor's place.
    """
    _add_templates()

    async def students(visit: Visit) -> Outcome:
        """Show all students."""
        _refuse_others(visit, key)
        return Shown(
            template="workshop.html",
            data={
                "students": workshop.students(),
                "faults": [{"name": fault.name, "what": fault.what, "message": fault.message} for fault in FAULTS],
            },
        )

    async def faults(visit: Visit) -> Outcome:
        """Push a fault into everyone's app, or into those of the students that are named, with commas between."""
        _refuse_others(visit, key)
        fault = fault_named(visit.form.get("fault", ""))
        names = _named(workshop, visit.form.get("students", ""))
        workshop.break_apps(fault, names, visit.who)
        return Moved(to=_PAGE, data={"fault": fault.name, "students": names}, status=202)

    return (
        Route(method="GET", path=_PAGE, handler=students),
        Route(method="POST", path=f"{_PAGE}/faults", handler=faults),
    )


def _named(workshop: Workshop, text: str) -> tuple[str, ...]:
    known = [student.name for student in workshop.students()]
    named = [name.strip() for name in text.split(",") if name.strip()]
    for name in named:
        if name not in known:
            raise UsageError(
                f"there is no student {name!r} here",
                looked_at=", ".join(known),
                mend="use their names as they are listed, with commas between, or none for everyone",
            )
    return tuple(dict.fromkeys(named or known))


def _refuse_others(visit: Visit, key: str) -> None:
    if visit.place.key != key:
        raise web.HTTPNotFound


@functools.cache
def _add_templates() -> None:
    """Let the console's templates be extended by those of this package."""
    environment = html.environment()
    ours = jinja2.PackageLoader("pytest_rollbacklab.up")
    environment.loader = jinja2.ChoiceLoader([*filter(None, [environment.loader]), ours])
