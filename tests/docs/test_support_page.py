"""The page of support is what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_support_is_what_the_code_says() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "tools/support.py"), "--check"], capture_output=True, text=True, timeout=120
    )
    assert (checked.returncode, checked.stderr) == (0, "")
