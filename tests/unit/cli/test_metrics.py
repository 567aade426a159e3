"""``metrics``: each series in a line."""

from __future__ import annotations

import json
from typing import Any


def test_shows_what_was_recorded_of_the_api_and_its_functions(lab: Any, run: Any) -> None:
    assert run("metrics").stdout.splitlines() == [
        "prod, the last 1h",
        "of   metric       in all          last",
        "API  Count        12              0       ▅█▁",
        "API  5XXError     3               0       ▁█▁",
        "API  Latency p99  at most 120 ms  120 ms  ▃█",
    ]
    assert lab.asked[-1].query == {"range": "1h"}


def test_shows_one_function(lab: Any, run: Any) -> None:
    said = run("metrics", "prod", "--function", "CreateFunction", "--range", "15m").stdout
    assert "CreateFunction  Latency p99  at most 120 ms  120 ms" in said
    assert lab.asked[-1].query == {"range": "15m"}


def test_says_what_to_do_when_nothing_was_recorded(lab: Any, run: Any) -> None:
    lab.pages["GET /stages/prod/metrics"]["api"] = []
    assert run("metrics").stdout.endswith("nothing was recorded; send a call with: rollbacklab probe\n")


def test_json_is_what_the_lab_tells(lab: Any, run: Any) -> None:
    assert json.loads(run("metrics", "--json").stdout) == lab.pages["GET /stages/prod/metrics"]
