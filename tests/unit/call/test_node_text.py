"""Strings and numbers against what Node 20 printed for them."""

from __future__ import annotations

import math

import pytest

from pytest_rollbacklab.call.node_text import number_text, quoted, utf16_length


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("", "''"),
        ("hello.jpg", "'hello.jpg'"),
        ("it's", '"it\'s"'),
        ('it\'s "so"', '`it\'s "so"`'),
        ('it\'s "so" `', "'it\\'s \"so\" `'"),
        ('it\'s "${so}"', "'it\\'s \"${so}\"'"),
        ("a\n\t\r\b\f\\", "'a\\n\\t\\r\\b\\f\\\\'"),
        ("\x00\x1b\x7f\x85", "'\\x00\\x1B\\x7F\\x85'"),
        ("한글 😀", "'한글 😀'"),
        ("\ud800", "'\\ud800'"),
    ],
)
def test_strings(text: str, printed: str) -> None:
    assert quoted(text) == printed


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (0, "0"),
        (-0.0, "-0"),
        (200, "200"),
        (1499648598452, "1499648598452"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (1.25e-9, "1.25e-9"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (2**53 + 1, "9007199254740992"),
        (12345678901234567890, "12345678901234567000"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
    ],
)
def test_numbers(number: float, printed: str) -> None:
    assert number_text(number) == printed


def test_lengths_are_javascripts() -> None:
    assert [utf16_length(text) for text in ("abc", "한글", "😀", "\ud800")] == [3, 2, 2, 1]
