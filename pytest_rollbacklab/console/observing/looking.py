"""What all observing pages begin with: the stage that is looked at, and what it is made of.

A stage on which nothing is deployed is no error: its pages say so. One that the app does not have is.
"""

from __future__ import annotations

import re

from pytest_rollbacklab.console.faults import Refused, refused
from pytest_rollbacklab.errors import UnknownStageError, UsageError
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.pipeline.pipeline import Pipeline

__all__ = ["function_named", "has_api", "request_id", "stage_resources"]

_REQUEST_ID = re.compile(r"[A-Za-z0-9_=-]{1,128}")


def stage_resources(pipeline: Pipeline, stage: str) -> StageResources | None:
    """Return what a stage is made of; None when nothing is deployed there.

    Raises:
        UnknownStageError: the app has no such stage.
    """
    try:
        return pipeline.resources(stage)
    except UnknownStageError:
        raise
    except UsageError:
        return None


def has_api(resources: StageResources) -> bool:
    """Say whether there is the one API that access logs and the API's metrics are of."""
    return all(len(resources.by_type.get(f"AWS::ApiGateway::{kind}", {})) == 1 for kind in ("RestApi", "Stage"))


def function_named(resources: StageResources | None, function: str) -> tuple[str, str]:
    """Return a function's logical id and name, given either.

    Raises:
        Refused: with 404, there is none.
    """
    if resources is None:
        raise Refused(404, f"nothing is deployed here, so there is no function {function[:60]!r}")
    try:
        name = resources.function_name(function)
    except UsageError as error:
        raise refused(404, error) from error
    return next(logical_id for logical_id, known in resources.functions.items() if known == name), name


def request_id(text: str) -> str:
    """Return a request's id as it stands in an address, where it may be one.

    Raises:
        Refused: with 404: no id looks like this, so that no log is searched for it.
    """
    if _REQUEST_ID.fullmatch(text):
        return text
    raise Refused(
        404,
        f"{text[:60]!r} is no request's id",
        looked_at="the address",
        mend="take it from the answer's header x-amzn-RequestId, or from a line of a log",
    )
