"""Run the local AWS as a process: ``python -m pytest_rollbacklab.localaws``, as ``rollbacklab cloud`` does."""

from __future__ import annotations

import argparse
import asyncio
import functools
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from pytest_rollbacklab.errors import StateError
from pytest_rollbacklab.localaws.server import PortInUseError, serve
from pytest_rollbacklab.localaws.telemetry.delays import AT_ONCE, Delays, read_delays

__all__ = ["main"]

READY = "rollbacklab cloud is ready at "
_DELAYS_HELP = "when metrics and logs can be read: none (at once), aws, or metrics=SECONDS,logs=SECONDS"


def main(argv: list[str] | None = None, *, on_ready: Callable[[str], object] | None = None) -> int:
    """Serve until stopped; returns the exit status.

    Args:
        on_ready: Takes the endpoint when it is there; None to have it printed.
    """
    parser = argparse.ArgumentParser(prog="rollbacklab cloud", description="The local AWS, on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0, the default, for any free one")
    parser.add_argument("--die-with-stdin", action="store_true", help="stop when standard input ends")
    parser.add_argument("--state", type=Path, metavar="DIR", help="keep what is in it in this directory")
    parser.add_argument("--fresh", action="store_true", help="forget what is kept in the directory")
    parser.add_argument("--strict-iam", action="store_true", help="refuse access keys that were not issued here")
    parser.add_argument("--delays", type=_delays, default=AT_ONCE, help=_DELAYS_HELP)
    options = parser.parse_args(argv)
    if options.fresh and options.state is None:
        parser.error("--fresh forgets what is kept in the directory of --state DIR, and none is given")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            greet = functools.partial(_greet, state=options.state)
            serving = serve(
                port=options.port,
                on_ready=on_ready or (_say_ready if options.die_with_stdin else greet),
                die_with_stdin=options.die_with_stdin,
                state=options.state,
                fresh=options.fresh,
                strict_iam=options.strict_iam,
                delays=options.delays,
            )
            runner.run(serving)
    except StateError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except PortInUseError as error:
        sys.stderr.write(f"{error}\nwhat to do: give another with --port, or none for any free one\n")
        return 1
    return 0


def _delays(text: str) -> Delays:
    try:
        return read_delays(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _say_ready(endpoint: str) -> None:
    sys.stdout.write(f"{READY}{endpoint}\n")
    sys.stdout.flush()


def _greet(endpoint: str, *, state: Path | None) -> None:
    _say_ready(endpoint)
    kept = f"what is in it is kept in {state}" if state else "nothing is kept"
    sys.stdout.write(
        f"  any AWS client uses it with:  export AWS_ENDPOINT_URL={endpoint}\n"
        "  any credentials will do; an access key of 12 digits is the account itself\n"
        f"  Ctrl-C ends it, and {kept}\n"
    )
    sys.stdout.flush()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's where it is installed (``pip install pytest-rollbacklab[uvloop]``): it is faster."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


if __name__ == "__main__":
    sys.exit(main())
