"""The console's pages that look at a running stage: resources, logs, metrics, requests."""

from __future__ import annotations

from pytest_rollbacklab.console.observing import access_logs, function_logs, metrics, requests, resources
from pytest_rollbacklab.console.visit import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (
    *resources.ROUTES,
    *access_logs.ROUTES,
    *function_logs.ROUTES,
    *metrics.ROUTES,
    *requests.ROUTES,
)
