"""JSON of the running lab as the values that it was made from: dataclasses by their members' names.

Strict about what is missing, so that a lab of another version is one clear error and not a wrong table; silent about
what is new. It knows the few kinds that ``model`` and ``pipeline.values`` are made of, and nothing of what they mean.
"""

from __future__ import annotations

import base64
import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar

from pytest_rollbacklab.errors import RollbacklabError

__all__ = ["Told", "decode"]

T = TypeVar("T")


class Told(dict[str, Any]):
    """An object as the lab told it; to ask for a member that is not there is one clear error."""

    def __missing__(self, name: str) -> Any:
        raise _mismatch(f"{name} is missing")


def decode(kind: type[T], data: Any, *, name: str = "the answer") -> T:
    """Return JSON as a value of a kind.

    Args:
        kind: A dataclass, ``Page[...]`` of one, or ``tuple[..., ...]`` of them.
        name: What the data is, for messages.

    Raises:
        RollbacklabError: a member is missing or of another shape.
    """
    value: T = _read(kind, data, name)
    return value


def _read(kind: Any, data: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        inner = next(argument for argument in arguments if argument is not types.NoneType)
        return None if data is None else _read(inner, data, where)
    if is_dataclass(origin or kind):
        return _read_members(origin or kind, arguments, _expect(dict, data, where), where)
    if origin is tuple:
        return _read_items(arguments, _expect(list, data, where), where)
    if origin is Mapping:
        return {key: _read(arguments[1], item, f"{where}.{key}") for key, item in _expect(dict, data, where).items()}
    return _read_plain(str if origin is typing.Literal else kind, data, where)


def _read_items(kinds: tuple[Any, ...], data: list[Any], where: str) -> tuple[Any, ...]:
    each = kinds[:1] * len(data) if kinds[1:] == (...,) else kinds
    if len(each) != len(data):
        raise _mismatch(f"{where} has {len(data)} items, not {len(each)}")
    return tuple(_read(kind, item, f"{where}[{at}]") for at, (kind, item) in enumerate(zip(each, data, strict=True)))


def _read_members(kind: Any, arguments: tuple[Any, ...], data: Mapping[str, Any], where: str) -> Any:
    parameters: tuple[Any, ...] = getattr(kind, "__parameters__", ())
    stands_for = dict(zip(parameters, arguments, strict=False))
    values = {}
    for member, (hint, needed) in _members(kind).items():
        if member in data:
            values[member] = _read(_put_in(hint, stands_for), data[member], f"{where}.{member}")
        elif needed:
            raise _mismatch(f"{where}.{member} is missing")
    return kind(**values)


@functools.cache
def _members(kind: Any) -> Mapping[str, tuple[Any, bool]]:
    """Return a dataclass's members: what kind each is, and whether it must be given."""
    hints = typing.get_type_hints(kind)
    return {
        field.name: (hints[field.name], field.default is MISSING and field.default_factory is MISSING)
        for field in fields(kind)
    }


def _put_in(hint: Any, stands_for: Mapping[Any, Any]) -> Any:
    """Return ``tuple[T, ...]`` with what ``T`` stands for."""
    return hint[tuple(stands_for.values())] if stands_for and typing.get_args(hint)[:1] == tuple(stands_for) else hint


def _read_plain(kind: Any, data: Any, where: str) -> Any:
    if kind is datetime:
        try:
            return datetime.fromisoformat(_expect(str, data, where))
        except ValueError:
            raise _mismatch(f"{where} is {data!r}, which is no time") from None
    if kind is bytes:
        return _read_bytes(data, where)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    return _expect(kind, data, where)


def _read_bytes(data: Any, where: str) -> bytes:
    """Return a body: text as it is, anything else in base64 under that name."""
    if isinstance(data, dict):
        return base64.b64decode(_expect(str, data.get("base64"), f"{where}.base64"))
    return str(_expect(str, data, where)).encode("utf-8", "surrogateescape")


def _expect(kind: Any, data: Any, where: str) -> Any:
    if kind is Any or (isinstance(data, kind) and (kind is bool or not isinstance(data, bool))):
        return data
    raise _mismatch(f"{where} is {type(data).__name__}, not {kind.__name__}")


def _mismatch(what: str) -> RollbacklabError:
    return RollbacklabError(
        f"the lab answers otherwise than this command knows: {what}",
        mend="the lab may run another version: start it again with rollbacklab down, then rollbacklab up",
    )
