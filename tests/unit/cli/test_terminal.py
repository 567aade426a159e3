"""Text for people: aligned where it is plain, laid out by rich on a terminal, and never able to steer it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from pytest_rollbacklab.cli.layout import Table, table_lines
from pytest_rollbacklab.cli.moments import ago, lasted
from pytest_rollbacklab.cli.safe_text import display_width, folded, many_lines, one_line

NOW = datetime(2026, 11, 23, 12, 5, 31, tzinfo=UTC)
SHOWS = """
from pytest_rollbacklab.cli.terminal import Cell, Table, show
show([Cell("[red]title[/red] \\x1b[2J", "bad"), Table(headings=("a", "b"), rows=(("일", Cell("\\x1b[1mx", "good")),))])
"""
PLAIN = "[red]title[/red] \\x1b[2J\na   b\n일  \\x1b[1mx\n"
WIDE = """
from pytest_rollbacklab.cli.terminal import Table, show
rows = (("1", "일이삼사오육칠팔구십일이"), ("2", "no more than there is room"))
show([Table(headings=("a", "long"), rows=rows)])
"""
WAITS = """
import sys, threading
from pytest_rollbacklab.cli import progress
shown = threading.Event()
class Told(progress.Progress):
    def _draw(self, turn):
        super()._draw(turn)
        shown.set()
with Told("a\\x1b[2Jb") as waiting:
    shown.wait()
    with waiting.cleared():
        print("line", flush=True)
