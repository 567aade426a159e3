from __future__ import annotations

import signal

import pytest

from pytest_rollbacklab.localaws.lambdas.exits import Exit


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (0, "Runtime exited without providing a reason"),
        (1 << 8, "Runtime exited with error: exit status 1"),
        (127 << 8, "Runtime exited with error: exit status 127"),
        (signal.SIGKILL, "Runtime exited with error: signal: killed"),
        (signal.SIGSEGV, "Runtime exited with error: signal: segmentation fault"),
        (signal.SIGTERM, "Runtime exited with error: signal: terminated"),
        (signal.SIGSEGV | 0x80, "Runtime exited with error: signal: segmentation fault"),
        (signal.SIGURG, f"Runtime exited with error: signal: signal {int(signal.SIGURG)}"),
        (50, "Runtime exited with error: signal: signal 50"),
    ],
)
def test_an_exit_is_told_in_gos_words(status, told):
    assert Exit(status=status).description == told
