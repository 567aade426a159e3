"""A backend of moto's as bytes, and back.

A backend is an object that holds all of a service in one account and region. It is pickled by its attributes: locks are
made anew, and other backends, which objects refer to, are looked up again where they are put back. What grows with each
write is left empty here (``without``) and kept piece by piece by the module that knows it.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from moto.backends import get_backend
from moto.core.base_backend import BaseBackend

from pytest_rollbacklab.localaws.api import Scope

__all__ = ["Reductions", "dump_backend", "dumps", "live_backend", "live_scopes", "loads", "restore_backend", "without"]

Reductions = Mapping[type, Callable[[Any], Any]]
"""How objects of a class are pickled, as ``object.__reduce__`` says it; NotImplemented for as usual."""

_PRIVATE_KEYS: Final = get_args(PrivateKeyTypes)
_PUBLIC_KEYS: Final = get_args(PublicKeyTypes)
_LOCKS: Final[Mapping[type, Callable[[], Any]]] = {
    type(threading.Lock()): threading.Lock,
    type(threading.RLock()): threading.RLock,
}


def live_backend(service: str, scope: Scope) -> Any | None:
    """Return a backend that there is already; none is made.

    Args:
        scope: Its region is the partition (``aws``) for services that have no regions.
    """
    return dict.get(dict.get(get_backend(service), scope.account_id, {}), scope.region)


def live_scopes(service: str, account_id: str) -> list[Scope]:
    """Return where in an account there is a backend of a service."""
    regions = dict.get(get_backend(service), account_id, {})
    return [Scope(account_id=account_id, region=region) for region in dict.keys(regions)]


def dump_backend(backend: Any, reductions: Reductions) -> bytes:
    """Return what a backend holds.

    Raises:
        Exception: whatever pickle raises when something in it cannot be kept.
    """
    held = {name: _Entries(value) if _makes_its_own(value) else value for name, value in vars(backend).items()}
    return dumps(held, reductions)


def restore_backend(service: str, scope: Scope, state: bytes) -> Any:
    """Put back what a backend held, and return it."""
    backend = get_backend(service)[scope.account_id][scope.region]
    for name, value in loads(state).items():
        if isinstance(value, _Entries):
            getattr(backend, name).update(value.entries)
        else:
            setattr(backend, name, value)
    return backend


def dumps(value: Any, reductions: Reductions) -> bytes:
    """Pickle something that a backend holds."""
    file = io.BytesIO()
    _Pickler(file, reductions).dump(value)
    return file.getvalue()


def loads(pickled: bytes) -> Any:
    """Return what was pickled."""
    return pickle.loads(pickled)  # noqa: S301 - from the user's own directory: see localaws.journal


def without(value: Any, emptied: Mapping[str, Callable[[], Any]]) -> Any:
    """Reduce an object to what it is with some attributes empty.

    Args:
        emptied: Makes the empty value, by the attribute's name.
    """
    held = {name: emptied[name]() if name in emptied else held for name, held in vars(value).items()}
    return copyreg.__newobj__, (type(value),), held  # type: ignore[attr-defined]


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, reductions: Reductions) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._reductions = reductions

    def reducer_override(self, value: Any) -> Any:
        reduce = self._reductions.get(type(value))
        if reduce is not None:
            return reduce(value)
        if isinstance(value, BaseBackend):
            service = type(value).__module__.split(".")[1]
            return _find_backend, (service, value.account_id, value.region_name)
        if type(value) in _LOCKS:
            return _LOCKS[type(value)], ()
        if isinstance(value, defaultdict) and type(value) is not defaultdict:
            # What a subclass wants to be made with, pickle does not know.
            return _bare, (type(value), value.default_factory), vars(value), None, iter(dict(value).items())
        return _key(value)


class _Entries:
    """The entries of a dict that makes its missing values by a function within the backend, which has no name."""

    def __init__(self, entries: Mapping[Any, Any]) -> None:
        self.entries = dict(entries)


def _bare(kind: type[defaultdict[Any, Any]], default_factory: Callable[[], Any]) -> defaultdict[Any, Any]:
    made = kind.__new__(kind)
    defaultdict.__init__(made, default_factory)
    return made


def _key(value: Any) -> Any:
    """Reduce a key of the ``cryptography`` package, whose objects live outside of Python."""
    if not type(value).__module__.startswith("cryptography."):
        return NotImplemented
    if isinstance(value, _PRIVATE_KEYS):
        der = value.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return _private_key, (der,)
    if isinstance(value, _PUBLIC_KEYS):
        return _public_key, (value.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),)
    return NotImplemented


def _private_key(der: bytes) -> Any:
    return load_der_private_key(der, password=None)


def _public_key(der: bytes) -> Any:
    return load_der_public_key(der)


def _makes_its_own(value: Any) -> bool:
    return isinstance(value, defaultdict) and "<locals>" in getattr(value.default_factory, "__qualname__", "")


def _find_backend(service: str, account_id: str, region: str) -> Any:
    return get_backend(service)[account_id][region]
