"""What the records say of a request, in a few lines: for a failing assertion, or for a person who asks.

Pure text over values that others collected.
"""

from __future__ import annotations

from pytest_rollbacklab.model import Answer, Evidence, LogLine, Release

__all__ = ["explain_answer", "explain_evidence", "explain_releases"]

_SHOWN_BODY = 300
_SIGNS = ("[ERROR]", "Task timed out", "Runtime exited", "Error Type:", "ERROR\t")


def explain_answer(answer: Answer) -> str:
    """Return an answer in one line."""
    body = answer.text if len(answer.text) <= _SHOWN_BODY else f"{answer.text[:_SHOWN_BODY]}..."
    told = f"{answer.status} {answer.reason} in {answer.latency_ms:.0f} ms, request {answer.request_id}"
    return f"{answer.method} {answer.url} -> {told}: {body}"


def explain_evidence(evidence: Evidence) -> list[str]:
    """Return what was found of a request and what is missing, a line for each."""
    lines = [explain_answer(evidence.answer)]
    if evidence.access_log is not None:
        lines.append(f"access log: {evidence.access_log.raw.strip()}")
    lines += [f"execution log: {line.message.strip()}" for line in evidence.execution_log if _telling(line)]
    lines += [f"function log: {line.message.strip()}" for line in evidence.function_log_lines if _is_sign(line)]
    lines += [f"missing: {link}" for link in evidence.missing]
    return lines


def explain_releases(stage: str, releases: tuple[Release, ...]) -> list[str]:
    """Return a stage's ledger, a line for each release."""
    if not releases:
        return [f"{stage}: nothing was ever released"]
    return [
        f"{stage} release {release.number}: {release.kind} of build {release.build.number} "
        f"({release.build.commit.short_sha} {release.build.commit.title}), "
        f"{release.packages_rebuilt} packages rebuilt, {release.duration_s:.2f} s"
        for release in releases
    ]


def _telling(line: LogLine) -> bool:
    return "failed" in line.message or "Method completed" in line.message


def _is_sign(line: LogLine) -> bool:
    return any(sign in line.message for sign in _SIGNS)
