"""The gateway as a whole."""

from __future__ import annotations

import asyncio

from pytest_rollbacklab.localaws.api import Scope


def test_an_apis_owner_is_known_by_its_id(world):
    api = world.api()
    assert world.gateway.owner(api) == Scope(account_id="123456789012", region="us-east-1")
    assert world.gateway.owner("nope") is None


def test_the_service_is_whole_and_leaves_nothing_to_others(world):
    service = world.gateway.service
    assert (service.name, service.rest_on_moto) == ("apigateway", False)
    assert {"CreateRestApi", "PutRestApi", "CreateDeployment", "UpdateStage", "UpdateAccount"} <= set(
        service.operations
    )


def test_a_caller_who_gives_up_does_not_keep_others_from_their_answers(world):
    """The task of a request is cancelled when its client goes away."""
    api = world.deployed()
    request = world.request(api, "GET", "/notes")

    async def give_up_and_try_again():
        world.lambdas.hangs()
        first = asyncio.create_task(world.gateway.handle(request, api_id=api, stage="prod", path="/notes"))
        await world.lambdas.hanging.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        world.lambdas.returns({"statusCode": 204})
        return await world.gateway.handle(request, api_id=api, stage="prod", path="/notes")

    assert asyncio.run(give_up_and_try_again()).status == 204


def test_requests_are_answered_side_by_side(world):
    api = world.deployed()
    request = world.request(api, "GET", "/notes")

    async def many():
        calls = (world.gateway.handle(request, api_id=api, stage="prod", path="/notes") for _ in range(20))
        return await asyncio.gather(*calls)

    answers = asyncio.run(many())
    assert {answer.status for answer in answers} == {200}
    assert len({dict(answer.headers)["x-amzn-RequestId"] for answer in answers}) == 20


def test_an_answer_stands_even_when_it_cannot_be_written_down(world, caplog):
    api = world.deployed()
    world.telemetry.metrics.points = None
    assert world.send(api).status == 200
    assert f"{api}/prod/GET/notes was answered, but could not be logged and measured" in caplog.text
