"""The chain from an answer to the function's log, whole and with each of its links missing."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest

from pytest_rollbacklab.errors import CloudError
from pytest_rollbacklab.model import Answer
from pytest_rollbacklab.observe import access_logs
from pytest_rollbacklab.observe.evidence import collect, find
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target

ID = "5b1f5f8c-1c1f-4d3c-9b59-0d6f0f1e2a3b"
LAMBDA_ID, OTHER_ID = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
EXECUTION = "API-Gateway-Execution-Logs_abc123/prod"
CREATE, GET = "/aws/lambda/notes-prod-Create", "/aws/lambda/notes-prod-Get"
TRACEBACK = "[ERROR] NameError: name 'gibberish' is not defined\nTraceback (most recent call last):\n"
DONE = f"({ID}) Method completed with status: 502"
FAILED = (
    f"({ID}) Lambda execution failed with status 200 due to customer function error: name 'gibberish' is not defined. "
    f"Lambda request id: {LAMBDA_ID}"
)


def function_log(request_id: str = LAMBDA_ID) -> list[str]:
    report = "Duration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n"
    return [
        f"START RequestId: {request_id} Version: 3\n",
        TRACEBACK,
        f"END RequestId: {request_id}\n",
        f"REPORT RequestId: {request_id}\t{report}",
    ]


def access_line(**fields: str) -> str:
    unset = dict.fromkeys(json.loads(access_logs.FORMAT), "-")
    return json.dumps(unset | {"requestId": ID, "status": "502"} | fields)


@pytest.fixture
def switched_on(world: Any) -> Any:
    world.apigateway.log_access(access_logs.FORMAT)
    world.apigateway.log_execution("INFO")
    return world


def test_a_whole_chain_has_nothing_missing(switched_on: Any, resources: StageResources, broken: Answer) -> None:
    at = broken.sent_at
    switched_on.logs.write("access", access_line(**{"integration.requestId": LAMBDA_ID}), at=at)
    switched_on.logs.write(EXECUTION, FAILED, DONE, "(other) HTTP Method: GET", at=at)
    switched_on.logs.write(CREATE, *function_log(OTHER_ID), *function_log(), at=at)
    evidence = collect(switched_on, resources, broken)
    assert evidence.missing == ()
    assert evidence.answer is broken
    assert evidence.access_log is not None
    assert evidence.access_log.status == 502
    assert [line.message for line in evidence.execution_log] == [FAILED, DONE]
    assert evidence.lambda_request_id == LAMBDA_ID
    assert evidence.function_log == "".join(function_log())


def test_without_access_logs_the_execution_log_names_the_function(
    world: Any, resources: StageResources, broken: Answer
) -> None:
    world.apigateway.log_execution("ERROR")
    world.logs.write(EXECUTION, FAILED, DONE, at=broken.sent_at)
    world.logs.write(GET, *function_log(OTHER_ID), at=broken.sent_at)
    world.logs.write(CREATE, *function_log(), at=broken.sent_at)
    evidence = collect(world, resources, broken)
    assert evidence.lambda_request_id == LAMBDA_ID
    assert TRACEBACK in evidence.function_log
    assert evidence.missing == (
        "the access-log line: stage prod of API abc123: access logs are off (switch them on: enable_access_logs())",
    )


class TestByTime:
    """Nothing is switched on, or nothing that names Lambda's id."""

    def test_the_only_invocation_is_taken_and_that_is_said(
        self, world: Any, resources: StageResources, broken: Answer
    ) -> None:
        world.logs.write(CREATE, *function_log(), at=broken.sent_at + timedelta(milliseconds=20))
        world.logs.write(CREATE, *function_log(OTHER_ID), at=broken.sent_at - timedelta(minutes=1), stream="old")
        evidence = collect(world, resources, broken)
        assert evidence.lambda_request_id == LAMBDA_ID
        assert TRACEBACK in evidence.function_log
        assert evidence.missing[1] == (
            "the execution log: API-Gateway-Execution-Logs_abc123/prod: execution logging is off "
            "(enable_access_logs() switches it on, too)"
        )
        assert evidence.missing[2] == (
            "Lambda's id of the invocation: no log of the gateway names it; "
            "the only invocation at the time of the call was taken for it"
        )

    def test_of_several_none_is_taken(self, world: Any, resources: StageResources, broken: Answer) -> None:
        world.apigateway.log_access("$context.requestId $context.status")
        world.logs.write("access", f"{ID} 502", at=broken.sent_at)
        world.logs.write(CREATE, *function_log(), at=broken.sent_at)
        world.logs.write(GET, *function_log(OTHER_ID), at=broken.sent_at)
        evidence = collect(world, resources, broken, timeout_s=60)
        assert evidence.access_log is not None
        assert (evidence.lambda_request_id, evidence.function_log_lines) == (None, ())
        assert evidence.missing[-1] == (
            "Lambda's id of the invocation: no log of the gateway names it; at the time of the call there were "
            "2 invocations of notes-prod-Create, notes-prod-Get"
        )

    def test_of_none_none_is_taken(self, world: Any, resources: StageResources, broken: Answer) -> None:
        assert "there were no invocations of" in collect(world, resources, broken).missing[-1]


