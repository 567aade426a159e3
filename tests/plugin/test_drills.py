"""The plugin through pytest itself: what a drill's author and reader see."""

from __future__ import annotations

import re

import psutil
import pytest

from pytest_rollbacklab.target import Target, embedded_cloud

DRILL = """
    NOTE = {"content": "hello", "attachment": None}

    def test_rollback(lab, prod, api):
        lab.push("Notes API"); lab.promote("dev", "prod")
        assert api.post("/notes", json=NOTE).status == 200
        lab.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
        lab.push("Making a mistake"); lab.promote("dev", "prod")
        prod.enable_access_logs()
        broken = api.post("/notes", json=NOTE)
        assert broken.status == {expected}
        prod.roll_back()
        assert api.post("/notes", json=NOTE).status == 200
"""


def write_drill(pytester: pytest.Pytester, *, expected: int, copies: int = 1) -> None:
    pytester.makepyfile(*[], **{f"test_drill_{n}": DRILL.replace("{expected}", str(expected)) for n in range(copies)})


def test_a_drill_has_a_row_in_the_summary(pytester: pytest.Pytester) -> None:
    write_drill(pytester, expected=502)
    result = pytester.runpytest_subprocess("--import-mode=importlib")
    result.assert_outcomes(passed=1)
    result.stdout.re_match_lines(
        [
            r"=+ drills =+",
            r"drill +broken +seen +detected in +recovered in +back to +reused",
            r".*rollback +#2 on prod +502 +\d+\.\d\d s +\d+\.\d\d s +#1 +5 of 5",
        ]
    )


def test_a_failing_assertion_explains_itself(pytester: pytest.Pytester) -> None:
    write_drill(pytester, expected=200)
    result = pytester.runpytest_subprocess("--import-mode=importlib")
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r".*what the records say.*",
            r"prod release 1: promote of build 1 \([0-9a-f]{7} Notes API\), 0 packages rebuilt.*",
            r"prod release 2: promote of build 2 \([0-9a-f]{7} Making a mistake\), 0 packages rebuilt.*",
            r"POST http://127.0.0.1:\d+/_aws/execute-api/.*/prod/notes -> 502 Bad Gateway in \d+ ms, request .*",
            r"access log: .*\"status\": ?\"502\".*",
            r"function log: \[ERROR\] NameError: name 'gibberish' is not defined",
        ]
    )


def test_drills_run_side_by_side(pytester: pytest.Pytester) -> None:
    write_drill(pytester, expected=502, copies=4)
    result = pytester.runpytest_subprocess("--import-mode=importlib", "-n", "2", "-p", "xdist")
    result.assert_outcomes(passed=4)
    rows = [line for line in result.stdout.lines if line.endswith("5 of 5")]
    assert len(rows) == 4


def test_a_directory_that_is_no_app_is_named(pytester: pytest.Pytester) -> None:
    write_drill(pytester, expected=502)
    result = pytester.runpytest_subprocess("--import-mode=importlib", "--rollbacklab-app", "nowhere")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no rollbacklab.toml*", "*looked at: */nowhere/rollbacklab.toml*"])


def test_after_a_failure_the_cloud_can_be_kept_for_inspection(pytester: pytest.Pytester) -> None:
    write_drill(pytester, expected=200)
    result = pytester.runpytest_subprocess("--import-mode=importlib", "--rollbacklab-keep")
    line = next(line for line in result.stdout.lines if line.startswith("left running for inspection: "))
    endpoint, pid = re.fullmatch(r"left running for inspection: (\S+); end it with: kill (\d+)", line).groups()
    process = psutil.Process(int(pid))
    assert Target(endpoint_url=endpoint).client("sts").get_caller_identity()["Account"] == "123456789012"
    process.terminate()
    process.wait(timeout=15)


def test_a_run_can_use_a_cloud_that_runs_already(pytester: pytest.Pytester) -> None:
    write_drill(pytester, expected=502)
    with embedded_cloud() as cloud:
        result = pytester.runpytest_subprocess("--import-mode=importlib", "--rollbacklab-endpoint", cloud.endpoint_url)
    result.assert_outcomes(passed=1)


def test_a_cloud_that_is_killed_fails_the_drill_and_says_so(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os, signal

        def test_killed(lab, dev):
            lab.push("Notes API")
            os.kill(lab.target.cloud.pid, signal.SIGKILL)
            dev.roll_back()
        """
    )
    result = pytester.runpytest_subprocess("--import-mode=importlib")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*CloudError: the local AWS (process *) is gone: killed by signal 9*"])
    result.stdout.fnmatch_lines(["*the records cannot be read any further: the local AWS (process *) is gone*"])


def test_a_fixture_of_the_same_name_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def lab():
            return {}

        def test_other(lab):
            assert lab == 1
        """
    )
    result = pytester.runpytest_subprocess("--import-mode=importlib")
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
