"""Which resource an operation is about: by service, the parameters that name it and the ARN that they make.

From the tables "Actions, resources, and condition keys" of the service authorization reference. A value that is an ARN
already is taken as it is. A service that is not here is decided by its actions alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_rollbacklab.localaws.identity.api_calls.asked import ApiRequest, Asked

__all__ = ["asked_of", "is_free"]

# Parameter, and the resource part of the ARN. {last} is what follows the value's last slash, {path} the value without
# a leading one. The first parameter that a call has is taken.
_NAMED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cloudformation": (("StackName", "stack/{value}/*"),),
    "cloudwatch": (("AlarmName", "alarm:{value}"), ("AlarmNames", "alarm:{value}"), ("DashboardName", "")),
    "cognito-identity": (("IdentityPoolId", "identitypool/{value}"),),
    "cognito-idp": (("UserPoolId", "userpool/{value}"),),
    "events": (("Name", "rule/{value}"), ("Rule", "rule/{value}"), ("EventBusName", "event-bus/{value}")),
    "firehose": (("DeliveryStreamName", "deliverystream/{value}"),),
    "iam": (
        ("RoleName", "role/{value}"),
        ("UserName", "user/{value}"),
        ("GroupName", "group/{value}"),
        ("PolicyArn", "{value}"),
        ("PolicyName", "policy/{value}"),
        ("InstanceProfileName", "instance-profile/{value}"),
    ),
    "kinesis": (("StreamARN", "{value}"), ("StreamName", "stream/{value}")),
    "kms": (("KeyId", "key/{last}"), ("TargetKeyId", "key/{last}")),
    "lambda": (
        ("LayerName", "layer:{value}"),
        ("UUID", "event-source-mapping:{value}"),
    ),
    "logs": (
        ("logGroupName", "log-group:{value}:log-stream:"),
        ("logGroupIdentifier", "log-group:{value}:log-stream:"),
    ),
    "secretsmanager": (("SecretId", "secret:{value}"), ("Name", "secret:{value}")),
    "sns": (("TopicArn", "{value}"), ("TargetArn", "{value}"), ("Name", "{value}"), ("SubscriptionArn", "{value}")),
    "sqs": (("QueueUrl", "{last}"), ("QueueName", "{value}")),
    "ssm": (("Name", "parameter/{path}"), ("Names", "parameter/{path}"), ("Path", "parameter/{path}")),
    "states": (("stateMachineArn", "{value}"), ("executionArn", "{value}"), ("name", "stateMachine:{value}")),
    "sts": (("RoleArn", "{value}"),),
}
_GLOBAL = ("iam",)
"""Services whose ARNs have no region."""

# Operations whose action has another name.
_ACTIONS: Mapping[tuple[str, str], str] = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("sns", "PublishBatch"): "Publish",
    ("sqs", "ChangeMessageVisibilityBatch"): "ChangeMessageVisibility",
    ("sqs", "DeleteMessageBatch"): "DeleteMessage",
    ("sqs", "SendMessageBatch"): "SendMessage",
}

# Operations that need no permission: whoever knows the address may call them, or they tell the caller of itself.
_FREE: Mapping[str, frozenset[str]] = {
    "cognito-identity": frozenset(("GetCredentialsForIdentity", "GetId", "GetOpenIdToken", "UnlinkIdentity")),
    "cognito-idp": frozenset(
        (
            "ChangePassword",
            "ConfirmDevice",
            "ConfirmForgotPassword",
            "ConfirmSignUp",
            "DeleteUser",
            "DeleteUserAttributes",
            "ForgotPassword",
            "GetUser",
            "GetUserAttributeVerificationCode",
            "GlobalSignOut",
            "InitiateAuth",
            "ResendConfirmationCode",
            "RespondToAuthChallenge",
            "RevokeToken",
            "SignUp",
            "UpdateUserAttributes",
            "VerifyUserAttribute",
        )
    ),
    "sts": frozenset(("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetCallerIdentity", "GetSessionToken")),
}

_FUNCTION_ARN = "arn:aws:lambda:"


def is_free(service: str, operation: str) -> bool:
    """Tell whether everybody may call an operation, whatever policies say."""
    return operation in _FREE.get(service, ())


def asked_of(request: ApiRequest) -> Iterator[Asked]:
    """Yield what a call asks for, by the table."""
    action = f"{request.service}:{_ACTIONS.get((request.service, request.operation), request.operation)}"
    if request.service == "events" and request.operation == "PutEvents":
        entries = request.params.get("Entries") or [{}]
        buses = dict.fromkeys(str(entry.get("EventBusName") or "default") for entry in entries)
        yield from (Asked(action=action, resource=_arn(request, f"event-bus/{bus}", bus)) for bus in buses)
        return
    keys = {}
    if request.service == "cloudwatch" and request.params.get("Namespace"):
        keys["cloudwatch:namespace"] = str(request.params["Namespace"])
    for resource in _resources(request):
        yield Asked(action=action, resource=resource, keys=keys)


def _resources(request: ApiRequest) -> Iterator[str | None]:
    if request.service not in _NAMED:
        yield None
        return
    if request.service == "lambda" and (name := request.params.get("FunctionName")):
        yield _function(request, str(name))
        return
    for parameter, form in _NAMED[request.service]:
        if value := request.params.get(parameter):
            values = value if isinstance(value, list) else [value]
            yield from (_formed(request, form, str(one)) for one in values)
            return
    yield "*"


def _formed(request: ApiRequest, form: str, value: str) -> str:
    last = value.rpartition("/")[2]
    resource = form.format(value=value, last=last, path=value.removeprefix("/"))
    if request.service == "logs" and (stream := request.params.get("logStreamName")):
        resource += str(stream)
    return _arn(request, resource, value)


def _arn(request: ApiRequest, resource: str, value: str) -> str:
    if value.startswith("arn:"):
        return value
    region = "" if request.service in _GLOBAL else request.scope.region
    return f"arn:aws:{request.service}:{region}:{request.scope.account_id}:{resource}"


def _function(request: ApiRequest, name: str) -> str:
    """Return a function's ARN, its qualifier with it, by any of the forms in which a call names it."""
    qualifier = str(request.params.get("Qualifier") or "")
    if not name.startswith("arn:"):
        account, between, after = name.partition(":function:")
        scope = request.scope
        plain = after if between else name
        name = f"{_FUNCTION_ARN}{scope.region}:{account if between else scope.account_id}:function:{plain}"
    named = name.split(":")
    return f"{name}:{qualifier}" if qualifier and len(named) == 7 else name
