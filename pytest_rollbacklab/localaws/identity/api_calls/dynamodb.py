"""What DynamoDB's operations ask for: tables and indexes, one by one where a call is about several.

"Actions, resources, and condition keys for Amazon DynamoDB" of the service authorization reference; for transactions,
"IAM and DynamoDB transactions" of the developer guide; for PartiQL, "IAM security policies with PartiQL for DynamoDB".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_rollbacklab.localaws.identity.api_calls.asked import ApiRequest, Asked

__all__ = ["asked_of_dynamodb", "items_written_or_read"]

_IN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
_STATEMENT = re.compile(
    r"""\s*(?:(?P<select>select)\b.*?\bfrom|(?P<insert>insert)\s+into|(?P<update>update)|(?P<delete>delete)\s+from)
    \s+"?(?P<table>[\w.-]+)"?(?:\."?(?P<index>[\w.-]+)"?)?""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_ON_ALL_TABLES = ("ListTables", "ListBackups", "ListGlobalTables", "ListExports", "ListImports")


def asked_of_dynamodb(request: ApiRequest) -> Iterator[Asked]:
    """Yield what a call asks for."""
    params, operation = request.params, request.operation
    if operation in ("BatchGetItem", "BatchWriteItem"):
        for table in params.get("RequestItems") or {}:
            yield _asked(request, operation, table)
    elif operation in ("TransactGetItems", "TransactWriteItems"):
        for item in params.get("TransactItems") or ():
            for kind, member in item.items():
                yield _asked(request, _IN_TRANSACTION.get(kind, operation), member.get("TableName", ""))
    elif operation in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        yield from (_of_statement(request, statement) for statement in _statements(params))
    elif table := params.get("TableName"):
        yield _asked(request, operation, str(table), index=params.get("IndexName"))
    elif stream := params.get("StreamArn") or params.get("ResourceArn") or params.get("TableArn"):
        yield Asked(action=f"dynamodb:{operation}", resource=str(stream))
    elif operation in _ON_ALL_TABLES:
        yield _asked(request, operation, "*")
    else:
        yield Asked(action=f"dynamodb:{operation}", resource=None)


def items_written_or_read(request: ApiRequest) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the tables and the keys, or whole items, that a call names, for ``dynamodb:LeadingKeys``."""
    params = request.params
    for table, asked in (params.get("RequestItems") or {}).items():
        if isinstance(asked, Mapping):
            yield from ((table, key) for key in asked.get("Keys", ()))
        else:
            for entry in asked:
                yield table, entry.get("PutRequest", {}).get("Item") or entry.get("DeleteRequest", {}).get("Key", {})
    for item in params.get("TransactItems") or ():
        for member in item.values():
            yield member.get("TableName", ""), member.get("Item") or member.get("Key", {})
    if table := params.get("TableName"):
        yield str(table), params.get("Item") or params.get("Key") or {}


def _asked(request: ApiRequest, operation: str, table: str, *, index: Any = None) -> Asked:
    scope = request.scope
    arn = table if table.startswith("arn:") else f"arn:aws:dynamodb:{scope.region}:{scope.account_id}:table/{table}"
    keys = {"dynamodb:Select": str(request.params["Select"])} if request.params.get("Select") else {}
    return Asked(action=f"dynamodb:{operation}", resource=f"{arn}/index/{index}" if index else arn, keys=keys)


def _statements(params: Mapping[str, Any]) -> Iterator[str]:
    yield from (one for one in (params.get("Statement"),) if isinstance(one, str))
    for member in (*(params.get("Statements") or ()), *(params.get("TransactStatements") or ())):
        yield str(member.get("Statement", ""))


def _of_statement(request: ApiRequest, statement: str) -> Asked:
    found = _STATEMENT.match(statement)
    if found is None:
        return Asked(action="dynamodb:PartiQLSelect", resource=None)
    verb = next(verb for verb in ("Select", "Insert", "Update", "Delete") if found[verb.lower()])
    return _asked(request, f"PartiQL{verb}", found["table"], index=found["index"])
