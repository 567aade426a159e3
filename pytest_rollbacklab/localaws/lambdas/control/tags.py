"""TagResource, UntagResource and ListTags, on functions.

Errors are as recorded (test_tag_exceptions, test_tag_versions, test_tag_limits). Other resources that Lambda tags are
not emulated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.lambdas.control.constraints import Violations
from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter
from pytest_rollbacklab.localaws.lambdas.control.function import Function
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry

__all__ = ["TagOperations", "check_tags"]

_LIMIT = 50
_RESOURCE = (
    r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
    r"(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)"
    r"|code-signing-config:csc-[a-z0-9]{17}"
    r"|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|capacity-provider:[a-zA-Z0-9-_]+)"
)


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse more tags than a function may have.

    Raises:
        ServiceError: ``InvalidParameterValueException``.
    """
    if len(tags) > _LIMIT:
        raise invalid_parameter("Number of tags exceeds resource tag limit.")


class TagOperations:
    """The operations on tags.

    Args:
        registry: The functions.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {
            "TagResource": self.tag,
            "UntagResource": self.untag,
            "ListTags": self.list,
        }

    def tag(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Add tags (TagResource)."""
        function = self._function(call, params["Resource"])
        tags = {**function.tags, **params["Tags"]}
        check_tags(tags)
        function.tags = tags
        return {}

    def untag(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Remove tags (UntagResource)."""
        function = self._function(call, params["Resource"])
        function.tags = {key: tag for key, tag in function.tags.items() if key not in params["TagKeys"]}
        return {}

    def list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a function's tags (ListTags)."""
        return {"Tags": dict(self._function(call, params["Resource"]).tags)}

    def _function(self, call: Call, resource: str) -> Function:
        violations = Violations()
        violations.pattern("resource", resource, _RESOURCE)
        violations.check()
        kind = resource.split(":")[5]
        if kind != "function":
            raise invalid_parameter(f"Tags of a {kind} are not emulated by this local AWS: {resource}.")
        return self._registry.unqualified(
            call,
            resource,
            refusal="Tags on function aliases and versions are not supported. Please specify a function ARN.",
        )
