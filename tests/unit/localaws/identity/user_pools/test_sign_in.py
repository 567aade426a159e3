"""Signing in: the right password, and only the right password, gives tokens; every refusal is in AWS's words."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

WRONG = ("NotAuthorizedException", "Incorrect username or password.")
UNKNOWN = ("UserNotFoundException", "User does not exist.")


def refusal(attempt: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        attempt(*args, **kwargs)
    return caught.value.code, caught.value.message


def claims(answer: dict[str, Any], token: str = "IdToken") -> dict[str, Any]:
    payload = answer["AuthenticationResult"][token].split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return decoded


def by_srp(cognito: Any, name: str, password: str) -> Any:
    return cognito.sign_in(name, password)


def by_password(cognito: Any, name: str, password: str) -> Any:
    return cognito.initiate("USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=password)


def by_administrator(cognito: Any, name: str, password: str) -> Any:
    return cognito.initiate("ADMIN_USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=password)


def by_administrator_of_old(cognito: Any, name: str, password: str) -> Any:
    return cognito.initiate("ADMIN_NO_SRP_AUTH", USERNAME=name, PASSWORD=password)


every_way = pytest.mark.parametrize("sign_in", [by_srp, by_password, by_administrator, by_administrator_of_old])


@every_way
def test_the_right_password_gives_tokens(cognito: Any, sign_in: Callable[..., Any]) -> None:
    cognito.pool().client().user("ann")
    answer = sign_in(cognito, "ann", "Passw0rd!")
    result = answer["AuthenticationResult"]
    assert result["TokenType"] == "Bearer"
    assert result["ExpiresIn"] == 3600
    assert result["RefreshToken"]
    assert answer["ChallengeParameters"] == {}
    assert claims(answer)["aud"] == cognito.client_id
    assert claims(answer)["cognito:username"] == "ann"
    assert claims(answer, "AccessToken")["username"] == "ann"
    assert cognito.direct("GetUser", AccessToken=result["AccessToken"])["Username"] == "ann"


@every_way
def test_a_wrong_password_is_refused(cognito: Any, sign_in: Callable[..., Any]) -> None:
    cognito.pool().client().user("ann")
    assert refusal(sign_in, cognito, "ann", "Passw0rd?") == WRONG


@every_way
def test_an_unknown_user_is_told_so(cognito: Any, sign_in: Callable[..., Any]) -> None:
    cognito.pool().client()
    assert refusal(sign_in, cognito, "nobody", "Passw0rd!") == UNKNOWN


@every_way
@pytest.mark.parametrize("options", [{}, {"UsernameAttributes": ["email"]}])
def test_an_unknown_user_is_answered_like_a_wrong_password_where_that_must_not_be_told(
    cognito: Any, sign_in: Callable[..., Any], options: dict[str, Any]
) -> None:
    cognito.pool(**options).client(PreventUserExistenceErrors="ENABLED")
    assert refusal(sign_in, cognito, "nobody", "Passw0rd!") == WRONG


@every_way
def test_a_pool_whose_users_are_called_by_email(cognito: Any, sign_in: Callable[..., Any]) -> None:
    username = cognito.pool(UsernameAttributes=["email"]).client().user("ann@example.com")
    answer = sign_in(cognito, "ann@example.com", "Passw0rd!")
    assert claims(answer)["email"] == "ann@example.com"
    assert claims(answer)["cognito:username"] == username == claims(answer)["sub"]
    assert refusal(sign_in, cognito, "ann@example.com", "wrong") == WRONG


@every_way
def test_a_verified_alias_stands_for_the_name(cognito: Any, sign_in: Callable[..., Any]) -> None:
    cognito.pool(AliasAttributes=["email"]).client()
    cognito.user("ann", email="ann@example.com", email_verified="true")
    answer = sign_in(cognito, "ann@example.com", "Passw0rd!")
    assert claims(answer)["cognito:username"] == "ann"
    assert refusal(sign_in, cognito, "ann@example.com", "wrong") == WRONG


def test_an_alias_that_is_not_verified_stands_for_nobody(cognito: Any) -> None:
    cognito.pool(AliasAttributes=["email"]).client()
    cognito.user("ann", email="ann@example.com")
    assert refusal(by_password, cognito, "ann@example.com", "Passw0rd!") == UNKNOWN


def test_a_preferred_username_needs_no_verifying(cognito: Any) -> None:
    cognito.pool(AliasAttributes=["preferred_username"]).client()
    cognito.user("ann", preferred_username="annie")
    assert claims(by_password(cognito, "annie", "Passw0rd!"))["cognito:username"] == "ann"


@every_way
def test_a_user_who_never_confirmed_is_kept_out(cognito: Any, sign_in: Callable[..., Any]) -> None:
    cognito.pool().client()
    cognito.direct("SignUp", ClientId=cognito.client_id, Username="ann", Password="Passw0rd!")
    assert refusal(sign_in, cognito, "ann", "Passw0rd!") == ("UserNotConfirmedException", "User is not confirmed.")
    assert refusal(sign_in, cognito, "ann", "wrong") == WRONG


@every_way
def test_a_disabled_user_is_kept_out(cognito: Any, sign_in: Callable[..., Any]) -> None:
    cognito.pool().client().user("ann")
    cognito.direct("AdminDisableUser", UserPoolId=cognito.pool_id, Username="ann")
    assert refusal(sign_in, cognito, "ann", "Passw0rd!") == ("NotAuthorizedException", "User is disabled.")


def test_a_user_whose_password_was_reset_is_kept_out(cognito: Any) -> None:
    cognito.pool().client().user("ann", email="a@example.com", email_verified="true")
    cognito.direct("AdminResetUserPassword", UserPoolId=cognito.pool_id, Username="ann")
    expected = ("PasswordResetRequiredException", "Password reset required for the user")
    assert refusal(by_srp, cognito, "ann", "Passw0rd!") == expected


def test_a_user_without_a_password_cannot_sign_in(cognito: Any) -> None:
    cognito.pool().client()
    cognito.direct("AdminCreateUser", UserPoolId=cognito.pool_id, Username="ann")
    assert refusal(by_srp, cognito, "ann", "") == WRONG
    assert refusal(by_password, cognito, "ann", "None") == WRONG


def test_a_changed_password_counts_at_once(cognito: Any) -> None:
    cognito.pool().client().user("ann")
    by_srp(cognito, "ann", "Passw0rd!")
    cognito.direct(
        "AdminSetUserPassword", UserPoolId=cognito.pool_id, Username="ann", Password="N3wer-one", Permanent=True
    )
    assert refusal(by_srp, cognito, "ann", "Passw0rd!") == WRONG
    assert by_srp(cognito, "ann", "N3wer-one")["AuthenticationResult"]


# --- the SRP flow ---


def test_the_challenge_holds_what_a_client_needs(cognito: Any, srp_client: Callable[..., Any]) -> None:
    cognito.pool().client().user("ann")
    client = srp_client(cognito.pool_id, "Passw0rd!")
    answer = cognito.initiate("USER_SRP_AUTH", USERNAME="ann", SRP_A=client.srp_a)
    parameters = answer["ChallengeParameters"]
    assert set(parameters) == {"SALT", "SRP_B", "SECRET_BLOCK", "USERNAME", "USER_ID_FOR_SRP"}
    assert parameters["USERNAME"] == parameters["USER_ID_FOR_SRP"] == "ann"
    again = cognito.initiate("USER_SRP_AUTH", USERNAME="ann", SRP_A=client.srp_a)["ChallengeParameters"]
    assert again["SALT"] == parameters["SALT"]
    assert again["SECRET_BLOCK"] != parameters["SECRET_BLOCK"]


def test_administrators_may_use_srp_too(cognito: Any, srp_client: Callable[..., Any]) -> None:
    cognito.pool().client().user("ann")
    client = srp_client(cognito.pool_id, "Passw0rd!")
    named = {"UserPoolId": cognito.pool_id, "ClientId": cognito.client_id}
    challenge = cognito.call(
        "AdminInitiateAuth",
        **named,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": "ann", "SRP_A": client.srp_a},
    )
    answer = cognito.call(
        "AdminRespondToAuthChallenge",
        **named,
        ChallengeName="PASSWORD_VERIFIER",
        ChallengeResponses=client.responses(challenge["ChallengeParameters"]),
    )
    assert answer["AuthenticationResult"]["IdToken"]


def proof(cognito: Any, srp_client: Callable[..., Any], password: str = "Passw0rd!") -> dict[str, str]:
    client = srp_client(cognito.pool_id, password)
    challenge = cognito.initiate("USER_SRP_AUTH", USERNAME="ann", SRP_A=client.srp_a)
    responses: dict[str, str] = client.responses(challenge["ChallengeParameters"])
    return responses


@pytest.mark.parametrize("password", ["Passw0rd!", "wrong"])
def test_a_challenge_is_worth_one_answer(cognito: Any, srp_client: Callable[..., Any], password: str) -> None:
    cognito.pool().client().user("ann")
    responses = proof(cognito, srp_client, password)
    if password == "wrong":
        assert refusal(cognito.respond, "PASSWORD_VERIFIER", responses) == WRONG
    else:
        cognito.respond("PASSWORD_VERIFIER", responses)
    expected = ("NotAuthorizedException", "Invalid session for the user.")
    assert refusal(cognito.respond, "PASSWORD_VERIFIER", responses) == expected


def test_a_challenge_is_forgotten_after_three_minutes(cognito: Any, srp_client: Callable[..., Any]) -> None:
    cognito.pool().client().user("ann")
    late = proof(cognito, srp_client)
    cognito.now += 181
    assert refusal(cognito.respond, "PASSWORD_VERIFIER", late)[1] == "Invalid session for the user."
    in_time = proof(cognito, srp_client)
    cognito.now += 179
    assert cognito.respond("PASSWORD_VERIFIER", in_time)["AuthenticationResult"]


def test_a_challenge_is_its_askers_alone(cognito: Any, srp_client: Callable[..., Any]) -> None:
    cognito.pool().client()
    cognito.user("ann")
    cognito.user("bob", "B0bs-password")
    stolen = proof(cognito, srp_client) | {"USERNAME": "bob"}
    assert refusal(cognito.respond, "PASSWORD_VERIFIER", stolen)[1] == "Invalid session for the user."


def test_a_challenge_is_of_one_client(cognito: Any, srp_client: Callable[..., Any]) -> None:
    cognito.pool().client().user("ann")
    responses = proof(cognito, srp_client)
    cognito.client()
    assert refusal(cognito.respond, "PASSWORD_VERIFIER", responses)[1] == "Invalid session for the user."


def test_the_proof_is_over_its_time(cognito: Any, srp_client: Callable[..., Any]) -> None:
    cognito.pool().client().user("ann")
    shifted = proof(cognito, srp_client) | {"TIMESTAMP": "Mon Jan 1 00:00:00 UTC 2024"}
    assert refusal(cognito.respond, "PASSWORD_VERIFIER", shifted) == WRONG


def test_a_time_in_another_format_is_refused(cognito: Any, srp_client: Callable[..., Any]) -> None:
    cognito.pool().client().user("ann")
    odd = proof(cognito, srp_client) | {"TIMESTAMP": "2024-01-01T00:00:00Z"}
    assert refusal(cognito.respond, "PASSWORD_VERIFIER", odd) == (
        "InvalidParameterException",
        "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.",
    )


@pytest.mark.parametrize(
    ("srp_a", "message"),
    [
        ("", "Missing required parameter SRP_A"),
        ("xyz", "SRP_A is not acceptable: it is no hexadecimal number."),
        ("0", "SRP_A is not acceptable: A mod N is 0."),
    ],
)
def test_a_value_that_no_client_sends_is_refused(cognito: Any, srp_a: str, message: str) -> None:
    cognito.pool().client().user("ann")
    attempt = refusal(cognito.initiate, "USER_SRP_AUTH", USERNAME="ann", SRP_A=srp_a)
    assert attempt == ("InvalidParameterException", message)


@pytest.mark.parametrize("name", ["PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP", "USERNAME"])
def test_a_proof_that_lacks_a_part_says_which(cognito: Any, srp_client: Callable[..., Any], name: str) -> None:
    cognito.pool().client().user("ann")
    responses = proof(cognito, srp_client)
    del responses[name]
    expected = ("InvalidParameterException", f"Missing required parameter {name}")
    assert refusal(cognito.respond, "PASSWORD_VERIFIER", responses) == expected


@pytest.mark.parametrize("options", [{}, {"UsernameAttributes": ["email"]}])
def test_a_user_who_does_not_exist_looks_like_one_who_does(
    cognito: Any, srp_client: Callable[..., Any], options: dict[str, Any]
) -> None:
    cognito.pool(**options).client(PreventUserExistenceErrors="ENABLED")
    client = srp_client(cognito.pool_id, "x")
    first, second = (
        cognito.initiate("USER_SRP_AUTH", USERNAME="nobody@example.com", SRP_A=client.srp_a)["ChallengeParameters"]
        for _ in range(2)
    )
    assert first["USER_ID_FOR_SRP"] == second["USER_ID_FOR_SRP"]
    assert first["SALT"] == second["SALT"]
    assert (first["USER_ID_FOR_SRP"] == "nobody@example.com") is (options == {})


# --- a new password ---


def must_change(cognito: Any, **pool: Any) -> dict[str, Any]:
    cognito.pool(**pool).client().user("ann", "Temp-0rary", permanent=False, email="ann@example.com")
    challenge: dict[str, Any] = by_srp(cognito, "ann", "Temp-0rary")
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    return challenge


@every_way
def test_a_temporary_password_must_be_changed_first(cognito: Any, sign_in: Callable[..., Any]) -> None:
    cognito.pool().client().user("ann", "Temp-0rary", permanent=False)
    challenge = sign_in(cognito, "ann", "Temp-0rary")
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    answer = cognito.respond(
        "NEW_PASSWORD_REQUIRED", {"USERNAME": "ann", "NEW_PASSWORD": "N3wer-one"}, Session=challenge["Session"]
    )
    assert claims(answer)["cognito:username"] == "ann"
    assert sign_in(cognito, "ann", "N3wer-one")["AuthenticationResult"]
    assert refusal(sign_in, cognito, "ann", "Temp-0rary") == WRONG


def test_the_challenge_tells_of_the_users_attributes(cognito: Any) -> None:
    parameters = must_change(cognito)["ChallengeParameters"]
    assert parameters["USER_ID_FOR_SRP"] == "ann"
    assert json.loads(parameters["userAttributes"]) == {"email": "ann@example.com"}
    assert json.loads(parameters["requiredAttributes"]) == []


def test_attributes_that_the_pool_requires_must_be_given(cognito: Any) -> None:
    challenge = must_change(
        cognito, Schema=[{"Name": "name", "AttributeDataType": "String", "Required": True, "Mutable": True}]
    )
    assert json.loads(challenge["ChallengeParameters"]["requiredAttributes"]) == ["userAttributes.name"]
    responses = {"USERNAME": "ann", "NEW_PASSWORD": "N3wer-one"}
    without = refusal(cognito.respond, "NEW_PASSWORD_REQUIRED", responses, Session=challenge["Session"])
    assert without == ("InvalidParameterException", "Invalid attributes given, name is missing")
    cognito.respond("NEW_PASSWORD_REQUIRED", responses | {"userAttributes.name": "Ann"}, Session=challenge["Session"])
    user = cognito.direct("AdminGetUser", UserPoolId=cognito.pool_id, Username="ann")
    assert {"Name": "name", "Value": "Ann"} in user["UserAttributes"]


def test_a_new_password_that_is_too_weak_may_be_bettered(cognito: Any) -> None:
    session = must_change(cognito)["Session"]
    weak = {"USERNAME": "ann", "NEW_PASSWORD": "weak"}
    assert refusal(cognito.respond, "NEW_PASSWORD_REQUIRED", weak, Session=session)[0] == "InvalidPasswordException"
    better = {"USERNAME": "ann", "NEW_PASSWORD": "N3wer-one"}
    assert cognito.respond("NEW_PASSWORD_REQUIRED", better, Session=session)["AuthenticationResult"]


def test_a_new_password_must_be_given(cognito: Any) -> None:
    session = must_change(cognito)["Session"]
    assert refusal(cognito.respond, "NEW_PASSWORD_REQUIRED", {"USERNAME": "ann"}, Session=session) == (
        "InvalidParameterException",
        "Missing required parameter NEW_PASSWORD",
    )


def test_only_the_user_who_was_asked_sets_the_password(cognito: Any) -> None:
    session = must_change(cognito)["Session"]
    cognito.user("bob")
    expected = ("NotAuthorizedException", "Invalid session for the user.")
    for responses, more in (
        ({"USERNAME": "bob", "NEW_PASSWORD": "N3wer-one"}, {"Session": session}),
        ({"USERNAME": "ann", "NEW_PASSWORD": "N3wer-one"}, {"Session": "made up"}),
        ({"USERNAME": "ann", "NEW_PASSWORD": "N3wer-one"}, {}),
    ):
        assert refusal(cognito.respond, "NEW_PASSWORD_REQUIRED", responses, **more) == expected


# --- what the client allows ---


@pytest.mark.parametrize(
    ("allowed", "flow", "message"),
    [
        (["ALLOW_USER_PASSWORD_AUTH"], "USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client."),
        (["ALLOW_USER_SRP_AUTH"], "USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH flow not enabled for this client"),
        (["ALLOW_USER_SRP_AUTH"], "ADMIN_USER_PASSWORD_AUTH", "Auth flow not enabled for this client"),
        (["ALLOW_USER_SRP_AUTH"], "REFRESH_TOKEN_AUTH", "Auth flow not enabled for this client"),
        (["CUSTOM_AUTH_FLOW_ONLY"], "USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client."),
        ([], "USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH flow not enabled for this client"),
        ([], "ADMIN_NO_SRP_AUTH", "Auth flow not enabled for this client"),
    ],
)
def test_a_flow_that_the_client_does_not_allow(cognito: Any, allowed: list[str], flow: str, message: str) -> None:
    cognito.pool().client(ExplicitAuthFlows=allowed).user("ann")
    assert refusal(cognito.initiate, flow, USERNAME="ann", PASSWORD="Passw0rd!", SRP_A="1", REFRESH_TOKEN="t") == (
        "InvalidParameterException",
        message,
    )


@pytest.mark.parametrize(
    ("allowed", "sign_in"),
    [
        ([], by_srp),
        (["USER_PASSWORD_AUTH"], by_password),
        (["USER_PASSWORD_AUTH"], by_srp),
        (["ADMIN_NO_SRP_AUTH"], by_administrator),
        (["ADMIN_NO_SRP_AUTH"], by_administrator_of_old),
    ],
)
def test_a_client_without_flows_and_the_old_names_of_flows(
    cognito: Any, allowed: list[str], sign_in: Callable[..., Any]
) -> None:
    cognito.pool().client(ExplicitAuthFlows=allowed).user("ann")
    assert sign_in(cognito, "ann", "Passw0rd!")["AuthenticationResult"]


@pytest.mark.parametrize("flow", ["CUSTOM_AUTH", "USER_AUTH"])
def test_a_flow_that_is_not_emulated_is_refused_by_name(cognito: Any, flow: str) -> None:
    cognito.pool().client()
    assert refusal(cognito.initiate, flow, USERNAME="ann") == (
        "NotImplemented",
        f"the local AWS does not emulate the flow {flow} of Cognito user pools",
    )


def test_a_flow_that_does_not_exist_is_refused(cognito: Any) -> None:
    cognito.pool().client()
    code, message = refusal(cognito.initiate, "MAGIC_AUTH", USERNAME="ann")
    assert code == "InvalidParameterException"
    assert message == (
        "1 validation error detected: Value 'MAGIC_AUTH' at 'authFlow' failed to satisfy constraint: Member must "
        "satisfy enum value set: [ADMIN_NO_SRP_AUTH, ADMIN_USER_PASSWORD_AUTH, CUSTOM_AUTH, REFRESH_TOKEN, "
        "REFRESH_TOKEN_AUTH, USER_AUTH, USER_PASSWORD_AUTH, USER_SRP_AUTH]"
    )


@pytest.mark.parametrize(
    ("operation", "flow"), [("InitiateAuth", "ADMIN_NO_SRP_AUTH"), ("AdminInitiateAuth", "USER_PASSWORD_AUTH")]
)
def test_a_flow_of_the_other_operation_is_refused(cognito: Any, operation: str, flow: str) -> None:
    cognito.pool().client()
    params = {"ClientId": cognito.client_id, "AuthFlow": flow, "AuthParameters": {"USERNAME": "a", "PASSWORD": "b"}}
    assert refusal(cognito.call, operation, UserPoolId=cognito.pool_id, **params) == (
        "InvalidParameterException",
        "Initiate Auth method not supported.",
    )


@pytest.mark.parametrize(
    ("flow", "given", "missing"),
    [
        ("USER_SRP_AUTH", {"SRP_A": "1"}, "USERNAME"),
        ("USER_PASSWORD_AUTH", {"PASSWORD": "x"}, "USERNAME"),
        ("USER_PASSWORD_AUTH", {"USERNAME": "ann"}, "PASSWORD"),
        ("REFRESH_TOKEN_AUTH", {}, "REFRESH_TOKEN"),
    ],
)
def test_a_parameter_that_is_missing_is_named(cognito: Any, flow: str, given: dict[str, str], missing: str) -> None:
    cognito.pool().client()
    assert refusal(cognito.initiate, flow, **given) == (
        "InvalidParameterException",
        f"Missing required parameter {missing}",
    )


def test_a_client_that_does_not_exist(cognito: Any) -> None:
    cognito.pool()
    cognito.client_id = "nope"
    expected = ("ResourceNotFoundException", "User pool client nope does not exist.")
    assert refusal(cognito.initiate, "USER_SRP_AUTH", USERNAME="ann") == expected
    assert refusal(by_administrator, cognito, "ann", "x") == expected
    assert refusal(cognito.respond, "PASSWORD_VERIFIER", {}) == expected


def test_a_pool_that_does_not_exist(cognito: Any) -> None:
    cognito.pool_id = "eu-west-1_nope"
    assert refusal(by_administrator, cognito, "ann", "x") == (
        "ResourceNotFoundException",
        "User pool eu-west-1_nope does not exist.",
    )


def test_a_challenge_that_is_not_emulated_is_refused_by_name(cognito: Any) -> None:
    cognito.pool().client()
    assert refusal(cognito.respond, "SMS_MFA", {"USERNAME": "ann"}) == (
        "NotImplemented",
        "the local AWS does not emulate the SMS_MFA challenge of Cognito user pools",
    )


def test_a_pool_that_demands_a_second_factor_is_refused_by_name(cognito: Any) -> None:
    cognito.pool(MfaConfiguration="ON").client().user("ann")
    assert refusal(by_password, cognito, "ann", "Passw0rd!") == (
        "NotImplemented",
        "the local AWS does not emulate MfaConfiguration ON of Cognito user pools",
    )


def test_a_user_who_chose_a_second_factor_is_not_let_in_without(cognito: Any) -> None:
    cognito.pool().client().user("ann")
    token = by_password(cognito, "ann", "Passw0rd!")["AuthenticationResult"]["AccessToken"]
    cognito.direct("SetUserMFAPreference", AccessToken=token, SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    assert refusal(by_password, cognito, "ann", "Passw0rd!") == (
        "NotImplemented",
        "the local AWS does not emulate the SMS_MFA challenge of Cognito user pools",
    )


# --- clients with a secret ---


def secret_hash(cognito: Any, name: str) -> str:
    message = f"{name}{cognito.client_id}".encode()
    return base64.b64encode(hmac.digest(cognito.secret.encode(), message, "sha256")).decode()


def test_a_client_with_a_secret_wants_its_hash(cognito: Any) -> None:
    cognito.pool().client(GenerateSecret=True).user("ann")
    given = {"USERNAME": "ann", "PASSWORD": "Passw0rd!"}
    assert refusal(cognito.initiate, "USER_PASSWORD_AUTH", **given) == (
        "NotAuthorizedException",
        f"Client {cognito.client_id} is configured with secret but SECRET_HASH was not received",
    )
    assert refusal(cognito.initiate, "USER_PASSWORD_AUTH", **given, SECRET_HASH="AAAA") == (
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {cognito.client_id}",
    )
    answer = cognito.initiate("USER_PASSWORD_AUTH", **given, SECRET_HASH=secret_hash(cognito, "ann"))
    assert answer["AuthenticationResult"]


def test_a_client_with_a_secret_wants_its_hash_with_the_proof_as_well(
    cognito: Any, srp_client: Callable[..., Any]
) -> None:
    cognito.pool().client(GenerateSecret=True).user("ann")
    client = srp_client(cognito.pool_id, "Passw0rd!")
    hashed = {"SECRET_HASH": secret_hash(cognito, "ann")}
    challenge = cognito.initiate("USER_SRP_AUTH", USERNAME="ann", SRP_A=client.srp_a, **hashed)
    responses = client.responses(challenge["ChallengeParameters"])
    assert refusal(cognito.respond, "PASSWORD_VERIFIER", responses)[0] == "NotAuthorizedException"
    assert cognito.respond("PASSWORD_VERIFIER", responses | hashed)["AuthenticationResult"]


def test_a_client_without_a_secret_takes_no_hash(cognito: Any) -> None:
    cognito.pool().client().user("ann")
    given = {"USERNAME": "ann", "PASSWORD": "Passw0rd!", "SECRET_HASH": "AAAA"}
    assert refusal(cognito.initiate, "USER_PASSWORD_AUTH", **given) == (
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {cognito.client_id}",
    )


# --- refreshing ---


@pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"])
def test_a_refresh_token_gives_new_tokens(cognito: Any, flow: str) -> None:
    cognito.pool().client().user("ann")
    token = by_srp(cognito, "ann", "Passw0rd!")["AuthenticationResult"]["RefreshToken"]
    answer = cognito.initiate(flow, REFRESH_TOKEN=token)
    assert claims(answer)["cognito:username"] == "ann"
    assert "RefreshToken" not in answer["AuthenticationResult"]


def test_an_administrator_refreshes_in_the_same_way(cognito: Any) -> None:
    cognito.pool().client().user("ann")
    token = by_srp(cognito, "ann", "Passw0rd!")["AuthenticationResult"]["RefreshToken"]
    answer = cognito.call(
        "AdminInitiateAuth",
        UserPoolId=cognito.pool_id,
        ClientId=cognito.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": token},
    )
    assert answer["AuthenticationResult"]["IdToken"]


def test_a_refresh_token_that_was_made_up_is_refused(cognito: Any) -> None:
    cognito.pool().client()
    assert refusal(cognito.initiate, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN="x")[0] == "NotAuthorizedException"


def test_refreshing_at_a_client_with_a_secret_wants_its_hash(cognito: Any) -> None:
    cognito.pool().client(GenerateSecret=True).user("ann")
    hashed = {"SECRET_HASH": secret_hash(cognito, "ann")}
    answer = cognito.initiate("USER_PASSWORD_AUTH", USERNAME="ann", PASSWORD="Passw0rd!", **hashed)
    token = answer["AuthenticationResult"]["RefreshToken"]
    assert refusal(cognito.initiate, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)[0] == "NotAuthorizedException"
    assert cognito.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token, **hashed)["AuthenticationResult"]
