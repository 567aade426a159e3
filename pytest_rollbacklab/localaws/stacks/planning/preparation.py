"""From the parameters of a call to a deployment: fetch, parse, transform, check.

What is wrong with the call, or with a template without a transform, is the call's error. What a transform finds, and
what is wrong with what it yields, CloudFormation only finds out later: it is the stack's failure, or the change set's.
So it is told here too, as ``Prepared.failure``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.stacks.refusals import invalid
from pytest_rollbacklab.localaws.stacks.state.stack import Deployment, Stack
from pytest_rollbacklab.localaws.stacks.templates.blueprint import draw, pseudo_parameters
from pytest_rollbacklab.localaws.stacks.templates.capabilities import (
    AUTO_EXPAND,
    check_capabilities,
    required_capabilities,
)
from pytest_rollbacklab.localaws.stacks.templates.document import parse
from pytest_rollbacklab.localaws.stacks.templates.parameters import Parameter, read_parameters, resolve_parameters
from pytest_rollbacklab.localaws.stacks.templates.sam import transform
from pytest_rollbacklab.localaws.stacks.templates.sources import template_text
from pytest_rollbacklab.localaws.stacks.templates.template import declared_transforms, read_template, resource_members

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A deployment, or why there is none."""

    text: str
    deployment: Deployment | None
    failure: str | None = None


async def prepare(
    aws: Aws, stack: Stack, params: Mapping[str, Any], *, reviewed: bool = False, previous: Deployment | None = None
) -> Prepared:
    """Make ready what a call asks for.

    Args:
        stack: What it is for; it may be a new one.
        params: Of CreateStack, UpdateStack or CreateChangeSet.
        reviewed: True for a change set, which needs no acknowledgement of its transforms.
        previous: What the stack stands with, for UsePreviousTemplate and UsePreviousValue.

    Raises:
        ServiceError: the call, or a template without a transform, is wrong.
    """
    text = await template_text(aws, stack.scope, params, previous.text if previous else None)
    document = parse(text)
    transforms = declared_transforms(document)
    resource_members(document)
    capabilities = params.get("Capabilities", ())
    if transforms and not reviewed:
        check_capabilities([AUTO_EXPAND], capabilities)
    parameters = await _parameters(aws, stack.scope, document, params, previous)
    try:
        processed = await _processed(document, parameters, stack.scope.region) if transforms else document
        deployment = _deployment(stack, params, text, processed, parameters, previous, bool(transforms))
    except ServiceError as error:
        if not transforms:
            raise
        return Prepared(text=text, deployment=None, failure=error.message)
    return Prepared(text=text, deployment=deployment)


async def _parameters(
    aws: Aws, scope: Scope, document: Mapping[str, Any], params: Mapping[str, Any], previous: Deployment | None
) -> dict[str, Parameter]:
    async def store(name: str) -> str:
        try:
            found = await aws.call(scope, "ssm", "GetParameter", {"Name": name})
        except ServiceError as error:
            raise invalid(f"Unable to fetch parameters [{name}] from parameter store for this account.") from error
        return str(found["Parameter"]["Value"])

    section = document.get("Parameters", {})
    if not isinstance(section, Mapping):
        raise invalid("Template format error: Parameters must be an object.")
    before = previous.blueprint.parameters if previous else {}
    return await resolve_parameters(
        read_parameters(section),
        params.get("Parameters", ()),
        {name: parameter.value for name, parameter in before.items()},
        store,
    )


async def _processed(document: Mapping[str, Any], parameters: Mapping[str, Parameter], region: str) -> dict[str, Any]:
    values = {name: parameter.resolved for name, parameter in parameters.items()}
    return await transform(document, values, region)


def _deployment(
    stack: Stack,
    params: Mapping[str, Any],
    text: str,
    processed: Mapping[str, Any],
    parameters: Mapping[str, Parameter],
    previous: Deployment | None,
    transformed: bool,
) -> Deployment:
    template = read_template(processed)
    blueprint = draw(template, parameters, pseudo_parameters(stack.scope, stack.name, stack.stack_id))
    _check_resource_types(params.get("ResourceTypes"), {item.type for item in template.resources.values()})
    check_capabilities(required_capabilities(processed), params.get("Capabilities", ()))
    tags = params.get("Tags")
    return Deployment(
        text=text,
        processed=json.dumps(processed) if transformed else text,
        blueprint=blueprint,
        tags={tag["Key"]: tag["Value"] for tag in tags} if tags is not None else previous.tags if previous else {},
        capabilities=tuple(params.get("Capabilities", ())),
        role_arn=params.get("RoleARN") or (previous.role_arn if previous else None),
    )


def _check_resource_types(allowed: list[str] | None, types: set[str]) -> None:
    """Hold to the types that the caller allows: ``AWS::Lambda::*``, ``AWS::*`` or a type's full name."""
    for name in sorted(types) if allowed is not None else ():
        if not any(name == item or (item.endswith("::*") and name.startswith(item[:-1])) for item in allowed or ()):
            raise invalid(
                f"Resource type {name} is not allowed by parameter ResourceTypes [{', '.join(allowed or ())}]"
            )
