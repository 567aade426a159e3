from __future__ import annotations

import re

from pytest_rollbacklab.model import DrillRow
from pytest_rollbacklab.report.terminal import table_lines

WHOLE = DrillRow(
    drill="labs/01-gibberish/test_gibberish.py::test_gibberish",
    stage="prod",
    build_broken=2,
    status_seen=502,
    time_to_detect_s=0.1234,
    time_to_recover_s=1.5,
    rolled_back_to=1,
    packages_reused=5,
    packages_rebuilt=0,
)
QUIET = DrillRow(
    drill="t",
    stage=None,
    build_broken=None,
    status_seen=None,
    time_to_detect_s=None,
    time_to_recover_s=None,
    rolled_back_to=None,
    packages_reused=None,
    packages_rebuilt=None,
)


def test_each_drill_has_a_row_under_its_headings() -> None:
    headings, whole, quiet = (
        re.split(r" {2,}", line) for line in table_lines([WHOLE.to_dict(), QUIET.to_dict()], width=200)
    )
    assert headings == ["drill", "broken", "seen", "detected in", "recovered in", "back to", "reused"]
    assert whole == [WHOLE.drill, "#2 on prod", "502", "0.12 s", "1.50 s", "#1", "5 of 5"]
    assert quiet == ["t", "-", "-", "-", "-", "-", "-"]


def test_a_long_name_is_cut_in_front_to_fit_the_terminal() -> None:
    lines = table_lines([WHOLE.to_dict()], width=80)
    assert max(map(len, lines)) <= 80
    assert lines[1].startswith("...")
    assert "test_gibberish  #2 on prod" in lines[1]
