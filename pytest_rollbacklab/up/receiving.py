"""What a push sets off, and how the pusher hears of it: a line for each thing that the lab says, a status at the end.

    say <text>
    end <status>

The pipeline works on a thread of its own and is not stopped when the pusher goes away: what was begun is finished, and
the activity tells of it. Between its two hooks a push is git's, and still at work: git has been told that it may take
it, and what it takes has to be deployed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from aiohttp import web

from pytest_rollbacklab.build.git import Git
from pytest_rollbacklab.errors import RollbacklabError, SourceError
from pytest_rollbacklab.pipeline.values import Actor
from pytest_rollbacklab.up.hooks import HOOK_TOKEN_HEADER, HOOKS
from pytest_rollbacklab.up.pushed import Pushed, Ref, read_pushed, shown

__all__ = ["PushedTo", "Receiving", "Say"]

_log = logging.getLogger(__name__)

_MOST_BYTES = 16 * 1024 * 1024
_AT_ONCE = 8
_TAKEN_WITHIN_S = 5.0
_ENDING = "The lab is ending: nothing was pushed. Push again when it runs"

Say = Callable[[str], None]

_Push = tuple[str, tuple[Ref, ...]]
"""Whose it is, and what it moves: both hooks of a push tell the same."""


class _PipelineOfPushes(Protocol):
    """Of a pipeline, what pushes need; see ``Pipeline``."""

    def pushed_commit(self, branch: str, sha: str, *, who: Actor, say: Say, quarantine: dict[str, str]) -> object: ...

    def moved(self, branch: str, sha: str, *, who: Actor, say: Say) -> None: ...

    def removed(self, branch: str, *, who: Actor, say: Say) -> None: ...


class PushedTo(Protocol):
    """Whose repository is pushed to."""

    @property
    def name(self) -> str: ...

    @property
    def bare(self) -> Path: ...

    @property
    def console_url(self) -> str: ...

    def ready_pipeline(self) -> _PipelineOfPushes:
        """Return the pipeline, once what the last stop had interrupted is settled."""
        ...


class Receiving:
    """Answers the hooks of all hosted repositories.

    Args:
        owners: By their hooks' token; looked up at each push.
        taken_within_s: Seconds that git has to take what it may take; after that it is believed not to have done so.
    """

    def __init__(self, owners: Mapping[str, PushedTo], *, taken_within_s: float = _TAKEN_WITHIN_S) -> None:
        self._owners, self._taken_within_s = owners, taken_within_s
        self._being_taken: dict[_Push, asyncio.TimerHandle] = {}
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="push")
        self._at_work = 0
        self._ending = False

    @property
    def at_work(self) -> int:
        """How many pushes are under way: hooks that are being answered, and what git is taking between the two."""
        return self._at_work + self.being_taken

    @property
    def being_taken(self) -> int:
        """How many pushes git was told to take, and has not said that it took."""
        return len(self._being_taken)

    def refuse_from_now_on(self) -> None:
        """Take no more pushes; those under way are finished."""
        self._ending = True

    def add_to(self, app: web.Application) -> None:
        """Add the addresses that the hooks know."""
        for hook in HOOKS:
            app.router.add_post(f"/git/{hook}", self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Do what a hook asks for, and say it line by line."""
        owner = self._owners.get(request.headers.get(HOOK_TOKEN_HEADER, ""))
        if owner is None:
            return _refusal(
                403, "this is for the hooks of the lab's own repositories; start the lab again to mend them"
            )
        try:
            pushed = read_pushed(await _read(request))
        except RollbacklabError as error:
            return _refusal(400, str(error))
        is_taken = request.path.endswith("/post-receive")
        if self._ending and not is_taken:
            return _refusal(503, _ENDING)
        response = web.StreamResponse(headers={"Content-Type": "text/plain; charset=utf-8"})
        await response.prepare(request)
        push = (owner.name, pushed.refs)
        if is_taken:
            await self._stream(response, lambda say: _post_receive(owner, pushed, say), taken=push)
        else:
            await self._stream(response, lambda say: _pre_receive(owner, pushed, say), to_be_taken=push)
        return response

    async def _stream(
        self,
        response: web.StreamResponse,
        work: Callable[[Say], int],
        *,
        taken: _Push | None = None,
        to_be_taken: _Push | None = None,
    ) -> None:
        loop, lines = asyncio.get_running_loop(), asyncio.Queue[str | None]()

        def say(text: str) -> None:
            loop.call_soon_threadsafe(lines.put_nowait, _said(text))

        def run() -> None:
            status = 1
            try:
                status = work(say)
            except Exception as error:  # noqa: BLE001 - the pusher is to hear of it, and the lab goes on
                _log.exception("a push failed")
                say(f"the lab failed: {type(error).__name__}: {error}")
            finally:
                if status == 0 and to_be_taken is not None:  # before git hears of it
                    loop.call_soon_threadsafe(self._expect, to_be_taken)
                loop.call_soon_threadsafe(lines.put_nowait, f"end {status}\n")
                loop.call_soon_threadsafe(lines.put_nowait, None)

        if self._at_work >= _AT_ONCE:
            say(f"waiting in line: {self._at_work} other pushes are at work in this lab")
        self._at_work += 1
        if taken is not None:
            self._expect_no_more(taken)
        working = loop.run_in_executor(self._threads, run)
        working.add_done_callback(self._done)
        with contextlib.suppress(ConnectionError):  # the pusher may go away; what was begun goes on
            while (line := await lines.get()) is not None:
                await response.write(line.encode("utf-8", "replace"))

    def _expect(self, push: _Push) -> None:
        self._expect_no_more(push)
        expiry = asyncio.get_running_loop().call_later(self._taken_within_s, self._expect_no_more, push)
        self._being_taken[push] = expiry

    def _expect_no_more(self, push: _Push) -> None:
        if (expiry := self._being_taken.pop(push, None)) is not None:
            expiry.cancel()

    def _done(self, _: object) -> None:
        self._at_work -= 1


