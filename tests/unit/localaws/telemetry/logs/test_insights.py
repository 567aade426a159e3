"""Logs Insights: what queries find, and that what is not emulated is refused by name."""

from __future__ import annotations

import asyncio
import json

import pytest

from pytest_rollbacklab.localaws.api import Call

GROUP = "/aws/lambda/create"


def start_of(world):
    return int(world.clock.now) - 600


@pytest.fixture
def ask(world):
    """Return what runs a query to its end: its rows as dicts, without their pointers."""

    def run(query, **more):
        async def body():
            tables = {service.name: service.operations for service in world.telemetry.services}
            call = Call(scope=world.scope, service="logs", operation="", access_key="k", request_id="r-1")
            window = {"logGroupName": GROUP, "startTime": start_of(world), "endTime": int(world.clock.now)}
            begun = await tables["logs"]["StartQuery"](call, {**window, "queryString": query, **more})
            for _ in range(100):
                answer = tables["logs"]["GetQueryResults"](call, begun)
                if answer["status"] != "Running":
                    return answer
                await asyncio.sleep(0)
            raise AssertionError("the query does not end")

        return asyncio.run(body())

    return run


@pytest.fixture
def rows(ask):
    def found(query, **more):
        results = [{one["field"]: one["value"] for one in row} for row in ask(query, **more)["results"]]
        for row in results:
            row.pop("@ptr", None)
        return results

    return found


@pytest.fixture(autouse=True)
def _events(world):
    world.clock.now = world.clock.now // 600 * 600 + 300
    at_ms = int(world.clock.now * 1000)
    for number, event in enumerate(
        [
            {"level": "INFO", "ms": 5, "user": {"id": "ann"}, "tags": ["x", "y"]},
            {"level": "ERROR", "ms": 120, "user": {"id": "bob"}},
            {"level": "INFO", "ms": 30.5},
        ]
    ):
        message = json.dumps(event)
        world.telemetry.logs.append(world.scope, GROUP, f"s{number}", [message], at_ms - 120_000 + number * 60_000)
    world.telemetry.logs.append(world.scope, GROUP, "s3", ["START of nothing\n"], at_ms - 180_000)


class TestWhatIsFound:
    def test_without_a_word_times_and_messages_newest_first(self, rows):
        found = rows("fields @timestamp, @message")

        assert [row["@timestamp"] for row in found] == sorted((row["@timestamp"] for row in found), reverse=True)
        assert found[0] == {"@timestamp": "2026-11-23 05:45:00.000", "@message": '{"level": "INFO", "ms": 30.5}'}
        assert rows("limit 1") == found[:1]

    def test_fields_are_those_of_the_event_and_of_its_json(self, rows):
        assert rows("fields @logStream, @log, user.id as who, tags.1, level | filter ms = 5") == [
            {"@logStream": "s0", "@log": f"111111111111:{GROUP}", "who": "ann", "tags.1": "y", "level": "INFO"}
        ]

    def test_a_field_that_an_event_lacks_is_not_in_its_row(self, rows):
        assert rows("fields level | filter @logStream = 's3'") == [{}]

    @pytest.mark.parametrize(
        ("condition", "streams"),
        [
            ("level = 'INFO'", ["s0", "s2"]),
            ('level != "INFO"', ["s1", "s3"]),
            ("ms > 30", ["s1", "s2"]),
            ("ms >= 30.5 and level = 'INFO'", ["s2"]),
            ("ms < 10 or ms > 100", ["s0", "s1"]),
            ("not (ms < 10 or ms > 100)", ["s2", "s3"]),
            ("@message like 'START'", ["s3"]),
            ("@message like /(?i)start/", ["s3"]),
            ("@message not like /level/", ["s3"]),
            ("@message =~ /ERR/", ["s1"]),
            ("level in ['ERROR', 'WARN']", ["s1"]),
            ("ispresent(user.id)", ["s0", "s1"]),
            ("`user.id` = 'bob'", ["s1"]),
        ],
    )
    def test_filters(self, rows, condition, streams):
        found = rows(f"fields @logStream | filter {condition} | sort @logStream")

        assert [row["@logStream"] for row in found] == streams

    def test_rows_are_sorted_by_number_where_they_are_numbers(self, rows):
        assert [row.get("ms") for row in rows("fields ms | sort ms desc")] == ["120", "30.5", "5", None]
        assert [row.get("ms") for row in rows("fields ms | filter ispresent(ms) | sort level, ms")] == [
            "120",
            "5",
            "30.5",
        ]

    def test_events_are_counted(self, rows):
        assert rows("stats count(*)") == [{"count(*)": "4"}]
        assert rows("stats count(*) as n, count(user.id) by level | sort n desc") == [
            {"level": "INFO", "n": "2", "count(user.id)": "1"},
            {"n": "1", "count(user.id)": "0"},
            {"level": "ERROR", "n": "1", "count(user.id)": "1"},
        ]

    def test_bins_of_time(self, rows):
        assert rows("stats count(*) by bin(2m) | sort bin(2m)") == [
            {"bin(2m)": "2026-11-23 05:42:00.000", "count(*)": "2"},
            {"bin(2m)": "2026-11-23 05:44:00.000", "count(*)": "2"},
        ]
        assert rows("filter level = 'none' | stats count(*) by bin(1h) as hour") == []

    def test_limits(self, rows):
        assert len(rows("fields @message | limit 2")) == 2
        assert len(rows("fields @message", limit=3)) == 3

    def test_the_window_counts(self, world, rows):
        assert len(rows("fields @message", startTime=int(world.clock.now) - 59)) == 1

    def test_several_groups(self, world, rows):
        world.telemetry.logs.append(world.scope, "other", "s", ["elsewhere"])

        found = rows("fields @log", logGroupName=None, logGroupNames=[GROUP, "other"])

        assert {row["@log"] for row in found} == {f"111111111111:{GROUP}", "111111111111:other"}

    def test_what_was_looked_at_is_told(self, ask):
        answer = ask("filter level = 'INFO'")

        assert answer["statistics"]["recordsScanned"] == 4.0
        assert answer["statistics"]["recordsMatched"] == 2.0
        assert (answer["status"], answer["queryLanguage"]) == ("Complete", "CWLI")
        assert [one["field"] for one in answer["results"][0]] == ["@timestamp", "@message", "@ptr"]


