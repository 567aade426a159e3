"""Visit a graph: each node as soon as all before it are done, as many at once as there are.

As CloudFormation does it: everything that can begin is begun at once (which is when its first event is seen), and a
dependent begins the moment its last dependency is done. A failure keeps what waits for it from beginning; what is
under way is always waited for, never cut off in the middle of its calls, so that nothing is left half made and
unknown.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from pytest_rollbacklab.localaws.stacks.templates.graph import Graph

__all__ = ["Work", "walk"]

Work = Coroutine[Any, Any, bool]


async def walk(graph: Graph, begin: Callable[[str], Work | None]) -> None:
    """Visit every node that is not behind a failed one.

    Args:
        begin: Called when a node's turn comes. Returns None when there is nothing to do, or the work itself, which
            says whether it succeeded.
    """
    waiting = {node: len(firsts) for node, firsts in graph.before.items()}
    after = graph.after()

    def start(nodes: deque[str]) -> None:
        # A queue and no recursion: a chain of five hundred unchanged resources is one loop.
        while nodes:
            node = nodes.popleft()
            work = begin(node)
            if work is None:
                nodes.extend(finished(node))
            else:
                group.create_task(run(node, work))

    def finished(node: str) -> list[str]:
        ready = []
        for successor in after[node]:
            waiting[successor] -= 1
            if not waiting[successor]:
                ready.append(successor)
        return ready

    async def run(node: str, work: Work) -> None:
        if await work:
            start(deque(finished(node)))

    async with asyncio.TaskGroup() as group:
        start(deque(node for node, count in waiting.items() if not count))
