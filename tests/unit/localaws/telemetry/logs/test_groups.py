"""Log groups, as recorded from AWS where a recording is there."""

from __future__ import annotations

import pytest

ARN = "arn:aws:logs:eu-west-1:111111111111:log-group:"
DAY_S = 24 * 3600


def create(world, *names, **more):
    for name in names:
        world.logs("CreateLogGroup", logGroupName=name, **more)


def names(world, **filters):
    return [group["logGroupName"] for group in world.logs("DescribeLogGroups", **filters)["logGroups"]]


def test_a_new_group(world):
    create(world, "/aws/lambda/create")

    assert world.logs("DescribeLogGroups") == {
        "logGroups": [
            {
                "logGroupName": "/aws/lambda/create",
                "creationTime": int(world.clock.now * 1000),
                "metricFilterCount": 0,
                "arn": ARN + "/aws/lambda/create:*",
                "logGroupArn": ARN + "/aws/lambda/create",
                "storedBytes": 0,
                "logGroupClass": "STANDARD",
                "deletionProtectionEnabled": False,
            }
        ]
    }


def test_a_deleted_group_is_gone_with_its_events(world):
    world.telemetry.logs.append(world.scope, "g", "s", ["m"])
    world.logs("DeleteLogGroup", logGroupName="g")
    assert names(world) == []

    create(world, "g")
    assert world.logs("FilterLogEvents", logGroupName="g")["events"] == []


class TestWhichGroups:
    @pytest.fixture(autouse=True)
    def _groups(self, world):
        create(world, "/aws/lambda/b", "app", "/aws/lambda/a", "/aws/apigateway/x")
        create(world, "rare", logGroupClass="INFREQUENT_ACCESS")

    def test_sorted_by_name(self, world):
        assert names(world) == ["/aws/apigateway/x", "/aws/lambda/a", "/aws/lambda/b", "app", "rare"]

    def test_filters(self, world):
        assert names(world, logGroupNamePrefix="/aws/lambda/") == ["/aws/lambda/a", "/aws/lambda/b"]
        assert names(world, logGroupNamePattern="lambda") == ["/aws/lambda/a", "/aws/lambda/b"]
        assert names(world, logGroupNamePattern="LAMBDA") == []
        assert names(world, logGroupClass="INFREQUENT_ACCESS") == ["rare"]
        assert names(world, logGroupIdentifiers=["app", ARN + "rare"]) == ["app", "rare"]

    def test_pages(self, world):
        first = world.logs("DescribeLogGroups", limit=3)
        second = world.logs("DescribeLogGroups", limit=3, nextToken=first["nextToken"])

        assert len(first["logGroups"]) == 3
        assert [group["logGroupName"] for group in second["logGroups"]] == ["app", "rare"]
        assert "nextToken" not in second

    @pytest.mark.parametrize(
        ("filters", "message"),
        [
            (
                {"logGroupNamePrefix": "a", "logGroupNamePattern": "a"},
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
            ),
            (
                {"limit": 51},
                (
                    "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: Member must have "
                    "value less than or equal to 50"
                ),
            ),
            ({"nextToken": "nonsense"}, "The specified nextToken is invalid."),
        ],
    )
    def test_bad_filters_are_refused(self, world, filters, message):
        error = world.refused("logs", "DescribeLogGroups", **filters)

        assert (error.code, error.message) == ("InvalidParameterException", message)

    def test_other_accounts_are_refused_by_name(self, world):
        assert world.refused("logs", "DescribeLogGroups", includeLinkedAccounts=True).message == (
            "the local AWS does not emulate includeLinkedAccounts of DescribeLogGroups. "
            "Ask with the other account's own credentials."
        )


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (
            {"logGroupName": "a" * 513},
            "InvalidParameterException",
            "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
        ),
        (
            {"logGroupName": "two words"},
            "InvalidParameterException",
            (
                "1 validation error detected: Value 'two words' at 'logGroupName' failed to satisfy constraint: Member "
                r"must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"
            ),
        ),
        (
            {"logGroupName": ""},
            "InvalidParameterException",
            (
                "1 validation error detected: Value '' at 'logGroupName' failed to satisfy constraint: Member must "
                "have length greater than or equal to 1"
            ),
        ),
        (
            {"logGroupName": "g", "kmsKeyId": "k"},
            "NotImplemented",
            "the local AWS does not emulate kmsKeyId of CreateLogGroup. Leave it out: nothing is encrypted here.",
        ),
        (
            {"logGroupName": "g", "deletionProtectionEnabled": True},
            "NotImplemented",
            (
                "the local AWS does not emulate deletionProtectionEnabled of CreateLogGroup. "
                "Leave it out: protect it yourself."
            ),
        ),
        (
            {"logGroupName": "g", "logGroupClass": "DELIVERY"},
            "NotImplemented",
            "the local AWS does not emulate logGroupClass DELIVERY. Use one of STANDARD, INFREQUENT_ACCESS.",
        ),
    ],
)
def test_a_group_that_cannot_be_made(world, params, code, message):
    error = world.refused("logs", "CreateLogGroup", **params)

    assert (error.code, error.message) == (code, message)
    assert names(world) == []


