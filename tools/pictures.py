"""Take the pictures of docs/console.md again, from the tested story of the chapter.

    python tools/pictures.py

The stories in `tests/browser` take them on their way, so that a picture never shows what the tests do not walk.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
TARGET: Final = ROOT / "docs" / "pictures"
STORIES: Final = (
    "tests/browser/test_chapter.py",
    "tests/browser/test_ways_of_looking.py::test_a_workshop_shows_everybody",
)


def main() -> int:
    """Run the stories with pictures asked for; returns pytest's exit status."""
    TARGET.mkdir(exist_ok=True)
    environment = os.environ | {"ROLLBACKLAB_PICTURES": str(TARGET), "ROLLBACKLAB_REQUIRE_BROWSER": "1"}
    command = [sys.executable, "-m", "pytest", "-q", *STORIES]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
