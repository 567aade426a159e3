"""What one request left behind, link by link."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rollbacklab.cli.terminal import Block, Cell
from pytest_rollbacklab.cli.views.logs import access_line, log_line
from pytest_rollbacklab.model import Evidence
from pytest_rollbacklab.observe.explain import explain_answer

__all__ = ["evidence_blocks"]


def evidence_blocks(evidence: Evidence) -> Iterator[Block]:
    """Yield the answer, each log's lines, and what is missing."""
    yield Cell(_headline(evidence), "strong")
    if evidence.answer is not None:
        yield explain_answer(evidence.answer)
    if evidence.access_log is not None:
        yield Cell("access log", "quiet")
        yield access_line(evidence.access_log)
    for title, lines in (
        ("execution log", evidence.execution_log),
        (f"function log, request {evidence.lambda_request_id}", evidence.function_log_lines),
    ):
        if lines:
            yield Cell(title, "quiet")
            yield from (log_line(line, function=None) for line in lines)
    if evidence.metrics:
        yield Cell("metrics of that minute", "quiet")
        yield ", ".join(f"{name} {value:g}" for name, value in evidence.metrics.items())
    for link in evidence.missing:
        yield f"missing: {link}"


def _headline(evidence: Evidence) -> str:
    """Return the request, and which of its links are there: ``POST /notes  502 · access log ok · ...``."""
    called = " ".join(filter(None, (evidence.method, evidence.path))) or "a request"
    status = f"  {evidence.status}" if evidence.status is not None else ""
    links = (f"{name} {'ok' if why is None else 'missing'}" for name, why in evidence.links.items())
    return f"{called}{status}  " + " · ".join([f"request {evidence.request_id or '(no id)'}", *links])
