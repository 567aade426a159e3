"""What one API call asks for, in IAM's words: actions, each on a resource, and what is known of the call besides.

The service authorization reference says for each operation which action it needs and on what. Most follow one rule:
the action is the operation's name, the resource is named by a parameter. These are a table, in ``resources``; S3 and
DynamoDB have rules of their own. What is allowed is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_rollbacklab.localaws.api import Scope

__all__ = ["ApiRequest", "Asked"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiRequest:
    """A call of a service's API."""

    scope: Scope
    service: str
    """The prefix of its actions: ``dynamodb``, ``cloudwatch``."""
    operation: str
    params: Mapping[str, Any]
    """By AWS's member names, as boto3 gives them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One action on one resource."""

    action: str
    """``dynamodb:PutItem``."""
    resource: str | None
    """Its ARN; None where it is not known which one an operation is about, and its action alone decides."""
    keys: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    """Condition keys of the service: ``s3:prefix``."""
