from __future__ import annotations

import dataclasses

import pytest

from pytest_rollbacklab.model import DrillRow
from pytest_rollbacklab.report.terminal import table_lines

WHOLE = DrillRow(
    drill="labs/01-gibberish/test_gibberish.py::test_gibberish",
    stage="prod",
    build_broken=2,
    status_seen=502,
    time_to_detect_s=0.1234,
    time_to_recover_s=1.5,
    time_to_recover_from_detection_s=1.3766,
    rolled_back_to=1,
    packages_reused=5,
    packages_rebuilt=0,
    outcome="recovered",
)
BARE = DrillRow(
    drill="t",
    stage=None,
    build_broken=None,
    status_seen=None,
    time_to_detect_s=None,
    time_to_recover_s=None,
    time_to_recover_from_detection_s=None,
    rolled_back_to=None,
    packages_reused=None,
    packages_rebuilt=None,
    outcome="rolled back",
)
STUCK = dataclasses.replace(
    WHOLE, time_to_recover_s=None, packages_reused=3, packages_rebuilt=2, outcome="still broken"
)


def table(*rows: DrillRow, width: int) -> list[str]:
    return table_lines([row.to_dict() for row in rows], width=width)


def test_each_drill_has_a_row_under_its_headings() -> None:
    short = dataclasses.replace(WHOLE, drill="test_gibberish.py::test_gibberish")
    assert table(short, dataclasses.replace(short, build_broken=12), width=120) == [
        "drill                              broken       seen  detected in  recovered in  back to  reused",
        "test_gibberish.py::test_gibberish  #2 on prod   502   0.12 s       1.50 s        #1       5 of 5",
        "test_gibberish.py::test_gibberish  #12 on prod  502   0.12 s       1.50 s        #1       5 of 5",
    ]


def test_what_did_not_end_well_is_told_apart() -> None:
    endings = [line.split("  ")[-1].strip() for line in table(WHOLE, STUCK, BARE, width=200)]
    assert endings == ["outcome", "recovered", "still broken", "rolled back"]


def test_what_is_not_known_is_a_dash() -> None:
    assert table(BARE, width=200)[1].split() == ["t", "-", "-", "-", "-", "-", "-", "rolled", "back"]


def test_packages_that_had_to_be_rebuilt_are_not_counted_as_reused() -> None:
    assert "3 of 5" in table(STUCK, width=200)[1]


@pytest.mark.parametrize("width", [80, 90, 110])
def test_a_long_name_is_cut_in_front_to_fit_the_terminal(width: int) -> None:
    lines = table(WHOLE, width=width)
    assert max(map(len, lines)) <= width
    assert lines[1].startswith("...")
    assert "gibberish  #2 on prod" in lines[1]
    assert lines[1].endswith("5 of 5")


def test_a_narrow_terminal_goes_without_what_can_be_seen_from_the_rest() -> None:
    lines = table(WHOLE, STUCK, width=80)
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["drill", "broken", "seen", "detected", "in", "recovered", "in", "reused", "outcome"]


def test_no_drills_are_headings_alone() -> None:
    assert table(width=80) == ["drill  broken  seen  detected in  recovered in  back to  reused"]
