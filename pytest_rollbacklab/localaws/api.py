"""What an emulated AWS service is: a name and a table of operations.

An operation takes the call and its parameters (boto3's shapes: a dict by AWS's member names, timestamps as aware
datetimes, blobs as bytes) and returns the result in the same shapes. Protocols (query, JSON, REST-JSON, CBOR) are
none of its business: ``moto_seam.wire`` speaks them by AWS's own service models. Whatever is not in the table is
refused by name.

Parts of the local AWS reach each other's services through ``Aws.call``, the same table without a socket.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["Aws", "Call", "Operation", "Scope", "Scoped", "Service", "ServiceError"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Where a call happens. Nothing in one scope is visible in another, as on AWS."""

    account_id: str
    region: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One API call as the service sees it."""

    scope: Scope
    service: str
    """botocore's name: ``lambda``, ``cognito-idp`` ..."""
    operation: str
    access_key: str
    request_id: str


class ServiceError(Exception):
    """An error that the service answers with, in AWS's code and words.

    Args:
        code: The exception's name in the service model (``ResourceNotFoundException``) or query error code.
        message: AWS's text.
        status: The HTTP status.
        fields: Further members of the error, such as Lambda's ``Type`` and ``Reason``.
    """

    def __init__(self, code: str, message: str, status: int = 400, **fields: Any) -> None:
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields
        super().__init__(f"{code}: {message}")


Operation = Callable[[Call, dict[str, Any]], "dict[str, Any] | Awaitable[dict[str, Any]]"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A service that answers for itself."""

    name: str
    """botocore's name."""
    operations: Mapping[str, Operation]
    """By AWS's operation name: ``CreateFunction``."""
    rest_on_moto: bool = False
    """Whether an operation that is not in the table is moto's (this service corrects moto) or refused by name."""


class Aws(Protocol):
    """Every service of the local AWS, called in process."""

    async def call(
        self, scope: Scope, service: str, operation: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Call one operation.

        Raises:
            ServiceError: what the service answered.
        """
        ...


T = TypeVar("T")


class Scoped(Generic[T]):
    """A store for each account and region, made when first looked at."""

    def __init__(self, factory: Callable[[Scope], T]) -> None:
        self._factory = factory
        self._stores: dict[Scope, T] = {}

    def of(self, scope: Scope) -> T:
        store = self._stores.get(scope)
        if store is None:
            store = self._stores[scope] = self._factory(scope)
        return store

    def items(self) -> Iterator[tuple[Scope, T]]:
        return iter(self._stores.items())
