"""Reading a table's stream for a function: in order, a batch at a time, again until it is done or given up.

As the developer guide has it ("Using AWS Lambda with Amazon DynamoDB"): a batch that fails keeps those behind it
waiting; it is tried again until it succeeds, is too old, or was tried often enough, halved where that is asked for.
What was given up is told to the destination for failures. Where it had come to is kept.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Aws
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST, function_arn
from pytest_rollbacklab.localaws.lambdas.events.delivery import Delivery, scope_of_arn
from pytest_rollbacklab.localaws.lambdas.invoking import Invocation
from pytest_rollbacklab.localaws.lambdas.sources.filtering import fits
from pytest_rollbacklab.localaws.lambdas.sources.queues import failed_items
from pytest_rollbacklab.localaws.lambdas.sources.source import EventSource

__all__ = ["StreamReader"]

_FIRST_RETRY_S, _LONGEST_RETRY_S = 0.1, 5.0
_Record = dict[str, Any]


class StreamReader:
    """Reads one stream.

    Args:
        source: The mapping.
        aws: Reaches the stream.
        run: Runs the function with a payload.
        delivery: Tells of batches that are given up.
        done: Takes the mapping with how far it has come.
        result: Takes how a batch went.
    """

    def __init__(
        self,
        source: EventSource,
        *,
        aws: Aws,
        run: Callable[[bytes], Awaitable[Invocation]],
        delivery: Delivery,
        done: Callable[[EventSource], None],
        result: Callable[[str], None],
    ) -> None:
        self._source = source
        self._aws = aws
        self._run = run
        self._delivery = delivery
        self._done = done
        self._result = result
        self._scope = scope_of_arn(source.arn)
        self._iterators: dict[str, str | None] = {}

    async def step(self) -> bool:
        """Read and handle a batch of each shard; return whether there was anything."""
        any_records = False
        for shard in await self._shards():
            records = await self._batch(shard)
            if records:
                any_records = True
                wanted = [record for record in records if self._fits(record)]
                if wanted:
                    await self._handle(shard, wanted)
                self._advance(shard, records[-1])
        return any_records

    async def _shards(self) -> list[str]:
        described = await self._streams("DescribeStream", StreamArn=self._source.arn)
        shards = [shard["ShardId"] for shard in described["StreamDescription"]["Shards"]]
        for shard in shards:
            if shard not in self._iterators:
                self._iterators[shard] = await self._iterator(shard)
        return shards

    async def _iterator(self, shard: str) -> str:
        position = self._source.positions.get(shard)
        where: dict[str, Any] = {"ShardIteratorType": self._source.starting_position}
        if position is not None:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position}
        found = await self._streams("GetShardIterator", StreamArn=self._source.arn, ShardId=shard, **where)
        return str(found["ShardIterator"])

    async def _batch(self, shard: str) -> list[_Record]:
        """Read until the batch is full, or its window is over."""
        clock = asyncio.get_running_loop().time
        records: list[_Record] = []
        ends_at: float | None = None
        while (iterator := self._iterators[shard]) is not None:
            limit = min(self._source.batch_size - len(records), 1000)
            read = await self._streams("GetRecords", ShardIterator=iterator, Limit=limit)
            self._iterators[shard] = read.get("NextShardIterator")
            records += read["Records"]
            if records and ends_at is None:
                ends_at = clock() + self._source.window_s
            if ends_at is None or len(records) >= self._source.batch_size or clock() >= ends_at:
                break
            await asyncio.sleep(min(0.2, max(0.0, ends_at - clock())))
        return records

    async def _handle(self, shard: str, records: list[_Record]) -> None:
        """Run a batch until it is over, the function's halves first where it is to be halved."""
        tries, began = 0, time.time()
        while True:
            payload = json.dumps({"Records": [_told(record, self._source) for record in records]}).encode()
            invocation = await self._run(payload)
            left = self._left(invocation, records)
            if not left:
                self._result("OK")
                return
            self._result("PROBLEM: Function call failed")
            if len(left) < len(records):
                self._advance(shard, records[len(records) - len(left) - 1])
                records, tries = left, 0
            tries += 1
            if 0 <= self._source.retries < tries or self._is_too_old(records, began):
                await self._give_up(shard, records, invocation, tries)
                return
            if self._source.bisects and len(records) > 1:
                half = len(records) // 2
                await self._handle(shard, records[:half])
                self._advance(shard, records[half - 1])
                records, tries = records[half:], 0
                continue
            await asyncio.sleep(min(_FIRST_RETRY_S * 2 ** min(tries, 10), _LONGEST_RETRY_S))

    def _left(self, invocation: Invocation, records: list[_Record]) -> list[_Record]:
        """Return what of a batch is to be tried again: from the first failure on."""
        if invocation.function_error is not None:
            return records
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        failed = failed_items(invocation, self._source, numbers)
        first = next((index for index, number in enumerate(numbers) if number in failed), len(records))
        return records[first:]

    def _is_too_old(self, records: list[_Record], began: float) -> bool:
        if self._source.age_limit_s < 0:
            return False
        created = records[0]["dynamodb"].get("ApproximateCreationDateTime")
        born = created.timestamp() if isinstance(created, datetime) else began
        return time.time() - born > self._source.age_limit_s

    async def _give_up(self, shard: str, records: list[_Record], invocation: Invocation, tries: int) -> None:
        if not self._source.on_failure:
            return
        exhausted = 0 <= self._source.retries < tries
        first, last = records[0]["dynamodb"], records[-1]["dynamodb"]
        told = {
            "requestContext": {
                "requestId": invocation.request_id,
                "functionArn": function_arn(
                    self._source.scope, self._source.function, self._source.qualifier or LATEST
                ),
                "condition": "RetryAttemptsExhausted" if exhausted else "RecordAgeExceeded",
                "approximateInvokeCount": tries,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": invocation.executed_version,
                "functionError": "Unhandled",
            },
            "version": "1.0",
            "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            "DDBStreamBatchInfo": {
                "shardId": shard,
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "approximateArrivalOfFirstRecord": _moment(first),
                "approximateArrivalOfLastRecord": _moment(last),
                "batchSize": len(records),
                "streamArn": self._source.arn,
            },
        }
        await self._delivery.send(self._source.on_failure, json.dumps(told))

    def _advance(self, shard: str, record: _Record) -> None:
        positions = {**self._source.positions, shard: record["dynamodb"]["SequenceNumber"]}
        self._source = replace(self._source, positions=positions)
        self._done(self._source)

    def _fits(self, record: _Record) -> bool:
        told = _told(record, self._source)
        return not self._source.filters or any(fits(told, pattern) for pattern in self._source.filters)

    async def _streams(self, operation: str, **params: Any) -> dict[str, Any]:
        return await self._aws.call(self._scope, "dynamodbstreams", operation, params)


def _told(record: _Record, source: EventSource) -> _Record:
    return {**_plain(record), "eventSourceARN": source.arn}


def _plain(value: Any) -> Any:
    """Return a record as JSON has it: moments as seconds, bytes in base64."""
    match value:
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case datetime():
            return value.timestamp()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


def _moment(record: _Record) -> str | None:
    created = record.get("ApproximateCreationDateTime")
    return f"{created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(created, datetime) else None