def _pre_receive(owner: PushedTo, pushed: Pushed, say: Say) -> int:
    """Build what is pushed; returns 0 when git may take it all, else 1."""
    status = 0
    for ref in pushed.refs:
        if ref.branch is None:
            say(f"{ref.name}: {'deleted' if ref.is_gone else 'kept'}; only branches are built")
        elif not ref.is_gone:
            with _say_if_forced(owner, ref, pushed, say):
                try:
                    owner.ready_pipeline().pushed_commit(
                        ref.branch, ref.new, who=_pusher(owner), say=say, quarantine=pushed.quarantine
                    )
                except RollbacklabError as error:
                    say(f"REFUSED: {error}")
                    say(f"{ref.branch} stays {'away' if ref.is_new else 'at ' + ref.old[:7]}, and nothing is deployed")
                    status = 1
    return status


def _post_receive(owner: PushedTo, pushed: Pushed, say: Say) -> int:
    """Deploy what was pushed; returns 0, since git has taken it."""
    for ref in pushed.refs:
        if ref.branch is not None and ref.is_gone:
            owner.ready_pipeline().removed(ref.branch, who=_pusher(owner), say=say)
        elif ref.branch is not None:
            owner.ready_pipeline().moved(ref.branch, ref.new, who=_pusher(owner), say=say)
    say(f"See {owner.console_url}/")
    return 0


@contextlib.contextmanager
def _say_if_forced(owner: PushedTo, ref: Ref, pushed: Pushed, say: Say) -> Iterator[None]:
    """Ask git, while something else is done, whether a branch leaves commits behind; say so afterwards."""
    if ref.is_new:
        yield
        return
    git = Git(owner.bare, quarantine=pushed.quarantine)
    with git.open("merge-base", "--is-ancestor", ref.old, ref.new) as asking:
        yield
        asking.communicate()
    if asking.returncode:
        say(f"forced: {ref.old[:7]}, where {ref.branch} was, is no longer in it; what was built from it stays")


def _pusher(owner: PushedTo) -> Actor:
    return Actor(name=owner.name, via="git push")


async def _read(request: web.Request) -> str:
    """Return the body; thousands of refs are more than any form holds."""
    body = b""
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise SourceError("too many branches and tags are pushed at once", mend="push them in several steps")
    return body.decode("utf-8", "surrogateescape")


def _said(text: str) -> str:
    return "".join(f"say {shown(line)}\n" for line in text.splitlines() or [""])


def _refusal(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"{_said(text)}end 1\n")
