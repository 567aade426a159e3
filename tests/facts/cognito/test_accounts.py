"""What users do with their own accounts, asked of a running local AWS through boto3, unsigned as an app asks it.

Sources: the Cognito API reference of each operation; sentences as clients have reported them.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from pytest_rollbacklab.target import EmbeddedCloud, Target, embedded_cloud

GOOD, BETTER = "Passw0rd!", "Passw0rd!2"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
_NUMBERS = itertools.count(1)


class App:
    """A pool whose users are called by their e-mail addresses, and an app of it."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        target = Target(endpoint_url=cloud.endpoint_url, cloud=cloud)
        self.admin, self._logs = target.client("cognito-idp"), target.client("logs")
        self.users = boto3.client(
            "cognito-idp",
            endpoint_url=cloud.endpoint_url,
            region_name=target.region,
            config=Config(signature_version=UNSIGNED, proxies={}, retries={"total_max_attempts": 1}),
        )
        pool = self.admin.create_user_pool(
            PoolName="notes", UsernameAttributes=["email"], AutoVerifiedAttributes=["email"]
        )
        self.pool_id = pool["UserPool"]["Id"]
        self.client_id = self.client()

    def client(self, **options: Any) -> str:
        made = self.admin.create_user_pool_client(
            UserPoolId=self.pool_id, ClientName="app", ExplicitAuthFlows=FLOWS, **options
        )
        return str(made["UserPoolClient"]["ClientId"])

    def new_name(self) -> str:
        return f"ann{next(_NUMBERS)}@example.com"

    def signed_up(self) -> str:
        name = self.new_name()
        self.users.sign_up(ClientId=self.client_id, Username=name, Password=GOOD)
        return name

    def confirmed(self) -> str:
        name = self.signed_up()
        self.users.confirm_sign_up(ClientId=self.client_id, Username=name, ConfirmationCode=self.code(name))
        return name

    def code(self, name: str) -> str:
        """Return the code that was sent last."""
        username = self.admin.admin_get_user(UserPoolId=self.pool_id, Username=name)["Username"]
        group = f"/aws/cognito/userpools/{self.pool_id}/messages"
        events = self._logs.get_log_events(logGroupName=group, logStreamName=username, startFromHead=True)["events"]
        message = json.loads(events[-1]["message"])
        assert (message["to"], message["medium"]) == (name, "EMAIL")
        return str(message["code"])

    def sign_in(self, name: str, password: str = GOOD, client_id: str | None = None) -> dict[str, Any]:
        answer = self.users.initiate_auth(
            ClientId=client_id or self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        found: dict[str, Any] = answer["AuthenticationResult"]
        return found

    def refresh(self, token: str) -> dict[str, Any]:
        answer = self.users.initiate_auth(
            ClientId=self.client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token}
        )
        found: dict[str, Any] = answer["AuthenticationResult"]
        return found


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with embedded_cloud() as cloud:
        yield App(cloud)


def refusal(call: Callable[..., Any], **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**params)
    error = raised.value.response["Error"]
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 501)
    return error["Code"], error["Message"]


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return found


MISMATCH = ("CodeMismatchException", "Invalid verification code provided, please try again.")
EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
WRONG = ("NotAuthorizedException", "Incorrect username or password.")
REVOKED = ("NotAuthorizedException", "Access Token has been revoked")


