from __future__ import annotations

import pytest

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:create"


@pytest.fixture
def two_versions(control):
    control.create()
    control.call("PublishVersion", FunctionName="create")
    control.update("create", "new", Publish=True)
    return control


def alias(control, name="prod", version="1", **params):
    return control.call("CreateAlias", FunctionName="create", Name=name, FunctionVersion=version, **params)


def refused(control, operation="CreateAlias", version="1", weights=None, **params):
    routing = {"RoutingConfig": {"AdditionalVersionWeights": weights}} if weights is not None else {}
    defaults = {"FunctionName": "create", "Name": "prod", "FunctionVersion": version}
    return control.refusal(operation, **(defaults | routing | params))


def test_an_alias_names_a_version(two_versions):
    created = alias(two_versions, Description="what users get")
    revision = created.pop("RevisionId")
    assert created == {
        "AliasArn": f"{ARN}:prod",
        "Description": "what users get",
        "FunctionVersion": "1",
        "Name": "prod",
    }
    assert two_versions.call("GetAlias", FunctionName="create", Name="prod") == created | {"RevisionId": revision}


def test_an_alias_may_name_latest_and_share_by_weight(two_versions):
    assert alias(two_versions, "newest", "$LATEST")["FunctionVersion"] == "$LATEST"
    shared = alias(two_versions, RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}})
    assert shared["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.25}}
    assert "RoutingConfig" not in alias(two_versions, "empty", RoutingConfig={})


def test_updating_changes_what_is_given(two_versions):
    old = alias(two_versions, Description="users", RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}})
    moved = two_versions.call("UpdateAlias", FunctionName="create", Name="prod", Description="all users")
    assert moved["RoutingConfig"] == old["RoutingConfig"]
    assert moved["RevisionId"] != old["RevisionId"]
    moved = two_versions.call(
        "UpdateAlias",
        FunctionName="create",
        Name="prod",
        FunctionVersion="2",
        RoutingConfig={"AdditionalVersionWeights": {}},
    )
    assert (moved["FunctionVersion"], moved["Description"]) == ("2", "all users")
    assert "RoutingConfig" not in moved


def test_a_stale_revision_is_refused(two_versions):
    alias(two_versions)
    error = refused(two_versions, "UpdateAlias", RevisionId="stale")
    assert (error.code, error.status) == ("PreconditionFailedException", 412)


def test_a_deleted_alias_is_gone_and_deleting_it_again_is_no_error(two_versions):
    alias(two_versions)
    for _ in range(2):
        assert two_versions.call("DeleteAlias", FunctionName="create", Name="prod") == {}
    error = two_versions.refusal("GetAlias", FunctionName="create", Name="prod")
    assert (error.status, error.message) == (404, f"Cannot find alias arn: {ARN}:prod")
    assert refused(two_versions, "UpdateAlias").message == f"Alias not found: {ARN}:prod"


def test_aliases_are_listed_all_or_by_version(two_versions):
    alias(two_versions, "prod", "1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})
    alias(two_versions, "dev", "2")
    alias(two_versions, "old", "1")

    def names(**params):
        aliases = two_versions.call("ListAliases", FunctionName="create", **params)["Aliases"]
        return [each["Name"] for each in aliases]

    assert names() == ["dev", "old", "prod"]
    assert names(FunctionVersion="2") == ["dev", "prod"]
    assert names(MaxItems=1) == ["dev"]


def test_a_second_alias_of_a_name_is_a_conflict(two_versions):
    alias(two_versions)
    error = refused(two_versions)
    assert (error.code, error.status) == ("ResourceConflictException", 409)
    assert error.message == f"Alias already exists: {ARN}:prod"


def test_a_name_of_digits_is_none(two_versions):
    alias(two_versions, "2024-01-02")
    assert refused(two_versions, Name="2024").message == (
        "1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"
    )


RANGE = (
    "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, "
    "Member must have value greater than or equal to 0.0, Member must not be null]"
)
KEYS = (
    "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length "
    "greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]"
)


@pytest.mark.parametrize(
    ("version", "weights", "message"),
    [
        ("1", {"2": 0.1, "3": 0.1}, "Number of items in AdditionalVersionWeights cannot be greater than 1"),
        (
            "1",
            {"1": 0.5},
            "Invalid function version 1. Function version 1 is already included in routing configuration.",
        ),
        ("10", None, f"Function not found: {ARN}:10"),
        ("1", {"10": 0.5}, f"Function not found: {ARN}:10"),
        ("$LATEST", {"1": 0.5}, "$LATEST is not supported for an alias pointing to more than 1 version"),
        *(
            (
                "1",
                weights,
                (
                    f"1 validation error detected: Value '{shown}' at 'routingConfig.additionalVersionWeights' "
                    f"failed to satisfy constraint: {constraint}"
                ),
            )
            for weights, shown, constraint in (
                ({"2": 2}, "{2=2.0}", RANGE),
                ({"2": -1.0}, "{2=-1.0}", RANGE),
                ({"$LATEST": 0.5}, "{$LATEST=0.5}", KEYS),
            )
        ),
    ],
)
def test_impossible_routings_are_refused_as_recorded(two_versions, version, weights, message):
    assert refused(two_versions, version=version, weights=weights).message == message
    alias(two_versions)
    assert refused(two_versions, "UpdateAlias", version=version, weights=weights).message == message


def test_an_alias_of_no_function_is_told_with_the_version(control):
    assert refused(control).message == f"Function not found: {ARN}:1"
