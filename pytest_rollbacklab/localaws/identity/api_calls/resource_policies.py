"""The policy that a resource itself has: a bucket's, a queue's, a topic's, a function's, a secret's, a key's, a role's.

Each is read from its service at the moment of the call, for it may have changed since the last. Tables' policies are
not among them: DynamoDB is called too often, and to read one each time would cost more than the call.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.identity.policy_language.document import Policy, read_policy
from pytest_rollbacklab.localaws.identity.policy_language.errors import PolicyError

__all__ = ["resource_policy"]

_NONE = (
    "404",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchEntity",
    "NotFound",
    "NotFoundException",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
    "ResourceNotFoundException",
)


async def resource_policy(aws: Aws, scope: Scope, arn: str) -> Policy | None:
    """Return the policy of a resource; None when it has none, is not there, or is of a kind that has none here.

    Raises:
        PolicyError: it cannot be evaluated.
        ServiceError: its service answered something unexpected.
    """
    service, _, rest = arn.removeprefix("arn:aws:").partition(":")
    name = rest.split(":", 2)[-1]
    read = _READERS.get(service)
    if read is None or "*" in arn:
        return None
    try:
        document = await read(aws, scope, name, arn)
    except ServiceError as error:
        if error.code in _NONE:
            return None
        raise
    if not document:
        return None
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError as error:
            raise PolicyError.malformed(f"it is no JSON: {error}").of_policy(f"of {arn}") from error
    return read_policy(f"the policy of {arn}", document)


async def _of_bucket(aws: Aws, scope: Scope, name: str, arn: str) -> Any:  # noqa: ARG001 - a reader's form
    answer = await aws.call(scope, "s3", "GetBucketPolicy", {"Bucket": name.partition("/")[0]})
    return answer.get("Policy")


async def _of_queue(aws: Aws, scope: Scope, name: str, arn: str) -> Any:  # noqa: ARG001 - a reader's form
    url = (await aws.call(scope, "sqs", "GetQueueUrl", {"QueueName": name}))["QueueUrl"]
    answer = await aws.call(scope, "sqs", "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["Policy"]})
    return answer.get("Attributes", {}).get("Policy")


async def _of_topic(aws: Aws, scope: Scope, name: str, arn: str) -> Any:  # noqa: ARG001 - a reader's form
    return (await aws.call(scope, "sns", "GetTopicAttributes", {"TopicArn": arn}))["Attributes"].get("Policy")


async def _of_function(aws: Aws, scope: Scope, name: str, arn: str) -> Any:  # noqa: ARG001 - a reader's form
    named = name.removeprefix("function:").split(":")
    qualifier = {"Qualifier": named[1]} if len(named) > 1 else {}
    return (await aws.call(scope, "lambda", "GetPolicy", {"FunctionName": named[0], **qualifier})).get("Policy")


async def _of_secret(aws: Aws, scope: Scope, name: str, arn: str) -> Any:  # noqa: ARG001 - a reader's form
    return (await aws.call(scope, "secretsmanager", "GetResourcePolicy", {"SecretId": arn})).get("ResourcePolicy")


async def _of_key(aws: Aws, scope: Scope, name: str, arn: str) -> Any:  # noqa: ARG001 - a reader's form
    return (await aws.call(scope, "kms", "GetKeyPolicy", {"KeyId": arn, "PolicyName": "default"})).get("Policy")


async def _of_role(aws: Aws, scope: Scope, name: str, arn: str) -> Any:  # noqa: ARG001 - a reader's form
    if not name.startswith("role/"):
        return None
    answer = await aws.call(scope, "iam", "GetRole", {"RoleName": name.rpartition("/")[2]})
    return answer["Role"].get("AssumeRolePolicyDocument")


_READERS: Mapping[str, Callable[[Aws, Scope, str, str], Awaitable[Any]]] = {
    "iam": _of_role,
    "kms": _of_key,
    "lambda": _of_function,
    "s3": _of_bucket,
    "secretsmanager": _of_secret,
    "sns": _of_topic,
    "sqs": _of_queue,
}
