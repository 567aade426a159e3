"""How an alarm holds a value against its threshold: CloudWatch's ComparisonOperators."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["ANOMALY_COMPARISONS", "COMPARISONS", "Comparison"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """How a value is held against the threshold."""

    words: str
    """As an alarm's reason has it."""
    holds: Callable[[float, float], bool]
    """Whether the value breaches the threshold."""
    upward: bool
    """Whether a value breaches by being large."""


COMPARISONS = {
    "GreaterThanOrEqualToThreshold": Comparison(words="greater than or equal to", holds=operator.ge, upward=True),
    "GreaterThanThreshold": Comparison(words="greater than", holds=operator.gt, upward=True),
    "LessThanThreshold": Comparison(words="less than", holds=operator.lt, upward=False),
    "LessThanOrEqualToThreshold": Comparison(words="less than or equal to", holds=operator.le, upward=False),
}
ANOMALY_COMPARISONS = (
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)
"""Those that need an anomaly band, which is not emulated."""
