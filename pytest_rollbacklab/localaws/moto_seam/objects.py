"""The objects of S3's buckets, kept one by one, and their bytes once.

What S3 knows of an object, of all its versions, is one key, written anew when one of them changes. The bytes of each
version, and of each part of an upload, are a key of their own that is written once, and goes when nothing has them any
more. After a call on an object that one is looked at; after any other call on a bucket, what has changed in it is found
by comparing.
"""

from __future__ import annotations

import copyreg
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote

from moto.backends import get_backend
from moto.s3.models import FakeBucket, FakeKey, MultipartDict, s3_backends
from moto.s3.utils import _VersionedKeyStore
from moto.utilities.tagging_service import TaggingService

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.moto_seam.pickling import Reductions, dumps, live_backend, loads, without

__all__ = ["KeptObjects"]

_Found = tuple[Any, ...]
"""The versions of an object; or an upload and its parts."""

_BUCKET_HOST: Final = re.compile(r"^(?P<bucket>.+)\.s3[.-]([a-z0-9-]+\.)*amazonaws\.com(:\d+)?$")


class KeptObjects:
    """The objects of every bucket: a ``keeping.Part``.

    Its keys are ``object/BUCKET/KEY``, ``upload/BUCKET/ID`` for what is not complete yet, and ``bytes/ID``.

    Args:
        keeper: Hears of the changes.
    """

    name = "s3-objects"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._seen: dict[tuple[Scope, str], dict[str, _Found]] = {}
        """By scope and ``object/BUCKET`` or ``upload/BUCKET``, and by name: what there was when it was looked at."""
        self._ids: dict[Any, str] = {}
        self._holders: dict[str, tuple[Any, set[str]]] = {}
        """Each version or part that has bytes, by the key of these, and the keys that it is behind."""
        self._waiting: dict[str, bytes] = {}
        """Bytes that came back before what has them."""
        emptied = {"keys": _VersionedKeyStore, "multiparts": MultipartDict}
        self.reductions: Reductions = {
            FakeBucket: lambda bucket: without(bucket, emptied),
            TaggingService: _without_tags_of_objects,
        }
        self._reductions: Reductions = {FakeKey: self._without_bytes}

    def before(self, request: HttpRequest, scope: Scope) -> tuple[str, Scope]:
        """Return who calls, and where the bucket is before the call, which may delete it: not always where they are."""
        return scope.account_id, _owner(_addressed(request)[0]) or scope

    def after(self, request: HttpRequest, pending: tuple[str, Scope]) -> set[str]:
        """Tell the keeper what has become of the objects of a call.

        Returns:
            The accounts in which more may have changed.
        """
        caller, owner = pending
        name, key = _addressed(request)
        scope = _owner(name) or owner
        bucket, place = _bucket(scope, name), f"object/{name}"
        self._compare(scope, f"upload/{name}")
        if bucket is not None and key and (key in bucket.keys or key in self._seen.get((scope, place), {})):
            self._look(scope, place, key)
            return {scope.account_id} if bucket.notification_configuration else set()
        self._compare(scope, place)
        return {scope.account_id, caller}

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return what is behind a key; None when it is gone."""
        if key.startswith("bytes/"):
            held = self._holders.get(key)
            return None if held is None else held[0].value
        found = _behind(scope, *_split(key))
        return dumps((found, _tags(scope, found)), self._reductions) if found else None

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - a Part's form
        """Put back what was behind a key; the buckets are there already."""
        if key.startswith("bytes/"):
            self._put_bytes(key, state)
            return
        place, name = _split(key)
        bucket = _bucket(scope, place.partition("/")[2])
        if bucket is None:
            return
        found: _Found
        found, tags = loads(state)
        for account_id, arn, tagged in tags:
            get_backend("s3")[account_id][scope.region].tagger.tags[arn] = tagged
        for holder in _with_bytes(found):
            bytes_key = vars(holder).pop(_BYTES_KEY)
            self._ids[holder] = bytes_key
            self._holders[bytes_key] = (holder, {key})
            if bytes_key in self._waiting:
                self._put_bytes(bytes_key, self._waiting.pop(bytes_key))
        if place.startswith("object/"):
            bucket.keys.setlist(name, list(found))
        else:
            bucket.multiparts[name] = found[0]
        self._seen.setdefault((scope, place), {})[name] = found

    def _put_bytes(self, key: str, state: bytes) -> None:
        if key in self._holders:
            self._holders[key][0].value = state
        else:
            self._waiting[key] = state

    def _compare(self, scope: Scope, place: str) -> None:
        """Look at what is no longer what it was."""
        seen, there = self._seen.get((scope, place), {}), _there(scope, place)
        for name in [*(name for name in seen if name not in there), *there]:
            if _behind(scope, place, name) != seen.get(name, ()):
                self._look(scope, place, name)

    def _look(self, scope: Scope, place: str, name: str) -> None:
        """Note what is there now, and that it has changed."""
        seen = self._seen.setdefault((scope, place), {})
        key, found = f"{place}/{name}", _behind(scope, place, name)
        had, has = set(_with_bytes(seen.pop(name, ()))), set(_with_bytes(found))
        for holder in has - had:
            self._hold(scope, holder, key)
        for holder in had - has:
            self._let_go(scope, holder, key)
        if found:
            seen[name] = found
        self._keeper.changed(self, scope, key)

    def _hold(self, scope: Scope, holder: Any, key: str) -> None:
        if holder not in self._ids:
            bytes_key = self._ids[holder] = f"bytes/{uuid.uuid4().hex}"
            self._holders[bytes_key] = (holder, set())
            self._keeper.changed(self, scope, bytes_key)
        self._holders[self._ids[holder]][1].add(key)

    def _let_go(self, scope: Scope, holder: Any, key: str) -> None:
        bytes_key = self._ids[holder]
        keys = self._holders[bytes_key][1]
        keys.discard(key)
        if not keys:
            del self._ids[holder], self._holders[bytes_key]
            self._keeper.changed(self, scope, bytes_key)

    def _without_bytes(self, holder: Any) -> Any:
        held = {name: value for name, value in vars(holder).items() if name not in ("_value_buffer", "lock")}
        held["value"] = b""
        if holder in self._ids:
            held[_BYTES_KEY] = self._ids[holder]
        return copyreg.__newobj__, (FakeKey,), held  # type: ignore[attr-defined]


_BYTES_KEY: Final = "_rollbacklab_bytes_key"
"""The attribute under which a pickled version says where its bytes are."""


def _with_bytes(found: Iterable[Any]) -> list[Any]:
    """Return what of it has bytes: versions, but for delete markers, and parts."""
    return [holder for holder in found if isinstance(holder, FakeKey)]


def _tags(scope: Scope, found: _Found) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the tags of an object's versions: accounts, ARNs, tags. moto has them with who put the object."""
    versions = _with_bytes(found)
    places = {scope, *(replace(scope, account_id=version.account_id) for version in versions)}
    taggers = {place.account_id: backend.tagger for place in places if (backend := live_backend("s3", place))}
    return [
        (account_id, version.arn, tagger.tags[version.arn])
        for account_id, tagger in taggers.items()
        for version in versions
        if version.arn in tagger.tags
    ]


