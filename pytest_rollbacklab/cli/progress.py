"""What a command waits for, said while it waits: one line at a terminal, with the seconds, gone when it is over.

It goes to standard error and only to a terminal, so that it never mixes with an answer that is piped, JSON among them.
A line that is printed meanwhile goes through ``cleared``, which makes room for it.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import time
from collections.abc import Iterator

from pytest_rollbacklab.cli.safe_text import folded, one_line
from pytest_rollbacklab.cli.terminal import is_terminal

__all__ = ["Progress", "waiting_for"]

_FIRST_S = 0.4
"""What is over sooner needs no word."""
_EVERY_S = 0.2
_TURNS = "|/-\\"
_TO_THE_START, _CLEAR = "\r", "\x1b[K"


class Progress:
    """What is waited for. Use ``waiting_for``."""

    def __init__(self, what: str) -> None:
        self._what = one_line(what)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._begun = time.monotonic()
        self._shown = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        if is_terminal(sys.stderr):
            self._thread = threading.Thread(target=self._run, daemon=True, name="progress")
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self._clear()

    @contextlib.contextmanager
    def cleared(self) -> Iterator[None]:
        """Keep the line off the terminal while something else is printed."""
        with self._lock:
            self._clear()
            yield

    def _run(self) -> None:
        pause = _FIRST_S
        turn = 0
        while not self._over.wait(pause):
            with self._lock:
                self._draw(turn)
            pause, turn = _EVERY_S, turn + 1

    def _draw(self, turn: int) -> None:
        text = f"{_TURNS[turn % len(_TURNS)]} {self._what} {time.monotonic() - self._begun:.0f} s"
        shortened = folded(text, max(shutil.get_terminal_size().columns - 1, 1))[0]
        sys.stderr.write(_TO_THE_START + shortened + _CLEAR)
        sys.stderr.flush()
        self._shown = True

    def _clear(self) -> None:
        if self._shown:
            sys.stderr.write(_TO_THE_START + _CLEAR)
            sys.stderr.flush()
            self._shown = False


def waiting_for(what: str) -> Progress:
    """Say what is waited for, while it is: ``with waiting_for("the change set"): ...``."""
    return Progress(what)
