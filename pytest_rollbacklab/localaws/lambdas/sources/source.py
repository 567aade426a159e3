"""An event source mapping, as a value: which queue or stream is read for which function, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Scope

__all__ = ["EventSource"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EventSource:
    """One mapping."""

    id: str
    scope: Scope
    function: str
    qualifier: str | None
    arn: str
    """Of the queue or the stream."""
    batch_size: int
    window_s: int = 0
    enabled: bool = True
    reports_failures: bool = False
    """Whether the function says which records of a batch failed (ReportBatchItemFailures)."""
    filters: tuple[Mapping[str, Any], ...] = ()
    """The patterns; a record passes that fits one of them."""
    starting_position: str | None = None
    """Streams alone: ``TRIM_HORIZON`` or ``LATEST``."""
    retries: int = -1
    """Streams alone; -1 for ever."""
    age_limit_s: int = -1
    """Streams alone; -1 for none."""
    bisects: bool = False
    on_failure: str | None = None
    """Streams alone: where batches are told of that were given up."""
    positions: Mapping[str, str] = field(default_factory=dict)
    """Streams alone: by shard, the sequence number of the last record that is done."""
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def is_queue(self) -> bool:
        return self.arn.split(":")[2] == "sqs"
