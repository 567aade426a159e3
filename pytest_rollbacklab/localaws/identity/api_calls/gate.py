"""The gate that each call of AWS's own APIs comes through: who calls, what is asked for, and do the policies allow it.

Calls of an administrator are free: with a key that is an account's number, or that nobody issued. Calls with a key that
was issued here are a role's or a user's, and are held against its policies. With ``strict`` there is no administrator
but the account's number. Signatures are not recomputed here: a caller who has the
key has the secret, too.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.identity.api_calls.asked import ApiRequest, Asked
from pytest_rollbacklab.localaws.identity.api_calls.dynamodb import asked_of_dynamodb, items_written_or_read
from pytest_rollbacklab.localaws.identity.api_calls.refusals import access_denied, expired_token, unknown_token
from pytest_rollbacklab.localaws.identity.api_calls.resource_policies import resource_policy
from pytest_rollbacklab.localaws.identity.api_calls.resources import asked_of, is_free
from pytest_rollbacklab.localaws.identity.api_calls.s3 import asked_of_s3
from pytest_rollbacklab.localaws.identity.credentials import CredentialStore, Principal
from pytest_rollbacklab.localaws.identity.policies import Policies

__all__ = ["Gate", "ReadRequest"]

logger = logging.getLogger(__name__)

_ACCOUNT_ID = re.compile(r"\d{12}")
_MEMBER = re.compile(r"\.(?:member\.)?(\d+)(?:\.|$)")
_PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}
"""Services whose actions do not begin with the name that they are signed under."""
_BY_ARN_ALONE = {"kms": ("KeyId", "DescribeKey"), "secretsmanager": ("SecretId", "DescribeSecret")}
"""Services whose resources have ARNs that cannot be told from their names: the member, and who tells."""
_LEADING_KEYS = "dynamodb:LeadingKeys"

ReadRequest = Callable[[HttpRequest, str], tuple[str, Mapping[str, Any]]]
"""Reads the operation and the parameters of a REST-JSON or CBOR request, by the service's name."""


