"""What moto holds as a part of the local AWS that outlives its process.

moto answers between ``before`` and ``after``: after each call that may have changed something, the backends that it may
have touched are told to the keeper, which asks for them once before the answer leaves. A backend is kept whole, but for
what grows with each write: DynamoDB's items, S3's objects and Cognito's tokens are parts of their own. A backend that
cannot be kept is named in the log, once, and starts empty again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from moto.s3.models import s3_backends

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.keeping import Keeper, Part
from pytest_rollbacklab.localaws.moto_seam import backends
from pytest_rollbacklab.localaws.moto_seam.items import KeptItems
from pytest_rollbacklab.localaws.moto_seam.objects import KeptObjects
from pytest_rollbacklab.localaws.moto_seam.pickling import dump_backend, live_backend, live_scopes, restore_backend
from pytest_rollbacklab.localaws.moto_seam.tokens import KeptTokens
from pytest_rollbacklab.localaws.moto_seam.writes import accounts_in, also_touched, writes

__all__ = ["KeptMoto"]

logger = logging.getLogger(__name__)

_ERROR_STATUS: Final = 400
_NO_BACKENDS: Final = frozenset({"instance_metadata", "moto_api._internal"})
"""What moto serves besides AWS's services."""


class _Growing(Protocol):
    """What is kept piece by piece of a service."""

    def before(self, request: HttpRequest, scope: Scope) -> Any:
        """Note what ``after`` has to know."""

    def after(self, request: HttpRequest, pending: Any) -> Iterable[str]:
        """Tell the keeper of the pieces that a call has changed; return the accounts in which more may have."""


class KeptMoto:
    """Every backend of moto's: a ``keeping.Part``, whose keys are moto's names of services.

    Args:
        keeper: Hears of the changes.
    """

    name = "moto"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        items, objects, tokens = KeptItems(keeper), KeptObjects(keeper), KeptTokens(keeper)
        self._growing: dict[str, _Growing] = {"dynamodb": items, "s3": objects, "cognitoidp": tokens}
        self._reductions = {**items.reductions, **objects.reductions, **tokens.reductions}
        self._not_kept: set[str] = set()
        self.parts: tuple[Part, ...] = (self, items, objects, tokens)

    def dispatch(self, request: HttpRequest, *, signing_name: str, scope: Scope) -> HttpResponse:
        """Let moto answer, as ``backends.dispatch`` does."""
        service = backends.service_of(request, signing_name=signing_name, region=scope.region)
        if service is None or service in _NO_BACKENDS or not writes(request):
            return backends.dispatch(request, signing_name=signing_name, scope=scope)
        growing = self._growing.get(service)
        pending = None if growing is None else growing.before(request, scope)
        answer = backends.dispatch(request, signing_name=signing_name, scope=scope)
        if answer.status < _ERROR_STATUS:
            accounts = accounts_in(request) | {scope.account_id} if growing is None else growing.after(request, pending)
            self._touched(service, accounts)
        return answer

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return what a backend holds; None when there is no such backend, or it cannot be kept."""
        backend = live_backend(key, scope)
        if backend is None:
            return None
        try:
            return dump_backend(backend, self._reductions)
        except Exception as error:  # noqa: BLE001 - whatever moto has put into it; it is named in the log
            level = logging.DEBUG if key in self._not_kept else logging.WARNING
            logger.log(level, "%s is not kept, and will be empty after a restart: %s", key, error)
            self._not_kept.add(key)
            return None

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - a Part's form
        """Put back what a backend held."""
        backend = restore_backend(key, scope, state)
        if key == "s3":
            for name in backend.buckets:
                s3_backends.bucket_accounts[name] = (scope.region, scope.account_id)

    def _touched(self, service: str, accounts: Iterable[str]) -> None:
        for account_id in accounts:
            for touched in (service, *also_touched(service)):
                for place in live_scopes(touched, account_id):
                    self._keeper.changed(self, place, touched)
