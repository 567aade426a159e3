from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_rollbacklab.localaws.lambdas import log_lines

ID = "8f507cfc-aaaa-4697-b07a-ac58fc914c95"


def report(**changes):
    measured = {"duration_ms": 3.005, "memory_size_mb": 128, "max_memory_bytes": 36 * 1024 * 1024}
    return log_lines.report(ID, **(measured | changes))


@pytest.mark.parametrize(
    ("runtime", "told"), [("python3.11", "python:3.11.v1"), ("nodejs22.x", "nodejs:22.v1"), ("other", "other.v1")]
)
def test_init_start_names_the_runtime_version(runtime, told):
    arn = "arn:aws:lambda:eu-west-1::runtime:0ff"
    line = log_lines.init_start(runtime=runtime, runtime_version_arn=arn)
    assert line == f"INIT_START Runtime Version: {told}\tRuntime Version ARN: {arn}\n"


def test_start_and_end_name_the_request():
    assert log_lines.start(ID, "$LATEST") == f"START RequestId: {ID} Version: $LATEST\n"
    assert log_lines.end(ID) == f"END RequestId: {ID}\n"


def test_a_warm_report_ends_with_a_tab_and_has_no_init_duration():
    assert report(duration_ms=2.901) == (
        f"REPORT RequestId: {ID}\tDuration: 2.90 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 36 MB\t\n"
    )


def test_a_cold_report_has_an_init_duration_and_bills_it():
    assert report(duration_ms=1248.31, init_duration_ms=293.05) == (
        f"REPORT RequestId: {ID}\tDuration: 1248.31 ms\tBilled Duration: 1542 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 36 MB\tInit Duration: 293.05 ms\t\n"
    )


def test_a_status_ends_the_report_in_place_of_the_tab():
    assert report(duration_ms=3000.0, status="timeout").endswith("\tMax Memory Used: 36 MB\tStatus: timeout\n")
    assert report(init_duration_ms=1.0, status="error", error_type="Runtime.ExitError").endswith(
        "\tInit Duration: 1.00 ms\tStatus: error\tError Type: Runtime.ExitError\n"
    )


def test_a_timeout_is_told_with_its_time_to_the_millisecond():
    at = datetime(2026, 11, 23, 6, 51, 43, 7900, tzinfo=UTC)
    assert log_lines.timed_out(ID, 3, at) == f"2026-11-23T06:51:43.007Z {ID} Task timed out after 3.00 seconds\n\n"


def test_an_exit_is_told_in_two_lines_of_one_event():
    told = log_lines.exited(ID, "Runtime exited with error: signal: killed")
    assert told == f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"


def test_a_failed_initialisation_has_its_phase_and_its_kind():
    assert log_lines.init_report(
        duration_ms=137.69, phase="init", status="error", error_type="Runtime.ImportModuleError"
    ) == ("INIT_REPORT Init Duration: 137.69 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError\n")
    assert log_lines.init_report(duration_ms=10000, phase="invoke", status="timeout") == (
        "INIT_REPORT Init Duration: 10000.00 ms\tPhase: invoke\tStatus: timeout\n"
    )


def test_another_version_is_said_to_be_another():
    assert log_lines.other_version("python3.12", "Python", "3.11") == (
        "[rollbacklab] The runtime python3.12 runs on the Python of this machine here: 3.11.\n"
    )
    assert log_lines.other_version("nodejs22.x", "Node.js", "20.20.2") == (
        "[rollbacklab] The runtime nodejs22.x runs on the Node.js of this machine here: 20.20.2.\n"
    )
