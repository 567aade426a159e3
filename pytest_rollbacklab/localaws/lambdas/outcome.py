"""What an invocation comes to: Lambda's answer, and the lines that close it in the log.

One place for every ending, pure: what happened and how long it took go in, the answer and the lines come out. Answers
that Lambda gives in a runtime's place are as recorded (lambda-timeout, lambda-exit-in-handler,
lambda-response-too-large); lines are those of ``log_lines``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from pytest_rollbacklab.localaws.lambdas import log_lines
from pytest_rollbacklab.localaws.lambdas.exits import Exit
from pytest_rollbacklab.localaws.lambdas.runtime import Answer, TimedOut, Work

__all__ = ["Measures", "Outcome", "conclude"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """What REPORT says of an invocation."""

    duration_ms: float
    memory_size_mb: int
    peak_memory_bytes: int
    init_duration_ms: float | None
    """On a cold start alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How an invocation ended."""

    payload: bytes
    failed: bool
    """Whether the function did: Invoke then says ``FunctionError: Unhandled``."""
    duration_ms: float


def conclude(
    work: Work, result: Answer | Exit | TimedOut, measures: Measures, *, at: datetime, initialised: bool
) -> tuple[Outcome, list[str]]:
    """Answer an invocation.

    Args:
        work: The invocation.
        result: What became of it.
        measures: What to report.
        at: Now, in UTC.
        initialised: Whether the environment was, when it came; what fails before is the platform's to report.

    Returns:
        The outcome, and the log lines that close it.
    """
    payload, status, error_type, said = _told(work, result, at=at, initialised=initialised)
    report = log_lines.report(
        work.request_id,
        duration_ms=measures.duration_ms,
        memory_size_mb=measures.memory_size_mb,
        max_memory_bytes=measures.peak_memory_bytes,
        init_duration_ms=measures.init_duration_ms,
        status=status,
        error_type=error_type,
    )
    failed = not isinstance(result, Answer) or result.is_error
    outcome = Outcome(payload=payload, failed=failed, duration_ms=measures.duration_ms)
    return outcome, [*said, log_lines.end(work.request_id), report]


def _told(
    work: Work, result: Answer | Exit | TimedOut, *, at: datetime, initialised: bool
) -> tuple[bytes, str | None, str | None, list[str]]:
    """Return payload, REPORT's status and error type, and what the platform says in the log."""
    request_id = work.request_id
    match result:
        case TimedOut():
            payload = _payload("Sandbox.Timedout", request_id, f"Task timed out after {work.timeout_s:.2f} seconds")
            return payload, "timeout", None, [log_lines.timed_out(request_id, work.timeout_s, at)]
        case Exit():
            payload = _payload(result.error_type, request_id, result.description)
            said = log_lines.exited(request_id, result.description, result.error_type)
            return payload, "error", result.error_type, [said]
        case Answer():
            # An error that the handler raised is the function's affair: REPORT has no status then (as recorded:
            # lambda-log-unhandled-error-and-retry).
            of_platform = result.is_error and (result.ends_runtime or not initialised)
            return result.payload, *(("error", result.error_type) if of_platform else (None, None)), []


def _payload(error_type: str, request_id: str, what: str) -> bytes:
    content = {"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {what}"}
    return json.dumps(content, separators=(",", ":")).encode()
