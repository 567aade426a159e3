"""Which environment serves what: used again, never after an update, ended when idle for too long."""

from __future__ import annotations

import asyncio
import json
import os

import pytest

from pytest_rollbacklab.localaws.lambdas.control.names import FunctionName
from pytest_rollbacklab.localaws.lambdas.environment import Deployed
from pytest_rollbacklab.localaws.lambdas.pool import Pool

TELLING = (
    "import os\nVERSION = {!r}\n"
    "def handler(event, context):\n    return [VERSION, os.getpid(), os.environ.get('WHO')]\n"
)
SLOW = TELLING.replace("    return", "    import time; time.sleep(0.3)\n    return")


def told(functions, qualifier=None):
    invocation = functions.invoke("create", b"{}", qualifier)
    assert invocation.function_error is None, invocation.payload
    version, pid, who = json.loads(invocation.payload)
    return version, pid, who


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def gone(until):
    """Waits until processes have ended."""

    def wait(*pids: int):
        return until(lambda: not any(alive(pid) for pid in pids))

    return wait


def test_a_warm_environment_is_used_again(functions):
    functions.create(code=TELLING.format("one"))
    assert len({told(functions) for _ in range(5)}) == 1
    assert len(functions.streams("create")) == 1


def test_new_code_is_served_by_a_new_environment_and_the_old_one_ends_at_once(functions, gone):
    functions.create(code=TELLING.format("one"))
    version, old, _ = told(functions)
    functions.update("create", TELLING.format("two"))
    assert told(functions)[0] == "two"
    functions.run(gone(old))
    assert version == "one"


def test_a_new_configuration_is_served_by_a_new_environment(functions):
    functions.create(code=TELLING.format("one"), Environment={"Variables": {"WHO": "me"}})
    assert told(functions)[2] == "me"
    functions.call("UpdateFunctionConfiguration", FunctionName="create", Environment={"Variables": {"WHO": "you"}})
    assert told(functions)[2] == "you"


def test_what_is_running_during_an_update_answers_and_then_ends(functions, gone, until):
    functions.create(code=SLOW.format("one"))
    old = told(functions)[1]

    async def update_meanwhile():
        running = asyncio.create_task(functions.invocation("create"))
        await until(lambda: "".join(functions.log("create")).count("START RequestId") == 2)
        update = functions.request("UpdateFunctionConfiguration")
        functions.service.operations[update.operation](update, {"FunctionName": "create", "Timeout": 5})
        during = asyncio.create_task(functions.invocation("create"))
        return json.loads((await running).payload), json.loads((await during).payload)

    before, during = functions.run(update_meanwhile())
    assert before[1] == old
    assert during[1] != old
    functions.run(gone(old))


def test_versions_go_on_serving_while_latest_moves(functions):
    functions.create(code=TELLING.format("one"), Publish=True)
    functions.call("CreateAlias", FunctionName="create", Name="prod", FunctionVersion="1")
    _, pid, _ = told(functions, "prod")
    functions.update("create", TELLING.format("two"), Publish=True)
    assert told(functions, "prod") == told(functions, "1") == ("one", pid, None)
    assert told(functions)[0] == "two"
    functions.call("UpdateAlias", FunctionName="create", Name="prod", FunctionVersion="2")
    assert told(functions, "prod")[0] == "two"
    assert {stream.partition("[")[2].partition("]")[0] for stream in functions.streams("create")} == {
        "1",
        "2",
        "$LATEST",
    }


def test_publishing_leaves_latests_environment_alone(functions):
    functions.create(code=TELLING.format("one"))
    warm = told(functions)
    functions.call("PublishVersion", FunctionName="create")
    assert told(functions) == warm


def test_a_deleted_functions_environments_end(functions, gone):
    functions.create(code=TELLING.format("one"), Publish=True)
    pids = {told(functions)[1], told(functions, "1")[1]}
    functions.call("DeleteFunction", FunctionName="create")
    functions.run(gone(*pids))


def test_an_environment_that_died_idle_is_replaced(functions, gone):
    functions.create(code=TELLING.format("one"))
    _, pid, _ = told(functions)
    os.kill(pid, 9)
    functions.run(gone(pid))
    assert told(functions)[1] != pid


def test_a_process_that_is_killed_from_outside_is_answered_for_at_once(functions, until):
    functions.create(
        code="import time\ndef handler(event, context):\n    print('pid')\n    time.sleep(30)\n", Timeout=30
    )

    async def kill_it():
        running = asyncio.create_task(functions.invocation("create"))
        await until(lambda: "pid\n" in functions.log("create"))
        [environment] = next(iter(functions.lambdas._pool._fleets.values())).busy
        os.kill(environment._process._child.pid, 9)
        async with asyncio.timeout(5):
            return await running

    functions.run(functions.lambdas._pool.close())
    invocation = functions.run(kill_it())
    assert json.loads(invocation.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {invocation.request_id} Error: Runtime exited with error: signal: killed",
    }
    functions.update("create", TELLING.format("next"))
    assert told(functions)[0] == "next"


def test_a_thread_that_ends_the_process_during_import_is_an_exit_at_import(functions):
    code = (
        "import os, threading\nthreading.Timer(0.0, lambda: os._exit(1)).start()\n"
        "import time\ntime.sleep(0.05)\ndef handler(event, context):\n    return 1\n"
    )
    functions.create(code=code)
    error = json.loads(functions.invoke("create").payload)
    assert error["errorMessage"].endswith("Error: Runtime exited with error: exit status 1")


@pytest.fixture
def pool(functions):
    """A pool of its own over the shared machine, whose environments are idle for a tenth of a second at most."""
    made = Pool(functions.lambdas._pool._machine, idle_limit_s=0.1)
    yield made
    functions.run(made.close())


def deployed(functions, name="create"):
    registry = functions.lambdas._registry
    function = registry.get(functions.scope, FunctionName(name=name))
    return Deployed(scope=functions.scope, name=name, version=function.latest)


def test_the_environment_that_became_idle_last_is_taken_first(functions, pool):
    functions.create(code=TELLING.format("one"))

    async def body():
        first, second = await pool.take(deployed(functions)), await pool.take(deployed(functions))
        pool.give_back(first)
        pool.give_back(second)
        assert await pool.take(deployed(functions)) is second
        assert await pool.take(deployed(functions)) is first
        pool.give_back(first)

    functions.run(body())


def test_idle_environments_end_after_a_while(functions, pool, gone):
    functions.create(code=TELLING.format("one"))

    async def body():
        environment = await pool.take(deployed(functions))
        pid = environment._process._child.pid
        pool.give_back(environment)
        assert len(pool) == 1
        await gone(pid)
        assert len(pool) == 0

    functions.run(body())


def test_retiring_what_is_being_made_lets_it_finish_and_no_more(functions, pool, gone):
    functions.create(code=TELLING.format("one"))

    async def body():
        what = deployed(functions)
        making = asyncio.create_task(pool.take(what))
        await asyncio.sleep(0)
        pool.retire(what.version)
        environment = await making
        assert environment.retired
        pid = environment._process._child.pid
        pool.give_back(environment)
        assert len(pool) == 0
        await gone(pid)

    functions.run(body())
