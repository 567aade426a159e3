"""The items of DynamoDB's tables, kept one by one.

A call says which items it is about. What became of each is an event: the item as DynamoDB's JSON, or that it is gone,
and the stream records that came of it. What is in a table whole is looked at only when it comes or goes, after a
statement, whose items only moto knows, and when the journal is written anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import RestoredPITTable, RestoredTable, StreamRecord, StreamShard, Table

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.moto_seam.pickling import Reductions, live_backend, without
from pytest_rollbacklab.localaws.moto_seam.writes import json_body, operation_of

__all__ = ["KeptItems"]

_STATEMENTS: Final = frozenset({"BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction"})
_Key = Mapping[str, Any]
_Entry = tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any] | None]
"""Hash key, range key and attributes, in DynamoDB's JSON; no attributes for an item that is gone."""


class KeptItems:
    """The items of every table: a ``keeping.Part``, whose keys are names of tables.

    Args:
        keeper: Hears of the changes.
    """

    name = "dynamodb-items"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._tables: dict[Scope, set[str]] = {}
        """Those that there were when last looked at."""
        self.reductions: Reductions = {
            StreamShard: lambda shard: without(shard, {"items": list}) if _is_live(shard.table) else NotImplemented,
            **dict.fromkeys((Table, RestoredTable, RestoredPITTable), _without_items),
        }

    def before(self, request: HttpRequest, scope: Scope) -> _Pending:
        """Note what a call is about."""
        pending = _Pending(scope, operation_of(request))
        backend = live_backend("dynamodb", scope)
        if backend is None:
            return pending
        for name, key in _named(pending.operation, request):
            table = _table(backend, name)
            if table is not None and table.hash_key_attr in key:
                pending.keys.append((table.name, key))
                pending.records[table.name] = len(table.stream_shard.items) if table.stream_shard else 0
        return pending

    def after(self, request: HttpRequest, pending: _Pending) -> set[str]:  # noqa: ARG002 - as of all that grows
        """Tell the keeper what has become of the items of a call.

        Returns:
            The account, if more than items may have changed in it.
        """
        scope = pending.scope
        backend = live_backend("dynamodb", scope)
        if backend is None:
            return {scope.account_id}
        for name, key in pending.keys:
            self._tell(backend, scope, name, key, pending.records)
        if pending.operation in _STATEMENTS:
            for name in backend.tables:
                self._keeper.changed(self, scope, name)
        known = self._tables.setdefault(scope, set())
        for name in known ^ backend.tables.keys():
            self._keeper.changed(self, scope, name)
        self._tables[scope] = set(backend.tables)
        return set() if pending.keys else {scope.account_id}

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return the items of a table; None when there is no such table."""
        backend = live_backend("dynamodb", scope)
        table = None if backend is None else backend.tables.get(key)
        if table is None:
            return None
        records = [record.record for record in table.stream_shard.items] if table.stream_shard else []
        return [_entry(item) for item in _items(table)], records

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:
        """Put back the items of a table, which is there already."""
        backend = live_backend("dynamodb", scope)
        table = None if backend is None else backend.tables.get(key)
        if table is None:
            return
        self._tables.setdefault(scope, set()).add(key)
        entries, records = state or ((), ())
        for changed, told in (*((entry, ()) for entry in entries), ((), records), *events):
            if changed:
                _put_back(table, changed)
            if table.stream_shard:
                table.stream_shard.items += [_stream_record(record) for record in told]

    def _tell(self, backend: DynamoDBBackend, scope: Scope, name: str, key: _Key, records: dict[str, int]) -> None:
        table = backend.tables[name]
        hash_key, range_key = DynamoType(key[table.hash_key_attr]), key.get(table.range_key_attr)
        item = table.get_item(hash_key, None if range_key is None else DynamoType(range_key))
        entry = (key[table.hash_key_attr], range_key, None) if item is None else _entry(item)
        new = [record.record for record in table.stream_shard.items[records[name] :]] if table.stream_shard else []
        records[name] += len(new)
        self._keeper.happened(self, scope, name, (entry, new))


class _Pending:
    """What is noted of a call before it."""

    def __init__(self, scope: Scope, operation: str) -> None:
        self.scope = scope
        self.operation = operation
        self.keys: list[tuple[str, _Key]] = []
        """Table and key of each item; further attributes may be among the key's."""
        self.records: dict[str, int] = {}
        """How many stream records a table had."""


def _named(operation: str, request: HttpRequest) -> Iterator[tuple[str, _Key]]:
    """Yield the tables and keys of what an operation may put or delete."""
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        members = json_body(request)
        yield members.get("TableName", ""), members.get("Item") or members.get("Key") or {}
    elif operation == "BatchWriteItem":
        for table, asked in json_body(request).get("RequestItems", {}).items():
            for each in asked:
                put, delete = each.get("PutRequest", {}), each.get("DeleteRequest", {})
                yield table, put.get("Item") or delete.get("Key") or {}
    elif operation == "TransactWriteItems":
        for asked in json_body(request).get("TransactItems", ()):
            for each in asked.values():
                yield each.get("TableName", ""), each.get("Item") or each.get("Key") or {}


def _table(backend: DynamoDBBackend, name: str) -> Any | None:
    """Find a table by its name or ARN."""
    return next((table for table in backend.tables.values() if name in (table.name, table.table_arn)), None)


def _is_live(table: Any) -> bool:
    """Tell whether a table is one that can be called, and not a backup's, whose items are the backup's own."""
    backend = live_backend("dynamodb", Scope(account_id=table.account_id, region=table.region_name))
    return backend is not None and backend.tables.get(table.name) is table


def _without_items(table: Any) -> Any:
    return without(table, {"items": lambda: defaultdict(dict)}) if _is_live(table) else NotImplemented


def _items(table: Any) -> Iterator[Any]:
    for found in list(table.items.values()):
        yield from (list(found.values()) if table.has_range_key else (found,) if isinstance(found, Item) else ())


def _entry(item: Any) -> _Entry:
    range_key = None if item.range_key is None else _json(item.range_key)
    return _json(item.hash_key), range_key, {name: _json(value) for name, value in item.attrs.items()}


def _json(value: Any) -> dict[str, Any]:
    held = value.value
    if value.is_list():
        held = [_json(member) for member in held]
    elif value.is_map():
        held = {name: _json(member) for name, member in held.items()}
    return {value.type: held}


def _put_back(table: Any, entry: _Entry) -> None:
    hash_key, range_key = DynamoType(entry[0]), None if entry[1] is None else DynamoType(entry[1])
    if entry[2] is None:
        holder = table.items.get(hash_key, {}) if range_key is not None else table.items
        holder.pop(hash_key if range_key is None else range_key, None)
        return
    item = Item(hash_key, range_key, {})
    item.attrs = LimitedSizeDict()
    for name, value in entry[2].items():
        dict.__setitem__(item.attrs, name, DynamoType(value))  # its size was looked at when it was put
    if range_key is None:
        table.items[hash_key] = item
    else:
        table.items[hash_key][range_key] = item


def _stream_record(record: dict[str, Any]) -> Any:
    made = StreamRecord.__new__(StreamRecord)
    made.record = record
    return made
