"""The fork server with real processes: nothing outlives it, and its death is survived."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
from contextlib import asynccontextmanager

import psutil
import pytest

from pytest_rollbacklab.localaws.lambdas.exits import Exit
from pytest_rollbacklab.localaws.lambdas.forks import Forks, ForkServerError, Launch
from pytest_rollbacklab.localaws.lambdas.interpreter import Interpreter


@asynccontextmanager
async def running_forks():
    interpreter = Interpreter()
    forks = Forks(interpreter)
    forks.start()
    try:
        yield forks
    finally:
        await forks.close()
        interpreter.close()


class Launcher:
    """Launches modules, and reads what they print."""

    def __init__(self, forks: Forks, root) -> None:
        self.forks = forks
        self.root = root

    async def __call__(self, code: str, *, top_level=()):
        (self.root / "app.py").write_text(textwrap.dedent(code))
        read_end, write_end = os.pipe()
        launch = Launch(
            handler="app.handler",
            task_root=str(self.root),
            # Nobody listens there: what is tested is at import.
            environ={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"},
            top_level_names=frozenset(top_level),
        )
        try:
            return await self.forks.launch(launch, output=write_end), os.fdopen(read_end)
        finally:
            os.close(write_end)


def scenario(test):
    def run(tmp_path, caplog):
        async def body():
            async with running_forks() as forks, asyncio.timeout(30):
                await test(forks, Launcher(forks, tmp_path), caplog)

        asyncio.run(body())

    run.__name__ = test.__name__
    return run


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def ended(*pids: int) -> None:
    """Wait until processes have ended; they are no children of this one."""
    async with asyncio.timeout(10):
        while any(runs(pid) for pid in pids):  # noqa: ASYNC110 - nobody here is told of their end
            await asyncio.sleep(0.002)


async def said(lines) -> str:
    """The next line that a process prints."""
    return (await asyncio.to_thread(lines.readline)).strip()


SLEEPING = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n"


@scenario
async def test_a_processs_end_is_reported_with_its_status_and_memory(forks, launch, caplog):
    child, lines = await launch("print('hi', flush=True)\nimport sys; sys.exit(3)")
    end = await child.exited
    assert end.description == "Runtime exited with error: exit status 3"
    assert end.max_rss_bytes > 1024 * 1024
    assert lines.read() == "hi\n"
    lines.close()


@scenario
async def test_a_killed_process_takes_all_it_started_with_it(forks, launch, caplog):
    child, lines = await launch(
        """
        import os, signal, subprocess, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        forked = os.fork()
        if forked == 0:
            time.sleep(60)
        program = subprocess.Popen(["sleep", "60"])
        print(os.getpid(), forked, program.pid, flush=True)
        time.sleep(60)
        """
    )
    pids = [int(pid) for pid in (await said(lines)).split()]
    assert pids[0] == child.pid
    child.kill()
    assert (await child.exited).description.endswith("signal: killed")
    await ended(*pids)
    child.kill()
    lines.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets orphans be adopted")
def test_what_left_its_group_and_lost_its_parent_does_not_stay(tmp_path, caplog):
    @scenario
    async def body(forks, launch, caplog):
        child, lines = await launch(
            """
            import os, time
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    print(os.getpid(), flush=True)
                    time.sleep(60)
                os._exit(0)
            time.sleep(60)
            """
        )
        daemon = int(await said(lines))
        child.kill()
        await child.exited
        await ended(daemon)
        lines.close()

    body(tmp_path, caplog)


@scenario
async def test_a_bundled_copy_of_what_is_loaded_gets_a_fresh_interpreter(forks, launch, caplog):
    code = "import sys\nprint('six' in sys.modules, 'fork_server' in sys.argv[0], flush=True)\nsys.exit()"
    forked, lines = await launch(code)
    assert await said(lines) == "True True"
    lines.close()
    spawned, more = await launch(code, top_level=["app", "six"])
    assert await said(more) == "False False"
    more.close()
    await asyncio.gather(forked.exited, spawned.exited)


@scenario
async def test_closing_leaves_no_process(forks, launch, caplog):
    children = [await launch(SLEEPING) for _ in range(3)]
    server = forks.server_pid
    await forks.close()
    await ended(server, *(child.pid for child, _ in children))
    for child, lines in children:
        assert child.exited.done()
        lines.close()
    with pytest.raises(ForkServerError, match="The fork server does not run: the cloud has not been started, or is"):
        await launch(SLEEPING)


@scenario
async def test_a_dead_fork_server_is_reported_and_replaced(forks, launch, caplog):
    child, lines = await launch(SLEEPING)
    await said(lines)
    old = forks.server_pid
    os.kill(old, signal.SIGKILL)
    assert await child.exited == Exit(status=signal.SIGKILL)
    await ended(child.pid)
    lines.close()
    again, lines = await launch(SLEEPING)
    assert int(await said(lines)) == again.pid
    lines.close()
    assert forks.server_pid != old
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == (
        "The fork server of the Lambda functions died (exit status -9; it last said: nothing). Starting another."
    )


@scenario
async def test_a_launch_that_the_fork_server_dies_on_is_tried_again(forks, launch, caplog):
    await forks.ready()
    os.kill(forks.server_pid, signal.SIGSTOP)
    launching = asyncio.create_task(launch(SLEEPING))
    await asyncio.sleep(0.05)
    os.kill(forks.server_pid, signal.SIGKILL)
    child, lines = await launching
    assert int(await said(lines)) == child.pid
    lines.close()


@scenario
async def test_many_launches_at_once_are_all_answered(forks, launch, caplog):
    children = await asyncio.gather(*(launch("import sys\nsys.exit(5)") for _ in range(20)))
    ends = await asyncio.gather(*(child.exited for child, _ in children))
    assert {end.description for end in ends} == {"Runtime exited with error: exit status 5"}
    assert len({child.pid for child, _ in children}) == 20
    for _, lines in children:
        lines.close()


def test_a_fork_server_that_never_gets_ready_is_given_up_on(tmp_path, caplog):
    class Broken(Interpreter):
        """A Python that ends at once."""

        def __init__(self) -> None:
            super().__init__()
            self.python = tmp_path / "python3"
            self.python.write_text("#!/bin/sh\necho no such luck >&2\nexit 3\n")
            self.python.chmod(0o755)

    async def body():
        interpreter = Broken()
        forks = Forks(interpreter)
        forks.start()
        with pytest.raises(ForkServerError) as caught:
            async with asyncio.timeout(20):
                await forks.ready()
        assert str(caught.value) == (
            "The fork server ended 3 times before it was ready (exit status 3; it last said: no such luck). "
            "Functions cannot run."
        )
        await forks.close()
        interpreter.close()

    asyncio.run(body())


def test_without_what_it_shares_every_environment_is_spawned_and_the_log_says_so(tmp_path, caplog):
    class Bare(Interpreter):
        """A Python without simplejson."""

        def __init__(self) -> None:
            super().__init__()
            (self.libraries[0] / "site-packages" / "simplejson").unlink()

    async def body():
        interpreter = Bare()
        forks = Forks(interpreter)
        forks.start()
        child, lines = await Launcher(forks, tmp_path)("")
        assert (await child.exited).description == "Runtime exited with error: exit status 1"
        assert "No module named 'simplejson'" in lines.read()
        lines.close()
        await forks.close()
        interpreter.close()

    asyncio.run(body())
    [record] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert record.getMessage() == (
        "Execution environments start slowly, each in a fresh interpreter: the fork server could not load what they "
        "share (ModuleNotFoundError: No module named 'simplejson')."
    )


CLOUD = """
import asyncio, json, os, sys
from pathlib import Path
from pytest_rollbacklab.localaws.lambdas.forks import Forks, Launch
from pytest_rollbacklab.localaws.lambdas.interpreter import Interpreter

async def main():
    forks = Forks(Interpreter())
    forks.start()
    read_end, write_end = os.pipe()
    launch = Launch(handler="app.handler", task_root=sys.argv[1], environ={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"},
                    top_level_names=frozenset())
    child = await forks.launch(launch, output=write_end)
    ready = await asyncio.to_thread(os.read, read_end, 100)
    home = str(forks._interpreter.home)
    print(json.dumps({"server": forks.server_pid, "pids": ready.decode().split(), "home": home}), flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_survives_the_cloud_whatever_kills_it(tmp_path, how):
    (tmp_path / "app.py").write_text(
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nforked = os.fork()\n"
        "if forked: print(os.getpid(), forked, flush=True)\ntime.sleep(60)\n"
    )
    cloud = subprocess.Popen([sys.executable, "-c", CLOUD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    started = json.loads(cloud.stdout.readline())
    pids = [started["server"], *(int(pid) for pid in started["pids"])]
    assert all(psutil.pid_exists(pid) for pid in pids)
    cloud.send_signal(how)
    cloud.wait(10)
    cloud.stdout.close()
    asyncio.run(ended(*pids))
    subprocess.run(["rm", "-rf", started["home"]], check=True)