class TestNoFunctionRan:
    def test_because_the_call_was_refused(self, switched_on: Any, resources: StageResources, broken: Answer) -> None:
        line = access_line(**{"error.message": "Missing Authentication Token", "status": "403"})
        switched_on.logs.write("access", line, at=broken.sent_at)
        switched_on.logs.write(EXECUTION, f"({ID}) Method completed with status: 403", at=broken.sent_at)
        assert collect(switched_on, resources, broken, timeout_s=60).missing == (
            "Lambda's id of the invocation: by the gateway's logs no function was called: Missing Authentication Token",
        )

    def test_because_the_gateway_may_not_invoke_it(
        self, switched_on: Any, resources: StageResources, broken: Answer
    ) -> None:
        denied = "Execution failed due to configuration error: Invalid permissions on Lambda function"
        switched_on.logs.write("access", access_line(), at=broken.sent_at)
        switched_on.logs.write(EXECUTION, f"({ID}) {denied}", DONE, at=broken.sent_at)
        assert collect(switched_on, resources, broken).missing == (
            f"Lambda's id of the invocation: by the gateway's logs no function was called: {denied}",
        )

    def test_because_it_was_throttled(self, switched_on: Any, resources: StageResources, broken: Answer) -> None:
        throttled = (
            f"Lambda execution failed with status 429 due to customer function error: Rate Exceeded. {LAMBDA_ID}"
        )
        switched_on.logs.write("access", access_line(**{"integration.requestId": LAMBDA_ID}), at=broken.sent_at)
        switched_on.logs.write(EXECUTION, f"({ID}) {throttled}", DONE, at=broken.sent_at)
        evidence = collect(switched_on, resources, broken, timeout_s=60)
        assert evidence.missing == (
            f"the function's log: the call was throttled, and a throttled call runs nothing: {throttled}",
        )


def test_at_the_level_error_a_good_request_has_no_execution_log(
    switched_on: Any, resources: StageResources, broken: Answer
) -> None:
    good = dataclasses.replace(broken, status=200, reason="OK")
    switched_on.apigateway.log_execution("ERROR")
    switched_on.logs.write("access", access_line(**{"integration.requestId": LAMBDA_ID}), at=good.sent_at)
    switched_on.logs.write(CREATE, *function_log(), at=good.sent_at)
    (missing,) = collect(switched_on, resources, good, timeout_s=60).missing
    assert missing == f"the execution log: {EXECUTION}: at the level ERROR only requests that failed are logged"


def test_an_answer_that_is_not_the_gateways_leads_nowhere(
    switched_on: Any, resources: StageResources, broken: Answer
) -> None:
    foreign = dataclasses.replace(broken, headers={})
    evidence = collect(switched_on, resources, foreign)
    assert evidence.missing == (
        "the request's id: the answer has no x-amzn-RequestId header, so API Gateway did not make it",
    )


