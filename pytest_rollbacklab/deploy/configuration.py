"""What a build is deployed with: the template's parameters and the functions' variables, from the file and by hand.

``rollbacklab.toml`` says what a stage has; what was set by hand on the stage lies over it and stays until it is unset
or rolled back. Both are written into each release, so that going back to a release brings back its configuration, too.
Variables reach the functions through the template: a change of configuration is then a change set like any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_rollbacklab.build.template_text import dump_template
from pytest_rollbacklab.config import StageConfig
from pytest_rollbacklab.errors import TemplateError
from pytest_rollbacklab.model import Release

__all__ = ["Configuration", "configured", "of_release", "of_stage", "with_environment"]

_FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """What a build is deployed with."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    """The template's, but for those that have their defaults."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of all functions, over the template's."""
    set_by_hand: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What of the two was set by hand on the stage, by their names."""


def of_stage(stage: StageConfig, live: Release | None) -> Configuration:
    """Return what a stage's next deployment has: the file's, with what was set by hand on what is live."""
    by_hand = live.set_by_hand if live is not None else {}
    return configured(stage, parameters=by_hand.get("parameters", {}), environment=by_hand.get("environment", {}))


def configured(stage: StageConfig, *, parameters: Mapping[str, str], environment: Mapping[str, str]) -> Configuration:
    """Return the file's configuration of a stage with this set by hand over it."""
    named = {"parameters": dict(parameters), "environment": dict(environment)}
    return Configuration(
        parameters={**stage.parameters, **parameters},
        environment={**stage.environment, **environment},
        set_by_hand={name: values for name, values in named.items() if values},
    )


def of_release(release: Release) -> Configuration:
    """Return what a release was deployed with."""
    return Configuration(
        parameters=release.parameters, environment=release.environment, set_by_hand=release.set_by_hand
    )


def with_environment(template: str, environment: Mapping[str, str]) -> str:
    """Return a packaged template whose functions have these variables, over their own of the same names.

    Raises:
        TemplateError: a function's variables are worked out by an intrinsic function, so that nothing can be added.
    """
    if not environment:
        return template
    body: dict[str, Any] = json.loads(template)
    for name, resource in body["Resources"].items():
        if isinstance(resource, dict) and resource.get("Type") in _FUNCTIONS:
            own = resource.setdefault("Properties", {}).setdefault("Environment", {})
            own["Variables"] = {**_plain(own, name).get("Variables", {}), **environment}
    return dump_template(body)


def _plain(environment: Mapping[str, Any], function: str) -> Mapping[str, Any]:
    for told in (environment, environment.get("Variables", {})):
        if any(key == "Ref" or key.startswith("Fn::") for key in told):
            raise TemplateError(
                f"the stage's variables cannot be given to {function}: its own come from an intrinsic function",
                looked_at=f"Environment of {function}: {', '.join(told)}",
                mend="write Variables as plain names, or set none on the stage",
            )
    return environment
