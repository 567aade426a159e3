"""Subscription filters: what a function is handed, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

GROUP = "/aws/lambda/create"
FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:sink"
PRINCIPAL = "logs.amazonaws.com"


def asked(**more):
    return {"logGroupName": GROUP, "filterName": "f", "filterPattern": "", "destinationArn": FUNCTION, **more}


def write(world, *messages, stream="s"):
    world.telemetry.logs.append(world.scope, GROUP, stream, messages)


def handed(aws):
    """Return what functions were handed, unpacked."""
    events = [json.loads(told["Payload"]) for told in aws.told("lambda:Invoke")]
    return [json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"]))) for event in events]


@pytest.fixture(autouse=True)
def _group(world):
    world.logs("CreateLogGroup", logGroupName=GROUP)


@pytest.fixture
def within(world, aws):
    """Run something while events are delivered, and wait until they are."""

    def run(work):
        async def body():
            later = asyncio.get_running_loop().call_later
            world.telemetry.logs.start(aws=aws, permits=aws.permits, later=later)
            work()
            for _ in range(5):
                await asyncio.sleep(0)
            await world.telemetry.logs.close()

        asyncio.run(body())

    return run


class TestDelivery:
    def test_a_batch_is_handed_over_as_documented(self, world, aws, within):
        aws.permitted.add((PRINCIPAL, "sink"))
        world.logs("PutSubscriptionFilter", **asked(filterPattern="ERROR", destinationArn=f"{FUNCTION}:live"))

        within(lambda: write(world, "ERROR one", "fine", "ERROR zwei ü"))

        (data,) = handed(aws)
        ids = [event.pop("id") for event in data["logEvents"]]
        at_ms = int(world.clock.now * 1000)
        assert data == {
            "messageType": "DATA_MESSAGE",
            "owner": "111111111111",
            "logGroup": GROUP,
            "logStream": "s",
            "subscriptionFilters": ["f"],
            "logEvents": [
                {"timestamp": at_ms, "message": "ERROR one"},
                {"timestamp": at_ms, "message": "ERROR zwei ü"},
            ],
        }
        found = world.logs("FilterLogEvents", logGroupName=GROUP, filterPattern="ERROR")["events"]
        assert ids == [event["eventId"] for event in found]
        (told,) = aws.told("lambda:Invoke")
        assert (told["FunctionName"], told["Qualifier"], told["InvocationType"]) == ("sink", "live", "Event")

    def test_nothing_that_matches_is_nothing_handed_over(self, world, aws, within):
        aws.permitted.add((PRINCIPAL, "sink"))
        world.logs("PutSubscriptionFilter", **asked(filterPattern="ERROR"))

        within(lambda: write(world, "fine"))

        assert aws.calls == []

    def test_much_goes_in_pieces(self, world, aws, within):
        aws.permitted.add((PRINCIPAL, "sink"))
        world.logs("PutSubscriptionFilter", **asked())

        within(lambda: write(world, *(f"line {number}" for number in range(2500))))

        assert [len(data["logEvents"]) for data in handed(aws)] == [1000, 1000, 500]

    def test_a_permission_that_was_taken_away_is_logged_and_nothing_is_invoked(self, world, aws, within, caplog):
        world.logs("PutSubscriptionFilter", **asked())

        within(lambda: write(world, "one"))

        assert aws.calls == []
        assert caplog.messages == [
            (
                f"1 events of {GROUP} are not delivered to sink: AccessDeniedException: "
                "its policy does not let logs.amazonaws.com in"
            )
        ]

    def test_a_deleted_filter_is_handed_nothing(self, world, aws, within):
        aws.permitted.add((PRINCIPAL, "sink"))
        world.logs("PutSubscriptionFilter", **asked())
        world.logs("DeleteSubscriptionFilter", logGroupName=GROUP, filterName="f")

        within(lambda: write(world, "one"))

        assert aws.calls == []


class TestOperations:
    def test_a_filter_is_shown_as_recorded(self, world):
        world.logs("PutSubscriptionFilter", **asked())

        assert world.logs("DescribeSubscriptionFilters", logGroupName=GROUP)["subscriptionFilters"] == [
            {
                "applyOnTransformedLogs": False,
                "creationTime": int(world.clock.now * 1000),
                "destinationArn": FUNCTION,
                "distribution": "ByLogStream",
                "filterName": "f",
                "filterPattern": "",
                "logGroupName": GROUP,
            }
        ]

    def test_one_of_the_same_name_takes_its_place_and_a_third_is_refused(self, world):
        for name, pattern in (("a", "x"), ("b", "x"), ("a", "[]")):
            world.logs("PutSubscriptionFilter", **asked(filterName=name, filterPattern=pattern))

        error = world.refused("logs", "PutSubscriptionFilter", **asked(filterName="c"))

        assert (error.code, error.message) == ("LimitExceededException", "Resource limit exceeded.")
        found = world.logs("DescribeSubscriptionFilters", logGroupName=GROUP, limit=1)
        assert found["subscriptionFilters"][0]["filterPattern"] == "[]"
        rest = world.logs("DescribeSubscriptionFilters", logGroupName=GROUP, nextToken=found["nextToken"])
        assert [one["filterName"] for one in rest["subscriptionFilters"]] == ["b"]

    @pytest.mark.parametrize("there", [True, False])
    def test_the_function_has_to_be_there_and_to_let_logs_in(self, world, aws, within, there):
        if not there:
            aws.permitted.add((PRINCIPAL, "sink"))
            aws.refuses["GetFunctionConfiguration"] = ServiceError("ResourceNotFoundException", "no", 404)
        delivery = world.telemetry.logs.delivery
        delivery.start(aws=aws, permits=aws.permits)

        error = world.refused("logs", "PutSubscriptionFilter", **asked())

        assert (error.code, error.message) == (
            "InvalidParameterException",
            (
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute "
                "your function."
            ),
        )
        assert world.logs("DescribeSubscriptionFilters", logGroupName=GROUP) == {"subscriptionFilters": []}

    @pytest.mark.parametrize(
        ("more", "code", "message"),
        [
            (
                {"destinationArn": "arn:aws:lambda:us-east-1:111111111111:function:sink"},
                "AccessDeniedException",
                "Cross-account lambda invocation passing is not allowed.",
            ),
            (
                {"destinationArn": "arn:aws:kinesis:eu-west-1:111111111111:stream/s"},
                "InvalidParameterException",
                "destinationArn for vendor kinesis cannot be used without roleArn",
            ),
            (
                {
                    "destinationArn": "arn:aws:kinesis:eu-west-1:111111111111:stream/s",
                    "roleArn": "arn:aws:iam::1:role/r",
                },
                "NotImplemented",
                "the local AWS does not emulate a Kinesis stream as a destination (arn:aws:kinesis:",
            ),
            (
                {"destinationArn": "arn:aws:logs:eu-west-1:111111111111:destination:d"},
                "NotImplemented",
                "the local AWS does not emulate a logical destination as a destination (arn:aws:logs:",
            ),
            ({"destinationArn": "sink"}, "InvalidParameterException", "Invalid destinationArn: sink"),
            (
                {"destinationArn": "arn:aws:lambda:eu-west-1:111111111111:function:create"},
                "NotImplemented",
                "the local AWS does not emulate the subscription of create to its own log group /aws/lambda/create,",
            ),
            ({"distribution": "Even"}, "InvalidParameterException", "1 validation error detected: Value 'Even' at"),
            ({"emitSystemFields": ["x"]}, "NotImplemented", "the local AWS does not emulate emitSystemFields of "),
            ({"logGroupName": "none"}, "ResourceNotFoundException", "The specified log group does not exist."),
        ],
    )
    def test_what_cannot_be_is_refused(self, world, more, code, message):
        error = world.refused("logs", "PutSubscriptionFilter", **asked(**more))

        assert error.code == code
        assert error.message.startswith(message)

    def test_a_filter_that_is_not_there_is_told(self, world):
        error = world.refused("logs", "DeleteSubscriptionFilter", logGroupName=GROUP, filterName="f")

        assert error.message == "The specified subscription filter does not exist."
