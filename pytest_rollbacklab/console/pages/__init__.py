"""The pipeline's pages: what is there and what can be done with it. Each module holds some pages and their routes."""

from __future__ import annotations

from pytest_rollbacklab.console.pages import (
    activity,
    builds,
    labs,
    language,
    overview,
    plans,
    settings,
    stages,
)
from pytest_rollbacklab.console.visit import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (
    *overview.ROUTES,
    *builds.ROUTES,
    *stages.ROUTES,
    *plans.ROUTES,
    *activity.ROUTES,
    *settings.ROUTES,
    *labs.ROUTES,
    *language.ROUTES,
)
