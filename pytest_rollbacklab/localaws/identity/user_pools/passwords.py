"""What a pool's password policy says of a password, in Cognito's words as clients have reported them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = ["require_good_password"]

_DEFAULT: Mapping[str, Any] = {
    "MinimumLength": 8,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": True,
}
_SYMBOLS = re.compile(r"[\^$*.\[\]{}()?\"!@#%&/\\,><':;|_~`=+\- ]")
_LONGEST = 256
_DEMANDS = (
    ("RequireLowercase", re.compile(r"[a-z]"), "Password must have lowercase characters"),
    ("RequireUppercase", re.compile(r"[A-Z]"), "Password must have uppercase characters"),
    ("RequireNumbers", re.compile(r"[0-9]"), "Password must have numeric characters"),
    ("RequireSymbols", _SYMBOLS, "Password must have symbol characters"),
)


def require_good_password(policy: Mapping[str, Any] | None, password: str) -> None:
    """Let a password through that a policy allows (``PasswordPolicyType`` of the API reference).

    Raises:
        ServiceError: InvalidPasswordException.
    """
    rules = {**_DEFAULT, **(policy or {})}
    if len(password) < int(rules["MinimumLength"]) or len(password) > _LONGEST:
        raise _refused("Password not long enough" if len(password) <= _LONGEST else "Password too long")
    for name, pattern, told in _DEMANDS:
        if rules[name] and not pattern.search(password):
            raise _refused(told)


def _refused(why: str) -> ServiceError:
    return ServiceError("InvalidPasswordException", f"Password did not conform with policy: {why}")
