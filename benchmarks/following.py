"""What it costs to follow a log group that holds 100,000 lines, against one that holds ten, while lines arrive.

    python benchmarks/following.py [--small N] [--large N] [--rounds N] [--seconds N] [--check]

A real local AWS, a process of its own, holds both groups. In each round lines are written to one group at a steady
pace, first with nobody listening and then with one follower (``observe.follow``, as the console and the command line
follow); then the same with the other group, so that a slow moment of the machine meets both. Printed are the CPU time
that the local AWS used, the requests that the follower made, counted as boto3 sends them, and how long a line took from
the call that wrote it to the follower.

A follower that polled would make a request each time it looked, and one that read the whole group would cost more the
more it holds. So the bar is on both: as many requests, whatever the group holds, and at most 1.5 times the CPU time.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from history import copy_lines
from running_lab import Usage

from pytest_rollbacklab.observe.follow import follow
from pytest_rollbacklab.target import Target, embedded_cloud
from pytest_rollbacklab.wait import wait_for

BAR = 1.5
LINE_EVERY_S = 0.05
STREAM = "live"
LAST_LINE_S = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A log group, and what was measured of it."""

    name: str
    size: int
    alone_cpu: list[float] = field(default_factory=list)
    """Of the local AWS while lines are written and nobody follows: a share of one core, for each round."""
    followed_cpu: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    """Of the follower, for each round."""
    delays_ms: list[float] = field(default_factory=list)


class Follower:
    """Follows a group on a thread, with clients of its own whose requests are counted."""

    def __init__(self, endpoint_url: str, group: str) -> None:
        self.requests: list[str] = []
        self.seen: dict[str, float] = {}
        """When each line came."""
        self._target, self._group = Target(endpoint_url=endpoint_url), group
        self._target.client("logs").meta.events.register("request-created.*", self._count)
        self._listening, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def _count(self, operation_name: str, **_: Any) -> None:
        self.requests.append(operation_name)

    def _follow(self) -> None:
        for line in follow(self._target, self._group, stop=self._stop):
            if line is not None:
                self.seen[line.message] = time.perf_counter()
            self._listening.set()

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        self._thread.start()
        try:
            if not self._listening.wait(LAST_LINE_S):
                raise SystemExit(f"the follower of {self._group} does not listen")
            yield
        finally:
            self._stop.set()
            self._thread.join(LAST_LINE_S)
            self._target.close()


def main() -> int:
    options = _read_options()
    with embedded_cloud() as cloud:
        target = Target(endpoint_url=cloud.endpoint_url)
        groups = [_make(target, size) for size in (options.small, options.large)]
        for number in range(options.rounds + 1):
            for group in groups:
                _round(target, cloud.pid, group, number, options.seconds, counts=number > 0)
        target.close()
    return int(_report(groups, options) and options.check)


def _make(target: Target, size: int) -> Group:
    """Make a group with so many lines, the first of them by hand and the others copies of it."""
    name, logs = f"/benchmark/{size}", target.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName=STREAM)
    _write(logs, name, "3f1c0000-41aa-4c11-8000-000000000001 [INFO] a request was answered 200 in 12 ms")
    copy_lines(target, name, size)
    return Group(name=name, size=size)


def _round(target: Target, pid: int, group: Group, number: int, seconds: float, *, counts: bool) -> None:
    """Write for a while with nobody listening, then with a follower. The first round only warms up."""
    alone_cpu, _ = _written(target, pid, group, f"alone {number}", seconds)
    follower = Follower(target.endpoint_url, group.name)
    with follower.at_work():
        followed_cpu, written = _written(target, pid, group, f"followed {number}", seconds)
        lines_come = lambda: written.keys() <= follower.seen.keys() or None  # noqa: E731
        wait_for("the follower to have every line", lines_come, timeout_s=LAST_LINE_S)
    if counts:
        group.alone_cpu.append(alone_cpu)
        group.followed_cpu.append(followed_cpu)
        group.requests.append(len(follower.requests))
        group.delays_ms.extend((follower.seen[line] - at) * 1e3 for line, at in written.items())


def _written(target: Target, pid: int, group: Group, mark: str, seconds: float) -> tuple[float, dict[str, float]]:
    """Write lines for so long; returns the local AWS's CPU time as a share, and when each line was written."""
    logs, written = target.client("logs"), dict[str, float]()
    start, before = time.perf_counter(), Usage.of(pid)
    for line in range(int(seconds / LINE_EVERY_S)):
        time.sleep(max(0.0, start + line * LINE_EVERY_S - time.perf_counter()))
        message = f"{mark}, line {line}"
        written[message] = time.perf_counter()
        _write(logs, group.name, message)
    time.sleep(max(0.0, start + seconds - time.perf_counter()))
    return (Usage.of(pid).cpu_s - before.cpu_s) / (time.perf_counter() - start), written


def _write(logs: Any, group: str, message: str) -> None:
    event = {"timestamp": int(time.time() * 1000), "message": message}
    logs.put_log_events(logGroupName=group, logStreamName=STREAM, logEvents=[event])


def _report(groups: list[Group], options: argparse.Namespace) -> bool:
    """Print the table; returns whether the bar was missed."""
    few, many = groups
    print(f"{options.rounds} rounds of {options.seconds:g} s, {1 / LINE_EVERY_S:g} lines a second", end="")
    print(f"\n{'':<48}{few.size:>12,}{many.size:>12,}{'ratio':>8}")
    ratio = 0.0
    for text, values in (
        ("local AWS, CPU, lines written, nobody follows", [statistics.median(one.alone_cpu) for one in groups]),
        ("local AWS, CPU, lines written, one follower", [statistics.median(one.followed_cpu) for one in groups]),
    ):
        ratio = values[1] / values[0]
        print(f"{text:<48}{values[0]:>11.1%}{values[1]:>12.1%}{ratio:>9.2f}")
    most = [max(one.requests) for one in groups]
    print(f"{'requests of the follower in a round, the most':<48}{most[0]:>12}{most[1]:>12}")
    for text, percent in (("write to follower, median", 50), ("write to follower, p95", 95)):
        told = [statistics.quantiles(one.delays_ms, n=100)[percent - 1] for one in groups]
        print(f"{text:<48}{told[0]:>9.0f} ms{told[1]:>9.0f} ms{told[1] / told[0]:>8.2f}")
    missed = ratio > BAR or most[0] != most[1]
    print(f"CPU ratio {ratio:.2f} (bar: at most {BAR:g}), as many requests: {'NOT met' if missed else 'met'}")
    return missed


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=10)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=6, help="that count, after one that does not")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each part of a round")
    parser.add_argument("--check", action="store_true", help="exit with 1 when the bar is missed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
