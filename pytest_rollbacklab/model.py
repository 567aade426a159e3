"""The words of the story as values: what flows from a push to a verdict.

    push -> Commit -> Build -> (Stage + Build) -> ChangeSet -> Release -> Answer -> Evidence

Frozen, keyword-only, and free of behaviour that would need AWS: dicts stay at AWS's edge, and everything between two
stages of the pipeline is one of these. Times are timezone-aware UTC; durations carry their unit in the name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

__all__ = [
    "AccessLogLine",
    "Answer",
    "Build",
    "Change",
    "ChangeSet",
    "Commit",
    "DrillOutcome",
    "DrillRow",
    "Evidence",
    "LogLine",
    "Package",
    "Release",
    "ReleaseKind",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """A git commit, the only thing that is ever built."""

    sha: str
    """All 40 hex digits."""
    author: str
    """``Name <address>``."""
    message: str
    committed_at: datetime

    @property
    def short_sha(self) -> str:
        return self.sha[:7]

    @property
    def title(self) -> str:
        """The message's first line."""
        return self.message.partition("\n")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A function's deployment package, named by its content."""

    function: str
    """The function's logical id in the template."""
    sha256: str
    """Of the zip, hex."""
    size_bytes: int
    reused: bool
    """True when the shelf had a zip of this content already, so that nothing was packaged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """A commit made deployable once, numbered, and never changed or rebuilt afterwards."""

    number: int
    app: str
    commit: Commit
    packages: tuple[Package, ...]
    template_key: str | None
    """The packaged template's key on the shelf; None when the build failed."""
    template_sha256: str | None
    built_at: datetime
    duration_s: float
    failure: str | None = None
    """Why there is nothing to deploy, in the words shown to the pusher; None when the build succeeded."""

    @property
    def succeeded(self) -> bool:
        return self.failure is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One line of a change set, in CloudFormation's words."""

    action: str
    """Add, Modify, Remove, Dynamic or Import."""
    logical_id: str
    resource_type: str
    replacement: str | None
    """True, False or Conditional, as CloudFormation writes them; None for anything but Modify."""
    properties: tuple[str, ...]
    """Names of the properties that change, for Modify."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeSet:
    """What a deployment would do to a stage, described before it is executed."""

    name: str
    stack_name: str
    build_number: int
    changes: tuple[Change, ...]
    """Empty when the build is what already stands there."""


ReleaseKind = Literal["deploy", "promote", "rollback", "config"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """A build live on a stage: one line of the stage's append-only ledger."""

    number: int
    """Counted per stage, from 1."""
    stage: str
    kind: ReleaseKind
    build: Build
    parameters: Mapping[str, str]
    """The template's parameters that it was deployed with."""
    released_at: datetime
    duration_s: float
    packages_rebuilt: int
    """How many packages had to be made anew for this release; a rollback needs none."""
    changes: tuple[Change, ...]
    rolled_back_from: int | None = None
    """The build number that was live before, for a rollback."""
    reason: str | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    """The stack's outputs once it was live."""
    by: str | None = None
    """Who asked for it; None where nobody said."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that all functions were given, over the template's."""
    set_by_hand: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of ``parameters`` and ``environment``, what was set by hand on the stage, by these two names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back from one HTTP call, with what is needed to find its traces."""

    method: str
    url: str
    status: int
    reason: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    latency_ms: float
    sent_at: datetime

    @property
    def request_id(self) -> str | None:
        """API Gateway's own id of the request (``x-amzn-RequestId``), under which every log knows it."""
        return self.headers.get("x-amzn-requestid")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Decode the body.

        Raises:
            ValueError: the body is not JSON; the message shows its beginning.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ValueError(
                f"the body of {self.method} {self.url} -> {self.status} {self.reason} is not JSON: {self.text[:200]!r}"
            ) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """One event of a log stream."""

    group: str
    stream: str
    at: datetime
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessLogLine:
    """One API access-log line, parsed by the format that the stage writes (see ``observe.access_logs``)."""

    at: datetime
    fields: Mapping[str, str]
    """By ``$context`` variable, without the ``$context.``: ``requestId``, ``status``, ``resourcePath`` ..."""
    raw: str

    @property
    def status(self) -> int:
        return int(self.fields["status"])

    @property
    def request_id(self) -> str:
        return self.fields["requestId"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What one request left behind, joined by its id. A link that is missing is named in ``missing``."""

    answer: Answer | None
    """None where only the request's id was at hand."""
    access_log: AccessLogLine | None
    execution_log: tuple[LogLine, ...]
    function_log_lines: tuple[LogLine, ...]
    lambda_request_id: str | None
    missing: tuple[str, ...]
    """A sentence for each log that is not there: which, where it was looked for, and why it may be missing."""
    request_id: str | None = None
    """API Gateway's own."""
    at: datetime | None = None
    """When it was made; None where nothing tells."""
    method: str | None = None
    path: str | None = None
    """As called, or the resource's where no more is known."""
    status: int | None = None
    """As answered: by the answer, or by what the logs say of it. Like method and path, None where nothing tells."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """The API's and the function's of the minute of the request, this one among others: ``5XXError``, ``Errors``."""
    links: Mapping[str, str | None] = field(default_factory=dict)
    """Answer, access log, execution log, function log, metrics: None for one that is there, else why it is not."""

    @property
    def function_log(self) -> str:
        """The function's lines of this request as one text."""
        return "".join(
            line.message if line.message.endswith("\n") else line.message + "\n" for line in self.function_log_lines
        )


DrillOutcome = Literal["recovered", "rolled forward", "still broken", "unproven", "not rolled back", "rolled back"]
"""How a drill ended, for the stage that broke first.

recovered
    A rollback, and good answers after it.
rolled forward
    Another deployment, and good answers after it.
still broken
    A release, and bad answers after it.
unproven
    A release, and no answer after it.
not rolled back
    No release after it broke.
rolled back
    A rollback of what was never seen to fail.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillRow:
    """A drill in one line of the summary."""

    drill: str
    stage: str | None
    build_broken: int | None
    """The build that was live when the first bad answer came."""
    status_seen: int | None
    """The first bad answer's."""
    time_to_detect_s: float | None
    """From the broken release to its detection: the first bad answer, unless something else told of it."""
    time_to_recover_s: float | None
    """From the broken release to the first good answer after what brought it back."""
    time_to_recover_from_detection_s: float | None
    rolled_back_to: int | None
    packages_reused: int | None
    """Of the rollback."""
    packages_rebuilt: int | None
    outcome: DrillOutcome

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> DrillRow:
        return cls(**values)
