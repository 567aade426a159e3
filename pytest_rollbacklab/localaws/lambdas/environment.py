"""An execution environment: made for one version of a function, initialised, invoked one at a time, and ended.

Lambda's cycle (developer guide, "Understanding the Lambda execution environment lifecycle"): the Init phase has ten
seconds of its own. When it fails, it is repeated within the first invocation and on that invocation's time, which is
why an error at import is logged twice; what fails then is the invocation's answer. An environment whose process has
ended, was stopped or never initialised serves nothing more. Which environment serves what is ``pool``'s decision.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.lambdas import log_lines
from pytest_rollbacklab.localaws.lambdas.control.code import CodePackage
from pytest_rollbacklab.localaws.lambdas.control.function import Version
from pytest_rollbacklab.localaws.lambdas.control.layers import importable_names
from pytest_rollbacklab.localaws.lambdas.control.runtimes import runtime_version_arn
from pytest_rollbacklab.localaws.lambdas.disguise import Disguise
from pytest_rollbacklab.localaws.lambdas.exits import Exit
from pytest_rollbacklab.localaws.lambdas.forks import Forks, Launch
from pytest_rollbacklab.localaws.lambdas.interpreter import Interpreter
from pytest_rollbacklab.localaws.lambdas.languages import language_of
from pytest_rollbacklab.localaws.lambdas.log_stream import LogStream
from pytest_rollbacklab.localaws.lambdas.memory import MemoryWatch
from pytest_rollbacklab.localaws.lambdas.neighbours import Credentials, Telemetry
from pytest_rollbacklab.localaws.lambdas.outcome import Measures, Outcome, conclude
from pytest_rollbacklab.localaws.lambdas.packages import Packages
from pytest_rollbacklab.localaws.lambdas.process import RuntimeProcess
from pytest_rollbacklab.localaws.lambdas.runtime import Answer, TimedOut, Work
from pytest_rollbacklab.localaws.lambdas.variables import environment_variables

__all__ = ["Deployed", "Environment", "Machine"]

_T = TypeVar("_T")
_MIB = 1024 * 1024
_INIT_LIMIT_S = 10
_CREDENTIALS_S = 12 * 3600
"""Longer than any environment is kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What environments are made with."""

    forks: Forks
    interpreter: Interpreter
    packages: Packages
    telemetry: Telemetry
    credentials: Credentials
    endpoint: Callable[[], str]
    layer: Callable[[str], CodePackage]
    """Gives a layer's content by the ARN of its version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """A version of a function, with where it is and what it is called."""

    scope: Scope
    name: str
    version: Version


