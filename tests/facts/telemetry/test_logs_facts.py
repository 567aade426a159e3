"""Metric filters, subscriptions and queries of Logs, as recorded against AWS."""

from __future__ import annotations

import base64
import gzip
import json
import time

import pytest
from botocore.exceptions import ClientError

GROUP = "group"


def refused(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return {name: caught.value.response["Error"][name] for name in ("Code", "Message")}


def transformations(*numbers, **more):
    given = [{"metricName": f"metric{n}", "metricNamespace": f"namespace{n}", "metricValue": "1"} for n in numbers]
    return [one | more for one in given]


@pytest.fixture(autouse=True)
def _group(aws):
    aws.logs.create_log_group(logGroupName=GROUP)
    aws.logs.create_log_stream(logGroupName=GROUP, logStreamName="s")


def write(aws, *messages):
    now_ms = int(time.time() * 1000)
    events = [{"timestamp": now_ms + number, "message": message} for number, message in enumerate(messages)]
    aws.logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)


@pytest.mark.parametrize("identity", ["metric-filter-shown", "metric-filter-json-shown"])
def test_a_metric_filter_is_shown(aws, fact, identity):
    expected = fact(identity, filter_name="f", log_group=GROUP, metric="metric1", namespace="namespace1")
    aws.logs.put_metric_filter(
        logGroupName=GROUP,
        filterName="f",
        filterPattern=expected["filterPattern"],
        metricTransformations=transformations(1, defaultValue=0),
    )

    (shown,) = aws.logs.describe_metric_filters(logGroupName=GROUP, filterNamePrefix="f")["metricFilters"]

    assert shown | {"creationTime": "timestamp"} == expected


def test_a_metric_filter_that_cannot_be_is_refused(aws, fact):
    one = {"logGroupName": GROUP, "filterName": "f", "filterPattern": "p", "metricTransformations": transformations(1)}
    put, delete, describe = aws.logs.put_metric_filter, aws.logs.delete_metric_filter, aws.logs.describe_metric_filters

    assert refused(put, **one | {"filterName": "X" * 513}) == fact("metric-filter-name-too-long")
    assert refused(put, **one | {"filterPattern": "X" * 1025}) == fact("metric-filter-pattern-too-long")
    two = {"metricTransformations": transformations(1, 2)}
    assert refused(put, **one | two) == fact("metric-filter-two-transformations")
    assert refused(delete, logGroupName=GROUP, filterName="X" * 513) == fact("metric-filter-name-too-long")
    assert refused(delete, logGroupName="X" * 513, filterName="f") == fact("metric-filter-group-too-long")
    assert refused(describe, filterNamePrefix="X" * 513) == fact("metric-filter-prefix-too-long")
    assert refused(describe, metricName="X" * 256, metricNamespace="v") == fact("metric-filter-metric-too-long")


def test_a_subscription_is_shown_and_hands_over_what_is_written(aws, fact, eventually):
    function = aws.function("sink")
    aws.awslambda.add_permission(
        FunctionName="sink",
        StatementId="logs",
        Action="lambda:InvokeFunction",
        Principal=f"logs.{aws.region}.amazonaws.com",
        SourceArn=f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{GROUP}:*",
        SourceAccount=aws.account,
    )
    put = {"logGroupName": GROUP, "filterName": "test", "filterPattern": "", "destinationArn": function}
    aws.logs.put_subscription_filter(**put)
    (shown,) = aws.logs.describe_subscription_filters(logGroupName=GROUP)["subscriptionFilters"]
    assert shown | {"creationTime": "timestamp"} == fact("subscription-shown", function_arn=function, log_group=GROUP)

    write(aws, *fact("subscription-events"))

    (event,) = eventually(lambda: aws.got("sink"))
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert [one["message"] for one in data["logEvents"]] == fact("subscription-events")
    assert all(one.keys() == {"id", "timestamp", "message"} for one in data["logEvents"])

    aws.logs.put_subscription_filter(**put | {"filterName": "second"})
    assert refused(aws.logs.put_subscription_filter, **put | {"filterName": "third"}) == fact("subscription-third")


def test_a_subscription_that_cannot_be_is_refused(aws, fact):
    put, delete = aws.logs.put_subscription_filter, aws.logs.delete_subscription_filter
    one = {"logGroupName": GROUP, "filterName": "f", "filterPattern": ""}
    kinesis = f"arn:aws:kinesis:{aws.region}:{aws.account}:stream/s"
    elsewhere = "arn:aws:lambda:us-east-1:000000000000:function:f"

    assert aws.logs.describe_subscription_filters(logGroupName=GROUP)["subscriptionFilters"] == []
    assert refused(aws.logs.describe_subscription_filters, logGroupName="none") == fact("subscription-group-gone")
    assert refused(delete, logGroupName="none", filterName="f") == fact("subscription-group-gone")
    assert refused(delete, logGroupName=GROUP, filterName="f") == fact("subscription-gone")
    assert refused(put, **one, destinationArn=kinesis) == fact("subscription-kinesis")
    assert refused(put, **one, destinationArn=elsewhere) == fact("subscription-elsewhere")


def test_a_query_is_listed(aws, fact, eventually):
    write(aws, "hello")
    start, end = int(time.time()) - 60, int(time.time())
    asked = {"logGroupName": GROUP, "startTime": start, "endTime": end, "queryString": "fields @message"}
    query = aws.logs.start_query(**asked)["queryId"]
    eventually(lambda: aws.logs.get_query_results(queryId=query)["status"] == "Complete")

    (listed,) = aws.logs.describe_queries(logGroupName=GROUP)["queries"]

    expected = fact("query-listed", log_group=GROUP, start_time=str(start), end_time=str(end), uuid=query)
    assert listed | {"createTime": "create-time"} == expected
    assert aws.logs.describe_queries(status="Scheduled")["queries"] == []


def test_a_query_of_no_group_is_refused(aws, fact):
    error = refused(aws.logs.start_query, logGroupName="none", startTime=0, endTime=1, queryString="fields @message")

    _, _, rest = error["Message"].partition("Request ID: ")
    names = {"log_group": "none", "account": aws.account, "request_id": rest.partition(";")[0]}
    assert error == fact("query-group-gone", **names)
