"""The platform's own log lines, to the byte: INIT_START, START, END, REPORT, INIT_REPORT and the rest.

As recorded (lambda-log-unhandled-error-and-retry, lambda-log-tail-python) and, where no recording of the line exists,
as users show them (lambda-report-status-suffix). Fields are set apart by tabs; REPORT ends with a tab and a newline
unless a status follows. Pure text: numbers come in, a line goes out.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

__all__ = [
    "end",
    "exited",
    "init_report",
    "init_start",
    "other_version",
    "out_of_memory",
    "report",
    "start",
    "timed_out",
    "too_much_output",
]

_MIB = 1024 * 1024
_RUNTIME = re.compile(r"(?P<language>[a-z]+)(?P<version>[0-9.]+?)(?:\.x)?")


def init_start(*, runtime: str, runtime_version_arn: str) -> str:
    """Say that an environment is being made. ``runtime`` is as configured: ``python3.12``."""
    match = _RUNTIME.fullmatch(runtime)
    name = f"{match['language']}:{match['version']}" if match else runtime
    return f"INIT_START Runtime Version: {name}.v1\tRuntime Version ARN: {runtime_version_arn}\n"


def other_version(runtime: str, language: str, version: str) -> str:
    """Say, as AWS never would, that a function runs on another version than it asks for: ``Python``, ``3.11``."""
    return f"[rollbacklab] The runtime {runtime} runs on the {language} of this machine here: {version}.\n"


def out_of_memory(used_bytes: int, memory_size_mb: int) -> str:
    """Say, as AWS never would, that it was this local AWS that ended a process."""
    return (
        f"[rollbacklab] The process had {math.ceil(used_bytes / _MIB)} MB resident, more than the {memory_size_mb} MB "
        "of the function, and was ended as AWS would have done.\n"
    )


def too_much_output(limit_bytes: int) -> str:
    """Say, as AWS never would, that no more of what an invocation prints is kept."""
    return f"[rollbacklab] One invocation has printed {limit_bytes // _MIB} MB; what it prints further is not kept.\n"


def init_report(*, duration_ms: float, phase: str, status: str, error_type: str | None = None) -> str:
    """Say how an initialisation failed. ``phase`` is ``init`` or ``invoke``; ``status`` ``error`` or ``timeout``."""
    line = f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\tStatus: {status}"
    return f"{line}\tError Type: {error_type}\n" if error_type else f"{line}\n"


def start(request_id: str, version: str) -> str:
    return f"START RequestId: {request_id} Version: {version}\n"


def end(request_id: str) -> str:
    return f"END RequestId: {request_id}\n"


def timed_out(request_id: str, timeout_s: float, at: datetime) -> str:
    """Say that an invocation was stopped. ``at`` is in UTC."""
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    return f"{stamp} {request_id} Task timed out after {timeout_s:.2f} seconds\n\n"


def exited(request_id: str, description: str, error_type: str = "Runtime.ExitError") -> str:
    """Say that the runtime ended in the middle of an invocation; ``description`` as in ``exits.Exit``."""
    return f"RequestId: {request_id} Error: {description}\n{error_type}\n"


def report(
    request_id: str,
    *,
    duration_ms: float,
    memory_size_mb: int,
    max_memory_bytes: int,
    init_duration_ms: float | None = None,
    status: str | None = None,
    error_type: str | None = None,
) -> str:
    """Sum an invocation up.

    Args:
        request_id: The invocation's.
        duration_ms: From the handler's being called until its answer.
        memory_size_mb: As configured.
        max_memory_bytes: The most that the environment has had resident.
        init_duration_ms: On a cold start alone. It is billed too (AWS since August 2025: "Lambda standardizes
            billing for INIT phase").
        status: ``timeout`` or ``error``, for an invocation that the runtime did not answer.
        error_type: What kind of error.
    """
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_ms:.2f} ms",
        f"Billed Duration: {math.ceil(duration_ms + (init_duration_ms or 0))} ms",
        f"Memory Size: {memory_size_mb} MB",
        f"Max Memory Used: {math.ceil(max_memory_bytes / _MIB)} MB",
    ]
    if init_duration_ms is not None:
        fields.append(f"Init Duration: {init_duration_ms:.2f} ms")
    if status:
        fields.append(f"Status: {status}")
    if error_type:
        fields.append(f"Error Type: {error_type}")
    if not status:
        fields.append("")
    return "\t".join(fields) + "\n"
