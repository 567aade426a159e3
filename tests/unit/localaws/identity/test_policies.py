"""What principals may do by what IAM holds: all kinds of policies, read once, and anew after a change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.identity.credentials import CognitoCaller, Principal
from pytest_rollbacklab.localaws.identity.policies import Decision, Policies, principal_keys

ACCOUNT = "123456789012"
SCOPE = Scope(account_id=ACCOUNT, region="eu-west-1")
ROLE = Principal(
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/notes/s",
    account_id=ACCOUNT,
    user_id="AROAEXAMPLE:s",
    role_arn=f"arn:aws:iam::{ACCOUNT}:role/app/notes",
)
USER = Principal(arn=f"arn:aws:iam::{ACCOUNT}:user/people/ann", account_id=ACCOUNT, user_id="AIDAEXAMPLE")
INVOKE = "execute-api:Invoke"
API = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:abc/prod/POST/notes"


def document(action: str = INVOKE, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Action": action, "Resource": "*", **more}],
    }


class FakeIam:
    """IAM with one role, one user and one group: answers in pages of one, and counts what it is asked."""

    def __init__(self) -> None:
        self.inline: dict[str, dict[str, Any]] = {"Role": {}, "User": {}, "Group": {}}
        self.attached: dict[str, list[str]] = {"Role": [], "User": [], "Group": []}
        self.managed: dict[str, dict[str, Any]] = {}
        self.boundary: str | None = None
        self.missing = False
        self.calls: list[tuple[Scope, str]] = []
        self.before_answering: asyncio.Event | None = None

    async def call(
        self, scope: Scope, service: str, operation: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        assert service == "iam"
        self.calls.append((scope, operation))
        if self.before_answering is not None:
            await self.before_answering.wait()
        return self.answer(operation, dict(params or {}))

    def answer(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        for kind, name in (("Role", "notes"), ("User", "ann"), ("Group", "writers")):
            if operation == f"Get{kind}":
                return self._holder(kind, params)
            if operation == f"List{kind}Policies":
                assert params[f"{kind}Name"] == name
                return self._page("PolicyNames", list(self.inline[kind]), params)
            if operation == f"Get{kind}Policy":
                return {"PolicyDocument": self.inline[kind][params["PolicyName"]]}
            if operation == f"ListAttached{kind}Policies":
                return self._page("AttachedPolicies", [{"PolicyArn": arn} for arn in self.attached[kind]], params)
        if operation == "ListGroupsForUser":
            return self._page("Groups", [{"GroupName": "writers"}], params)
        if params["PolicyArn"] not in self.managed:
            raise ServiceError("NoSuchEntity", f"Policy {params['PolicyArn']} was not found.", 404)
        if operation == "GetPolicy":
            return {"Policy": {"DefaultVersionId": "v3"}}
        assert (operation, params["VersionId"]) == ("GetPolicyVersion", "v3")
        return {"PolicyVersion": {"Document": self.managed[params["PolicyArn"]]}}

    def _holder(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        if self.missing:
            raise ServiceError("NoSuchEntity", "not found", 404)
        assert params == {f"{kind}Name": "notes" if kind == "Role" else "ann"}
        if self.boundary is None:
            return {kind: {}}
        return {kind: {"PermissionsBoundary": {"PermissionsBoundaryArn": self.boundary}}}

    def _page(self, member: str, items: list[Any], params: dict[str, Any]) -> dict[str, Any]:
        start = int(params.get("Marker", 0))
        more = start + 1 < len(items)
        return {
            member: items[start : start + 1],
            "IsTruncated": more,
            **({"Marker": str(start + 1)} if more else {}),
        }


def decide(iam: FakeIam, principal: Principal = ROLE, **context: str) -> Decision:
    return asyncio.run(Policies(aws=iam, clock=lambda: 0.0).allows(principal, INVOKE, API, context))


def test_a_role_without_policies_may_nothing() -> None:
    decision = decide(FakeIam())
    assert not decision.allowed
    assert decision.reason == f"no policy allows {INVOKE} on {API}"


def test_a_roles_inline_policies_count_all_of_them() -> None:
    iam = FakeIam()
    iam.inline["Role"] = {"one": document("s3:*"), "two": document()}
    assert decide(iam).reason == "allowed by statement 1 of inline policy two of role notes"


def test_a_roles_attached_policies_count_in_their_default_version() -> None:
    iam = FakeIam()
    iam.attached["Role"] = ["arn:first", "arn:second"]
    iam.managed = {"arn:first": document("s3:*"), "arn:second": document()}
    assert decide(iam).reason == "allowed by statement 1 of arn:second"


def test_iam_is_asked_in_the_principals_account() -> None:
    iam = FakeIam()
    decide(iam)
    assert {scope.account_id for scope, _ in iam.calls} == {ACCOUNT}


def test_a_deny_of_one_policy_wins_over_anothers_allow() -> None:
    iam = FakeIam()
    iam.inline["Role"] = {"one": document(), "two": document(effect="Deny")}
    assert decide(iam).explicit_deny


def test_a_permissions_boundary_must_allow_as_well() -> None:
    iam = FakeIam()
    iam.inline["Role"] = {"one": document()}
    iam.boundary = "arn:boundary"
    iam.managed = {"arn:boundary": document("s3:*")}
    assert decide(iam).reason == f"the permissions boundary does not allow {INVOKE} on {API}"
    iam.managed = {"arn:boundary": document("*")}
    assert decide(iam).allowed


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_a_users_own_and_its_groups_policies_count(kind: str) -> None:
    iam = FakeIam()
    iam.inline[kind] = {"p": document()}
    assert decide(iam, USER).allowed
    iam.inline[kind] = {}
    iam.attached[kind] = ["arn:p"]
    iam.managed = {"arn:p": document()}
    assert decide(iam, USER).allowed


def test_an_attached_policy_without_a_document_is_named_to_whoever_is_denied(
    caplog: pytest.LogCaptureFixture,
) -> None:
    iam = FakeIam()
    iam.attached["Role"] = ["arn:aws:iam::aws:policy/Gone"]
    with caplog.at_level(logging.WARNING):
        decision = decide(iam)
    assert not decision.allowed
    assert decision.reason == (
        f"no policy allows {INVOKE} on {API}; attached, but without a document in IAM: arn:aws:iam::aws:policy/Gone"
    )
    assert "policy arn:aws:iam::aws:policy/Gone is attached, but IAM has no document of it" in caplog.text


def test_a_role_that_does_not_exist_may_nothing() -> None:
    iam = FakeIam()
    iam.missing = True
    assert decide(iam).reason == f"arn:aws:iam::{ACCOUNT}:role/app/notes does not exist"
    assert decide(iam, USER).reason == f"arn:aws:iam::{ACCOUNT}:user/people/ann does not exist"


@pytest.mark.parametrize("broken", ["GetRole", "GetPolicy"])
def test_an_answer_of_iam_that_was_not_expected_goes_through(broken: str) -> None:
    class Broken(FakeIam):
        def answer(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
            if operation == broken:
                raise ServiceError("InternalFailure", "broken", 500)
            return super().answer(operation, params)

    iam = Broken()
    iam.attached["Role"] = ["arn:p"]
    with pytest.raises(ServiceError, match="broken"):
        decide(iam)


def test_the_root_user_may_everything() -> None:
    root = Principal(arn=f"arn:aws:iam::{ACCOUNT}:root", account_id=ACCOUNT, user_id=ACCOUNT)
    decision = decide(FakeIam(), root)
    assert decision.allowed
    assert decision.reason == "the account's root user may do everything"


def test_the_context_of_the_request_counts() -> None:
    iam = FakeIam()
    iam.inline["Role"] = {"p": document(Condition={"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}})}
    assert decide(iam, **{"aws:SourceIp": "127.0.0.1"}).allowed
    assert not decide(iam, **{"aws:SourceIp": "203.0.113.1"}).allowed


def test_the_time_counts() -> None:
    iam = FakeIam()
    iam.inline["Role"] = {"p": document(Condition={"DateLessThan": {"aws:CurrentTime": "1970-01-02T00:00:00Z"}})}
    assert decide(iam).allowed
    iam.inline["Role"] = {"p": document(Condition={"NumericGreaterThan": {"aws:EpochTime": "0"}})}
    assert not decide(iam).allowed


def test_a_caller_cannot_be_impersonated_through_the_context() -> None:
    iam = FakeIam()
    iam.inline["Role"] = {"p": document(Condition={"StringEquals": {"aws:userid": "AROAOTHER:s"}})}
    assert not decide(iam, **{"aws:userid": "AROAOTHER:s"}).allowed


def test_policies_are_read_once() -> None:
    iam = FakeIam()
    iam.inline["Role"] = {"p": document()}

    async def scenario() -> None:
        policies = Policies(aws=iam)
        await policies.allows(ROLE, INVOKE, API, {})
        asked = len(iam.calls)
        await policies.allows(ROLE, "s3:GetObject", API, {})
        assert len(iam.calls) == asked

    asyncio.run(scenario())


def test_a_changed_policy_shows_at_the_next_call() -> None:
    iam = FakeIam()
    iam.inline["Role"] = {"p": document()}

    async def scenario() -> tuple[bool, bool, bool]:
        policies = Policies(aws=iam)
        before = await policies.allows(ROLE, INVOKE, API, {})
        iam.inline["Role"] = {}
        policies.forget(Scope(account_id="999999999999", region="eu-west-1"))
        still = await policies.allows(ROLE, INVOKE, API, {})
        policies.forget(SCOPE)
        after = await policies.allows(ROLE, INVOKE, API, {})
        return before.allowed, still.allowed, after.allowed

    assert asyncio.run(scenario()) == (True, True, False)


def test_a_read_that_was_under_way_during_a_change_is_not_kept() -> None:
    iam = FakeIam()

    async def scenario() -> None:
        policies = Policies(aws=iam)
        iam.before_answering = asyncio.Event()
        slow = asyncio.create_task(policies.allows(ROLE, INVOKE, API, {}))
        await asyncio.sleep(0)
        policies.forget(SCOPE)
        iam.before_answering.set()
        assert not (await slow).allowed
        iam.inline["Role"] = {"p": document()}
        assert (await policies.allows(ROLE, INVOKE, API, {})).allowed

    asyncio.run(scenario())


def test_the_keys_of_a_caller_from_an_identity_pool() -> None:
    provider = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_P"
    caller = CognitoCaller(
        identity_id="eu-west-1:1",
        identity_pool_id="eu-west-1:2",
        authentication_type="authenticated",
        provider=f"{provider},{provider}:CognitoSignIn:sub",
    )
    principal = Principal(
        arn=ROLE.arn, account_id=ACCOUNT, user_id=ROLE.user_id, role_arn=ROLE.role_arn, cognito=caller
    )
    assert principal_keys(principal) == {
        "aws:PrincipalArn": ROLE.role_arn,
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalType": "AssumedRole",
        "aws:userid": "AROAEXAMPLE:s",
        "aws:FederatedProvider": "cognito-identity.amazonaws.com",
        "cognito-identity.amazonaws.com:sub": "eu-west-1:1",
        "cognito-identity.amazonaws.com:aud": "eu-west-1:2",
        "cognito-identity.amazonaws.com:amr": ["authenticated", provider, f"{provider}:CognitoSignIn:sub"],
    }


def test_the_keys_of_a_user() -> None:
    assert principal_keys(USER) == {
        "aws:PrincipalArn": USER.arn,
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalType": "User",
        "aws:userid": "AIDAEXAMPLE",
        "aws:username": "ann",
    }
