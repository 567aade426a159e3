"""Metrics, alarms and logs in indexed stores of our own, behind CloudWatch's and Logs' APIs.

A read costs what it returns, whatever has been recorded: points fall into buckets of time as they come, and events
lie in order of time, so that a window is found by bisection. ``Telemetry`` composes the parts: alarms read metrics,
metric filters of logs record them, and otherwise ``metrics``, ``alarms``, ``logs`` and ``dashboards`` know nothing of
each other.
"""

from __future__ import annotations

from pytest_rollbacklab.localaws.telemetry.telemetry import Telemetry

__all__ = ["Telemetry"]
