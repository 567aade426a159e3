"""Series as SVG paths in a plot that is 1000 units wide, which stretch, and so many pixels high, which do not."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["HEIGHT", "WIDTH", "Values", "stacked", "stepped"]

WIDTH, HEIGHT = 1000, 116

Values = tuple[float | None, ...]

_GAP = 0.22
_SMALLEST = 2.0
"""A column that stands for something is that high at least, in pixels."""


def stacked(layers: Sequence[Values], top: float) -> list[str]:
    """Return a path of columns for each layer, the first one at the bottom.

    Args:
        top: The value at the plot's upper edge.
    """
    floors = [0.0] * len(layers[0])
    paths = []
    for values in layers:
        parts = []
        for at, value in enumerate(values):
            if value:
                height = max(value / top * HEIGHT, _SMALLEST)
                parts.append(_column(at, len(floors), floors[at], height))
                floors[at] += height
        paths.append("".join(parts))
    return paths


def _column(at: int, count: int, floor: float, height: float) -> str:
    width = WIDTH / count
    left, wide = (at + _GAP / 2) * width, width * (1 - _GAP)
    return f"M{left:.1f} {HEIGHT - floor:.1f}v{-height:.1f}h{wide:.1f}v{height:.1f}z"


def stepped(values: Values, top: float) -> str:
    """Return a line with a step for each period, so that a single one shows too; with gaps where nothing is known."""
    width, parts, before = WIDTH / len(values), [], False
    for at, value in enumerate(values):
        if value is not None:
            y = HEIGHT - value / top * HEIGHT
            parts.append(f"V{y:.1f}" if before else f"M{at * width:.1f} {y:.1f}")
            parts.append(f"H{(at + 1) * width:.1f}")
        before = value is not None
    return "".join(parts)