class Environment:
    """One execution environment. ``open`` it, ``invoke`` while it ``is_usable``, ``close`` it.

    Args:
        deployed: What it runs.
        machine: What it is made with.
        initialization_type: ``on-demand`` or ``provisioned-concurrency``: what the function is told.
    """

    def __init__(self, deployed: Deployed, machine: Machine, *, initialization_type: str = "on-demand") -> None:
        self._initialization_type = initialization_type
        self.deployed = deployed
        self.retired = False
        """Set when what it runs has been replaced: it may finish what it is at, and no more."""
        self._machine = machine
        self._package = machine.packages.lease(deployed.version.code)
        self._layer_codes = [machine.layer(layer.arn) for layer in deployed.version.configuration.layers]
        self._layers = machine.packages.lease(*self._layer_codes) if self._layer_codes else None
        self._scratch = Path(tempfile.mkdtemp(prefix="rollbacklab-tmp-")).resolve()
        version = deployed.version
        self._language = language_of(version.configuration.runtime, machine.interpreter)
        self.log = LogStream(
            logs=machine.telemetry.logs,
            scope=deployed.scope,
            group=version.configuration.log_group,
            version=version.number,
            disguise=self._disguise(),
        )
        self._process = self._new_process()
        self._watch = MemoryWatch(
            limit_bytes=version.configuration.memory_size_mb * _MIB,
            used_bytes=lambda: self._process.peak_memory_bytes(),
            exceeded=self._out_of_memory,
        )
        self._ran_out = False
        self._killed = False
        self._clock = asyncio.get_running_loop().time
        self._init_failure: Answer | Exit | TimedOut | None = None
        self._init_duration_ms: float | None = None
        self._spent_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it can take another invocation, now or as soon as it asks for one."""
        return not self.retired and self._init_failure is None and self._process.runtime.can_take_work

    async def open(self) -> None:
        """Make and initialise it. A failed initialisation is the first invocation's to report.

        Raises:
            ForkServerError: no process could be started.
            ServiceError: the package turned out to be damaged.
        """
        await self._package.ready()
        if self._layers is not None:
            await self._layers.ready()
        await self._machine.forks.ready()
        notice = await self._language.prepare()
        configuration = self.deployed.version.configuration
        arn = runtime_version_arn(self.deployed.scope.region, configuration.runtime)
        self.log.write(log_lines.init_start(runtime=configuration.runtime, runtime_version_arn=arn), in_tail=False)
        if notice is not None:
            self.log.write(notice, in_tail=False)
        failure, took_s = await self._initialise(limit_s=_INIT_LIMIT_S, phase="init")
        if failure is None:
            self._init_duration_ms = took_s * 1000
            return
        await self._process.close()
        if self._killed:
            self._init_failure = failure
            return
        self._process = self._new_process()
        self._init_failure, self._spent_s = await self._initialise(limit_s=configuration.timeout_s, phase="invoke")

    async def invoke(self, work: Work) -> Outcome | None:
        """Run an invocation to its end.

        Returns:
            Its outcome; None when the process ended before it took the invocation, which another may have then.
        """
        if self._init_failure is not None:
            self.log.write(log_lines.start(work.request_id, self.deployed.version.number))
            return self._conclude(work, self._init_failure)
        if not self._process.runtime.can_take_work:
            return None
        self._process.runtime.give(work)
        result = await work.done
        self._watch.end()
        if self._timer is not None:
            self._timer.cancel()
        if work.delivered_at is None:
            work.done = asyncio.get_running_loop().create_future()  # another environment's to settle
            return None
        self._process.drain()
        return self._conclude(work, result if isinstance(result, TimedOut) else self._explained(result))

    def kill(self) -> None:
        """End it at once."""
        self._killed = True
        self._process.kill()

    async def close(self) -> None:
        """End it, and leave nothing of it behind."""
        await self._process.close()
        self._package.release()
        if self._layers is not None:
            self._layers.release()
        await asyncio.to_thread(shutil.rmtree, self._scratch, ignore_errors=True)

    def _disguise(self) -> Disguise:
        disguise = self._language.disguise(self._package.root)
        return disguise if self._layers is None else disguise.and_also(self._layers.root, "/opt")

    def _new_process(self) -> RuntimeProcess:
        return RuntimeProcess(on_delivered=self._delivered, on_output=self.log.write_output)

    async def _initialise(self, *, limit_s: float, phase: str) -> tuple[Answer | Exit | TimedOut | None, float]:
        """Start a process and wait until it asks for work; return what kept it from that, and how long it took."""
        began = self._clock()
        await self._process.start(self._machine.forks, self._launch)
        initialised = self._process.runtime.initialised
        self._watch.begin()
        await asyncio.wait([initialised], timeout=limit_s)
        self._watch.end()
        failure: Answer | Exit | TimedOut | None
        if initialised.done():
            failure, took_s = self._explained(initialised.result()), self._clock() - began
        else:
            failure, took_s = TimedOut(), limit_s
            self._process.kill()
        self._process.drain()
        if failure is not None:
            self.log.write(log_lines.init_report(duration_ms=took_s * 1000, phase=phase, **_why(failure)))
        return failure, took_s

    def _launch(self, runtime_api: str) -> Launch:
        deployed, configuration = self.deployed, self.deployed.version.configuration
        credentials = self._machine.credentials.issue(
            deployed.scope, role_arn=configuration.role, session_name=deployed.name, duration_s=_CREDENTIALS_S
        )
        return Launch(
            handler=configuration.handler,
            task_root=str(self._package.root),
            top_level_names=deployed.version.code.top_level_names.union(
                *(importable_names(layer, configuration.runtime) for layer in self._layer_codes)
            ),
            command=self._command(),
            environ=environment_variables(
                scope=deployed.scope,
                name=deployed.name,
                version=deployed.version.number,
                configuration=configuration,
                log_stream=self.log.name,
                credentials=credentials,
                endpoint=self._machine.endpoint(),
                runtime_api=runtime_api,
                task_root=self._package.root,
                scratch=self._scratch,
                initialization_type=self._initialization_type,
                opt=self._layers.root if self._layers is not None else None,
            ),
        )

    def _command(self) -> tuple[str, ...]:
        """What to start; with a wrapper script, that, which is given the runtime's command line to run."""
        configuration = self.deployed.version.configuration
        command = self._language.command(memory_size_mb=configuration.memory_size_mb)
        wrapper = (configuration.variables or {}).get("AWS_LAMBDA_EXEC_WRAPPER")
        if not wrapper:
            return command
        if self._layers is not None and wrapper.startswith("/opt/"):
            wrapper = str(self._layers.root / wrapper.removeprefix("/opt/"))
        python = str(self._machine.interpreter.python)
        runtime = command or (python, "-B", "-m", "awslambdaric", configuration.handler)
        return ("/bin/sh", "-c", 'exec "$0" "$@"', wrapper, *runtime)

    def _delivered(self, work: Work) -> None:
        """The runtime takes an invocation: its time begins."""
        left_s = max(0.0, work.timeout_s - self._spent_s)
        work.delivered_at = self._clock()
        self._timer = asyncio.get_running_loop().call_later(left_s, self._stop, work)
        work.deadline_ms = int((time.time() + left_s) * 1000)
        self.log.write(log_lines.start(work.request_id, self.deployed.version.number))
        self._watch.begin()

    def _out_of_memory(self, used_bytes: int) -> None:
        memory_size_mb = self.deployed.version.configuration.memory_size_mb
        self.log.write(log_lines.out_of_memory(used_bytes, memory_size_mb))
        self._ran_out = True
        self._process.kill()

    def _explained(self, result: _T) -> _T | Exit:
        """Return what a process came to, with why if it was ended for its memory."""
        if isinstance(result, Exit) and self._ran_out:
            self._ran_out = False
            return replace(result, error_type="Runtime.OutOfMemory")
        return result

    def _stop(self, work: Work) -> None:
        self._process.kill()
        if not work.done.done():
            work.done.set_result(TimedOut())

    def _conclude(self, work: Work, result: Answer | Exit | TimedOut) -> Outcome:
        if isinstance(result, Answer) and result.is_error:
            result = replace(result, payload=self.log.disguise.on(result.payload))
            self.retired = self.retired or result.ends_runtime
        outcome, lines = conclude(
            work,
            result,
            self._measure(work, result),
            at=datetime.now(UTC),
            initialised=self._init_failure is None,
        )
        self.log.write(*lines)
        self._init_duration_ms, self._spent_s = None, 0.0
        return outcome

    def _measure(self, work: Work, result: Answer | Exit | TimedOut) -> Measures:
        took_s = self._spent_s
        if isinstance(result, TimedOut):
            took_s = work.timeout_s
        elif work.delivered_at is not None:
            took_s += self._clock() - work.delivered_at
        return Measures(
            duration_ms=took_s * 1000,
            memory_size_mb=self.deployed.version.configuration.memory_size_mb,
            peak_memory_bytes=self._process.peak_memory_bytes(),
            init_duration_ms=self._init_duration_ms,
        )


def _why(failure: Answer | Exit | TimedOut) -> dict[str, str]:
    """INIT_REPORT's status and error type."""
    match failure:
        case TimedOut():
            return {"status": "timeout"}
        case Exit():
            return {"status": "error", "error_type": failure.error_type}
        case Answer():
            return {"status": "error", "error_type": failure.error_type or "Runtime.Unknown"}
