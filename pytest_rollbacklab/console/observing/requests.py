"""One request from the call to the log: what it left behind, what is missing of it and why, and what went wrong.

The evidence is found by the request's id, API Gateway's or Lambda's; where the lab itself sent the call, the answer is
at hand, too. An id that no log knows is answered by 404, and by where it was looked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pytest_rollbacklab.console.faults import Refused, as_data
from pytest_rollbacklab.console.observing.answers import remembered
from pytest_rollbacklab.console.observing.failures import failure_of
from pytest_rollbacklab.console.observing.lines import call_line, text_lines, visible
from pytest_rollbacklab.console.observing.looking import request_id
from pytest_rollbacklab.console.visit import Outcome, Route, Shown, Visit
from pytest_rollbacklab.console.words import Words
from pytest_rollbacklab.model import Evidence, Release
from pytest_rollbacklab.observe.evidence import collect, find
from pytest_rollbacklab.observe.lambda_logs import group_of
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.pipeline.pipeline import Pipeline

__all__ = ["CHAIN", "ROUTES", "Link"]

CHAIN: Mapping[str, str] = {
    "answer": "answer",
    "access log": "access-log",
    "execution log": "execution-log",
    "function log": "function-log",
    "metrics": "metrics",
}
"""The links by the evidence's own names, with where each is on the page."""
_LOOKED_BACK = 60
_IN_PYTHON = re.compile(r" \([^()]*enable_access_logs\(\)[^()]*\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One link of the chain from the call to the log."""

    name: str
    why: str | None
    """Why it is not there; None when it is."""
    anchor: str


async def request(visit: Visit) -> Outcome:
    """Show what one request left behind."""
    return await visit.run(_page, visit)


def _page(visit: Visit) -> Shown:
    pipeline, stage = visit.pipeline, visit.part("stage")
    asked = request_id(visit.part("request_id"))
    found = pipeline.resources(stage)
    answer = remembered(pipeline, stage, asked)
    evidence = collect(pipeline.target, found, answer) if answer else find(pipeline.target, found, asked)
    if not (answer or evidence.access_log or evidence.execution_log or evidence.function_log_lines):
        return _unknown(visit, stage, asked, evidence)
    return Shown(
        template="observing/request.html",
        data={"stage": stage, "evidence": evidence},
        extra={
            **_extra(visit.words, asked, evidence),
            "failure": failure_of(evidence),
            "call": call_line(evidence.access_log) if evidence.access_log else None,
            "execution_lines": text_lines(evidence.execution_log),
            "function_lines": text_lines(evidence.function_log_lines),
            "function": _function(found, evidence),
            "live": _live_at(pipeline, stage, evidence.at),
        },
    )


def _unknown(visit: Visit, stage: str, asked: str, evidence: Evidence) -> Shown:
    """Return a page that says where the request was looked for; programs get an error."""
    error = Refused(
        404,
        f"no log of {stage} knows the request {asked}",
        looked_at="\n".join(map(visit.words.retell, evidence.missing)),
        mend="see whether the id is whole and the stage is right; requests made while access logs were off are known "
        "to the function's log alone, by Lambda's id",
    )
    if visit.wants_json:
        raise error
    extra = _extra(visit.words, asked, evidence)
    return Shown(template="observing/unknown_request.html", data=as_data(error), extra=extra, status=error.status)


def _extra(words: Words, asked: str, evidence: Evidence) -> Mapping[str, object]:
    return {
        "asked": asked,
        "links": _links(words, evidence),
        "logs_are_off": any("access logs are off" in why for why in evidence.missing),
        "visible": visible,
    }


def _links(words: Words, evidence: Evidence) -> tuple[Link, ...]:
    """Return the chain; the answer is there, too, where a log tells its status."""
    links = dict(evidence.links)
    if evidence.status is not None:
        links["answer"] = None
    anchors = CHAIN if evidence.answer else {**CHAIN, "answer": ""}
    return tuple(
        Link(name=name, why=None if why is None else _reason(words, why), anchor=anchors.get(name, ""))
        for name, why in links.items()
    )


def _reason(words: Words, why: str) -> str:
    """Return why a link is missing, without its name and how Python mends it: the page has both in its own way."""
    said = words.retell(why)
    return visible(said if said != why else _IN_PYTHON.sub("", why.partition(": ")[2] or why))


def _function(found: StageResources, evidence: Evidence) -> str | None:
    """Return the logical id of the function that ran."""
    groups = {line.group for line in evidence.function_log_lines}
    return next((known for known, name in found.functions.items() if group_of(name) in groups), None)


def _live_at(pipeline: Pipeline, stage: str, at: datetime | None) -> Release | None:
    """Return the release that was live when the request was made."""
    if at is None:
        return None
    newest_first = pipeline.releases(stage, limit=_LOOKED_BACK).items
    return next((release for release in newest_first if release.released_at <= at), None)


ROUTES = (Route(method="GET", path="/stages/{stage}/requests/{request_id}", handler=request),)
