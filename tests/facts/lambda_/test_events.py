"""Event invocations: what AWS was seen to tell of their ends, and how often it tries."""

from __future__ import annotations

FAILS = """
def handler(event, context):
    raise Exception("intentional failure")
"""
FAILS_WHEN_TOLD = """


def handler(event, context):
    if event.get("raise_error"):
        raise Exception("Test exception (this is intentional)")
    return {
        "event": event,
        "context": {
            "invoked_function_arn": context.invoked_function_arn,
            "function_version": context.function_version,
            "function_name": context.function_name,
            "memory_limit_in_mb": str(context.memory_limit_in_mb),
            "aws_request_id": context.aws_request_id,
            "log_group_name": context.log_group_name,
            "log_stream_name": context.log_stream_name,
            "client_context": context.client_context,
        },
    }
"""


def settings(aws, name, **more):
    aws.lambda_.put_function_event_invoke_config(FunctionName=name, **more)


def without_trace(record):
    """A record without the lines of the trace: they are the code's, not AWS's."""
    record["responsePayload"].pop("stackTrace", None)
    return record


def test_an_event_is_accepted_with_202_and_no_payload(aws, fact, same):
    name = aws.function("def handler(event, context): pass")
    same(fact("lambda-event-202")["invoke-result"], aws.send(name, {}))


def test_a_destination_is_told_of_success(aws, fact, same):
    url, arn = aws.queue()
    name = aws.function(FAILS_WHEN_TOLD)
    settings(aws, name, DestinationConfig={"OnSuccess": {"Destination": arn}})
    sent = aws.send(name, {})
    recorded = fact("lambda-async-destination-success")["receive_message_result"]["Messages"][0]
    came = aws.receive(url)["Body"]
    same(recorded["Body"], came)
    assert came["requestContext"]["requestId"] == sent["ResponseMetadata"]["RequestId"]


def test_a_destination_is_told_of_failure(aws, fact, same):
    url, arn = aws.queue()
    name = aws.function(FAILS_WHEN_TOLD)
    settings(aws, name, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": arn}})
    aws.send(name, {"raise_error": 1})
    recorded = fact("lambda-async-destination-failure")["receive_message_result"]["Messages"][0]
    same(without_trace(recorded["Body"]), without_trace(aws.receive(url)["Body"]))


def test_a_failing_event_is_tried_three_times(aws, fact, same):
    url, arn = aws.queue()
    name = aws.function(FAILS)
    settings(aws, name, MaximumRetryAttempts=2, DestinationConfig={"OnFailure": {"Destination": arn}})
    aws.send(name, {"message": "1"})
    recorded = fact("lambda-async-retries")["queue_destination_payload"]["Messages"][0]
    same(without_trace(recorded["Body"]), without_trace(aws.receive(url)["Body"]))


def test_an_event_that_would_be_too_old_is_not_tried_again(aws, fact, same):
    url, arn = aws.queue()
    for age_limit_s, recorded in ((60, "no_retry_failure_message"), (150, "single_retry_failure_message")):
        name = aws.function(FAILS)
        settings(aws, name, MaximumEventAgeInSeconds=age_limit_s, DestinationConfig={"OnFailure": {"Destination": arn}})
        aws.send(name, {"message": "1"})
        message = aws.receive(url)
        same(without_trace(fact("lambda-async-maxeventage")[recorded]["Body"]), without_trace(message["Body"]))
        aws.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_a_dead_letter_is_the_event_with_the_error_as_attributes(aws, fact, same):
    url, arn = aws.queue()
    name = aws.function(FAILS_WHEN_TOLD, DeadLetterConfig={"TargetArn": arn})
    aws.send(name, {"raise_error": 1})
    recorded = fact("lambda-async-dlq")["receive_result"]["Messages"][0]
    message = aws.receive(url)
    assert message["Body"] == recorded["Body"]
    same(recorded["MessageAttributes"], message["MessageAttributes"])


def test_an_event_of_a_function_without_concurrency_is_over_at_once(aws, fact, same):
    url, arn = aws.queue()
    name = aws.function(FAILS)
    aws.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    settings(aws, name, DestinationConfig={"OnFailure": {"Destination": arn}})
    aws.send(name, {})
    same(fact("lambda-throttled-reserved-0")["msg"]["Body"], aws.receive(url)["Body"])


def test_the_log_of_an_event_and_its_retry(aws, fact):
    code = (
        "\n\nclass CustomException(Exception): pass\n\ndef handler(event, context):\n"
        '    raise CustomException("some error occurred")\n'
    )
    name = aws.function(code)
    settings(aws, name, MaximumRetryAttempts=1)
    request_id = aws.send(name, {})["ResponseMetadata"]["RequestId"]
    lines = aws.lines(f"/aws/lambda/{name}", until=lambda lines: sum("REPORT" in line for line in lines) == 2)
    lines = [line for line in lines if not line.startswith("[rollbacklab]")]
    recorded = [event["message"] for event in fact("lambda-log-unhandled-error-and-retry")["log_events"]]
    assert [line.split()[0] for line in lines] == [line.split()[0] for line in recorded]
    assert all(request_id in line for line in lines if line.startswith(("START", "END", "REPORT")))
    assert lines[2] == recorded[2]
    assert (lines[4].count("Init Duration"), lines[8].count("Init Duration")) == (1, 0)
    assert lines[8].endswith("\t\n")
