"""The lab's web server while it runs, and its end: nothing new is begun, what is at work is finished, then it stops.

The first Ctrl-C (or SIGTERM) ends it in order, the second one at once. A local AWS that dies ends it too: whoever waits
for something hears of it, and ``running`` begins anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from pytest_rollbacklab.console.app import all_routes, create_app
from pytest_rollbacklab.console.visit import Route
from pytest_rollbacklab.console.words import Words
from pytest_rollbacklab.errors import CloudError
from pytest_rollbacklab.target import EmbeddedCloud
from pytest_rollbacklab.up.owner import AppOwner
from pytest_rollbacklab.up.receiving import Receiving
from pytest_rollbacklab.up.smart_http import HostedRepository, SmartHttp

__all__ = ["Site"]

_GOODBYE_S = 60.0
_FAILING_S = 10.0
_LOOK_S = 0.2
_CHECK_CLOUD_S = 1.0
_STREAMS_END_S = 2.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Site:
    """The console, git and the hooks of a lab, at one address.

    Args:
        owners: Whose apps are served.
        cloud: The local AWS below them.
        more_routes: Pages beside the console's own.
        say: Says a line to the user.
        end_at_once: Called when the user does not want to wait; does not return.
    """

    def __init__(
        self,
        owners: Sequence[AppOwner],
        cloud: EmbeddedCloud,
        *,
        more_routes: Sequence[Route],
        words: Words,
        say: Callable[[str], None],
        end_at_once: Callable[[], None],
    ) -> None:
        self._owners, self._cloud, self._words, self._say = owners, cloud, words, say
        self._more_routes, self._end_at_once = more_routes, end_at_once
        self._receiving = Receiving({owner.keys.hook_token: owner for owner in owners})
        self._git = SmartHttp(
            {owner.keys.git_key: HostedRepository(path=owner.bare, owner=owner.name) for owner in owners}
        )

    async def serve(self, port: socket.socket, *, on_ready: Callable[[], None], on_end: Callable[[], None]) -> None:
        """Serve until a signal comes.

        Args:
            port: Claimed, and not listened to yet.
            on_ready: Called when whoever knocks is answered.
            on_end: Called when nothing new is to be begun.

        Raises:
            CloudError: the local AWS has died, and nobody has asked for the end since.
        """
        runner = web.AppRunner(
            self._app(port.getsockname()[1]), handle_signals=False, access_log=None, shutdown_timeout=_STREAMS_END_S
        )
        await runner.setup()
        with self._ended_by_signals() as asked_to_end:
            try:
                await self._serve(runner, port, asked_to_end, on_ready, on_end)
            except CloudError:
                if not asked_to_end.is_set():
                    raise

    async def _serve(
        self,
        runner: web.AppRunner,
        port: socket.socket,
        asked_to_end: asyncio.Event,
        on_ready: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        try:
            await web.SockSite(runner, port).start()
            on_ready()
            await self._until(asked_to_end)
        finally:
            self._receiving.refuse_from_now_on()
            on_end()
            await self._finish()
            await runner.cleanup()

    def _app(self, port: int) -> web.Application:
        places = {owner.keys.key: owner.place for owner in self._owners}
        hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        app = create_app(places, hosts=hosts, routes=(*all_routes(), *self._more_routes))
        self._receiving.add_to(app)
        self._git.add_to(app)
        return app

    @contextlib.contextmanager
    def _ended_by_signals(self) -> Iterator[asyncio.Event]:
        loop, asked_to_end = asyncio.get_running_loop(), asyncio.Event()

        def on_signal() -> None:
            if asked_to_end.is_set():
                self._end_at_once()
            asked_to_end.set()

        for number in _SIGNALS:
            loop.add_signal_handler(number, on_signal)
        try:
            yield asked_to_end
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    async def _until(self, asked_to_end: asyncio.Event) -> None:
        """Wait for the end. Raises CloudError."""
        while not asked_to_end.is_set():
            self._cloud.check()
            for warning in self._cloud.warnings():
                self._say(self._words("The local AWS: {warning}", warning=warning))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asked_to_end.wait(), _CHECK_CLOUD_S)

    async def _finish(self) -> None:
        """Let what is at work come to its end, within reason."""
        if self._pushes_at_work() and self._cloud_lives():
            self._say(
                self._words(
                    "Ending: what is being pushed is finished first, for {seconds} s at most; Ctrl-C ends it at once.",
                    seconds=round(_GOODBYE_S),
                )
            )
        await self._wait_while(lambda: self._pushes_at_work() and self._cloud_lives(), _GOODBYE_S)
        if self._cloud_lives():
            await asyncio.to_thread(self._close_pipelines)
        else:  # each push fails at its next call, and whoever pushed is to hear why
            await self._wait_while(self._pushes_at_work, _FAILING_S)

    async def _wait_while(self, goes_on: Callable[[], bool], longest_s: float) -> None:
        for _ in range(round(longest_s / _LOOK_S)):
            if not goes_on():
                return
            await asyncio.sleep(_LOOK_S)

    def _pushes_at_work(self) -> bool:
        return bool(self._receiving.at_work or self._git.pushes_at_work)

    def _close_pipelines(self) -> None:
        """Wait for what was begun in the console, all pipelines side by side: each has its own bound."""
        with ThreadPoolExecutor(max(1, len(self._owners))) as threads:
            list(threads.map(lambda owner: owner.pipeline.close(), self._owners))

    def _cloud_lives(self) -> bool:
        try:
            self._cloud.check()
        except CloudError:
            return False
        return True
