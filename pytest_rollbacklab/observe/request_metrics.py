"""What the metrics say of the minutes in which one request was under way.

Metrics know no requests: these are sums over all that happened in these minutes, the one request among it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe import lambda_logs
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.observe.series import Series, read_api_series, read_function_series
from pytest_rollbacklab.target import Target

__all__ = ["read_request_metrics"]

_MARGIN = timedelta(seconds=1)


def read_request_metrics(
    target: Target, resources: StageResources, span: tuple[datetime, datetime], function_lines: tuple[LogLine, ...]
) -> Mapping[str, float]:
    """Return the API's metrics and, where one ran, the function's, by name.

    Args:
        span: When the request was sent and answered.
        function_lines: The function's of the request, which tell whose they are.
    """
    since, until = span[0] - _MARGIN, span[1] + _MARGIN
    api = target.client("apigateway").get_rest_api(restApiId=resources.rest_api_id)
    series = read_api_series(target, api["name"], resources.api_stage, since=since, until=until)
    for group in dict.fromkeys(line.group for line in function_lines):
        function_name = group.removeprefix(lambda_logs.group_of(""))
        series += read_function_series(target, function_name, since=since, until=until)
    return {one.name: value for one in series if (value := _joined(one)) is not None}


def _joined(series: Series) -> float | None:
    """Join a series to one value: the sum of what is counted, the highest period's of what is measured."""
    values = [value for _, value in series.points if value is not None]
    if series.unit == "Count":
        return sum(values)
    return max(values, default=None)
