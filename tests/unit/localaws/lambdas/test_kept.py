"""What of Lambda outlives its process: what functions there are; what runs does not."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from pytest_rollbacklab.localaws.api import Scope

ECHO = "def handler(event, context):\n    return event\n"
_accounts = itertools.count(400000000000)


@pytest.fixture
def journal(new_journal):
    return new_journal()


@pytest.fixture
def new_lambda(new_api):
    """Make a Lambda of one account that runs nothing."""
    made = []

    def make(scope, keeper=None):
        api, lambdas = new_api(scope, keeper)
        made.append(lambdas)
        return api, lambdas

    yield make
    for lambdas in made:
        asyncio.run(lambdas.close())


@pytest.fixture
def scope():
    return Scope(account_id=str(next(_accounts)), region="us-east-1")


@pytest.fixture
def kept(new_lambda, scope, journal):
    return new_lambda(scope, journal)[0]


@pytest.fixture
def after_a_kill(new_lambda, scope, journal, put_back):
    def restart(*, backwards=False):
        journal.commit()
        api, lambdas = new_lambda(scope)
        put_back(journal.records, lambdas.parts, backwards=backwards)
        return api

    return restart


def shown(api):
    """Return everything that reads show."""
    names = [item["FunctionName"] for item in api.call("ListFunctions")["Functions"]]
    return {
        name: [
            api.call(read, FunctionName=name)
            for read in (
                "GetFunction",
                "ListVersionsByFunction",
                "ListAliases",
                "GetFunctionConcurrency",
                "GetFunctionConfiguration",
            )
        ]
        for name in names
    }


@pytest.mark.parametrize("backwards", [False, True])
def test_everything_is_as_it_was(kept, after_a_kill, backwards):
    kept.create(
        "create", ECHO, Tags={"team": "a", "gone": "x"}, Environment={"Variables": {"COLOUR": "1"}}, Publish=True
    )
    arn = kept.call("GetFunctionConfiguration", FunctionName="create")["FunctionArn"]
    kept.update("create", "def handler(event, context):\n    return 2\n", Publish=True)
    kept.call("CreateAlias", FunctionName="create", Name="live", FunctionVersion="1")
    weights = {"AdditionalVersionWeights": {"2": 0.1}}
    kept.call("UpdateAlias", FunctionName="create", Name="live", RoutingConfig=weights)
    kept.call("PutFunctionConcurrency", FunctionName="create", ReservedConcurrentExecutions=5)
    permission = {"StatementId": "api", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    kept.call("AddPermission", FunctionName="create", Qualifier="live", **permission)
    kept.call("UntagResource", Resource=arn, TagKeys=["gone"])
    kept.create("other", ECHO)
    kept.call("UpdateFunctionConfiguration", FunctionName="other", Timeout=9)
    again = after_a_kill(backwards=backwards)
    assert shown(again) == shown(kept)
    policy = {"FunctionName": "create", "Qualifier": "live"}
    assert again.call("GetPolicy", **policy) == kept.call("GetPolicy", **policy)
    assert again.call("PublishVersion", FunctionName="create")["Version"] == "2"


def test_a_number_of_a_version_is_not_given_twice(kept, after_a_kill):
    kept.create("create", ECHO, Publish=True)
    kept.update("create", "x = 1\n", Publish=True)
    kept.call("DeleteFunction", FunctionName="create", Qualifier="2")
    again = after_a_kill()
    again.update("create", "x = 2\n")
    assert again.call("PublishVersion", FunctionName="create")["Version"] == "3"


def test_what_is_gone_stays_gone(kept, journal, after_a_kill):
    for name in ("gone", "stays"):
        kept.create(name, ECHO)
    journal.commit()
    kept.call("DeleteFunction", FunctionName="gone")
    again = after_a_kill()
    assert list(shown(again)) == ["stays"]
    again.create("gone", ECHO)


def test_a_package_is_written_once_and_goes_with_the_last_that_has_it(kept, journal):
    for name in ("a", "b"):
        kept.create(name, ECHO)
    kept.call("PublishVersion", FunctionName="a")
    journal.commit()
    codes = [key for _, _, key in journal.writes if key.startswith("code/")]
    assert len(codes) == 1
    kept.call("UpdateFunctionConfiguration", FunctionName="a", Timeout=9)
    journal.commit()
    assert [key for _, _, key in journal.writes if key.startswith("code/")] == codes
    kept.call("DeleteFunction", FunctionName="a")
    journal.commit()
    assert codes[0] in {key for _, _, key in journal.records}
    kept.update("b", "x = 1\n")
    journal.commit()
    left = {key for _, _, key in journal.records}
    assert codes[0] not in left
    assert len(left) == 2


def test_a_change_of_a_function_writes_that_function(kept, journal):
    for name in ("a", "b"):
        kept.create(name, ECHO)
    journal.commit()
    journal.writes.clear()
    kept.call("PutFunctionConcurrency", FunctionName="a", ReservedConcurrentExecutions=1)
    journal.commit()
    assert [key for _, _, key in journal.writes] == ["function/a"]
    place = next(place for place in journal.records if place[2] == "function/a")
    assert len(journal.records[place][0]) < 3000


def test_functions_that_were_put_back_run_cold(cloud, functions, new_lambda, journal, put_back):
    kept, _ = new_lambda(functions.scope, journal)
    kept.create("create", ECHO, Publish=True)
    kept.call("CreateAlias", FunctionName="create", Name="live", FunctionVersion="1")
    kept.call("PutFunctionConcurrency", FunctionName="create", ReservedConcurrentExecutions=0)
    journal.commit()
    put_back(journal.records, cloud.lambdas.parts)
    throttled = functions.refusal("Invoke", FunctionName="create", Payload=b"{}")
    assert throttled.code == "TooManyRequestsException"
    functions.call("DeleteFunctionConcurrency", FunctionName="create")
    assert functions.invoke("create", b'{"note": 1}', "live").payload == b'{"note": 1}'
    assert any(line.startswith("INIT_START") for line in functions.log("create"))
