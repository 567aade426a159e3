"""What the installed plugin costs a run that does not use it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("boto3", "botocore", "moto", "aiohttp", "requests", "jinja2", "rich", "samtranslator", "psutil")


def test_nothing_heavy_is_imported_with_the_plugin() -> None:
    program = (
        "import sys; before = set(sys.modules); import pytest_rollbacklab.plugin;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "pytest_rollbacklab" in loaded
    assert not set(loaded) & set(HEAVY)


def test_a_run_without_our_fixtures_starts_no_process(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import psutil

        def test_nothing_of_ours():
            assert psutil.Process().children(recursive=True) == []
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_options_say_what_they_do(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--help")
    result.stdout.fnmatch_lines(
        ["*deploy and rollback drills*", "*--rollbacklab-app=DIR*", "*--rollbacklab-endpoint=URL*"]
    )
