"""A deployment: an API as it was at one moment, and the routes it was compiled into.

The API is immutable, so holding on to it is the snapshot; nothing that is edited later can reach it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.deployed.media_types import BinaryMediaTypes
from pytest_rollbacklab.localaws.gateway.deployed.routes import Routes
from pytest_rollbacklab.localaws.identity.policy_language.document import Policy

__all__ = ["Deployment"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """What stages point at."""

    id: str
    created_at: datetime
    api: RestApi
    routes: Routes
    binary_media_types: BinaryMediaTypes
    description: str | None = None
    policy: Policy | None = None
    """The API's resource policy, ready to be evaluated."""
