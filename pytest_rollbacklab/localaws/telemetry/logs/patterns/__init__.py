"""Filter patterns: what FilterLogEvents searches for.

Follows "Filter pattern syntax" of the CloudWatch Logs user guide in its three kinds: terms of unstructured events,
properties of JSON events, and fields of space-delimited events; regular expressions in each.
"""

from __future__ import annotations

from pytest_rollbacklab.localaws.telemetry.logs.patterns.pattern import Predicate, compile_pattern

__all__ = ["Predicate", "compile_pattern"]
