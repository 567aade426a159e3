"""Every page of the console with a long past behind it, against the same page with a short one.

    python benchmarks/console.py [--small N] [--large N] [--records N] [--rounds N] [--check]

Two real labs run side by side, with the sample app live on dev in both. One has 10 builds, releases of dev, activities,
access-log lines, lines of a function's log and metric points; the other has 1,000 of each record and 100,000 lines of
each log and metric points (``history`` says where they are from). Every page is asked for as a browser asks, over one
connection that stays open; the labs take turns, so that a slow moment of the machine meets both.

A page shows what it shows: 200 lines of a log where there are as many, and 20 builds. So the ratio holds both what is
behind a page and what is on it; its size is printed beside it. Rows in brackets have no bar: a search that finds
nothing has to look at every line.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import history
from history import FUNCTION, POINTS_A_REQUEST, STAGE
from running_lab import RunningLab, running_lab

BAR = 2.0
WARM_UP = 3
INVOCATIONS = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page to be asked for."""

    name: str
    path: str
    has_bar: bool = True
    ms: list[float] = field(default_factory=list)
    sizes: set[int] = field(default_factory=set)


class Browser:
    """Asks one lab for pages, over one connection."""

    def __init__(self, lab: RunningLab) -> None:
        address = urlsplit(lab.place.console_url)
        self._key = address.path
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)

    def look(self, page: Page) -> None:
        """Load a page and note how long it took."""
        start = time.perf_counter()
        self._connection.request("GET", self._key + page.path, headers={"Accept": "text/html"})
        answer = self._connection.getresponse()
        body = answer.read()
        page.ms.append((time.perf_counter() - start) * 1e3)
        page.sizes.add(len(body))
        if answer.status != 200:
            told = body.decode(errors="replace").rpartition('id="main"')[2]
            raise SystemExit(f"{page.path} was answered {answer.status}: {told}")


def main() -> int:
    options = _read_options()
    with contextlib.ExitStack() as running:
        labs = [running.enter_context(running_lab()) for _ in range(2)]
        start = time.perf_counter()
        few = _fill(labs[0], records=options.small, lines=options.small)
        many = _fill(labs[1], records=options.records, lines=options.large)
        print(f"filled in {time.perf_counter() - start:.0f} s")
        browsers = [Browser(lab) for lab in labs]
        for pages in zip(few, many, strict=True):
            for _ in range(WARM_UP + options.rounds):
                for browser, page in zip(browsers, pages, strict=True):
                    browser.look(page)
    worst = _report(few, many, options)
    return int(options.check and worst > BAR)


def _fill(lab: RunningLab, *, records: int, lines: int) -> list[Page]:
    """Give a lab its past, and return its pages."""
    history.fill_records(lab, records - 1)
    lab.git("push", "--quiet", "lab", "main")
    lab.page(f"/stages/{STAGE}/access-logs", enabled="true")
    probe = lab.page(f"/stages/{STAGE}/probe", sent="yes")["request_id"]
    history.invoke(lab, 1)
    by_lambda = lab.page(f"/stages/{STAGE}/requests/{probe}")["evidence"]["lambda_request_id"]
    history.unsigned_requests(lab, max(1, lines // POINTS_A_REQUEST))
    history.invoke(lab, min(INVOCATIONS, lines // POINTS_A_REQUEST))
    history.fill_logs(lab, lines)
    return _pages(probe, by_lambda, records)


def _pages(gateway_id: str, lambda_id: str, newest: int) -> list[Page]:
    stage, logs = f"/stages/{STAGE}", f"/stages/{STAGE}/functions/{FUNCTION}/logs"
    return [
        Page(name="overview", path="/"),
        Page(name="builds", path="/builds"),
        Page(name="one build", path=f"/builds/{newest}"),
        Page(name="stage", path=stage),
        Page(name="releases", path=f"{stage}/releases"),
        Page(name="activity", path="/activity"),
        Page(name="one activity", path=f"/activity/{newest}"),
        Page(name="access logs", path=f"{stage}/access-logs"),
        Page(name="access logs, 4xx", path=f"{stage}/access-logs?status=4xx"),
        Page(name="access logs, 5xx: none", path=f"{stage}/access-logs?status=5xx", has_bar=False),
        Page(name="function logs", path=logs),
        Page(name="function logs, REPORT", path=f"{logs}?q=REPORT"),
        Page(name="function logs, a word of none", path=f"{logs}?q=nowhere", has_bar=False),
        Page(name="metrics, an hour", path=f"{stage}/metrics"),
        Page(name="metrics, a day", path=f"{stage}/metrics?range=1d"),
        Page(name="metrics of a function", path=f"{stage}/functions/{FUNCTION}/metrics"),
        Page(name="request, by the gateway's id", path=f"{stage}/requests/{gateway_id}"),
        Page(name="request, by Lambda's id", path=f"{stage}/requests/{lambda_id}"),
        Page(name="resources", path=f"{stage}/resources"),
        Page(name="settings of the stage", path=f"{stage}/settings"),
        Page(name="settings", path="/settings"),
    ]


def _report(few: Sequence[Page], many: Sequence[Page], options: argparse.Namespace) -> float:
    """Print the table and return the worst ratio of those that have a bar."""
    print(f"\n{'median of ' + str(options.rounds):<34}{'few':>10}{'many':>10}{'ratio':>8}   size of the page")
    worst = 0.0
    for small, large in zip(few, many, strict=True):
        little, much = (statistics.median(page.ms[WARM_UP:]) for page in (small, large))
        ratio = much / little
        worst = max(worst, ratio) if small.has_bar else worst
        name = small.name if small.has_bar else f"({small.name})"
        sizes = " -> ".join(f"{max(page.sizes) / 1024:.0f}" for page in (small, large))
        over = "  NOT met" if small.has_bar and ratio > BAR else ""
        print(f"{name:<34}{little:>7.1f} ms{much:>7.1f} ms{ratio:>8.2f}   {sizes} KiB{over}")
    print(f"worst ratio {worst:.2f} (bar: at most {BAR:g} for each page): {'met' if worst <= BAR else 'NOT met'}")
    return worst


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=10, help="of everything, in the lab with few")
    parser.add_argument("--records", type=int, default=1_000, help="builds, releases and activities in the other")
    parser.add_argument("--large", type=int, default=100_000, help="lines of each log, and points, in the other")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--check", action="store_true", help="exit with 1 when the bar is missed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
