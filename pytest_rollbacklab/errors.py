"""Every error that this package raises, in one tree.

    RollbacklabError
    ├── UsageError                what was asked for cannot be done as asked; the caller mends it
    │   ├── ConfigError           rollbacklab.toml or an option
    │   ├── SourceError           git, the repository, a file in it
    │   ├── TemplateError         the app's template
    │   ├── BuildError            a commit that does not build
    │   ├── UnknownStageError     a stage that the app does not have
    │   ├── PromoteError          a build that cannot be promoted
    │   ├── NothingToRollBackError
    │   ├── LabNotRunningError    no lab runs here, or it does not answer
    │   └── StateError            what a local AWS keeps cannot be read, written, or had
    ├── DeployError               a deployment that AWS refused or that failed on the way
    ├── CallError                 a signed call that could not be made (sign-in, credentials, connection)
    │   └── SignInError
    ├── WaitTimeout               a deadline that passed; carries the last thing seen
    ├── ToolMissingError          a program that this machine lacks
    └── CloudError                the local AWS did not start, or died

A message has up to three parts, each a sentence or two: what happened, what was looked at, what to do.
"""

from __future__ import annotations

__all__ = [
    "BuildError",
    "CallError",
    "CloudError",
    "ConfigError",
    "ConflictError",
    "DeployError",
    "LabNotRunningError",
    "NothingToRollBackError",
    "PromoteError",
    "RollbacklabError",
    "SignInError",
    "SourceError",
    "StateError",
    "TemplateError",
    "ToolMissingError",
    "UnknownStageError",
    "UsageError",
    "WaitTimeout",
]


class RollbacklabError(Exception):
    """The root: what happened, what was looked at, and the mend.

    Args:
        what: What happened, one sentence.
        looked_at: What was looked at to find out, where that helps.
        mend: What to do about it.
    """

    def __init__(self, what: str, *, looked_at: str | None = None, mend: str | None = None) -> None:
        self.what = what
        self.looked_at = looked_at
        self.mend = mend
        super().__init__(what, looked_at, mend)

    def __str__(self) -> str:
        lines = [self.what]
        if self.looked_at:
            lines.append(f"  looked at: {self.looked_at}")
        if self.mend:
            lines.append(f"  what to do: {self.mend}")
        return "\n".join(lines)


class UsageError(RollbacklabError):
    """What was asked for cannot be done as asked."""


class ConfigError(UsageError):
    """``rollbacklab.toml`` or an option is wrong; names the file, the key and what is allowed."""


class SourceError(UsageError):
    """The git repository, a commit or a file in it is not what was expected."""


class TemplateError(UsageError):
    """The app's template does not parse, or says something that cannot be deployed."""


class BuildError(UsageError):
    """A commit does not build."""


class UnknownStageError(UsageError):
    """A stage was named that the app does not have."""


class PromoteError(UsageError):
    """A build cannot be promoted: there is none, or it failed."""


class NothingToRollBackError(UsageError):
    """A stage has no earlier release to go back to."""


class LabNotRunningError(UsageError):
    """No lab runs in this directory, or it does not answer."""


class StateError(UsageError):
    """The directory that a local AWS keeps its state in cannot be had, read or written."""


class ConflictError(UsageError):
    """It cannot be done as the stage stands now: somebody is at work on it, it is pinned, or it has moved on."""


class DeployError(RollbacklabError):
    """A deployment was refused, or failed and went back; carries the stack's own words."""


class CallError(RollbacklabError):
    """A signed call could not be made at all. An answer, whatever its status, is no error."""


class SignInError(CallError):
    """The user pool or the identity pool refused."""


class WaitTimeout(RollbacklabError):  # noqa: N818 - the word of the field, as in asyncio.TimeoutError
    """A deadline passed before what was waited for came; ``last_seen`` is what was there instead."""

    def __init__(self, what: str, *, last_seen: object = None, mend: str | None = None) -> None:
        self.last_seen = last_seen
        super().__init__(what, looked_at=f"last seen: {last_seen!r}", mend=mend)


class ToolMissingError(RollbacklabError):
    """A program that is needed is not on this machine."""


class CloudError(RollbacklabError):
    """The local AWS did not start, or died; carries its last words."""
