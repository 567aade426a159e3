"""``rollbacklab up``: everything put together, in the order in which it must begin, and taken apart in the other.

When the local AWS dies by itself, all of it but the console's port is taken apart and put together anew: what was under
way is then settled as at any start after a kill, and nothing of before can go on beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import logging.handlers
import os
import sys
import threading
import webbrowser
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from socket import socket
from urllib.parse import urlsplit

from pytest_rollbacklab.config import AppConfig, load_config
from pytest_rollbacklab.errors import CloudError
from pytest_rollbacklab.target import EmbeddedCloud, embedded_cloud
from pytest_rollbacklab.up import ports
from pytest_rollbacklab.up.addresses import Addresses, read_addresses, write_addresses
from pytest_rollbacklab.up.deaths import Deaths
from pytest_rollbacklab.up.directory import LabDirectory
from pytest_rollbacklab.up.greeting import greeting, has_display, users_words
from pytest_rollbacklab.up.hosting import Remote, add_remote
from pytest_rollbacklab.up.opening import Opening
from pytest_rollbacklab.up.owner import AppOwner
from pytest_rollbacklab.up.pages import workshop_routes
from pytest_rollbacklab.up.place_file import LabFile, remove_lab, write_lab
from pytest_rollbacklab.up.serving import Site
from pytest_rollbacklab.up.students import student_names
from pytest_rollbacklab.up.workshop import Workshop

__all__ = ["run_up"]

_log = logging.getLogger(__name__)

_INTERRUPTED = 130
_LONGEST_LOG_BYTES = 1_000_000


def run_up(
    directory: Path,
    *,
    port: int | None,
    cloud_port: int | None,
    open_browser: bool,
    students: tuple[str, ...],
    fresh: bool,
) -> int:
    """Run the lab of an app until it is ended, and return the exit status.

    Args:
        directory: Where the app's ``rollbacklab.toml`` lies.
        port: Of the console, on 127.0.0.1; None for the one of the last time, 0 for any free one.
        cloud_port: Of the local AWS, likewise.
        open_browser: Open the console in a browser, where there is one to be seen.
        students: See ``student_names``; those of the last time are there again without being named.
        fresh: Delete what was kept of the last time.

    Raises:
        ConfigError: the file, the addresses of the last time, a student's name, or a port that is taken.
        ConflictError: a lab runs here already.
        SourceError: the directory's git repository is not as it must be.
        CloudError: the local AWS did not start, or died too often.
        ToolMissingError: there is no git, or no bash.
    """
    directory = directory.absolute()
    app = load_config(directory)
    names = student_names(students)
    kept = LabDirectory(directory, app=app.name)
    kept.make()
    with kept.locked(), _logged_to(kept.log):
        lab = _Lab(kept, app, open_browser=open_browser)
        if fresh:
            lab.forget()
        lab.run(read_addresses(kept.addresses).with_students(names), port, cloud_port)
    return 0


class _Lab:
    """A lab that is being started, and runs."""

    def __init__(self, kept: LabDirectory, app: AppConfig, *, open_browser: bool) -> None:
        self._kept, self._app, self._open_browser = kept, app, open_browser
        self._words = users_words(os.environ)
        self._greeted = False

    def forget(self) -> None:
        gone = self._kept.forget()
        if gone:
            _say(self._words("Deleted, in {directory}: {names}", directory=self._kept.path, names=", ".join(gone)))

    def run(self, addresses: Addresses, port: int | None, cloud_port: int | None) -> None:
        """Start everything, serve, and end everything; a local AWS that dies is started again, but not for ever."""
        deaths = Deaths()
        cloud_wanted = addresses.cloud_port if cloud_port is None else cloud_port
        with ports.claim(addresses.console_port if port is None else port, "the console", "--port") as claimed:
            wanted = replace(addresses, console_port=claimed.getsockname()[1], cloud_port=cloud_wanted)
            try:
                while (died := self._run_until_a_death(claimed, wanted, again=self._greeted)) is not None:
                    deaths.note(died)
                    _log.error("%s", died)
                    _say(self._words("{died}. It is started again, with all that it had answered.", died=died.what))
                    wanted = read_addresses(self._kept.addresses)
            finally:
                remove_lab(self._kept.app_directory)
        _say(self._words("The lab has ended; rollbacklab up starts it again as it was."))

    def _run_until_a_death(self, claimed: socket, wanted: Addresses, *, again: bool) -> CloudError | None:
        """Run with one local AWS; returns how it died, or None when the lab was ended."""
        ports.check_free(wanted.cloud_port, "the local AWS", "--cloud-port")
        with embedded_cloud(port=wanted.cloud_port, state=self._kept.state) as cloud:
            taken = replace(wanted, cloud_port=_port_of(cloud))
            write_addresses(self._kept.addresses, taken)
            try:
                # A copy: who knocks while the local AWS is started again waits, and is answered then.
                with claimed.dup() as port:
                    self._serve(port, cloud, Opening(self._kept, self._app, cloud, taken), again=again)
            except CloudError as died:
                return died
            claimed.close()
            remove_lab(self._kept.app_directory)
        return None

    def _serve(self, port: socket, cloud: EmbeddedCloud, opening: Opening, *, again: bool) -> None:
        directory = self._kept.app_directory
        user = opening.user()
        remote = add_remote(directory, user.bare)
        for told in user.settle():
            _say(told)
        workshop = Workshop(students) if (students := opening.students()) else None
        site = Site(
            [user, *students],
            cloud,
            more_routes=workshop_routes(workshop, user.keys.key) if workshop else (),
            words=self._words,
            say=_say,
            end_at_once=self._end_at_once,
        )

        def on_ready() -> None:
            write_lab(directory, _place(user))
            if again:
                _say(self._words("The lab runs again, under the same addresses."))
            else:
                self._greet(user, remote, students=len(students))
            self._greeted = True
            if workshop:
                workshop.start()

        asyncio.run(site.serve(port, on_ready=on_ready, on_end=workshop.close if workshop else lambda: None))

    def _greet(self, user: AppOwner, remote: Remote, *, students: int) -> None:
        for line in greeting(self._words, user, remote, students=students):
            _say(line)
        if self._open_browser and has_display(os.environ, sys.platform):
            threading.Thread(target=webbrowser.open, args=(f"{user.console_url}/",), daemon=True).start()

    def _end_at_once(self) -> None:
        remove_lab(self._kept.app_directory)
        _say(self._words("Ended at once; the next start says what was interrupted."))
        os._exit(_INTERRUPTED)  # threads are at work; the local AWS ends when its input does


def _place(user: AppOwner) -> LabFile:
    return LabFile(
        console_url=user.console_url,
        token=user.keys.token,
        pid=os.getpid(),
        endpoint_url=user.target.endpoint_url,
        owner=user.name,
        account_id=user.target.account_id,
        region=user.target.region,
        app=user.pipeline.app.name,
    )


def _port_of(cloud: EmbeddedCloud) -> int:
    port = urlsplit(cloud.endpoint_url).port
    assert port is not None
    return port


@contextlib.contextmanager
def _logged_to(file: Path) -> Iterator[None]:
    """Have what goes wrong inside written to the lab's log."""
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))  # for its owner alone: addresses may be in it
    handler = logging.handlers.RotatingFileHandler(file, maxBytes=_LONGEST_LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger("pytest_rollbacklab").setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
