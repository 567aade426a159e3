"""Statistics of an API and of a function, under CloudWatch's names and under plain ones with their units.

CloudWatch's are ``5XXError``, ``IntegrationLatency``, ``Throttles`` and so on ("Amazon API Gateway dimensions and
metrics", "Types of metrics for Lambda functions"). API Gateway records 0 or 1 of ``4XXError`` and ``5XXError`` for each
request, so that their sum is a count and their average a rate. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pytest_rollbacklab.errors import UsageError

__all__ = ["API_METRICS", "FUNCTION_METRICS", "STATISTICS", "ApiMetrics", "FunctionMetrics", "Metrics"]

API_METRICS = ("Count", "4XXError", "5XXError", "Latency", "IntegrationLatency")
FUNCTION_METRICS = ("Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions")
STATISTICS = ("Sum", "SampleCount", "Maximum", "p50", "p90", "p99")


@dataclass(frozen=True, kw_only=True, slots=True)
class Metrics:
    """Statistics over a window of time, each over the whole of it."""

    of: str
    """Whose they are, for messages: ``API notes-prod, stage prod``."""
    since: datetime
    until: datetime
    values: Mapping[tuple[str, str], float]
    """(metric, statistic) -> value; a metric without a data point is not there. Latencies and durations are ms."""
    names: tuple[str, ...]

    def sum(self, metric: str) -> float:
        """Return the sum of a metric; 0 where nothing was recorded.

        Raises:
            UsageError: there is no such metric; lists those there are.
        """
        return self.get(metric, "Sum") or 0.0

    def average(self, metric: str) -> float | None:
        """Return the average, or None where nothing was recorded; of ``5XXError`` it is the rate of errors.

        Raises:
            UsageError: there is no such metric; lists those there are.
        """
        count = self.get(metric, "SampleCount")
        return self.sum(metric) / count if count else None

    def percentile(self, metric: str, percent: int) -> float | None:
        """Return p50, p90 or p99, or None where nothing was recorded.

        Raises:
            UsageError: there is no such metric, or another percentile was asked for; lists those there are.
        """
        return self.get(metric, f"p{percent}")

    def get(self, metric: str, statistic: str) -> float | None:
        """Return one value, or None where nothing was recorded.

        Raises:
            UsageError: there is no such metric or statistic; lists those there are.
        """
        if metric not in self.names or statistic not in STATISTICS:
            raise UsageError(
                f"{self.of} has no {statistic} of {metric!r}",
                looked_at=f"metrics: {', '.join(self.names)}; statistics: {', '.join(STATISTICS)}",
                mend="ask for one of these",
            )
        return self.values.get((metric, statistic))


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiMetrics(Metrics):
    """Those of an API's stage."""

    names: tuple[str, ...] = field(default=API_METRICS)

    @property
    def count(self) -> int:
        """Requests."""
        return int(self.sum("Count"))

    @property
    def errors_4xx(self) -> int:
        """Requests that were answered with 400 to 499."""
        return int(self.sum("4XXError"))

    @property
    def errors_5xx(self) -> int:
        """Requests that were answered with 500 to 599."""
        return int(self.sum("5XXError"))

    @property
    def latency_p50_ms(self) -> float | None:
        """From the gateway's receiving a request to its answering."""
        return self.percentile("Latency", 50)

    @property
    def latency_p90_ms(self) -> float | None:
        return self.percentile("Latency", 90)

    @property
    def latency_p99_ms(self) -> float | None:
        return self.percentile("Latency", 99)


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionMetrics(Metrics):
    """Those of a function."""

    names: tuple[str, ...] = field(default=FUNCTION_METRICS)

    @property
    def invocations(self) -> int:
        """Runs of the code, those that failed among them; throttled calls are none."""
        return int(self.sum("Invocations"))

    @property
    def errors(self) -> int:
        """Invocations that ended with an error of the function."""
        return int(self.sum("Errors"))

    @property
    def throttles(self) -> int:
        """Calls that were refused because no concurrency was left."""
        return int(self.sum("Throttles"))

    @property
    def duration_p50_ms(self) -> float | None:
        """The time that the code took."""
        return self.percentile("Duration", 50)

    @property
    def duration_p90_ms(self) -> float | None:
        return self.percentile("Duration", 90)

    @property
    def duration_p99_ms(self) -> float | None:
        return self.percentile("Duration", 99)
