"""Charts as values: shapes, axes, marks, and the words and numbers beside the picture."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta

import pytest

from console.fake_pipeline import make_build, make_release
from pytest_rollbacklab.console.observing.charts import Column, Frame, Heading, columns_chart, lines_chart, number
from pytest_rollbacklab.console.observing.deployments import Deployment, Fate
from pytest_rollbacklab.console.observing.marks import lanes, marks
from pytest_rollbacklab.console.observing.shapes import HEIGHT, stacked, stepped
from pytest_rollbacklab.console.observing.ticks import round_top, time_ticks
from pytest_rollbacklab.console.words import Words

WORDS = Words("en")
START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
HEADING = Heading(id="requests", title="Requests")


def deployment(number: int, minute: float, fate: Fate = "good") -> Deployment:
    released_at = START + timedelta(minutes=minute)
    return Deployment(release=make_release(number, "prod", make_build(number + 5), released_at=released_at), fate=fate)


def frame(periods: int = 4, *deployed: Deployment) -> Frame:
    starts = tuple(START + timedelta(minutes=minute) for minute in range(periods))
    return Frame(starts=starts, period_s=60, deployments=deployed)


BAD = Column(label="5xx", values=(0.0, 2.0, 0.0, 1.0), tone="bad")
REST = Column(label="", values=(4.0, 2.0, 0.0, 3.0), tone="plain")
ALL = Column(label="requests", values=(4.0, 4.0, 0.0, 4.0), tone="plain", is_drawn=False)


def test_columns_stand_on_each_other_what_went_wrong_at_the_bottom() -> None:
    bad, rest = stacked([(1.0, None), (1.0, 2.0)], 2.0)
    assert re.findall(r"M\S+ (\S+)v(-\S+)h", bad) == [(f"{HEIGHT:.1f}", f"-{HEIGHT / 2:.1f}")]
    assert [floor for floor, _ in re.findall(r"M\S+ (\S+)v(-\S+)h", rest)] == [f"{HEIGHT / 2:.1f}", f"{HEIGHT:.1f}"]


def test_the_smallest_column_can_be_seen() -> None:
    (path,) = stacked([(1.0,)], 100_000.0)
    assert "v-2.0h" in path


def test_a_line_is_broken_where_nothing_is_known_and_one_period_alone_shows() -> None:
    assert stepped((None, 5.0, 10.0, None, 0.0), 10.0) == "M200.0 58.0H400.0V0.0H600.0M800.0 116.0H1000.0"


def test_the_legend_tells_the_sum_and_the_share_that_went_wrong() -> None:
    chart = columns_chart(WORDS, frame(), HEADING, (BAD, REST, ALL))
    assert [(one.label, one.told) for one in chart.drawing.legend] == [("requests", "12"), ("5xx", "3 (25%)")]
    assert chart.drawing.top == 4
    assert [text for _, text in chart.levels] == ["4", "2", "0"]
    assert chart.drawing.unit == "per minute"


def test_what_did_not_happen_is_not_in_the_legend_unless_it_is_alone() -> None:
    none = Column(label="throttles", values=(0.0,) * 4, tone="warn")
    assert [one.label for one in columns_chart(WORDS, frame(), HEADING, (none, ALL)).drawing.legend] == ["requests"]
    assert [one.label for one in columns_chart(WORDS, frame(), HEADING, (none,)).drawing.legend] == ["throttles"]


def test_the_numbers_are_in_a_table_without_the_empty_periods() -> None:
    chart = columns_chart(WORDS, frame(), HEADING, (BAD, REST, ALL))
    assert chart.headings == ("5xx", "requests")
    assert [row[1:] for row in chart.rows] == [("0", "4"), ("2", "4"), ("1", "4")]


def test_each_period_says_its_numbers_when_it_is_pointed_at() -> None:
    chart = columns_chart(WORDS, frame(), HEADING, (BAD, REST, ALL))
    assert [period.x for period in chart.periods] == [0, 250, 500, 750]
    assert chart.periods[1].said.endswith(": 5xx 2, requests 4")


def test_the_description_says_all_that_the_picture_does() -> None:
    chart = columns_chart(WORDS, frame(4, deployment(2, 1.0, "broken")), HEADING, (BAD, REST, ALL))
    clock = f"{START.astimezone():%H:%M}"
    assert chart.description.startswith(f"{clock} to ")
    assert "requests 12, 5xx 3 (25%)." in chart.description
    assert re.search(r"Deployments: v2, build 7, \d\d:01:00: broken\.", chart.description)


def test_lines_tell_their_range_in_milliseconds() -> None:
    measured = Column(label="p99", values=(None, 12.345, 120.0, None), tone="high")
    chart = lines_chart(WORDS, frame(), HEADING, (measured,))
    assert [one.told for one in chart.drawing.legend] == ["12.3\N{EN DASH}120"]
    assert (chart.drawing.unit, chart.drawing.top) == ("ms", 200)
    nothing = Column(label="p99", values=(None,) * 4, tone="high")
    assert lines_chart(WORDS, frame(), HEADING, (nothing,)).drawing.legend[0].told == "nothing measured"


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (0.4, 1), (1, 1), (1.5, 2), (3, 4), (5, 6), (9, 10), (10, 10), (11, 20), (601, 800)]
)
def test_axes_end_at_round_numbers(highest: float, top: float) -> None:
    assert round_top(highest) == top


@pytest.mark.parametrize(("value", "told"), [(0, "0"), (1234567, "1,234,567"), (41.25, "41.2"), (0.125, "0.125")])
def test_numbers_as_they_are_read(value: float, told: str) -> None:
    assert number(value) == told


@pytest.mark.parametrize(("minutes", "step"), [(16, 5), (61, 10), (182, 30), (1455, 240)])
def test_times_are_marked_at_round_ones_and_there_are_not_many(minutes: int, step: int) -> None:
    start = START + timedelta(minutes=7)
    ticks = time_ticks(start, start + timedelta(minutes=minutes))
    assert 3 <= len(ticks) <= 8
    local = START.astimezone()
    assert all(0 <= tick.x <= 100 for tick in ticks)
    gaps = {round((after.x - before.x) * minutes / 100) for before, after in itertools.pairwise(ticks)}
    assert gaps == {step}
    if step < 60 and not (local.utcoffset() or timedelta()) % timedelta(hours=1):
        assert all(int(tick.label[-2:]) % step == 0 for tick in ticks)


def test_labels_of_times_stay_inside() -> None:
    ticks = time_ticks(START, START + timedelta(minutes=60))
    assert (ticks[0].anchor, ticks[1].anchor, ticks[-1].anchor) == ("start", "middle", "end")


def test_midnight_is_marked_by_the_date() -> None:
    midnight = START.astimezone().replace(hour=0, minute=0)
    ticks = time_ticks(midnight - timedelta(hours=12), midnight + timedelta(hours=12))
    assert f"{midnight:%m-%d}" in [tick.label for tick in ticks]


def test_a_mark_says_number_build_and_state() -> None:
    (mark,) = marks(WORDS, [deployment(3, 10, "rolled back")], START, START + timedelta(hours=1), is_small=False)
    assert (mark.short, mark.long, mark.css) == ("v3 ↩", "build 8 · was rolled back", "rolled-back")
    assert mark.x == pytest.approx(16.67)
    assert (mark.anchor, mark.lane) == ("start", 0)


def test_labels_that_would_overlap_go_to_lanes_and_near_the_end_to_the_left() -> None:
    shown = [deployment(number, 50 + number) for number in range(1, 6)]
    found = marks(WORDS, shown, START, START + timedelta(hours=1), is_small=False)
    assert [mark.lane for mark in found] == [None, None, 2, 1, 0]
    assert {mark.anchor for mark in found} == {"end"}
    assert lanes(found) == 3


def test_labels_far_apart_share_a_lane_and_what_is_outside_is_left_out() -> None:
    shown = [deployment(1, -5), deployment(2, 5), deployment(3, 30)]
    found = marks(WORDS, shown, START, START + timedelta(hours=1), is_small=True)
    assert [(mark.short, mark.lane) for mark in found] == [("v2 ✓", 0), ("v3 ✓", 0)]