def test_a_user_signs_up_confirms_with_the_code_that_was_sent_and_signs_in(app: App) -> None:
    name = app.new_name()
    answer = app.users.sign_up(ClientId=app.client_id, Username=name, Password=GOOD)
    assert answer["UserConfirmed"] is False
    assert answer["CodeDeliveryDetails"] == {
        "Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"
    }  # fmt: skip
    with pytest.raises(app.users.exceptions.UserNotConfirmedException):
        app.sign_in(name)
    confirm = {"ClientId": app.client_id, "Username": name}
    code = app.code(name)
    wrong = "000000" if code != "000000" else "111111"
    assert refusal(app.users.confirm_sign_up, **confirm, ConfirmationCode=wrong) == MISMATCH
    app.users.confirm_sign_up(**confirm, ConfirmationCode=code)
    tokens = app.sign_in(name)
    attributes = app.admin.admin_get_user(UserPoolId=app.pool_id, Username=name)["UserAttributes"]
    assert {"Name": "email_verified", "Value": "true"} in attributes
    assert claims(tokens["AccessToken"])["client_id"] == app.client_id
    told = ("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
    assert refusal(app.users.confirm_sign_up, **confirm, ConfirmationCode=code) == told


def test_a_code_that_is_sent_again_takes_the_place_of_the_first(app: App) -> None:
    name = app.signed_up()
    first = app.code(name)
    app.users.resend_confirmation_code(ClientId=app.client_id, Username=name)
    second = app.code(name)
    if first != second:
        with pytest.raises(app.users.exceptions.CodeMismatchException):
            app.users.confirm_sign_up(ClientId=app.client_id, Username=name, ConfirmationCode=first)
    app.users.confirm_sign_up(ClientId=app.client_id, Username=name, ConfirmationCode=second)
    told = ("InvalidParameterException", "User is already confirmed.")
    assert refusal(app.users.resend_confirmation_code, ClientId=app.client_id, Username=name) == told


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("Sh0rt!", "Password not long enough"),
        ("PASSW0RD!", "Password must have lowercase characters"),
        ("passw0rd!", "Password must have uppercase characters"),
        ("Password!", "Password must have numeric characters"),
        ("Passw0rds", "Password must have symbol characters"),
        ("Aa1!" * 65, "Password too long"),
    ],
)
def test_a_password_must_be_as_the_pool_wants_it(app: App, password: str, why: str) -> None:
    told = ("InvalidPasswordException", f"Password did not conform with policy: {why}")
    if len(password) <= 256:
        assert refusal(app.users.sign_up, ClientId=app.client_id, Username=app.new_name(), Password=password) == told


def test_an_address_is_taken_once(app: App) -> None:
    told = ("UsernameExistsException", "An account with the given email already exists.")
    assert refusal(app.users.sign_up, ClientId=app.client_id, Username=app.signed_up(), Password=GOOD) == told


def test_a_forgotten_password_is_replaced_with_a_code_that_is_good_once(app: App) -> None:
    name = app.confirmed()
    sent = app.users.forgot_password(ClientId=app.client_id, Username=name)["CodeDeliveryDetails"]
    assert sent["DeliveryMedium"] == "EMAIL"
    new = {"ClientId": app.client_id, "Username": name, "Password": BETTER}
    code = app.code(name)
    wrong = "000000" if code != "000000" else "111111"
    assert refusal(app.users.confirm_forgot_password, **new, ConfirmationCode=wrong) == MISMATCH
    app.users.confirm_forgot_password(**new, ConfirmationCode=code)
    assert refusal(app.users.confirm_forgot_password, **new, ConfirmationCode=code) == EXPIRED
    with pytest.raises(app.users.exceptions.NotAuthorizedException):
        app.sign_in(name, GOOD)
    app.sign_in(name, BETTER)


def test_a_password_cannot_be_forgotten_before_an_address_is_verified(app: App) -> None:
    told = (
        "InvalidParameterException",
        "Cannot reset password for the user as there is no registered/verified email or phone_number",
    )
    assert refusal(app.users.forgot_password, ClientId=app.client_id, Username=app.signed_up()) == told


def test_who_does_not_exist_is_told_or_not_as_the_client_says(app: App) -> None:
    nobody = {"Username": "nobody@example.com"}
    told = ("UserNotFoundException", "Username/client id combination not found.")
    assert refusal(app.users.forgot_password, ClientId=app.client_id, **nobody) == told
    hiding = app.client(PreventUserExistenceErrors="ENABLED")
    answer = app.users.forgot_password(ClientId=hiding, **nobody)
    assert answer["CodeDeliveryDetails"]["Destination"] == "n***@e***"
    new = {"ConfirmationCode": "123456", "Password": GOOD}
    assert refusal(app.users.confirm_forgot_password, ClientId=hiding, **nobody, **new) == MISMATCH


