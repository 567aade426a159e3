"""The running lab, asked over HTTP: its pages as JSON, its streams as events, its refusals as our errors.

http.client alone, so that a command starts fast; a connection for each request, because a command makes few. It knows
how to ask and what a refusal means, and nothing of what any page is about.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from pytest_rollbacklab.cli.decoding import Told
from pytest_rollbacklab.cli.server_events import ServerEvent, read_events
from pytest_rollbacklab.errors import DeployError, LabNotRunningError, RollbacklabError, UsageError
from pytest_rollbacklab.up.place_file import LabFile

__all__ = ["ConnectionLostError", "Lab"]

_PATIENCE_S = 120.0  # making a change set waits for CloudFormation
_QUIET_S = 60.0  # a stream says something now and then, if only that it is alive
_REFUSALS: Mapping[int, type[RollbacklabError]] = {400: UsageError, 404: UsageError, 409: UsageError, 502: DeployError}


class ConnectionLostError(LabNotRunningError):
    """The lab ended, or stopped answering, in the middle of something."""


class Lab:
    """A running lab.

    Args:
        place: Where it is, and the token that it wants to see.
        patience_s: Seconds to wait for an answer.
    """

    def __init__(self, place: LabFile, *, patience_s: float = _PATIENCE_S) -> None:
        self.place = place
        self._patience_s = patience_s
        address = urlsplit(place.console_url)
        self._host, self._port, self._key = address.hostname or "127.0.0.1", address.port, address.path

    def get(self, *path: str | int, query: Mapping[str, str | int | None] | None = None) -> dict[str, Any]:
        """Return a page's data.

        Args:
            path: The pieces of its address below the place, unquoted.
            query: What is None is left out.

        Raises:
            LabNotRunningError: nobody answers.
            RollbacklabError: what the lab says; a UsageError where it cannot be done as asked.
        """
        with self._asked("GET", _address(path, query), None, self._patience_s) as answer:
            return _read(answer)

    def post(self, *path: str | int, form: Mapping[str, str | int | None] | None = None) -> dict[str, Any]:
        """Have something done, and return what came of it. Arguments and errors as for ``get``."""
        body = urlencode(_given(form)).encode()
        with self._asked("POST", _address(path), body, self._patience_s) as answer:
            return _read(answer)

    def events(self, *path: str | int, query: Mapping[str, str | int | None] | None = None) -> Iterator[ServerEvent]:
        """Yield a stream's events until the lab ends it. Arguments and errors as for ``get``."""
        with self._asked("GET", _address(path, query), None, _QUIET_S, accept="text/event-stream") as answer:
            for event in read_events(answer):
                if event.event == "failed":
                    raise _said(RollbacklabError, event.data["error"])
                yield event

    @contextmanager
    def _asked(
        self, method: str, path: str, body: bytes | None, patience_s: float, *, accept: str = "application/json"
    ) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=patience_s)
        try:
            try:
                connection.connect()
            except OSError as error:
                raise LabNotRunningError(
                    f"the lab does not answer: {error.strerror or error}",
                    looked_at=f"http://{self._host}:{self._port}",
                    mend="start it with: rollbacklab up",
                ) from None
            try:
                connection.request(method, self._key + path, body, self._headers(accept, has_body=body is not None))
                with connection.getresponse() as answer:  # it outlives the connection where the lab closes that
                    if answer.status >= http.client.BAD_REQUEST:
                        raise _refusal(answer, f"{method} {path}")
                    yield answer
            except TimeoutError:
                raise ConnectionLostError(
                    f"the lab did not answer within {patience_s:g} s",
                    looked_at=f"{method} {path}",
                    mend="look at what it says where it runs",
                ) from None
            except (OSError, http.client.HTTPException) as error:
                raise ConnectionLostError(
                    f"the connection to the lab broke: {error or type(error).__name__}",
                    looked_at=f"{method} {path}",
                    mend="see whether it still runs: rollbacklab status",
                ) from None
        finally:
            connection.close()

    def _headers(self, accept: str, *, has_body: bool) -> dict[str, Any]:
        headers: dict[str, Any] = {
            "Accept": accept,
            "X-Rollbacklab-Token": self.place.token,
            "X-Rollbacklab-By": " ".join(self.place.owner.split()).encode(),
        }
        return headers | ({"Content-Type": "application/x-www-form-urlencoded"} if has_body else {})


def _given(values: Mapping[str, str | int | None] | None) -> dict[str, str | int]:
    return {name: value for name, value in (values or {}).items() if value is not None}


def _address(path: tuple[str | int, ...], query: Mapping[str, str | int | None] | None = None) -> str:
    pieces = "".join(f"/{quote(str(piece), safe='')}" for piece in path) or "/"
    asked = urlencode(_given(query))
    return f"{pieces}?{asked}" if asked else pieces


def _read(answer: http.client.HTTPResponse) -> dict[str, Any]:
    body = answer.read()
    try:
        decoded = json.loads(body)
    except ValueError:
        decoded = None
    if isinstance(decoded, dict):
        return Told(decoded)
    raise RollbacklabError(
        "what answers is no lab of this version: it sent no JSON object",
        looked_at=body[:200].decode("utf-8", "replace"),
        mend="start the lab again with rollbacklab down, then rollbacklab up",
    )


def _refusal(answer: http.client.HTTPResponse, asked: str) -> RollbacklabError:
    """Return the lab's own error as one of ours, by its status."""
    try:
        return _said(_REFUSALS.get(answer.status, RollbacklabError), json.loads(answer.read())["error"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return RollbacklabError(
            f"the lab answered {answer.status} {answer.reason}, and did not say why",
            looked_at=asked,
            mend="look at what it says where it runs",
        )


def _said(kind: type[RollbacklabError], error: Mapping[str, Any]) -> RollbacklabError:
    return kind(str(error["what"]), looked_at=error.get("looked_at"), mend=error.get("mend"))
