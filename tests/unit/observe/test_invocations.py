from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pytest_rollbacklab.observe import invocations
from pytest_rollbacklab.observe.invocations import Report, parse_report

FIRST, SECOND = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
REPORT = (
    f"REPORT RequestId: {FIRST}\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB"
)


@pytest.mark.parametrize(
    ("message", "init_ms", "status", "error_type"),
    [
        (f"{REPORT}\t\n", None, None, None),
        (f"{REPORT}\tInit Duration: 110.10 ms\t\n", 110.1, None, None),
        (f"{REPORT}\tStatus: timeout\n", None, "timeout", None),
        (f"{REPORT}\tStatus: error\tError Type: Runtime.OutOfMemory\n", None, "error", "Runtime.OutOfMemory"),
        (f"{REPORT}\t\nXRAY TraceId: 1-5e\tSegmentId: 2f\tSampled: true\t\n", None, None, None),
    ],
)
def test_a_report_is_read_with_its_units(
    message: str, init_ms: float | None, status: str | None, error_type: str | None
) -> None:
    assert parse_report(message) == Report(
        duration_ms=3.01,
        billed_duration_ms=4.0,
        memory_size_mb=128,
        max_memory_used_mb=36,
        init_duration_ms=init_ms,
        status=status,
        error_type=error_type,
    )


def test_another_line_is_no_report() -> None:
    assert parse_report(f"START RequestId: {FIRST} Version: 3\n") is None


def test_invocations_come_in_the_order_of_time(world: Any, broken: Any) -> None:
    group, at = "/aws/lambda/create", broken.sent_at
    world.logs.write(group, f"START RequestId: {SECOND} Version: $LATEST\n", stream="b", at=at + timedelta(seconds=2))
    world.logs.write(group, f"START RequestId: {FIRST} Version: 3\n", "print\n", f"{REPORT}\t\n", stream="a", at=at)
    first, second = invocations.read(world, "create")
    assert (first.request_id, first.version, first.started_at) == (FIRST, "3", at)
    assert first.report is not None
    assert first.report.duration_ms == 3.01
    assert len(first.lines) == 3
    assert (second.request_id, second.version, second.report) == (SECOND, "$LATEST", None)
    assert second.function_name == "create"


def test_a_function_that_never_ran_has_none(world: Any) -> None:
    assert invocations.read(world, "create") == ()
