"""Operations on API keys and usage plans."""

from __future__ import annotations

import pytest


@pytest.fixture
def plan(world):
    """A plan with everything on it."""
    api = world.deployed()
    return world.call(
        "CreateUsagePlan",
        name="gold",
        description="all of it",
        apiStages=[{"apiId": api, "stage": "prod", "throttle": {"/notes/GET": {"rateLimit": 1.5, "burstLimit": 2}}}],
        throttle={"rateLimit": 10.0, "burstLimit": 5},
        quota={"limit": 100, "period": "WEEK", "offset": 1},
        tags={"team": "a"},
    )


def patched(world, plan, *patches):
    operations = [dict(zip(("op", "path", "value"), patch, strict=False)) for patch in patches]
    return world.call("UpdateUsagePlan", usagePlanId=plan["id"], patchOperations=operations)


def test_a_key_is_made_and_read_and_listed(world):
    made = world.call("CreateApiKey", name="ann", description="ann's", enabled=True, customerId="c", tags={"team": "a"})
    assert len(made["value"]) == 40
    assert (made["enabled"], made["stageKeys"], made["customerId"]) == (True, [], "c")
    read = world.call("GetApiKey", apiKey=made["id"])
    assert "value" not in read
    assert world.call("GetApiKey", apiKey=made["id"], includeValue=True) == made
    world.call("CreateApiKey", name="bob")
    assert [key["name"] for key in world.call("GetApiKeys")["items"]] == ["ann", "bob"]
    assert [key["name"] for key in world.call("GetApiKeys", nameQuery="b")["items"]] == ["bob"]
    assert [key["name"] for key in world.call("GetApiKeys", customerId="c")["items"]] == ["ann"]
    page = world.call("GetApiKeys", limit=1, includeValues=True)
    assert page["items"] == [made]
    assert [key["name"] for key in world.call("GetApiKeys", position=page["position"])["items"]] == ["bob"]


def test_a_key_is_patched(world):
    made = world.call("CreateApiKey", name="ann")["id"]
    world.now += 60
    values = {"/name": "bob", "/description": "bob's", "/enabled": "true", "/customerId": "c"}
    patches = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    changed = world.call("UpdateApiKey", apiKey=made, patchOperations=patches)
    assert (changed["name"], changed["description"], changed["enabled"]) == ("bob", "bob's", True)
    assert changed["lastUpdatedDate"] > changed["createdDate"]


@pytest.mark.parametrize(
    ("params", "code", "part"),
    [
        ({"value": "short"}, "BadRequestException", "API Key value should be at least 20 characters"),
        ({"stageKeys": [{"restApiId": "a", "stageName": "b"}]}, "NotImplemented", "stageKeys of CreateApiKey"),
        ({"value": "a-key-of-twenty-characters"}, "ConflictException", "API Key already exists"),
    ],
)
def test_what_a_key_may_not_be_is_refused(world, params, code, part):
    world.call("CreateApiKey", value="a-key-of-twenty-characters")
    refused, message = world.refused("CreateApiKey", **params)
    assert refused == code
    assert part in message


def test_keys_are_imported(world, plan):
    text = (
        "Name,Key,Description,Enabled,UsageplanIds\n"
        f'ann,a-key-of-twenty-characters,first,TRUE,"{plan["id"]}"\n'
        "bob,short,second,false,\n"
    )
    imported = world.call("ImportApiKeys", body=text.encode(), format="csv")
    assert len(imported["ids"]) == 1
    assert imported["warnings"][0].startswith("Line 2: API Key value should be")
    assert [key["name"] for key in world.call("GetUsagePlanKeys", usagePlanId=plan["id"])["items"]] == ["ann"]
    other = text.replace("a-key", "b-key").encode()
    code, _ = world.refused("ImportApiKeys", body=other, format="csv", failOnWarnings=True)
    assert code == "BadRequestException"
    assert world.refused("ImportApiKeys", body=b"", format="json")[0] == "BadRequestException"


