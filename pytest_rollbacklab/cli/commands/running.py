"""Commands that begin and end things: ``up`` and ``down`` for the lab, ``cloud`` for the local AWS alone, ``init``."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from pytest_rollbacklab.cli.asking import connect, directory_of, json_option, lab_directory
from pytest_rollbacklab.cli.lab import Lab
from pytest_rollbacklab.cli.terminal import show, show_json, show_json_line
from pytest_rollbacklab.errors import LabNotRunningError, RollbacklabError, UsageError
from pytest_rollbacklab.up.place_file import read_lab

__all__ = ["cloud", "down", "init", "up"]

_ANSWER_S = 10.0
_LOOK_S = 0.05
_PORT = click.IntRange(0, 65535)


@click.command()
@click.option("--port", type=_PORT, help="Of the console, on 127.0.0.1; 0 for any free one. Default: as the last time.")
@click.option("--cloud-port", type=_PORT, help="Of the local AWS, likewise.")
@click.option("--no-browser", is_flag=True, help="Do not open the console in a browser.")
@click.option(
    "--students",
    metavar="N|NAMES",
    multiple=True,
    help="A workshop: an app for each of N students, or for those who are named, with commas between.",
)
@click.option("--fresh", is_flag=True, help="Forget what was kept of the last time, and begin anew.")
@json_option
@click.pass_context
def up(context: click.Context, /, no_browser: bool, as_json: bool, **options: Any) -> None:
    """Run the lab, until Ctrl-C or `rollbacklab down`.

    The console, the git remote, the pipeline, and the local AWS that all of it runs on. With --json, the one document
    says where everything is, as soon as it is there.
    """
    from pytest_rollbacklab.up.running import run_up

    place = lab_directory(context)
    with _told_as_json(place) if as_json else contextlib.nullcontext():
        status = run_up(place, open_browser=not (no_browser or as_json), **options)
    context.exit(status)


@contextlib.contextmanager
def _told_as_json(place: Path) -> Iterator[None]:
    """Print where the lab is when its file is there, and what is meant for people to standard error."""
    over, stdout = threading.Event(), sys.stdout

    def tell() -> None:
        while not over.wait(_LOOK_S):
            with contextlib.suppress(LabNotRunningError):
                lab = read_lab(place)
                if lab.pid == os.getpid():
                    told = {name: value for name, value in asdict(lab).items() if name != "token"}
                    show_json_line(told, file=stdout)
                    return

    telling = threading.Thread(target=tell, daemon=True, name="telling where the lab is")
    telling.start()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        over.set()
        telling.join()


@click.command()
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    help="Seconds to wait for it.",
)
@json_option
@click.pass_context
def down(context: click.Context, timeout_s: float, as_json: bool) -> None:
    """End the running lab, and wait until it is gone.

    What it keeps is there when it starts again.
    """
    from pytest_rollbacklab.wait import wait_for

    lab = connect(context, patience_s=_ANSWER_S)
    pid = lab.place.pid
    _see_that_it_is_the_lab(lab)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    wait_for(
        f"the end of the lab, process {pid},",
        lambda: _is_gone(pid) or None,
        timeout_s=timeout_s,
        longest_pause_s=0.2,
        mend=f"see what it waits for where it runs, or end it with: kill -9 {pid}",
        last_seen=lambda: "it still runs",
    )
    if as_json:
        show_json({"ended": {"app": lab.place.app, "pid": pid}})
    else:
        show([f"the lab of {lab.place.app} has ended; start it again with: rollbacklab up"])


def _see_that_it_is_the_lab(lab: Lab) -> None:
    """Have the lab itself answer: process ids are used again, and ours must not end another's process."""
    try:
        lab.get("settings")
    except RollbacklabError as error:
        raise LabNotRunningError(
            f"process {lab.place.pid}, which is said to be the lab, does not answer as the lab",
            looked_at=error.what,
            mend=f"if it is the lab all the same, end it with: kill {lab.place.pid}",
        ) from error


def _is_gone(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@click.command()
@click.option("--port", type=_PORT, default=0, help="Port on 127.0.0.1; 0, the default, for any free one.")
@click.option(
    "--state", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="Keep what is in it there."
)
@click.option("--fresh", is_flag=True, help="Forget what was kept in --state DIR, and begin anew.")
@click.option("--strict-iam", is_flag=True, help="Refuse access keys that were not issued here.")
@click.option("--delays", metavar="WHICH", help="Metrics and logs late: aws, or metrics=SECONDS,logs=SECONDS.")
@json_option
@click.pass_context
def cloud(
    context: click.Context,
    port: int,
    state: Path | None,
    fresh: bool,
    strict_iam: bool,
    delays: str | None,
    as_json: bool,
) -> None:
    """Run the local AWS until Ctrl-C.

    Any AWS client uses it through AWS_ENDPOINT_URL. Any credentials will do; a 12-digit access key is the account. Keys
    that it issued itself, to roles and users, are held to their policies. With --json, the one document says where it
    is, as soon as it is there.
    """
    from pytest_rollbacklab.localaws.__main__ import main as run_cloud

    if fresh and state is None:
        raise UsageError("there is nothing to forget: what is in it is not kept", mend="name where it is: --state DIR")
    kept = [] if state is None else ["--state", str(directory_of(context) / state), *(["--fresh"] if fresh else [])]
    told = (lambda endpoint: show_json_line({"endpoint_url": endpoint})) if as_json else None
    strict = ["--strict-iam"] if strict_iam else []
    late = [] if delays is None else ["--delays", delays]
    context.exit(run_cloud(["--port", str(port), *kept, *strict, *late], on_ready=told))


@click.command(short_help="Write the sample app and the labs into a new directory.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@json_option
@click.pass_context
def init(context: click.Context, directory: Path, as_json: bool) -> None:
    """Write the sample app and the labs into DIRECTORY, ready for `pytest labs/` and `rollbacklab up`."""
    from pytest_rollbacklab.shipped import write_out

    place = directory_of(context) / directory
    written = write_out(place)
    if as_json:
        show_json({"directory": str(place.absolute()), "files": written})
        return
    where = shlex.quote(str(place))
    show(
        [
            f"{written} files in {place}: the sample app and the labs",
            f"next: cd {where} && pytest labs/",
            f"  or: cd {where} && rollbacklab up",
        ]
    )
