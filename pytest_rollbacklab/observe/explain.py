"""What the records say of a request, in a few lines: for a failing assertion, or for a person who asks.

Pure text over values that others collected.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rollbacklab.model import Answer, Evidence, LogLine, Release
from pytest_rollbacklab.observe import execution_log

__all__ = ["explain_answer", "explain_evidence", "explain_releases", "is_sign"]

_SHOWN_BODY = 300
_SIGNS = ("[ERROR]", "[WARNING]", "Task timed out", "Runtime exited", "Runtime.", "Error Type:", "ERROR\t")


def explain_answer(answer: Answer, *, expected: int | None = None) -> str:
    """Return an answer in one line.

    Args:
        expected: The status that was expected, to begin with how it differs.
    """
    body = answer.text if len(answer.text) <= _SHOWN_BODY else f"{answer.text[:_SHOWN_BODY]}..."
    told = f"{answer.status} {answer.reason} in {answer.latency_ms:.0f} ms, request {answer.request_id or '(no id)'}"
    line = f"{answer.method} {answer.url} -> {told}: {body or '(empty body)'}"
    return line if expected in (None, answer.status) else f"expected {expected}, got {line}"


def explain_evidence(evidence: Evidence, *, expected: int | None = None) -> list[str]:
    """Return what was found of a request and what is missing, a line for each.

    Args:
        expected: The status that was expected.
    """
    return list(_evidence_lines(evidence, expected))


def _evidence_lines(evidence: Evidence, expected: int | None) -> Iterator[str]:
    if evidence.answer is not None:
        yield explain_answer(evidence.answer, expected=expected)
    else:
        yield f"request {evidence.request_id or '(no id)'}, by its logs: {_told(evidence)}"
    if evidence.access_log is not None:
        yield f"access log: {evidence.access_log.raw.strip()}"
    if failure := execution_log.failure(evidence.execution_log):
        yield f"execution log: {failure}"
    for line in evidence.function_log_lines:
        if is_sign(line):
            yield f"function log: {line.message.strip()}"
    for link in evidence.missing:
        yield f"missing: {link}"


def _told(evidence: Evidence) -> str:
    return f"{evidence.method or '(method?)'} {evidence.path or '(path?)'} -> {evidence.status or '(status?)'}"


def explain_releases(stage: str, releases: tuple[Release, ...]) -> list[str]:
    """Return a stage's ledger, a line for each release."""
    if not releases:
        return [f"{stage}: nothing was ever released"]
    return [f"{stage} release {release.number}: {_release(release)}" for release in releases]


def _release(release: Release) -> str:
    commit, rebuilt = release.build.commit, release.packages_rebuilt
    packages = "1 package rebuilt" if rebuilt == 1 else f"{rebuilt} packages rebuilt"
    build = f"build {release.build.number} ({commit.short_sha} {commit.title})"
    return f"{release.kind} of {build}, {packages}, {release.duration_s:.2f} s"


def is_sign(line: LogLine) -> bool:
    """Whether a line tells of something that went wrong."""
    return any(sign in line.message for sign in _SIGNS)