class TestQueries:
    def test_queries_are_listed_as_recorded(self, world, ask):
        ask("fields @message")

        (query,) = world.logs("DescribeQueries")["queries"]
        query.pop("queryId")
        start, end = start_of(world), int(world.clock.now)
        assert query == {
            "createTime": int(world.clock.now * 1000),
            "logGroupName": GROUP,
            "queryLanguage": "CWLI",
            "queryString": f'SOURCE "{GROUP}" START={start}000 END={end}999 | fields @message',
            "status": "Complete",
        }
        assert world.logs("DescribeQueries", status="Scheduled") == {"queries": []}

    def test_a_query_that_has_ended_cannot_be_stopped(self, world, ask):
        ask("fields @message")
        (query,) = world.logs("DescribeQueries")["queries"]

        error = world.refused("logs", "StopQuery", queryId=query["queryId"])

        assert error.message == f"The query with id {query['queryId']} has already ended with status Complete."

    def test_a_query_that_runs_is_stopped(self, world):
        async def body():
            tables = {service.name: service.operations for service in world.telemetry.services}["logs"]
            call = Call(scope=world.scope, service="logs", operation="", access_key="k", request_id="r-1")
            asked = {"logGroupName": GROUP, "startTime": 0, "endTime": int(world.clock.now), "queryString": "limit 1"}
            begun = await tables["StartQuery"](call, asked)
            stopped = tables["StopQuery"](call, begun)
            await asyncio.sleep(0)
            return stopped, tables["GetQueryResults"](call, begun)["status"]

        assert asyncio.run(body()) == ({"success": True}, "Cancelled")

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("parse @message '*' as x", "the command parse of Logs Insights. Use fields, filter, sort, limit, stats."),
            ("fields @requestId", "the field @requestId of Logs Insights. Use @timestamp,"),
            ("fields strlen(@message)", "the function strlen in fields of Logs Insights. "),
            ("stats avg(ms)", "stats avg of Logs Insights. Use stats count(*)."),
            ("stats count(*) by datefloor(1h)", "the function datefloor in stats of Logs Insights. "),
            ("stats count(*) | filter n > 1", "filter behind stats in Logs Insights. Ask for it before stats."),
            ("filter isempty(level)", "the function isempty in a filter of Logs Insights. "),
            ("filter a = b", "the comparison of a field with b, a field. "),
        ],
    )
    def test_what_is_not_emulated_is_refused_by_name(self, world, query, message):
        error = world.refused("logs", "StartQuery", logGroupName=GROUP, startTime=0, endTime=1, queryString=query)

        assert error.code == "NotImplemented"
        assert error.message.startswith(f"the local AWS does not emulate {message}")

    @pytest.mark.parametrize(
        "query",
        [
            "fields",
            "fields @message |",
            "filter level =",
            "filter (a = 1",
            "limit 0",
            "limit x",
            "sort",
            "fields 5",
            "é",
        ],
    )
    def test_what_is_no_query_is_malformed(self, world, query):
        error = world.refused("logs", "StartQuery", logGroupName=GROUP, startTime=0, endTime=1, queryString=query)

        assert error.code == "MalformedQueryException"
        assert error.message.startswith("unexpected symbol found: ")

    def test_a_group_that_is_not_there_is_told_as_recorded(self, world):
        error = world.refused("logs", "StartQuery", logGroupName="none", startTime=0, endTime=1, queryString="limit 1")

        assert (error.code, error.message) == (
            "ResourceNotFoundException",
            (
                "Log group 'none' does not exist for account ID '111111111111' (Service: AWSLogs; Status Code: 400; "
                "Error Code: ResourceNotFoundException; Request ID: r-1; Proxy: null)"
            ),
        )

    def test_groups_are_named_in_one_way(self, world):
        error = world.refused("logs", "StartQuery", startTime=0, endTime=1, queryString="limit 1")

        assert error.message == "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given."

    def test_another_language_is_refused_by_name(self, world):
        error = world.refused("logs", "StartQuery", queryLanguage="SQL")

        assert error.message == "the local AWS does not emulate the queryLanguage SQL. Use CWLI."

    def test_a_query_that_is_none_is_told(self, world):
        assert world.refused("logs", "GetQueryResults", queryId="q").message == "Query with id q does not exist."
