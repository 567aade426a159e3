"""AWS's own managed policies, put into an account when they are first named.

moto has them all, but loads either none or, for each account, every one of over a thousand. A drill has an account of
its own and names one or two.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any
from urllib.parse import unquote_plus

from moto.backends import get_backend
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy

from pytest_rollbacklab.localaws.api import Scope

__all__ = ["provide_named"]

_ARN = re.compile(r"arn:(aws[a-z-]*):iam::aws:policy/([\w+=,.@/-]+)")


def provide_named(scope: Scope, form: bytes) -> None:
    """Put the managed policies that an IAM request names into its account.

    Args:
        form: The request's body. A policy that AWS does not have is left for IAM to refuse.
    """
    if b"policy%2F" not in form and b"policy/" not in form:
        return
    for found in _ARN.finditer(unquote_plus(form.decode("latin-1"))):
        _provide(scope, partition=found[1], path_and_name=found[2])


def _provide(scope: Scope, *, partition: str, path_and_name: str) -> None:
    backend = get_backend("iam")[scope.account_id][partition]
    data = _policies().get(path_and_name.rpartition("/")[2])
    if data is None:
        return
    policy = AWSManagedPolicy.from_data(path_and_name.rpartition("/")[2], scope.account_id, partition, data)
    if policy.arn not in backend.managed_policies:
        backend.aws_managed_policies.append(policy)
        backend.managed_policies[policy.arn] = policy


@functools.cache
def _policies() -> dict[str, Any]:
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies
