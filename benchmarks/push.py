"""A push of one changed line, live on dev, against the same push to a plain bare repository.

    python benchmarks/push.py [--rounds N] [--warm-up N] [--check]

A real lab runs the sample app (``rollbacklab up``, a process of its own). Each round changes one line of one function,
commits, and pushes the commit with git to both, taking turns in who comes first: to a bare repository on the same disk,
by its path, and to the lab, by its remote. The lab's hooks build and deploy before the push ends, so the new line is
live when git returns; each round then calls the API, signed, and stops unless the answer is the new line's.

Prints medians, the ratio with its bar, and where the lab's part of the time goes, by its own records. The bar is never
asserted; with ``--check`` the exit status is 1 when it is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from running_lab import RunningLab, running_lab

BAR = 8.0
LINE = '        "content": written["content"]'
"""The line of ``functions/create.py`` that is changed; the probe is answered by what it makes."""


def main() -> int:
    options = _read_options()
    with running_lab() as lab:
        plain = lab.directory.parent / "plain.git"
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(plain)], check=True)
        lab.git("remote", "add", "plain", str(plain))
        first_s = {remote: _push(lab, remote) for remote in ("plain", "lab")}
        rounds = [_round(lab, number) for number in range(options.warm_up + options.rounds)][options.warm_up :]
        parts = _parts(lab, rounds)
    print(f"first push, the stack is made: plain {first_s['plain'] * 1e3:.0f} ms, lab {first_s['lab'] * 1e3:.0f} ms")
    ratio = _report(rounds, parts)
    return int(options.check and ratio > BAR)


def _round(lab: RunningLab, number: int) -> dict[str, float]:
    """Change a line, push it to both, and see it answer; returns seconds by what was done."""
    mark = f"push {number}"
    file = lab.directory / "functions" / "create.py"
    lines = file.read_text().splitlines(keepends=True)
    [at] = [at for at, line in enumerate(lines) if line.startswith(LINE)]
    lines[at] = f'{LINE} + ", {mark}",\n'
    file.write_text("".join(lines))
    lab.commit(f"Say {mark}")
    seconds = {remote: _push(lab, remote) for remote in (("plain", "lab") if number % 2 else ("lab", "plain"))}
    start = time.perf_counter()
    answer = lab.page("/stages/dev/probe", sent="yes")["answer"]
    seconds["answer"] = time.perf_counter() - start
    if not json.loads(answer["body"]).get("content", "").endswith(mark):
        raise SystemExit(f"the push has ended, and dev does not answer {mark!r}: {answer}")
    return seconds


def _push(lab: RunningLab, remote: str) -> float:
    start = time.perf_counter()
    lab.git("push", "--quiet", remote, "main")
    return time.perf_counter() - start


def _parts(lab: RunningLab, rounds: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """Return where the time of each push went, by the lab's own records: its activities, two for each push."""
    done = _newest_activities(lab, 2 * len(rounds))[::-1]
    parts = []
    for one, build, deploy in zip(rounds, done[0::2], done[1::2], strict=True):
        if (build["kind"], deploy["kind"], deploy["state"]) != ("push", "deploy", "done"):
            raise SystemExit(f"these are not the activities of a push: {build}, {deploy}")
        built_s, deployed_s = _lasted_s(build), _lasted_s(deploy)
        rest_s = one["lab"] - built_s - deployed_s
        parts.append({"building": built_s, "deploying": deployed_s, "git, its two hooks, HTTP": rest_s})
    return parts


def _newest_activities(lab: RunningLab, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before: int | None = None
    while len(found) < count:
        page = lab.page(f"/activity?before={before}" if before else "/activity")["activity"]
        found += page["items"]
        before = page["older"]
        if before is None:
            break
    return found[:count]


def _lasted_s(activity: Mapping[str, Any]) -> float:
    begun, ended = (datetime.fromisoformat(activity[name]) for name in ("begun_at", "ended_at"))
    return (ended - begun).total_seconds()


def _report(rounds: Sequence[Mapping[str, float]], parts: Sequence[Mapping[str, float]]) -> float:
    """Print the table and return the ratio."""
    medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    ratio = medians["lab"] / medians["plain"]
    print(f"\n{'median of ' + str(len(rounds)):<44}{'ms':>8}{'least':>8}{'most':>8}")
    for name, text in (("plain", "git push, plain bare repository"), ("lab", "git push, lab: built and live on dev")):
        _print_row(text, [one[name] for one in rounds])
    for name in parts[0]:
        _print_row(f"    {name}", [one[name] for one in parts])
    _print_row("first answer of the new line, after that", [one["answer"] for one in rounds])
    print(f"ratio {ratio:.2f} (bar: at most {BAR:g}): {'met' if ratio <= BAR else 'NOT met'}")
    return ratio


def _print_row(text: str, seconds: Sequence[float]) -> None:
    shown = (statistics.median(seconds), min(seconds), max(seconds))
    print(f"{text:<44}" + "".join(f"{value * 1e3:>8.1f}" for value in shown))


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--warm-up", type=int, default=4, help="rounds before those that count")
    parser.add_argument("--check", action="store_true", help="exit with 1 when the bar is missed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