def test_a_group_that_is_there_already(world):
    create(world, "g")
    error = world.refused("logs", "CreateLogGroup", logGroupName="g")

    assert (error.code, error.message) == ("ResourceAlreadyExistsException", "The specified log group already exists")


@pytest.mark.parametrize("operation", ["DeleteLogGroup", "DeleteRetentionPolicy", "ListTagsLogGroup"])
def test_a_group_that_is_not_there(world, operation):
    error = world.refused("logs", operation, logGroupName="never")

    assert (error.code, error.message) == ("ResourceNotFoundException", "The specified log group does not exist.")


class TestRetention:
    def test_is_shown_and_taken_back(self, world):
        create(world, "g")
        world.logs("PutRetentionPolicy", logGroupName="g", retentionInDays=7)
        assert world.logs("DescribeLogGroups")["logGroups"][0]["retentionInDays"] == 7

        world.logs("DeleteRetentionPolicy", logGroupName="g")
        assert "retentionInDays" not in world.logs("DescribeLogGroups")["logGroups"][0]

    def test_what_is_older_is_gone(self, world):
        world.telemetry.logs.append(world.scope, "g", "a", ["old"])
        world.logs("PutRetentionPolicy", logGroupName="g", retentionInDays=3)
        world.clock.advance(2 * DAY_S)
        world.telemetry.logs.append(world.scope, "g", "b", ["young"])
        assert world.logs("DescribeLogGroups")["logGroups"][0]["storedBytes"] == 29 + 31

        world.clock.advance(2 * DAY_S)

        (event,) = world.logs("FilterLogEvents", logGroupName="g")["events"]
        assert event["message"] == "young"
        assert world.logs("GetLogEvents", logGroupName="g", logStreamName="a")["events"] == []
        assert world.logs("DescribeLogGroups")["logGroups"][0]["storedBytes"] == 31

    def test_has_to_be_one_that_aws_has(self, world):
        create(world, "g")
        error = world.refused("logs", "PutRetentionPolicy", logGroupName="g", retentionInDays=2)

        assert error.message == (
            "1 validation error detected: Value '2' at 'retentionInDays' failed to satisfy constraint: Member must "
            "satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, "
            "2557, 2922, 3288, 3653]"
        )


class TestTags:
    def test_both_apis_see_the_same_tags(self, world):
        create(world, "g", tags={"env": "testing1"})
        world.logs("TagResource", resourceArn=ARN + "g", tags={"test1": "val1", "test2": "val2"})
        world.logs("TagLogGroup", logGroupName="g", tags={"test3": "val3"})

        tags = {"tags": {"env": "testing1", "test1": "val1", "test2": "val2", "test3": "val3"}}
        assert world.logs("ListTagsLogGroup", logGroupName="g") == tags
        assert world.logs("ListTagsForResource", resourceArn=ARN + "g:*") == tags

        world.logs("UntagLogGroup", logGroupName="g", tags=["env", "test1"])
        world.logs("UntagResource", resourceArn=ARN + "g", tagKeys=["test3"])
        assert world.logs("ListTagsForResource", resourceArn=ARN + "g") == {"tags": {"test2": "val2"}}

    def test_more_than_50_are_refused(self, world):
        many = {str(number): "" for number in range(51)}
        error = world.refused("logs", "CreateLogGroup", logGroupName="g", tags=many)

        assert (error.code, error.message) == ("TooManyTagsException", "A log group can have at most 50 tags.")
        assert names(world) == []

    def test_an_arn_of_no_group_is_refused(self, world):
        for arn in (ARN + "never", "arn:aws:s3:::bucket"):
            error = world.refused("logs", "TagResource", resourceArn=arn, tags={"a": "b"})
            assert error.message == "The specified log group does not exist."