def test_a_plan_is_made_and_read(world, plan):
    assert plan == {
        "id": plan["id"],
        "name": "gold",
        "description": "all of it",
        "tags": {"team": "a"},
        "throttle": {"rateLimit": 10.0, "burstLimit": 5},
        "quota": {"limit": 100, "offset": 1, "period": "WEEK"},
        "apiStages": [
            {
                "apiId": plan["apiStages"][0]["apiId"],
                "stage": "prod",
                "throttle": {"/notes/GET": {"rateLimit": 1.5, "burstLimit": 2}},
            }
        ],
    }
    assert world.call("GetUsagePlan", usagePlanId=plan["id"]) == plan
    assert world.call("GetUsagePlans") == {"items": [plan]}
    assert world.call("GetUsagePlans", keyId="none") == {"items": []}


def test_a_plan_is_patched(world, plan):
    other = world.deployed()
    key = f"{plan['apiStages'][0]['apiId']}:prod"
    changed = patched(
        world,
        plan,
        ("replace", "/name", "silver"),
        ("replace", "/description", ""),
        ("add", "/apiStages", f"{other}:prod"),
        ("remove", f"/apiStages/{key}/throttle/~1notes/GET"),
        ("replace", f"/apiStages/{other}:prod/throttle/~1notes~1{{id}}/GET/rateLimit", "3"),
        ("remove", "/throttle"),
        ("replace", "/quota/limit", "7"),
        ("replace", "/quota/offset", "0"),
        ("replace", "/quota/period", "DAY"),
    )
    assert (changed["name"], "description" in changed, "throttle" in changed) == ("silver", False, False)
    assert changed["quota"] == {"limit": 7, "offset": 0, "period": "DAY"}
    assert changed["apiStages"] == [
        {"apiId": plan["apiStages"][0]["apiId"], "stage": "prod"},
        {"apiId": other, "stage": "prod", "throttle": {"/notes/{id}/GET": {"rateLimit": 3.0, "burstLimit": 0}}},
    ]
    changed = patched(world, plan, ("remove", "/apiStages", key), ("remove", "/quota"))
    assert ([stage["apiId"] for stage in changed["apiStages"]], "quota" in changed) == ([other], False)


@pytest.mark.parametrize(
    ("patch", "part"),
    [
        (("replace", "/name", ""), "Usage Plan name must not be empty"),
        (("add", "/apiStages", "none"), "it must be written as apiId:stageName"),
        (("replace", "/apiStages/none:prod/throttle/~1/GET/rateLimit", "1"), "Must be one of: [/name"),
        (("remove", "/apiStages", "none:prod"), "Invalid API Stage specified"),
        (
            ("remove", "/apiStages/none:prod"),
            (
                "Invalid patch path  '/apiStages/none:prod' specified for op 'remove'. Must be one of: [/apiStages, "
                "/quota, /throttle, /productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, "
                "/apiStages/<apidId:stageName>/throttle]"
            ),
        ),
        (
            ("replace", "/quota/period", "YEAR"),
            "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]",
        ),
        (("replace", "/quota/limit", "0"), "Usage Plan quota limit must be greater than zero"),
        (("replace", "/quota/period", "DAY"), "Usage Plan quota offset must be zero in the DAY period"),
        (("replace", "/throttle/rateLimit", "fast"), "Invalid value 'fast' for /throttle/rateLimit"),
        (("replace", "/throttle/burstLimit", "1.5"), "it must be a whole number"),
        (("replace", "/none", "x"), "Must be one of: [/name"),
    ],
)
def test_a_patch_that_makes_no_sense_is_refused(world, plan, patch, part):
    operation = dict(zip(("op", "path", "value"), patch, strict=False))
    code, message = world.refused("UpdateUsagePlan", usagePlanId=plan["id"], patchOperations=[operation])
    assert code == "BadRequestException"
    assert part in message
    assert world.call("GetUsagePlan", usagePlanId=plan["id"]) == plan