class TestLateLogs:
    def test_are_waited_for(self, switched_on: Any, resources: StageResources, broken: Answer) -> None:
        arrivals = [
            ("access", [access_line(**{"integration.requestId": LAMBDA_ID})]),
            (EXECUTION, [FAILED, DONE]),
            (CREATE, function_log()),
        ]

        def arrive() -> None:
            if len(switched_on.logs.queries) % 3 == 0 and arrivals:
                group, messages = arrivals.pop(0)
                switched_on.logs.write(group, *messages, at=broken.sent_at)

        switched_on.logs.on_query = arrive
        evidence = collect(switched_on, resources, broken, timeout_s=10)
        assert evidence.missing == ()
        assert TRACEBACK in evidence.function_log

    def test_that_never_come_are_named(self, switched_on: Any, resources: StageResources, broken: Answer) -> None:
        evidence = collect(switched_on, resources, broken, timeout_s=0.01)
        assert evidence.missing[0] == "the access-log line: stage prod of API abc123: it has not come yet"
        assert evidence.missing[1] == f"the execution log: {EXECUTION}: it has not come yet"

    def test_a_function_log_that_never_comes_is_named(
        self, switched_on: Any, resources: StageResources, broken: Answer
    ) -> None:
        switched_on.logs.write("access", access_line(**{"integration.requestId": LAMBDA_ID}), at=broken.sent_at)
        switched_on.logs.write(EXECUTION, FAILED, DONE, at=broken.sent_at)
        (missing,) = collect(switched_on, resources, broken).missing
        assert missing == (
            f"the function's log: no line of request {LAMBDA_ID} in the logs of notes-prod-Create, notes-prod-Get: "
            "it has not come yet, or another stack's function was called"
        )

    def test_a_cloud_that_dies_meanwhile_ends_the_wait(
        self, switched_on: Any, resources: StageResources, broken: Answer
    ) -> None:
        switched_on.checks = [CloudError("the local AWS is gone")]
        with pytest.raises(CloudError, match="the local AWS is gone"):
            collect(switched_on, resources, broken, timeout_s=60)


class TestMetrics:
    def test_of_its_minutes_are_told_beside_the_request(
        self, switched_on: Any, resources: StageResources, broken: Answer
    ) -> None:
        switched_on.cloudwatch.values = {
            ("Count", "Sum"): [2.0],
            ("5XXError", "Sum"): [1.0],
            ("Latency", "p99"): [40.0],
            ("Errors", "Sum"): [1.0],
        }
        switched_on.logs.write("access", access_line(**{"integration.requestId": LAMBDA_ID}), at=broken.sent_at)
        switched_on.logs.write(CREATE, *function_log(), at=broken.sent_at)
        evidence = collect(switched_on, resources, broken)
        assert evidence.metrics["Count"] == 2.0
        assert (evidence.metrics["5XXError"], evidence.metrics["Errors"], evidence.metrics["Throttles"]) == (1, 1, 0)
        assert (evidence.metrics["Latency p99"], "Latency p50" in evidence.metrics) == (40.0, False)
        assert evidence.links["metrics"] is None

    def test_that_have_not_come_are_named(self, switched_on: Any, resources: StageResources, broken: Answer) -> None:
        assert collect(switched_on, resources, broken).links["metrics"] == (
            "the metrics: stage prod of API abc123: AWS/ApiGateway has no Count at the time of the call: "
            "it has not come yet"
        )