def test_a_password_is_changed_by_whoever_knows_it(app: App) -> None:
    name = app.confirmed()
    change = {"AccessToken": app.sign_in(name)["AccessToken"]}
    assert refusal(app.users.change_password, **change, PreviousPassword="x1X!xxxx", ProposedPassword=BETTER) == WRONG
    weak = refusal(app.users.change_password, **change, PreviousPassword=GOOD, ProposedPassword="weakweak")
    assert weak[0] == "InvalidPasswordException"
    app.users.change_password(**change, PreviousPassword=GOOD, ProposedPassword=BETTER)
    app.sign_in(name, BETTER)


def test_groups_are_in_the_tokens_from_the_next_one_on(app: App) -> None:
    name = app.confirmed()
    tokens = app.sign_in(name)
    assert "cognito:groups" not in claims(tokens["AccessToken"])
    app.admin.create_group(GroupName="editors", UserPoolId=app.pool_id)
    app.admin.admin_add_user_to_group(UserPoolId=app.pool_id, Username=name, GroupName="editors")
    fresh = app.refresh(tokens["RefreshToken"])
    assert "RefreshToken" not in fresh
    assert claims(fresh["AccessToken"])["cognito:groups"] == claims(fresh["IdToken"])["cognito:groups"] == ["editors"]


def test_who_signs_out_everywhere_is_out(app: App) -> None:
    name = app.confirmed()
    tokens, others = app.sign_in(name), app.sign_in(name)
    app.users.global_sign_out(AccessToken=tokens["AccessToken"])
    for token in (tokens["AccessToken"], others["AccessToken"]):
        assert refusal(app.users.get_user, AccessToken=token) == REVOKED
    assert refusal(app.refresh, token=others["RefreshToken"]) == (
        "NotAuthorizedException", "Refresh Token has been revoked"
    )  # fmt: skip
    assert app.users.get_user(AccessToken=app.sign_in(name)["AccessToken"])["Username"]


def test_a_refresh_token_that_is_revoked_takes_its_access_tokens_with_it(app: App) -> None:
    name = app.confirmed()
    tokens, others = app.sign_in(name), app.sign_in(name)
    app.users.revoke_token(ClientId=app.client_id, Token=tokens["RefreshToken"])
    app.users.revoke_token(ClientId=app.client_id, Token=tokens["RefreshToken"])
    assert refusal(app.users.get_user, AccessToken=tokens["AccessToken"]) == REVOKED
    assert refusal(app.refresh, token=tokens["RefreshToken"])[1] == "Refresh Token has been revoked"
    assert app.users.get_user(AccessToken=others["AccessToken"])["Username"]
    told = ("UnsupportedTokenTypeException", "Unsupported token type")
    assert refusal(app.users.revoke_token, ClientId=app.client_id, Token=others["AccessToken"]) == told


def test_what_is_no_access_token_is_told(app: App) -> None:
    told = ("NotAuthorizedException", "Invalid Access Token")
    assert refusal(app.users.get_user, AccessToken="abc") == told
    assert refusal(app.users.get_user, AccessToken=app.sign_in(app.confirmed())["IdToken"]) == told


def test_what_would_do_nothing_is_refused_by_name(app: App) -> None:
    trigger = {"PreSignUp": "arn:aws:lambda:us-east-1:123456789012:function:f"}
    start = "the local AWS does not emulate"
    for options, what in (
        ({"LambdaConfig": trigger}, "LambdaConfig (triggers)"),
        ({"MfaConfiguration": "ON"}, "MfaConfiguration ON"),
        ({"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True}}, "DeviceConfiguration (remembered devices)"),
    ):
        told = ("NotImplemented", f"{start} {what} of Cognito user pools")
        assert refusal(app.admin.create_user_pool, PoolName="other", **options) == told
        assert refusal(app.admin.update_user_pool, UserPoolId=app.pool_id, **options) == told
    domain = refusal(app.admin.create_user_pool_domain, UserPoolId=app.pool_id, Domain="notes")
    what = "CreateUserPoolDomain (domains and the hosted sign-in pages)"
    assert domain == ("NotImplemented", f"{start} {what} of Cognito user pools")