def _without_tags_of_objects(tagger: Any) -> Any:
    """Reduce a tagging service of any backend; ARNs of objects are those of S3 that go on after the bucket."""
    kept = {arn: tags for arn, tags in tagger.tags.items() if not (":s3:::" in arn and "/" in arn)}
    return copyreg.__newobj__, (TaggingService,), vars(tagger) | {"tags": kept}  # type: ignore[attr-defined]


def _addressed(request: HttpRequest) -> tuple[str, str]:
    """Return the bucket and the key of a request."""
    path = unquote(request.raw_path).removeprefix("/")
    host = _BUCKET_HOST.match(request.header("host") or "")
    if host:
        return host["bucket"], path
    bucket, _, key = path.partition("/")
    return bucket, key


def _split(key: str) -> tuple[str, str]:
    """Return ``object/BUCKET`` and ``KEY``."""
    kind, bucket, name = key.split("/", 2)
    return f"{kind}/{bucket}", name


def _owner(bucket: str) -> Scope | None:
    """Return where a bucket is; S3's names are everybody's."""
    found = s3_backends.bucket_accounts.get(bucket)
    return None if found is None else Scope(account_id=found[1], region=found[0])


def _bucket(scope: Scope, name: str) -> Any | None:
    backend = live_backend("s3", scope)
    return None if backend is None else backend.buckets.get(name)


def _there(scope: Scope, place: str) -> dict[str, Any]:
    """Return what there is in a bucket: objects, or uploads."""
    kind, _, name = place.partition("/")
    bucket = _bucket(scope, name)
    found: dict[str, Any] = {} if bucket is None else bucket.keys if kind == "object" else bucket.multiparts
    return found


def _behind(scope: Scope, place: str, name: str) -> _Found:
    """Return an object's versions; or an upload and its parts."""
    there = _there(scope, place)
    if name not in there:
        return ()
    if place.startswith("object/"):
        return tuple(dict.__getitem__(there, name))
    return (there[name], *there[name].parts.values())
