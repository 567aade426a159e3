from __future__ import annotations

import asyncio

import pytest

from pytest_rollbacklab.localaws.lambdas.exits import Exit
from pytest_rollbacklab.localaws.lambdas.runtime import Answer, IllegalTransition, Runtime, State, UnknownRequest, Work


def work(request_id="1"):
    return Work(request_id=request_id, payload=b"{}", invoked_arn="arn", trace_id="", timeout_s=3)


def scenario(test):
    """Run a test that gets a runtime and the list of what it was delivered."""

    def run():
        async def body():
            delivered = []
            await test(Runtime(on_delivered=delivered.append), delivered)

        asyncio.run(body())

    run.__name__ = test.__name__
    return run


@scenario
async def test_a_runtime_asks_gets_answers_and_asks_again(runtime, delivered):
    asking = asyncio.create_task(runtime.next())
    assert await runtime.initialised is None
    assert (runtime.state, runtime.can_take_work) == (State.READY, True)
    first = work()
    runtime.give(first)
    assert not runtime.can_take_work
    assert await asking is first
    assert (runtime.state, delivered) == (State.RUNNING, [first])
    runtime.respond("1", Answer(payload=b"done"))
    assert (await first.done).payload == b"done"
    assert (runtime.state, runtime.can_take_work) == (State.ANSWERED, True)


@scenario
async def test_work_given_before_it_asks_again_waits_for_it(runtime, delivered):
    asking = asyncio.create_task(runtime.next())
    await runtime.initialised
    runtime.give(work("1"))
    await asking
    runtime.respond("1", Answer(payload=b""))
    second = work("2")
    runtime.give(second)
    assert len(delivered) == 1
    assert await runtime.next() is second


@scenario
async def test_a_question_that_was_lost_with_its_connection_loses_no_work(runtime, delivered):
    lost = asyncio.create_task(runtime.next())
    await runtime.initialised
    lost.cancel()
    await asyncio.wait([lost])
    given = work()
    runtime.give(given)
    assert await runtime.next() is given


@scenario
async def test_an_error_at_initialisation_is_kept(runtime, delivered):
    error = Answer(payload=b"{}", is_error=True, error_type="Runtime.ImportModuleError")
    runtime.fail_to_initialise(error)
    assert (await runtime.initialised, runtime.state) == (error, State.INIT_ERROR)
    assert not runtime.can_take_work
    with pytest.raises(IllegalTransition, match="from InitError to Ready"):
        await runtime.next()


@scenario
async def test_an_end_is_noticed_at_initialisation_and_at_work(runtime, delivered):
    asking = asyncio.create_task(runtime.next())
    await runtime.initialised
    given = work()
    runtime.give(given)
    await asking
    runtime.exited(Exit(status=9))
    assert (await given.done).description == "Runtime exited with error: signal: killed"
    assert not runtime.can_take_work
    early = Runtime(on_delivered=delivered.append)
    early.exited(Exit(status=0))
    assert await early.initialised == Exit(status=0)


@scenario
async def test_a_late_answer_does_not_replace_an_outcome(runtime, delivered):
    asking = asyncio.create_task(runtime.next())
    await runtime.initialised
    given = work()
    runtime.give(given)
    await asking
    given.done.set_result(Answer(payload=b"first"))
    runtime.respond("1", Answer(payload=b"late"))
    assert given.done.result().payload == b"first"


@scenario
async def test_what_does_not_follow_is_denied_in_the_emulators_words(runtime, delivered):
    with pytest.raises(IllegalTransition, match="in the state Started was given an invocation"):
        runtime.give(work())
    asking = asyncio.create_task(runtime.next())
    await runtime.initialised
    with pytest.raises(IllegalTransition) as caught:
        runtime.fail_to_initialise(Answer(payload=b""))
    assert str(caught.value) == (
        "State transition from Ready to InitError failed for runtime. Error: State transition is not allowed"
    )
    runtime.give(work())
    await asking
    with pytest.raises(IllegalTransition, match="from Running to Ready"):
        await runtime.next()


@scenario
async def test_an_answer_to_something_else_is_unknown(runtime, delivered):
    with pytest.raises(UnknownRequest):
        runtime.respond("1", Answer(payload=b""))
    asking = asyncio.create_task(runtime.next())
    await runtime.initialised
    runtime.give(work("1"))
    await asking
    with pytest.raises(UnknownRequest):
        runtime.respond("2", Answer(payload=b""))
    runtime.respond("1", Answer(payload=b""))
    with pytest.raises(UnknownRequest):
        runtime.respond("1", Answer(payload=b""))
