"""Which action an operation needs and on what, by the services' tables."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.identity.api_calls.asked import ApiRequest
from pytest_rollbacklab.localaws.identity.api_calls.resources import asked_of, is_free

SCOPE = Scope(account_id="111122223333", region="eu-west-1")
HERE = "eu-west-1:111122223333"


def asked(service: str, operation: str, **params: Any) -> list[tuple[str, str | None]]:
    request = ApiRequest(scope=SCOPE, service=service, operation=operation, params=params)
    return [(one.action, one.resource) for one in asked_of(request)]


@pytest.mark.parametrize(
    ("service", "operation", "params", "action", "resource"),
    [
        (
            "sqs",
            "SendMessage",
            {"QueueUrl": "http://h/111122223333/jobs"},
            "sqs:SendMessage",
            f"arn:aws:sqs:{HERE}:jobs",
        ),
        ("sqs", "SendMessageBatch", {"QueueUrl": "http://h/1/jobs"}, "sqs:SendMessage", f"arn:aws:sqs:{HERE}:jobs"),
        ("sqs", "ListQueues", {}, "sqs:ListQueues", "*"),
        ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{HERE}:news"}, "sns:Publish", f"arn:aws:sns:{HERE}:news"),
        ("ssm", "GetParameter", {"Name": "/app/key"}, "ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/app/key"),
        (
            "secretsmanager",
            "GetSecretValue",
            {"SecretId": f"arn:aws:secretsmanager:{HERE}:secret:db-a1b2c3"},
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:{HERE}:secret:db-a1b2c3",
        ),
        ("iam", "GetRole", {"RoleName": "app"}, "iam:GetRole", "arn:aws:iam::111122223333:role/app"),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/app", "logStreamName": "s"},
            "logs:PutLogEvents",
            f"arn:aws:logs:{HERE}:log-group:/app:log-stream:s",
        ),
        (
            "cognito-idp",
            "AdminGetUser",
            {"UserPoolId": "p_1"},
            "cognito-idp:AdminGetUser",
            f"arn:aws:cognito-idp:{HERE}:userpool/p_1",
        ),
        ("lambda", "Invoke", {"FunctionName": "f"}, "lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f"),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f", "Qualifier": "live"},
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{HERE}:function:f:live",
        ),
        (
            "lambda",
            "GetFunction",
            {"FunctionName": "111122223333:function:f:3"},
            "lambda:GetFunction",
            f"arn:aws:lambda:{HERE}:function:f:3",
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": f"arn:aws:lambda:{HERE}:function:f", "Qualifier": "2"},
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{HERE}:function:f:2",
        ),
        ("cloudwatch", "PutMetricData", {"Namespace": "App"}, "cloudwatch:PutMetricData", "*"),
        ("ses", "SendEmail", {}, "ses:SendEmail", None),
    ],
)
def test_an_operation_asks_for_an_action_on_what_it_names(
    service: str, operation: str, params: dict[str, Any], action: str, resource: str | None
) -> None:
    assert asked(service, operation, **params) == [(action, resource)]


def test_several_are_asked_for_one_by_one() -> None:
    assert asked("ssm", "GetParameters", Names=["/a", "b"]) == [
        ("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter/a"),
        ("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter/b"),
    ]
    assert asked("events", "PutEvents", Entries=[{"EventBusName": "orders"}, {}, {"EventBusName": "default"}]) == [
        ("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/orders"),
        ("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/default"),
    ]


def test_a_metrics_namespace_is_a_condition_key() -> None:
    request = ApiRequest(scope=SCOPE, service="cloudwatch", operation="PutMetricData", params={"Namespace": "App"})
    [one] = asked_of(request)
    assert one.keys == {"cloudwatch:namespace": "App"}


@pytest.mark.parametrize(
    ("service", "operation", "free"),
    [
        ("sts", "GetCallerIdentity", True),
        ("sts", "AssumeRole", False),
        ("cognito-idp", "InitiateAuth", True),
        ("cognito-idp", "AdminInitiateAuth", False),
        ("dynamodb", "PutItem", False),
    ],
)
def test_what_needs_no_permission(service: str, operation: str, free: bool) -> None:
    assert is_free(service, operation) is free
