"""Settings of a stage: each variable and parameter, and where it was said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_rollbacklab.cli.terminal import Block, Cell, Table
from pytest_rollbacklab.pipeline.values import StageSettings

__all__ = ["settings_blocks"]


def settings_blocks(settings: StageSettings) -> Iterator[Block]:
    """Yield what is set on a stage."""
    by_hand = settings.configured
    rows = [
        *_rows("variable", settings.file_environment, by_hand.environment),
        *_rows("parameter", settings.file_parameters, by_hand.parameters),
    ]
    if rows:
        yield Table(headings=("what", "name", "value", "said in"), rows=tuple(rows))
    else:
        yield f"nothing is set on {settings.stage}; set a variable with: rollbacklab config set NAME=VALUE"
    logs = settings.access_logs
    yield "access logs: " + ("nothing is deployed" if logs is None else "on" if logs.enabled else "off")
    yield f"builds kept: {settings.retention_builds or 'all'}"


def _rows(what: str, file: Mapping[str, str], by_hand: Mapping[str, str]) -> Iterator[tuple[str | Cell, ...]]:
    for name in sorted({*file, *by_hand}):
        if name not in by_hand:
            yield what, name, file[name], Cell("rollbacklab.toml", "quiet")
        else:
            over = f", over {file[name]!r} in rollbacklab.toml" if name in file else ""
            yield what, name, by_hand[name], f"by hand{over}"
