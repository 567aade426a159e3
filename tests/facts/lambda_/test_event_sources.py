"""Event sources: queues and table streams, read for functions of a running local AWS."""

from __future__ import annotations

import json

import pytest

from pytest_rollbacklab.wait import wait_for

LISTS = "import json\ndef handler(event, context):\n    print('GOT', json.dumps(event['Records']))\n"
FAILS_ON_BAD = """
import json
def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    print("GOT", json.dumps(bodies))
    bad = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": name} for name in bad]}
"""
NUMBERS = """
import json
def handler(event, context):
    ids = [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]
    print("GOT", json.dumps(ids))
    if "bad" in ids:
        raise Exception("bad")
"""


def got(aws, name, *, count=1):
    """Wait for that many batches, and return what the function got in each."""
    wanted = lambda lines: sum(line.startswith("GOT") for line in lines) >= count  # noqa: E731
    lines = aws.lines(f"/aws/lambda/{name}", until=wanted)
    return [json.loads(line.removeprefix("GOT ")) for line in lines if line.startswith("GOT")]


def mapped(aws, code, arn, **more):
    name = aws.function(code)
    made = aws.lambda_.create_event_source_mapping(FunctionName=name, EventSourceArn=arn, **more)
    assert made["State"] == "Creating"
    return name, made["UUID"]


def depth(aws, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in told.values())


def emptied(aws, url, *, down_to=0):
    return wait_for("the queue to be empty", lambda: depth(aws, url) == down_to or None, timeout_s=20)


def stream(aws):
    name = aws.new_name("table")
    made = aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return name, made["TableDescription"]["LatestStreamArn"]


def put(aws, table, *ids):
    for name in ids:
        aws.client("dynamodb").put_item(TableName=table, Item={"id": {"S": name}})


def test_messages_come_as_records_and_are_deleted_when_done(aws):
    url, arn = aws.queue()
    name, _ = mapped(aws, LISTS, arn)
    attributes = {"kind": {"DataType": "String", "StringValue": "note"}}
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=attributes)
    record = got(aws, name)[0][0]
    assert (record["body"], record["eventSource"], record["eventSourceARN"]) == ("hello", "aws:sqs", arn)
    assert record["awsRegion"] == "us-east-1"
    assert record["messageAttributes"]["kind"] == {
        "stringValue": "note",
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": "String",
    }
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    emptied(aws, url)


def test_a_window_gathers_a_batch(aws):
    url, arn = aws.queue()
    name, _ = mapped(aws, LISTS, arn, BatchSize=20, MaximumBatchingWindowInSeconds=2)
    for number in range(12):
        aws.client("sqs").send_message(QueueUrl=url, MessageBody=str(number))
    assert len(got(aws, name)[0]) == 12


def test_what_a_function_says_that_it_failed_at_stays(aws):
    url, arn = aws.queue()
    name, _ = mapped(
        aws, FAILS_ON_BAD, arn, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumBatchingWindowInSeconds=1
    )
    for body in ("good", "bad"):
        aws.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    assert sorted(body for batch in got(aws, name) for body in batch) == ["bad", "good"]
    emptied(aws, url, down_to=1)


def test_what_fits_no_filter_is_deleted_unseen(aws):
    url, arn = aws.queue()
    pattern = {"body": {"kind": ["note"], "size": [{"numeric": [">", 1]}]}}
    filters = {"Filters": [{"Pattern": json.dumps(pattern)}]}
    name, _ = mapped(aws, LISTS, arn, FilterCriteria=filters)
    for body in ({"kind": "other"}, {"kind": "note", "size": 1}, {"kind": "note", "size": 2}):
        aws.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(body))
    emptied(aws, url)
    assert [json.loads(record["body"])["size"] for batch in got(aws, name) for record in batch] == [2]


def test_a_mapping_can_be_told_stopped_and_removed(aws):
    url, arn = aws.queue()
    name, source = mapped(aws, LISTS, arn)
    lambda_ = aws.lambda_
    assert lambda_.get_event_source_mapping(UUID=source)["State"] == "Enabled"
    assert len(lambda_.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]) == 1
    assert lambda_.update_event_source_mapping(UUID=source, Enabled=False)["State"] == "Updating"
    assert lambda_.get_event_source_mapping(UUID=source)["State"] == "Disabled"
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="later")
    lambda_.update_event_source_mapping(UUID=source, Enabled=True)
    assert got(aws, name)[0][0]["body"] == "later"
    assert lambda_.delete_event_source_mapping(UUID=source)["State"] == "Deleting"
    assert aws.refusal("get_event_source_mapping", UUID=source)["Error"]["Code"] == "ResourceNotFoundException"


def test_a_streams_records_come_in_order(aws):
    table, arn = stream(aws)
    put(aws, table, "one", "two")
    name, source = mapped(aws, LISTS, arn, StartingPosition="TRIM_HORIZON")
    records = [record for batch in got(aws, name) for record in batch]
    assert [record["dynamodb"]["Keys"]["id"]["S"] for record in records] == ["one", "two"]
    assert (records[0]["eventName"], records[0]["eventSource"]) == ("INSERT", "aws:dynamodb")
    assert records[0]["eventSourceARN"] == arn
    assert isinstance(records[0]["dynamodb"]["ApproximateCreationDateTime"], float | int)
    told = aws.lambda_.get_event_source_mapping(UUID=source)
    assert told["StartingPosition"] == "TRIM_HORIZON"


def test_a_batch_that_fails_is_halved_given_up_and_told(aws):
    url, failures = aws.queue()
    table, arn = stream(aws)
    put(aws, table, "one", "bad", "three", "four")
    name, _ = mapped(
        aws,
        NUMBERS,
        arn,
        StartingPosition="TRIM_HORIZON",
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": failures}},
    )
    told = aws.receive(url)["Body"]
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert (told["DDBStreamBatchInfo"]["batchSize"], told["DDBStreamBatchInfo"]["streamArn"]) == (1, arn)
    put(aws, table, "five")
    seen = got(aws, name, count=6)
    assert ["one"] in seen
    assert ["bad"] in seen
    assert ["three", "four"] in seen


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (
            {"EventSourceArn": "arn:aws:kinesis:us-east-1:111111111111:stream/s"},
            (
                "The event source arn:aws:kinesis:us-east-1:111111111111:stream/s is not emulated by this local AWS. "
                "Name an SQS queue or a DynamoDB stream."
            ),
        ),
        ({"FunctionName": "gone"}, "Function does not exist"),
        (
            {"BatchSize": 11},
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ),
        ({"FilterCriteria": {"Filters": [{"Pattern": "no"}]}}, "Invalid filter pattern definition."),
        (
            {"FilterCriteria": {"Filters": [{"Pattern": '{"body": [{"cidr": "1"}]}'}]}},
            "The filter rule cidr is not emulated by this local AWS.",
        ),
    ],
)
def test_what_cannot_be_mapped_is_refused(aws, params, said):
    _, arn = aws.queue()
    name = aws.function(LISTS)
    refused = aws.refusal("create_event_source_mapping", **{"FunctionName": name, "EventSourceArn": arn, **params})
    assert refused["Error"]["Message"] == said


def test_options_that_are_not_emulated_are_refused_by_name(aws):
    _, arn = aws.queue()
    name = aws.function(LISTS)
    scaling = {"MaximumConcurrency": 2}
    refused = aws.refusal("create_event_source_mapping", FunctionName=name, EventSourceArn=arn, ScalingConfig=scaling)[
        "Error"
    ]["Message"]
    assert refused.startswith("ScalingConfig is not emulated by this local AWS")
