"""The table of an API's routes: which method of which resource a request is for.

A tree of path segments, tried in the order exact, ``{variable}``, ``{greedy+}``. A resource without the request's
method does not end the search: a greedy sibling further up may have it (as recorded by
``test_proxy_routing_with_hardcoded_resource_sibling`` and ``test_routing_with_hardcoded_resource_sibling_order`` of
LocalStack's AWS-validated tests). A trailing slash makes no difference; segments are compared as they were sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pytest_rollbacklab.localaws.gateway.deployed.authorizers import DeployedAuthorizer
from pytest_rollbacklab.localaws.gateway.deployed.integrations import DeployedIntegration

__all__ = ["Route", "Routes"]

_ANY = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""What the method ANY stands for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A deployed method."""

    resource_id: str
    resource_path: str
    http_method: str
    """``ANY`` or one."""
    signed: bool
    """Whether callers must sign (AWS_IAM)."""
    integration: DeployedIntegration
    authorizer: DeployedAuthorizer | None = None
    api_key_required: bool = False
    required: tuple[str, ...] = ()
    """The parameters that its request validator wants: ``method.request.querystring.page``."""

    @property
    def place(self) -> str:
        """As logs tell of it: ``GET /notes/{id}``."""
        return f"{self.http_method} {self.resource_path}"


@dataclass(slots=True)
class _Node:
    exact: dict[str, _Node] = field(default_factory=dict)
    variable: tuple[str, _Node] | None = None
    greedy: tuple[str, _Node] | None = None
    methods: dict[str, Route] = field(default_factory=dict)

    def route(self, method: str) -> Route | None:
        return self.methods.get(method) or (self.methods.get("ANY") if method in _ANY else None)


class Routes:
    """The routes of a deployment."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            self._add(route)

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route of a request, and the values of the variables in its path, as they were sent.

        Args:
            path: Below the stage, beginning with one slash.
        """
        trimmed = path.strip("/") if path.endswith("/") else path[1:]
        parameters: dict[str, str] = {}
        route = _search(self._root, trimmed.split("/") if trimmed else [], 0, method, parameters)
        return (route, parameters) if route is not None else None

    def _add(self, route: Route) -> None:
        node = self._root
        for part in route.resource_path.strip("/").split("/") if route.resource_path != "/" else ():
            node = _step(node, part)
        node.methods[route.http_method] = route


def _step(node: _Node, part: str) -> _Node:
    """Return the node below for a path part, made when it is not there."""
    if part.endswith("+}"):
        node.greedy = node.greedy or (part[1:-2], _Node())
        return node.greedy[1]
    if part.startswith("{"):
        node.variable = node.variable or (part[1:-1], _Node())
        return node.variable[1]
    return node.exact.setdefault(part, _Node())


def _search(node: _Node, segments: list[str], at: int, method: str, parameters: dict[str, str]) -> Route | None:
    if at == len(segments):
        return node.route(method)
    segment = segments[at]
    below = node.exact.get(segment)
    found = _search(below, segments, at + 1, method, parameters) if below is not None else None
    if found is None and node.variable is not None and segment:
        found = _search(node.variable[1], segments, at + 1, method, parameters)
        if found is not None:
            parameters[node.variable[0]] = segment
    if found is None and node.greedy is not None:
        found = node.greedy[1].route(method)
        if found is not None:
            parameters[node.greedy[0]] = "/".join(segments[at:])
    return found
