"""Answers of calls that the lab itself has sent, kept for a while: a request's page then has the answer, too.

With an answer in hand a function's lines are found even where the gateway writes no log. They are kept in memory and
few; a request whose answer is forgotten is found by its id, as any other.
"""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary

from pytest_rollbacklab.model import Answer
from pytest_rollbacklab.pipeline.pipeline import Pipeline

__all__ = ["MOST_ANSWERS", "remember", "remembered"]

MOST_ANSWERS = 100
"""Of one place; the oldest is forgotten first."""

_Known = dict[tuple[str, str], Answer]

_answers: WeakKeyDictionary[Pipeline, _Known] = WeakKeyDictionary()
_lock = threading.Lock()


def remember(pipeline: Pipeline, stage: str, answer: Answer) -> None:
    """Keep an answer; one without a request's id cannot be asked for, and is not kept."""
    if answer.request_id is None:
        return
    with _lock:
        known = _answers.setdefault(pipeline, {})
        known[stage, answer.request_id] = answer
        while len(known) > MOST_ANSWERS:
            del known[next(iter(known))]


def remembered(pipeline: Pipeline, stage: str, request_id: str) -> Answer | None:
    """Return an answer by its request's id; None when it was never kept, or is forgotten."""
    with _lock:
        return _answers.get(pipeline, {}).get((stage, request_id))
