"""The language switch: what is chosen is remembered in a cookie of this place."""

from __future__ import annotations

import re

from pytest_rollbacklab.console.visit import Moved, Outcome, Route, Visit
from pytest_rollbacklab.console.words import LANGUAGE_COOKIE, LANGUAGES
from pytest_rollbacklab.errors import UsageError

__all__ = ["ROUTES"]

_A_PATH = re.compile(r"/[!-\[\]-~]*")
"""A path below the place in printable ASCII: nothing that could become a header or another site."""


async def choose(visit: Visit) -> Outcome:
    """Remember a language and go back to where the visitor was."""
    chosen = visit.form.get("language", "")
    if chosen not in LANGUAGES:
        raise UsageError(f"the console does not speak {chosen[:40]!r}", mend=f"choose one of {', '.join(LANGUAGES)}")
    back = visit.form.get("back", "/")
    return Moved(
        to=back if _A_PATH.fullmatch(back) else "/", data={"language": chosen}, cookies={LANGUAGE_COOKIE: chosen}
    )


ROUTES = (Route(method="POST", path="/language", handler=choose),)