def test_a_plan_needs_stages_that_there_are(world):
    code, message = world.refused("CreateUsagePlan", name="x", apiStages=[{"apiId": "none", "stage": "prod"}])
    assert (code, message) == ("NotFoundException", "API Stage not found: none:prod")


def test_a_plan_with_stages_stays(world, plan):
    code, message = world.refused("DeleteUsagePlan", usagePlanId=plan["id"])
    assert code == "BadRequestException"
    key = f"{plan['apiStages'][0]['apiId']}:prod"
    assert message == (
        f"Cannot delete Usage Plan {plan['id']} because there are API Stages associated with it, including {key}"
    )
    patched(world, plan, ("remove", "/apiStages", key))
    world.call("DeleteUsagePlan", usagePlanId=plan["id"])
    assert world.refused("GetUsagePlan", usagePlanId=plan["id"]) == (
        "NotFoundException",
        "Invalid Usage Plan ID specified",
    )


def test_keys_on_a_plan(world, plan):
    key = world.call("CreateApiKey", name="ann", value="a-key-of-twenty-characters")["id"]
    where = {"usagePlanId": plan["id"], "keyId": key}
    shown = {"id": key, "type": "API_KEY", "name": "ann", "value": "a-key-of-twenty-characters"}
    assert world.call("CreateUsagePlanKey", **where, keyType="API_KEY") == shown
    assert world.refused("CreateUsagePlanKey", **where, keyType="API_KEY")[0] == "ConflictException"
    assert world.refused("CreateUsagePlanKey", **where, keyType="x")[0] == "BadRequestException"
    assert world.call("GetUsagePlanKey", **where) == shown
    assert world.call("GetUsagePlans", keyId=key)["items"][0]["id"] == plan["id"]
    second = world.call("CreateUsagePlan", name="second", apiStages=[{**plan["apiStages"][0]}])
    code, message = world.refused("CreateUsagePlanKey", usagePlanId=second["id"], keyId=key, keyType="API_KEY")
    assert (code, "already on a usage plan for the API stage" in message) == ("ConflictException", True)
    world.call("DeleteUsagePlanKey", **where)
    assert world.refused("GetUsagePlanKey", **where) == (
        "NotFoundException",
        "Invalid Usage Plan Key identifier specified",
    )


def test_a_quotas_offset_is_a_day_of_its_period(world):
    for period, offset, allowed in (
        ("WEEK", 7, "between 0 and 6 inclusive"),
        ("MONTH", 28, "between 0 and 27 inclusive"),
    ):
        quota = {"limit": 1, "period": period, "offset": offset}
        message = f"Usage Plan quota offset must be {allowed} in the {period} period"
        assert world.refused("CreateUsagePlan", name="x", quota=quota) == ("BadRequestException", message)


@pytest.mark.parametrize(
    ("first", "last", "part"),
    [
        ("2024-06-18", "2024-06-17", "endDate must follow startDate"),
        ("2024-01-01", "2024-06-17", "by less than 90 days"),
        ("yesterday", "2024-06-17", "it must be written as yyyy-mm-dd"),
    ],
)
def test_usage_is_asked_for_by_days(world, plan, first, last, part):
    code, message = world.refused("GetUsage", usagePlanId=plan["id"], startDate=first, endDate=last)
    assert code == "BadRequestException"
    assert part in message


def test_a_plan_forgets_stages_that_are_gone(world, plan):
    api, other = plan["apiStages"][0]["apiId"], world.deployed()
    world.deploy(api, "dev")
    patched(world, plan, ("add", "/apiStages", f"{api}:dev"), ("add", "/apiStages", f"{other}:prod"))
    for operation, params, left in (
        ("DeleteStage", {"restApiId": api, "stageName": "prod"}, [(api, "dev"), (other, "prod")]),
        ("DeleteRestApi", {"restApiId": other}, [(api, "dev")]),
    ):
        world.call(operation, **params)
        stages = world.call("GetUsagePlan", usagePlanId=plan["id"])["apiStages"]
        assert [(stage["apiId"], stage["stage"]) for stage in stages] == left
