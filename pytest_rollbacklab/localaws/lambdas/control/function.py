"""A function: its code and configuration at each version, its aliases, and what else hangs on its name.

Versions and aliases are immutable values; the function alone changes, by taking another value whole, which whoever
keeps it is told. ``$LATEST`` is a version like any other, save
that it is replaced by every update. Which environment runs what is keyed by ``Version.build``, so that an environment
of an earlier build can never be taken for one of this.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.lambdas.control.code import CodePackage
from pytest_rollbacklab.localaws.lambdas.control.configuration import Configuration
from pytest_rollbacklab.localaws.lambdas.control.lifecycle import Lifecycle
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST, function_arn
from pytest_rollbacklab.localaws.lambdas.control.policy import ResourcePolicy

__all__ = ["Alias", "EventSettings", "Function", "Provisioned", "UrlConfig", "Version", "new_revision"]


def new_revision() -> str:
    """Make a RevisionId."""
    return str(uuid.uuid4())


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """Code and configuration at one moment."""

    number: str
    """``$LATEST``, or as published: ``1``."""
    code: CodePackage
    configuration: Configuration
    published_from: Configuration | None = None
    """What ``$LATEST``'s configuration was: publishing may give a version a description of its own."""
    lifecycle: Lifecycle = field(default_factory=lambda: Lifecycle().moved("Active"))
    last_modified: datetime = field(default_factory=lambda: datetime.now(UTC))
    revision_id: str = field(default_factory=new_revision)
    build: str = field(default_factory=new_revision)
    """Another with every change of code or configuration, and with nothing else."""

    def rebuilt(self, **changes: Any) -> Version:
        """Return it with other code or another configuration."""
        lifecycle = self.lifecycle.updated("InProgress").updated("Successful")
        return replace(
            self,
            **changes,
            lifecycle=lifecycle,
            last_modified=datetime.now(UTC),
            revision_id=new_revision(),
            build=new_revision(),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Alias:
    """A name for a version, or for two of them by weight."""

    name: str
    function_version: str
    description: str = ""
    additional_weights: Mapping[str, float] = field(default_factory=dict)
    """By version, from 0 to 1: the share that goes there; the rest goes to ``function_version``."""
    revision_id: str = field(default_factory=new_revision)


@dataclass(frozen=True, kw_only=True, slots=True)
class EventSettings:
    """What becomes of events: of a function's, a version's or an alias's. None: as AWS does by default."""

    retries: int | None = None
    age_limit_s: int | None = None
    on_success: str | None = None
    """The ARN of a destination."""
    on_failure: str | None = None
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, kw_only=True, slots=True)
class Provisioned:
    """How many environments a version or an alias shall have ready."""

    wanted: int
    modified: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class UrlConfig:
    """The address of a function or an alias: a function URL."""

    auth_type: str
    """``NONE`` or ``AWS_IAM``."""
    cors: Mapping[str, Any] = field(default_factory=dict)
    """As CreateFunctionUrlConfig has it."""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))


class Function:
    """A function and all that has its name.

    Args:
        scope: Where it is.
        name: Its name.
        latest: ``$LATEST``.
        tags: Its tags.
    """

    def __init__(self, *, scope: Scope, name: str, latest: Version, tags: Mapping[str, str]) -> None:
        self.scope = scope
        self.name = name
        self.told: Callable[[Function], None] | None = None
        """Told the function when anything of it changes; set when it is in a registry."""
        self.latest = latest
        self.tags: Mapping[str, str] = dict(tags)
        self.published: Mapping[str, Version] = {}
        """By number, in the order in which they were published."""
        self.aliases: Mapping[str, Alias] = {}
        self.policies: Mapping[str | None, ResourcePolicy] = {}
        """By qualifier; None for the function itself."""
        self.reserved_concurrency: int | None = None
        self.event_settings: Mapping[str, EventSettings] = {}
        """By qualifier, ``$LATEST`` for the function itself."""
        self.urls: Mapping[str, UrlConfig] = {}
        """By alias, ``$LATEST`` for the function itself."""
        self.provisioned: Mapping[str, Provisioned] = {}
        """By version or alias."""
        self.publications = 0
        """How many versions there have ever been: a number is never given twice."""

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        told = self.__dict__.get("told")
        if told is not None:
            told(self)

    def arn(self, qualifier: str | None = None) -> str:
        return function_arn(self.scope, self.name, qualifier)

    def version(self, number: str) -> Version | None:
        return self.latest if number == LATEST else self.published.get(number)

    @property
    def versions(self) -> tuple[Version, ...]:
        """All of them, ``$LATEST`` first."""
        return (self.latest, *self.published.values())

    def publish(self, description: str | None = None) -> Version:
        """Make ``$LATEST`` a numbered version, unless the last published one is the same.

        The same means the same code and the same configuration ("Lambda doesn't publish a version if the function's
        configuration and code haven't changed since the last version": PublishVersion).
        """
        last = next(reversed([*self.published.values()]), None)
        latest = self.latest
        if last and (last.code.sha256, last.published_from) == (latest.code.sha256, latest.configuration):
            return last
        configuration = latest.configuration
        if description is not None:
            configuration = replace(configuration, description=description)
        self.publications += 1
        version = replace(
            latest,
            number=str(self.publications),
            configuration=configuration,
            published_from=latest.configuration,
            revision_id=new_revision(),
            build=new_revision(),
        )
        self.published = {**self.published, version.number: version}
        # As recorded (test_function_revisions_version_and_alias): publishing gives $LATEST a new revision too.
        self.latest = replace(latest, revision_id=new_revision())
        return version

    def describe(self, version: Version, *, qualifier: str | None = None) -> dict[str, Any]:
        """Tell a version in boto3's shape (FunctionConfiguration).

        Args:
            version: Which.
            qualifier: What its ARN ends with: None for the function's own ARN.
        """
        modified = version.last_modified
        return version.configuration.describe(self.scope.region) | {
            "CodeSha256": version.code.sha256,
            "CodeSize": len(version.code.zip),
            "FunctionArn": self.arn(qualifier),
            "FunctionName": self.name,
            "LastModified": f"{modified:%Y-%m-%dT%H:%M:%S}.{modified.microsecond // 1000:03d}+0000",
            "RevisionId": version.revision_id,
            **version.lifecycle.describe(),
            "Version": version.number,
        }
