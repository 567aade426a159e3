"""The messages that Cognito sends to users, by e-mail or SMS: here they lie in a log group, since nothing is sent.

``/aws/cognito/userpools/<pool id>/messages`` has a stream for each user and a line of JSON for each message, so that a
test, or a person, reads the code where their users would read their mail. No such group is on AWS.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.identity.user_pools.directory import User, UserPool

__all__ = ["Messages", "Send", "destination_of", "sent_to_nobody"]

Send = Callable[[Scope, str, str, str], None]
"""Writes a message: scope, log group, stream, text."""

_MEDIA = {"email": "EMAIL", "phone_number": "SMS"}


class Messages:
    """Sends codes.

    Args:
        send: Writes into a log group.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def send(self, scope: Scope, pool: UserPool, user: User, attribute: str, code: str, why: str) -> dict[str, str]:
        """Send a code to an e-mail address or a phone number of a user, and return ``CodeDeliveryDetails``.

        Args:
            attribute: ``email`` or ``phone_number``.
            why: The operation that has it sent.
        """
        address = user.attributes[attribute]
        text = {"to": address, "medium": _MEDIA[attribute], "why": why, "username": user.username, "code": code}
        self._send(scope, f"/aws/cognito/userpools/{pool.pool_id}/messages", user.username, json.dumps(text))
        return {
            "Destination": _masked(address),
            "DeliveryMedium": _MEDIA[attribute],
            "AttributeName": attribute,
        }


def destination_of(attributes: Mapping[str, Any], among: tuple[str, ...]) -> str | None:
    """Return the attribute that a code is sent to, a phone before an e-mail address, as Cognito does."""
    return next((name for name in ("phone_number", "email") if name in among and attributes.get(name)), None)


def sent_to_nobody(called: str) -> dict[str, str]:
    """Return what is told of a code for a user who does not exist, where that must not be told."""
    destination = _masked(called) if "@" in called else f"{called[:1]}***@***"
    return {"Destination": destination, "DeliveryMedium": "EMAIL", "AttributeName": "email"}


def _masked(address: str) -> str:
    """Return an address as Cognito shows it: ``a***@e***``, ``+*******5309``."""
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}***@{host[:1]}***"
    return f"+*******{address[-4:]}"