class TestFinding:
    """By an id alone, whosever it is."""

    @pytest.fixture
    def logged(self, switched_on: Any, broken: Answer) -> Any:
        at = broken.sent_at
        epoch_ms = str(int(at.timestamp() * 1000))
        known = {"httpMethod": "POST", "path": "/prod/notes", "requestTimeEpoch": epoch_ms, "responseLatency": "42"}
        switched_on.logs.write("access", access_line(**known, **{"integration.requestId": LAMBDA_ID}), at=at)
        switched_on.logs.write(EXECUTION, FAILED, DONE, at=at)
        switched_on.logs.write(GET, *function_log(OTHER_ID), at=at)
        switched_on.logs.write(CREATE, *function_log(), at=at)
        switched_on.cloudwatch.values = {("Count", "Sum"): [1.0]}
        return switched_on

    @pytest.mark.parametrize("request_id", [ID, LAMBDA_ID])
    def test_by_either_id_everything_is_found(
        self, logged: Any, resources: StageResources, broken: Answer, request_id: str
    ) -> None:
        evidence = find(logged, resources, request_id)
        assert (evidence.answer, evidence.missing) == (None, ())
        assert (evidence.request_id, evidence.lambda_request_id) == (ID, LAMBDA_ID)
        assert (evidence.method, evidence.path, evidence.status) == ("POST", "/prod/notes", 502)
        assert evidence.at == broken.sent_at
        assert evidence.function_log == "".join(function_log())
        assert [line.message for line in evidence.execution_log] == [FAILED, DONE]
        assert evidence.links == {
            "answer": "the answer: only the request's id is known; status, method and path are what the logs say",
            "access log": None,
            "execution log": None,
            "function log": None,
            "metrics": None,
        }

    def test_when_it_was_may_be_said(self, logged: Any, resources: StageResources, broken: Answer) -> None:
        assert find(logged, resources, ID, around=broken.sent_at + timedelta(minutes=14)).request_id == ID
        assert find(logged, resources, ID, around=broken.sent_at + timedelta(minutes=16)).access_log is None

    def test_without_access_logs_the_execution_log_tells(
        self, world: Any, resources: StageResources, broken: Answer
    ) -> None:
        world.apigateway.log_execution("INFO")
        called = f"({ID}) HTTP Method: POST, Resource Path: /notes"
        world.logs.write(EXECUTION, called, FAILED, DONE, at=broken.sent_at)
        world.logs.write(CREATE, *function_log(), at=broken.sent_at)
        evidence = find(world, resources, LAMBDA_ID)
        assert (evidence.request_id, evidence.method, evidence.path, evidence.status) == (ID, "POST", "/notes", 502)
        assert TRACEBACK in evidence.function_log
        assert evidence.links["metrics"] == "the metrics: nothing tells when the request was made"

    def test_where_nothing_of_the_gateway_is_logged_the_functions_log_stands_alone(
        self, world: Any, resources: StageResources, broken: Answer
    ) -> None:
        world.logs.write(CREATE, *function_log(), at=broken.sent_at)
        evidence = find(world, resources, LAMBDA_ID)
        assert (evidence.request_id, evidence.lambda_request_id) == (None, LAMBDA_ID)
        assert evidence.function_log == "".join(function_log())
        assert (evidence.at, evidence.status, evidence.links["function log"]) == (None, None, None)
        assert "access logs are off" in str(evidence.links["access log"])

    def test_an_id_that_no_log_names_leaves_every_link_missing(
        self, switched_on: Any, resources: StageResources
    ) -> None:
        evidence = find(switched_on, resources, OTHER_ID)
        unnamed = f"no line names {OTHER_ID}: it has not come yet, it is gone, or the request was another stage's"
        untimed = f"no log of the gateway names it; no log tells when {OTHER_ID} was made, either"
        assert evidence.missing == (
            f"the access-log line: stage prod of API abc123: {unnamed}",
            f"the execution log: {EXECUTION}: {unnamed}",
            f"Lambda's id of the invocation: {untimed}",
        )
        assert all(evidence.links.values())

    def test_a_hundred_thousand_other_lines_cost_nothing(
        self, served: Any, world: Any, resources: StageResources
    ) -> None:
        target = Target(endpoint_url=served.endpoint_url)
        world.logs = target.client("logs")
        world.apigateway.log_access(access_logs.FORMAT)
        world.apigateway.log_execution("INFO")
        calls = []
        for others in (10, 100_000):
            for group in ("access", EXECUTION, GET, CREATE):
                served.write(group, *(f"line {number}" for number in range(others)), *function_log(OTHER_ID))
            served.write("access", access_line(**{"integration.requestId": LAMBDA_ID}))
            served.write(EXECUTION, FAILED, DONE)
            served.write(CREATE, *function_log())
            served.calls.clear()
            evidence = find(world, resources, LAMBDA_ID)
            calls.append(dict(served.calls))
            assert (evidence.missing, evidence.request_id, evidence.lambda_request_id) == ((), ID, LAMBDA_ID)
            assert evidence.function_log == "".join(function_log())
            for group in ("access", EXECUTION, GET, CREATE):
                world.logs.delete_log_group(logGroupName=group)
        target.close()
        assert calls[0] == calls[1]
