from __future__ import annotations

import asyncio
import io
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest

from pytest_rollbacklab.localaws.lambdas.runtime import Runtime, State, Work
from pytest_rollbacklab.localaws.lambdas.runtime_api import RESPONSE_LIMIT_BYTES, RuntimeApi

ROOT = "/2018-06-01/runtime"


@asynccontextmanager
async def served():
    """A runtime, and a client of its API."""
    runtime = Runtime(on_delivered=lambda _: None)
    api = RuntimeApi(runtime)
    address = await api.open()
    try:
        async with aiohttp.ClientSession(f"http://{address}") as client:
            yield runtime, client
    finally:
        await api.close()


def work(**changes):
    given = {"request_id": "id-1", "payload": b'{"a":1}', "invoked_arn": "arn:x", "trace_id": "Root=1", "timeout_s": 3}
    return Work(**(given | changes))


async def taken(runtime, client, **changes):
    """Let the runtime take an invocation."""
    asking = asyncio.create_task(client.get(f"{ROOT}/invocation/next"))
    await runtime.initialised
    given = work(**changes)
    runtime.give(given)
    return given, await asking


def scenario(test):
    def run():
        async def body():
            async with served() as (runtime, client), asyncio.timeout(20):
                await test(runtime, client)

        asyncio.run(body())

    run.__name__ = test.__name__
    return run


@scenario
async def test_next_gives_the_payload_with_the_headers_of_an_invocation(runtime, client):
    _, answer = await taken(runtime, client, client_context='{"custom": {}}')
    assert (answer.status, await answer.read()) == (200, b'{"a":1}')
    told = {name: value for name, value in answer.headers.items() if name.startswith(("Lambda-", "Content-Type"))}
    assert told == {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": "id-1",
        "Lambda-Runtime-Deadline-Ms": "0",
        "Lambda-Runtime-Invoked-Function-Arn": "arn:x",
        "Lambda-Runtime-Trace-Id": "Root=1",
        "Lambda-Runtime-Client-Context": '{"custom": {}}',
    }


@scenario
async def test_a_response_is_accepted_and_passed_on(runtime, client):
    given, _ = await taken(runtime, client)
    answer = await client.post(f"{ROOT}/invocation/id-1/response", data=b'{"b":2}')
    assert (answer.status, await answer.json()) == (202, {"status": "OK"})
    done = await given.done
    assert (done.payload, done.is_error) == (b'{"b":2}', False)


@scenario
async def test_an_error_is_accepted_and_passed_on_with_its_type(runtime, client):
    given, _ = await taken(runtime, client)
    headers = {
        "Lambda-Runtime-Function-Error-Type": "Runtime.MarshalError",
        "Lambda-Runtime-Function-XRay-Error-Cause": "x" * 1024 * 1024,
    }
    answer = await client.post(f"{ROOT}/invocation/id-1/error", data=b"{}", headers=headers)
    assert answer.status == 202
    done = await given.done
    assert (done.payload, done.is_error, done.error_type) == (b"{}", True, "Runtime.MarshalError")


@scenario
async def test_an_initialisation_error_is_accepted_and_its_type_is_runtimes_or_unknown(runtime, client):
    headers = {"Lambda-Runtime-Function-Error-Type": "NameError"}
    answer = await client.post(f"{ROOT}/init/error", data=b"{}", headers=headers)
    assert answer.status == 202
    assert (await runtime.initialised).error_type == "Runtime.Unknown"


@scenario
async def test_a_response_that_is_too_large_is_refused_and_answered_for(runtime, client):
    given, _ = await taken(runtime, client)
    answer = await client.post(f"{ROOT}/invocation/id-1/response", data=io.BytesIO(b"x" * (RESPONSE_LIMIT_BYTES + 1)))
    assert (answer.status, await answer.json()) == (
        413,
        {
            "errorMessage": "Exceeded maximum allowed payload size (6291556 bytes).",
            "errorType": "RequestEntityTooLarge",
        },
    )
    done = await given.done
    assert json.loads(done.payload) == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    assert (done.is_error, done.ends_runtime) == (True, True)


@scenario
async def test_a_response_of_just_the_limit_is_accepted(runtime, client):
    given, _ = await taken(runtime, client)
    answer = await client.post(f"{ROOT}/invocation/id-1/response", data=io.BytesIO(b"x" * RESPONSE_LIMIT_BYTES))
    assert answer.status == 202
    assert len((await given.done).payload) == RESPONSE_LIMIT_BYTES


@scenario
async def test_another_request_id_is_invalid_and_moves_nothing(runtime, client):
    await taken(runtime, client)
    for kind in ("response", "error"):
        answer = await client.post(f"{ROOT}/invocation/id-2/{kind}", data=b"{}")
        assert (answer.status, await answer.json()) == (
            400,
            {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"},
        )
    assert runtime.state is State.RUNNING


@scenario
async def test_an_unknown_response_mode_is_refused(runtime, client):
    await taken(runtime, client)
    headers = {"Lambda-Runtime-Function-Response-Mode": "dripping"}
    answer = await client.post(f"{ROOT}/invocation/id-1/response", data=b"{}", headers=headers)
    assert (answer.status, (await answer.json())["errorType"]) == (400, "InvalidFunctionResponseMode")
    headers = {"Lambda-Runtime-Function-Response-Mode": "streaming"}
    answer = await client.post(f"{ROOT}/invocation/id-1/response", data=b"{}", headers=headers)
    assert answer.status == 202


@scenario
async def test_the_wrong_order_of_calls_is_forbidden(runtime, client):
    await taken(runtime, client)
    answer = await client.get(f"{ROOT}/invocation/next")
    assert (answer.status, await answer.json()) == (
        403,
        {
            "errorMessage": "State transition from Running to Ready failed for runtime. "
            "Error: State transition is not allowed",
            "errorType": "InvalidStateTransition",
        },
    )
    answer = await client.post(f"{ROOT}/init/error", data=b"{}")
    assert (answer.status, (await answer.json())["errorType"]) == (403, "InvalidStateTransition")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", f"{ROOT}/invocation/next"),
        ("GET", f"{ROOT}/restore/next"),
        ("PUT", f"{ROOT}/init/error"),
        ("GET", "/2020-01-01/extension/event/next"),
    ],
)
def test_any_other_path_or_method_is_not_found(method, path):
    async def body():
        async with served() as (runtime, client):
            answer = await client.request(method, path)
            assert answer.status == 404
            assert runtime.state is State.STARTED

    asyncio.run(body())