print("over")
"""
PRINTED = "line\nover\n"


def on_a_terminal(script: str, **environment: str) -> str:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={name: value for name, value in os.environ.items() if name != "NO_COLOR"} | environment,
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(ours)
    assert process.wait(timeout=30) == 0, shown
    return shown.decode().replace("\r\n", "\n")


class TestShow:
    def test_a_terminal_gets_colours_and_no_escapes_of_others(self) -> None:
        assert on_a_terminal(SHOWS, TERM="xterm-256color").splitlines() == [
            "\x1b[1;31m[red]title[/red] \\x1b[2J\x1b[0m",
            "\x1b[2ma\x1b[0m   \x1b[2mb\x1b[0m",
            "일  \x1b[32m\\x1b[1mx\x1b[0m",
        ]

    @pytest.mark.parametrize("environment", [{"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}])
    def test_no_color_and_a_dumb_terminal_get_plain_text(self, environment: dict[str, str]) -> None:
        assert on_a_terminal(SHOWS, **environment) == PLAIN

    def test_a_pipe_gets_plain_text(self) -> None:
        piped = subprocess.run([sys.executable, "-c", SHOWS], capture_output=True, text=True, timeout=30, check=True)
        assert piped.stdout == PLAIN

    def test_a_table_fits_the_terminal(self) -> None:
        shown = on_a_terminal(WIDE, TERM="xterm", NO_COLOR="1", COLUMNS="24")
        assert shown.splitlines() == [
            "a  long",
            "1  일이삼사오육칠팔구십",
            "   일이",
            "2  no more than there is",
            "   room",
        ]

    def test_a_pipe_is_never_folded(self) -> None:
        piped = subprocess.run(
            [sys.executable, "-c", WIDE],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env=os.environ | {"COLUMNS": "24"},
        )
        assert "2  no more than there is room\n" in piped.stdout


class TestTableLines:
    def lines(self, *rows: tuple[str, ...], width: int | None = None) -> list[str]:
        table = Table(headings=("a", "b", "c"), rows=rows)
        return list(table_lines(table, width=width, paint=lambda text, _: text))

    def test_nothing_follows_the_last_text_of_a_line(self) -> None:
        assert self.lines(("1", "", ""), ("", "22", " ")) == ["a  b   c", "1", "   22"]

    def test_the_widest_columns_give_way_first(self) -> None:
        assert self.lines(("short", "x" * 30, "y" * 20), width=39) == [
            f"a      b{' ' * 14}  c",
            f"short  {'x' * 15}  {'y' * 15}",
            f"       {'x' * 15}  {'y' * 5}",
        ]

    def test_no_column_gives_way_altogether(self) -> None:
        assert max(map(len, self.lines(("x" * 30, "y" * 30, "z" * 30), width=5))) == 28

    def test_a_table_without_rows_has_its_headings(self) -> None:
        assert self.lines() == ["a  b  c"]


class TestFolded:
    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ("", [""]),
            ("  ▃█ ", ["  ▃█ "]),
            ("one two three", ["one two", "three"]),
            ("incomprehensible", ["incompr", "ehensib", "le"]),
            ("a incomprehensible", ["a", "incompr", "ehensib", "le"]),
            ("가나다라마", ["가나다", "라마"]),
        ],
    )
    def test_breaks_at_spaces_and_within_what_is_too_long(self, text: str, lines: list[str]) -> None:
        assert folded(text, 7) == lines

    def test_a_letter_wider_than_the_room_is_shown_all_the_same(self) -> None:
        assert folded("가나", 1) == ["가", "나"]


class TestProgress:
    def test_is_said_at_a_terminal_and_gone_when_it_is_over(self) -> None:
        shown = on_a_terminal(WAITS, TERM="xterm")
        assert re.match(r"\r\| a\\x1b\[2Jb 0 s\x1b\[K", shown)
        assert shown.endswith("\r\x1b[Kline\nover\n")

    def test_makes_room_for_a_line(self) -> None:
        shown = on_a_terminal(WAITS, TERM="xterm")
        assert "\r\x1b[Kline\n" in shown

    def test_is_not_said_elsewhere(self) -> None:
        assert on_a_terminal(WAITS.replace("shown.wait()", "assert waiting._thread is None"), TERM="dumb") == PRINTED

    def test_what_is_over_at_once_is_not_said(self) -> None:
        assert on_a_terminal(WAITS.replace("shown.wait()", "pass"), TERM="xterm") == PRINTED


class TestSafeText:
    @pytest.mark.parametrize(
        ("text", "safe"),
        [
            ("plain 한글 ✓\n\ttab", "plain 한글 ✓\n\ttab"),
            ("\r\nline", "\nline"),
            ("over\rwritten", "over\\x0dwritten"),
            ("\x00\x07\x08\x7f", "\\x00\\x07\\x08\\x7f"),
            ("\x1b[31m", "\\x1b[31m"),
            ("\x9b31m\x85", "\\x9b31m\\x85"),
            ("\u202ereversed\u2066\u200f\u2028", "\\u202ereversed\\u2066\\u200f\\u2028"),
            ("\udcff", "\\udcff"),
        ],
    )
    def test_what_steers_a_terminal_is_written_out(self, text: str, safe: str) -> None:
        assert many_lines(text) == safe

    def test_a_cell_is_one_line(self) -> None:
        assert one_line("a\nb\tc\r\nd") == "a b c d"

    @pytest.mark.parametrize(
        ("text", "width"),
        [
            ("abc", 3),
            ("한글", 4),
            ("\u1112\u1161\u11ab", 2),
            ("e\u0301", 1),
            ("a\u200db\u00ad", 3),
            ("▁█", 2),
        ],
    )
    def test_wide_letters_count_twice(self, text: str, width: int) -> None:
        assert display_width(text) == width


class TestMoments:
    @pytest.mark.parametrize(
        ("seconds", "said"),
        [
            (-3, "just now"),
            (4, "just now"),
            (59, "59s ago"),
            (119, "1m ago"),
            (7199, "1h ago"),
            (3 * 86400, "3d ago"),
        ],
    )
    def test_say_how_long_ago(self, seconds: float, said: str) -> None:
        assert ago(NOW - timedelta(seconds=seconds), now=NOW) == said

    def test_give_a_date_beyond_two_weeks(self) -> None:
        then = NOW - timedelta(days=15)
        assert ago(then, now=NOW) == then.astimezone().date().isoformat()

    @pytest.mark.parametrize(("seconds", "said"), [(0.52, "0.5 s"), (59.9, "59.9 s"), (123, "2 min 3 s")])
    def test_say_how_long_it_took(self, seconds: float, said: str) -> None:
        assert lasted(seconds) == said
