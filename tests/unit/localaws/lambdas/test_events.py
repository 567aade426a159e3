"""Event invocations: settings, refusals, what happens when nobody can be told, and what is kept."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.keeping import Forgetful
from pytest_rollbacklab.localaws.lambdas.control.function import EventSettings, Function
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry
from pytest_rollbacklab.localaws.lambdas.events.delivery import Delivery
from pytest_rollbacklab.localaws.lambdas.events.event import Said
from pytest_rollbacklab.localaws.lambdas.events.queue import Again, EventQueues
from pytest_rollbacklab.localaws.lambdas.events.trying import Trying, new_event

ECHO = "def handler(event, context):\n    return event\n"
SCOPE = Scope(account_id="111122223333", region="us-east-1")
QUEUE = "arn:aws:sqs:us-east-1:111122223333:ends"


class FakeAws:
    """Takes messages, or refuses them all."""

    def __init__(self, *, refuses=False):
        self.refuses = refuses
        self.sent = []

    async def call(self, scope, service, operation, params=None):
        if self.refuses:
            raise ServiceError("QueueDoesNotExist", "gone")
        if operation == "GetQueueUrl":
            return {"QueueUrl": params["QueueName"]}
        self.sent.append((service, operation, params))
        return {}


class FakeMetrics:
    def __init__(self):
        self.names = []

    def record(self, scope, namespace, name, dimensions, value, unit):
        if dimensions:
            self.names.append(name)


@pytest.fixture
def function(control):
    control.create("f")
    found = control.registry.find(control.scope, "f")
    registry = Registry()
    function = Function(scope=SCOPE, name="f", latest=found.latest, tags={})
    registry.add(function)
    function.registry = registry
    return function


def try_once(function, run, *, aws=None, waits=False, event=None, invoked=None):
    async def ran(event):
        return run(event)

    metrics = FakeMetrics()
    delivery = Delivery(
        aws=aws or FakeAws(), invoke=lambda *sent: (invoked if invoked is not None else []).append(sent)
    )
    trying = Trying(registry=function.registry, run=ran, delivery=delivery, metrics=metrics, waits=waits)
    event = event or new_event(SCOPE, "f", None, b"{}", request_id="r")
    return asyncio.run(trying.step(event)), metrics.names


def fails(event):
    return Said(payload=b'{"errorMessage":"no"}', failed=True, executed_version="$LATEST")


def is_throttled(event):
    raise ServiceError("TooManyRequestsException", "Rate Exceeded.", 429)


def test_a_failed_event_is_tried_again_at_once_and_grows_as_old_as_on_aws(function):
    again, _ = try_once(function, fails)
    assert (again.delay_s, again.event.tries, again.event.skipped_s) == (0, 1, 60)
    again, _ = try_once(function, fails, event=again.event)
    assert (again.delay_s, again.event.tries, again.event.skipped_s) == (0, 2, 180)
    assert try_once(function, fails, event=again.event) == (None, ["AsyncEventsDropped"])


def test_asked_for_the_minutes_are_waited(function):
    again, _ = try_once(function, fails, waits=True)
    assert (again.delay_s, again.event.skipped_s) == (60, 0)
    again, _ = try_once(function, fails, waits=True, event=again.event)
    assert again.delay_s == 120


def test_a_throttled_event_waits_longer_each_time_and_is_no_try(function):
    again, _ = try_once(function, is_throttled)
    assert (again.event.tries, again.delay_s) == (0, 0.05)
    again, _ = try_once(function, is_throttled, event=again.event)
    assert (again.event.tries, again.delay_s) == (0, 0.1)
    assert try_once(function, is_throttled, waits=True, event=again.event)[0].delay_s == 4


def test_a_topic_and_a_function_are_told_too(function):
    topic, aws, invoked = "arn:aws:sns:us-east-1:111122223333:ends", FakeAws(), []
    function.event_settings = {"$LATEST": EventSettings(retries=0, on_failure=topic)}
    try_once(function, fails, aws=aws)
    assert aws.sent[0][:2] == ("sns", "Publish")
    assert json.loads(aws.sent[0][2]["Message"])["requestContext"]["condition"] == "RetriesExhausted"
    other = "arn:aws:lambda:us-east-1:111122223333:function:other"
    function.event_settings = {"$LATEST": EventSettings(retries=0, on_failure=other)}
    try_once(function, fails, invoked=invoked)
    assert invoked[0][:2] == (SCOPE, other)


def test_what_cannot_be_told_is_counted_and_logged(function, caplog):
    function.event_settings = {"$LATEST": EventSettings(retries=0, on_failure=QUEUE)}
    with caplog.at_level(logging.WARNING):
        over, names = try_once(function, fails, aws=FakeAws(refuses=True))
    assert (over, names) == (None, ["DestinationDeliveryFailures", "AsyncEventsDropped"])
    assert caplog.messages == [f"A message of Lambda's could not be delivered to {QUEUE}: QueueDoesNotExist: gone"]


def test_an_event_of_a_function_that_is_gone_is_named(function, caplog):
    function.registry.remove(function)
    with caplog.at_level(logging.WARNING):
        assert try_once(function, fails) == (None, [])
    assert caplog.messages == ["The event r was for f, which is gone."]


class FakeKeeper:
    def __init__(self):
        self.keys = []

    def changed(self, part, scope, key=""):
        self.keys.append((part.name, key, part.dump(scope, key) is not None))

    def happened(self, part, scope, key, event):
        raise AssertionError


def test_what_is_not_over_is_kept_and_named_at_the_end_and_goes_on_after_a_restart(caplog):
    keeper, event = FakeKeeper(), new_event(SCOPE, "f", None, b"{}", request_id="r")

    async def later(event):
        return Again(event=event, delay_s=1000)

    async def first_life():
        queues = EventQueues(step=later, keeper=keeper)
        queues.put(event)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await queues.close()
        return queues.dump(SCOPE, "r")

    with caplog.at_level(logging.WARNING):
        kept = asyncio.run(first_life())
    assert kept == event
    assert caplog.messages == ["The event r of the function f is not over yet."]

    async def second_life():
        stepped = asyncio.get_running_loop().create_future()

        async def step(event):
            stepped.set_result(event)

        queues = EventQueues(step=step, keeper=keeper)
        queues.restore(SCOPE, "r", kept, ())
        queues.start()
        came = await stepped
        await asyncio.sleep(0)
        assert len(queues) == 0
        await queues.close()
        return came

    assert asyncio.run(second_life()) == event
    assert keeper.keys[-1] == ("lambda-events", "r", False)


def test_a_fault_of_ours_ends_one_event_and_not_the_others(caplog, until):
    async def life():
        done = []

        async def step(event):
            if event.request_id == "bad":
                raise RuntimeError("ours")
            done.append(event.request_id)

        queues = EventQueues(step=step, keeper=Forgetful())
        for name in ("bad", "good"):
            queues.put(new_event(SCOPE, "f", None, b"{}", request_id=name))
        await until(lambda: not len(queues))
        await queues.close()
        return done

    with caplog.at_level(logging.ERROR):
        assert asyncio.run(life()) == ["good"]
    assert caplog.messages == ["The event bad of f came to nothing."]


def test_an_event_is_run_and_counted(functions, until):
    functions.create(code="def handler(event, context):\n    print('ran', context.aws_request_id)\n")

    async def sent() -> None:
        request_id = functions.lambdas.send_event(functions.scope, "create", None, b"{}")
        await until(lambda: f"ran {request_id}\n" in functions.log("create"))

    functions.run(sent())
    assert functions.points("AsyncEventsReceived")


def test_an_event_is_refused_before_it_is_accepted(functions):
    functions.create(code=ECHO)
    event = {"FunctionName": "create", "InvocationType": "Event"}
    refused = functions.refusal("Invoke", **event, Payload=b'"' + b"x" * 1048575 + b'"')
    assert (refused.code, refused.message) == (
        "RequestEntityTooLargeException",
        "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
    )
    assert functions.refusal("Invoke", **event, Payload=b"no").code == "InvalidRequestContentException"
    assert functions.refusal("Invoke", **{**event, "FunctionName": "gone"}).status == 404


def test_settings_are_told_changed_listed_and_removed(functions):
    functions.create(code=ECHO)
    functions.call("PublishVersion", FunctionName="create")
    where = {"FunctionName": "create"}
    made = functions.call("PutFunctionEventInvokeConfig", **where, MaximumRetryAttempts=0)
    assert made["FunctionArn"].endswith(":function:create:$LATEST")
    assert made["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    destinations = {"OnFailure": {"Destination": QUEUE}}
    changed = functions.call("UpdateFunctionEventInvokeConfig", **where, DestinationConfig=destinations)
    assert (changed["MaximumRetryAttempts"], changed["DestinationConfig"]["OnFailure"]) == (0, {"Destination": QUEUE})
    functions.call("PutFunctionEventInvokeConfig", **where, Qualifier="1", MaximumEventAgeInSeconds=60)
    listed = functions.call("ListFunctionEventInvokeConfigs", **where)["FunctionEventInvokeConfigs"]
    assert [entry["FunctionArn"].rpartition(":")[2] for entry in listed] == ["$LATEST", "1"]
    functions.call("DeleteFunctionEventInvokeConfig", **where)
    refused = functions.refusal("GetFunctionEventInvokeConfig", **where)
    assert refused.message == f"The function {made['FunctionArn']} doesn't have an EventInvokeConfig"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "You must specify at least one of error handling or destination setting."),
        ({"Qualifier": "gone", "MaximumRetryAttempts": 1}, "The function doesn't exist."),
        (
            {"MaximumRetryAttempts": 3},
            (
                "1 validation error detected: Value '3' at 'maximumRetryAttempts' failed to satisfy constraint: "
                "Member must have value less than or equal to 2"
            ),
        ),
        (
            {"DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:s3:::bucket"}}},
            (
                "an S3 bucket as a destination (DestinationConfig.OnSuccess.Destination=arn:aws:s3:::bucket) is not "
                "emulated by this local AWS. Name an SQS queue, an SNS topic or a function."
            ),
        ),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:iam:us-east-1:111122223333:role"}}},
            (
                "The provided destination config DestinationConfig(onSuccess=null, "
                "onFailure=OnFailure(destination=arn:aws:iam:us-east-1:111122223333:role)) is invalid."
            ),
        ),
        (
            {
                "DestinationConfig": {
                    "OnFailure": {"Destination": "arn:aws:lambda:us-east-1:111122223333:function:create"}
                }
            },
            "You can't specify the function as a destination for itself.",
        ),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:lambda:us-east-1:111122223333:function:no"}}},
            "The destination ARN arn:aws:lambda:us-east-1:111122223333:function:no is invalid.",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(functions, settings, said):
    functions.create(code=ECHO)
    refused = functions.refusal("PutFunctionEventInvokeConfig", FunctionName="create", **settings)
    assert refused.message == said


def test_a_dead_letter_queue_is_a_queue_or_a_topic(functions):
    refused = functions.refusal(
        "CreateFunction",
        FunctionName="f",
        Role="arn:aws:iam::111122223333:role/r",
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": b""},
        DeadLetterConfig={"TargetArn": "arn:aws:s3:::bucket"},
    )
    assert refused.message == (
        "The provided target ARN arn:aws:s3:::bucket is invalid. A dead-letter queue is an SQS queue or an SNS topic."
    )
