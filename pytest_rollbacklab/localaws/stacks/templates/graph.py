"""Which resource waits for which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_rollbacklab.localaws.stacks.refusals import invalid

__all__ = ["Graph"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """Nodes, and for each the nodes that come before it; without circles."""

    before: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, before: Mapping[str, Iterable[str]]) -> Graph:
        """Make a graph; what a node waits for and is no node itself is left out.

        Raises:
            ServiceError: ``ValidationError`` that names the resources that wait for each other.
        """
        graph = cls(before=_among(before))
        left = set(graph.before) - set(graph.order())
        if left:
            raise invalid(f"Circular dependency between resources: [{', '.join(sorted(graph._circle(left)))}]")
        return graph

    @classmethod
    def without_circles(cls, before: Mapping[str, Iterable[str]]) -> Graph:
        """Make a graph of what may come from two templates; who is in a circle waits for nobody."""
        graph = cls(before=_among(before))
        ordered = set(graph.order())
        return cls(
            before={node: firsts & ordered if node in ordered else frozenset() for node, firsts in graph.before.items()}
        )

    def order(self) -> list[str]:
        """Return the nodes so that each comes after those that it waits for; nodes of a circle are missing."""
        waiting = {node: len(firsts) for node, firsts in self.before.items()}
        after = self.after()
        order = [node for node, count in waiting.items() if not count]
        for node in order:
            for successor in after[node]:
                waiting[successor] -= 1
                if not waiting[successor]:
                    order.append(successor)
        return order

    def after(self) -> dict[str, list[str]]:
        """Return for each node those that wait for it."""
        after: dict[str, list[str]] = {node: [] for node in self.before}
        for node, firsts in self.before.items():
            for first in firsts:
                after[first].append(node)
        return after

    def reversed(self) -> Graph:
        """Return the graph in which what came first comes last, the order in which things are deleted."""
        return Graph(before={node: frozenset(later) for node, later in self.after().items()})

    def _circle(self, left: set[str]) -> set[str]:
        """Take away what only waits for a circle, so that the circle itself is left."""
        while True:
            waited_for = {first for node in left for first in self.before[node]} & left
            if waited_for == left:
                return left
            left = waited_for


def _among(before: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    return {node: frozenset(first for first in firsts if first in before) for node, firsts in before.items()}