class Gate:
    """Lets calls through, or not.

    Args:
        aws: Every service, to read resources' policies and tables' keys.
        credentials: Whose a key is.
        policies: What they may do.
        read: Reads requests whose operation is in their path.
        strict: Whether a key that nobody issued is refused.
        clock: The time, epoch seconds.
    """

    def __init__(
        self,
        *,
        aws: Aws,
        credentials: CredentialStore,
        policies: Policies,
        read: ReadRequest,
        strict: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._aws, self._credentials, self._policies = aws, credentials, policies
        self._read, self._strict, self._clock = read, strict, clock

    async def check(
        self, request: HttpRequest, *, signing_name: str, service: str, scope: Scope, access_key: str, protocol: str
    ) -> None:
        """Let a call through.

        Args:
            signing_name: The name in its credential's scope.
            service: botocore's name.
            access_key: Its key; empty when it is not signed.
            protocol: In which it is refused: ``json``, ``rest-json``, ``query``, ``cbor``, ``s3``.

        Raises:
            ServiceError: it is refused, in the service's own words.
        """
        if _ACCOUNT_ID.fullmatch(access_key):
            return
        credentials = self._credentials.find(access_key) if access_key else None
        if credentials is None:
            if self._strict and not self._is_public(request, signing_name, service, protocol):
                raise unknown_token(protocol=protocol)
            return
        if credentials.expired(self._clock()):
            raise expired_token(protocol=protocol)
        api_request, asked = await self._asked(request, signing_name, service, scope, protocol)
        context = _context(request, scope)
        for one in asked:
            await self._decide(credentials.principal, one, context, api_request, protocol)

    async def _decide(
        self,
        principal: Principal,
        asked: Asked,
        context: Mapping[str, str | Sequence[str]],
        request: ApiRequest | None,
        protocol: str,
    ) -> None:
        keys: dict[str, str | Sequence[str]] = {**context, **asked.keys}
        if request is not None and request.service == "dynamodb":
            keys |= await self._leading_keys(principal, request)
        scope = Scope(account_id=principal.account_id, region=str(context["aws:RequestedRegion"]))
        policy = await resource_policy(self._aws, scope, asked.resource) if asked.resource else None
        decision = await self._policies.allows(principal, asked.action, asked.resource, keys, resource_policy=policy)
        if not decision.allowed:
            logger.info("%s may not %s: %s", principal.arn, asked.action, decision.reason)
            raise access_denied(principal, asked, decision, protocol=protocol)

    async def _asked(
        self, request: HttpRequest, signing_name: str, service: str, scope: Scope, protocol: str
    ) -> tuple[ApiRequest | None, Iterable[Asked]]:
        if signing_name == "s3":
            return None, tuple(asked_of_s3(request))
        if signing_name == "apigateway":
            resource = f"arn:aws:apigateway:{scope.region}::{request.raw_path}"
            return None, (Asked(action=f"apigateway:{request.method}", resource=resource),)
        operation, params = self._call(request, service, protocol)
        if rename := _BY_ARN_ALONE.get(signing_name):
            params = await self._with_arn(scope, service, params, *rename)
        prefix = _PREFIXES.get(signing_name, signing_name)
        called = ApiRequest(scope=scope, service=prefix, operation=operation, params=params)
        if is_free(prefix, operation):
            return called, ()
        return called, tuple(asked_of_dynamodb(called) if prefix == "dynamodb" else asked_of(called))

    def _call(self, request: HttpRequest, service: str, protocol: str) -> tuple[str, Mapping[str, Any]]:
        if protocol == "json":
            return (request.header("x-amz-target") or "").rpartition(".")[2], _json_members(request)
        if protocol == "query":
            return _query_members(request)
        try:
            return self._read(request, service)
        except ServiceError as error:
            raise ServiceError(
                "NotImplemented",
                f"the local AWS does not know which action {request.method} {request.raw_path} of {service} is, and "
                f"cannot hold it against policies: {error.message}",
                501,
            ) from error

    async def _with_arn(
        self, scope: Scope, service: str, params: Mapping[str, Any], member: str, operation: str
    ) -> Mapping[str, Any]:
        """Return parameters that name a resource by the ARN under which policies know it."""
        name = params.get(member)
        if not isinstance(name, str) or name.startswith("arn:"):
            return params
        try:
            described = await self._aws.call(scope, service, operation, {member: name})
        except ServiceError:
            return params  # there is none: what is asked for will say so, or is to make it
        return {**params, member: described.get("ARN") or described["KeyMetadata"]["Arn"]}

    def _is_public(self, request: HttpRequest, signing_name: str, service: str, protocol: str) -> bool:
        if signing_name == "s3":  # a bucket's own policy may let everybody in: S3's to say
            return not request.header("authorization")
        with_operation = protocol in ("json", "query")
        return with_operation and is_free(signing_name, self._call(request, service, protocol)[0])

    async def _leading_keys(self, principal: Principal, request: ApiRequest) -> dict[str, Sequence[str]]:
        """Return the partition keys that a call names, if a policy asks for them."""
        if not await self._policies.mentions(principal, _LEADING_KEYS):
            return {}
        found: list[str] = []
        for table, item in items_written_or_read(request):
            described = await self._aws.call(request.scope, "dynamodb", "DescribeTable", {"TableName": table})
            name = next(key["AttributeName"] for key in described["Table"]["KeySchema"] if key["KeyType"] == "HASH")
            found += [str(value) for value in item.get(name, {}).values()] or _queried(request.params, name)
        return {_LEADING_KEYS: found} if found else {}


def _queried(params: Mapping[str, Any], name: str) -> list[str]:
    """Return the value that a query asks the partition key to be equal to."""
    condition = str(params.get("KeyConditionExpression") or "")
    names = {alias for alias, real in (params.get("ExpressionAttributeNames") or {}).items() if real == name} | {name}
    values = params.get("ExpressionAttributeValues") or {}
    for alias in names:
        if found := re.search(rf"(?<![\w#]){re.escape(alias)}\s*=\s*(:\w+)", condition):
            return [str(value) for value in values.get(found[1], {}).values()]
    return []


def _context(request: HttpRequest, scope: Scope) -> dict[str, str | Sequence[str]]:
    """Return what is known of any call ("AWS global condition context keys" of the IAM user guide)."""
    return {
        "aws:RequestedRegion": scope.region,
        "aws:SecureTransport": "false",
        "aws:SourceIp": request.source_ip,
        "aws:UserAgent": request.header("user-agent") or "",
        "aws:ViaAWSService": "false",
    }


def _json_members(request: HttpRequest) -> Mapping[str, Any]:
    try:
        members = json.loads(request.body)
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}


def _query_members(request: HttpRequest) -> tuple[str, Mapping[str, Any]]:
    """Read a form: plain members as they are, ``Names.member.1`` as lists of what comes first."""
    form = parse_qs(request.body.decode("latin-1") or request.raw_query, keep_blank_values=True)
    members: dict[str, Any] = {}
    for name, (value, *_) in form.items():
        listed = _MEMBER.search(name)
        if listed is None:
            members[name] = value
        elif listed.end() == len(name):
            members.setdefault(name[: listed.start()], []).append(value)
    return str(members.pop("Action", "")), members
