"""The request context: what is known of a request under AWS's condition keys.

Keys are looked up without regard to case, as IAM does, and every key may have several values, because some of AWS's
do (``cognito-identity.amazonaws.com:amr``). A context can also be told to leave policy variables alone, for documents
older than the version that brought them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

__all__ = ["Context"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """Condition keys and their values."""

    values: Mapping[str, tuple[str, ...]]
    """By key in lower case."""
    has_variables: bool = True
    """Whether ``${...}`` in a document means a variable, as since version 2012-10-17."""

    @classmethod
    def of(cls, keys: Mapping[str, str | Sequence[str]]) -> Context:
        """Make a context of condition keys with one value or several."""
        return cls(
            values={key.lower(): (value,) if isinstance(value, str) else tuple(value) for key, value in keys.items()}
        )

    def get(self, key: str) -> tuple[str, ...]:
        """Return the values of a key, none when the request has no such key."""
        return self.values.get(key.lower(), ())

    def literally(self) -> Context:
        """Return the context in which ``${`` is mere text."""
        return replace(self, has_variables=False)
