from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

from pytest_rollbacklab.localaws.lambdas.exits import Exit
from pytest_rollbacklab.localaws.lambdas.outcome import Measures, conclude
from pytest_rollbacklab.localaws.lambdas.runtime import Answer, TimedOut, Work

ID = "8f507cfc-aaaa-4697-b07a-ac58fc914c95"
MEASURES = Measures(duration_ms=3.0, memory_size_mb=128, peak_memory_bytes=1, init_duration_ms=None)


def outcome_of(result, *, initialised=True):
    async def run():
        work = Work(request_id=ID, payload=b"{}", invoked_arn="arn", trace_id="", timeout_s=1)
        return conclude(work, result, MEASURES, at=datetime(2026, 1, 1, tzinfo=UTC), initialised=initialised)

    return asyncio.run(run())


def test_an_answer_is_passed_on():
    outcome, lines = outcome_of(Answer(payload=b'"hi"'))
    assert (outcome.payload, outcome.failed, outcome.duration_ms) == (b'"hi"', False, 3.0)
    assert [line.split(" ")[0] for line in lines] == ["END", "REPORT"]
    assert lines[-1].endswith("\t\n")


def test_a_handlers_error_is_the_functions_affair_and_has_no_status():
    outcome, lines = outcome_of(Answer(payload=b"{}", is_error=True, error_type="NameError"))
    assert outcome.failed
    assert lines[-1].endswith("Max Memory Used: 1 MB\t\n")


def test_an_initialisations_error_is_the_platforms_to_report():
    error = Answer(payload=b"{}", is_error=True, error_type="Runtime.ImportModuleError")
    _, lines = outcome_of(error, initialised=False)
    assert lines[-1].endswith("\tStatus: error\tError Type: Runtime.ImportModuleError\n")


def test_a_timeout_is_answered_as_recorded():
    outcome, lines = outcome_of(TimedOut())
    assert outcome.payload == (
        b'{"errorType":"Sandbox.Timedout",'
        b'"errorMessage":"RequestId: 8f507cfc-aaaa-4697-b07a-ac58fc914c95 Error: Task timed out after 1.00 seconds"}'
    )
    assert outcome.failed
    assert lines[0] == f"2026-01-01T00:00:00.000Z {ID} Task timed out after 1.00 seconds\n\n"
    assert lines[-1].endswith("\tStatus: timeout\n")


def test_a_runtimes_end_is_answered_as_recorded():
    outcome, lines = outcome_of(Exit(status=0))
    assert json.loads(outcome.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {ID} Error: Runtime exited without providing a reason",
    }
    assert lines[0].startswith(f"RequestId: {ID} Error: Runtime exited without providing a reason\nRuntime.ExitError")
    assert lines[-1].endswith("\tStatus: error\tError Type: Runtime.ExitError\n")
