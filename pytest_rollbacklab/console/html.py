"""Templates to HTML: one Jinja environment in which everything is escaped and nothing may be missing.

What every template may use, beside its own data:

    _("Promote to {stage}", stage=...)   the text in the visitor's language
    rich("See {page}", page=...)         likewise, as markup: what is put in is isolated (<bdi>) and escaped, or markup
    url("/stages/prod")                  the address of a page of this place
    token_field                          the hidden field that every POST form needs
    here, stage_name                     the page's path below the place; the stage's name in it, or None
    language, app_name, owner
    json_address                         where this page is as JSON, None where there is no page (a refused POST)
    value|when                           a moment: relative, with the exact time; kept fresh by console.js
    value|lasted, value|size, value|percent, value|figure, value|as_typed

Every text that is shown is escaped, and has its unseen characters written out (``unseen``); ``|as_typed`` leaves them
in, for a field that is sent back as it was.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jinja2
from markupsafe import Markup, escape

from pytest_rollbacklab.console import moments
from pytest_rollbacklab.console.security import TOKEN_FIELD
from pytest_rollbacklab.console.sentences import SENTENCES
from pytest_rollbacklab.console.unseen import written_out
from pytest_rollbacklab.console.visit import Visit
from pytest_rollbacklab.console.words import LANGUAGE_NAMES, Words
from pytest_rollbacklab.errors import RollbacklabError

__all__ = ["environment", "render"]


@functools.cache
def environment() -> jinja2.Environment:
    """Return the one environment."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("pytest_rollbacklab.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_legible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "when": _when,
        "lasted": _lasted,
        "size": moments.size,
        "percent": moments.percent,
        "figure": moments.figure,
        "exact": moments.exact,
        "as_typed": escape,
    }
    made.globals |= {name: jinja2.pass_context(_with_words(say)) for name, say in SENTENCES.items()}
    return made


def render(visit: Visit, template: str, values: Mapping[str, Any]) -> bytes:
    """Return a template as HTML. Blocks: the app's name may be read from its file."""
    text = environment().get_template(template).render({**_frame(visit), **values})
    return text.encode("utf-8", "replace")  # half a surrogate pair, as a hostile commit may have


def _legible(value: Any) -> Any:
    return written_out(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _frame(visit: Visit) -> Mapping[str, Any]:
    return {
        "_": visit.words,
        "rich": functools.partial(_rich, visit.words),
        "url": visit.url,
        "token_field": Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN_FIELD, visit.place.token),
        "here": visit.path,
        "here_with_query": visit.request.path_qs.removeprefix(f"/{visit.place.key}") or "/",
        "json_address": _json_address(visit),
        "stage_name": visit.request.match_info.get("stage"),
        "language": visit.words.language,
        "language_names": LANGUAGE_NAMES,
        "ago": {step: visit.words(text) for step, text in moments.AGO},
        "app_name": _app_name(visit),
        "owner": visit.pipeline.owner,
    }


def _json_address(visit: Visit) -> str | None:
    if visit.request.method not in ("GET", "HEAD"):
        return None
    return str(visit.request.rel_url.update_query(format="json"))


def _app_name(visit: Visit) -> str:
    """Return the app's name, or a stand-in while its file is being edited and does not parse."""
    try:
        return visit.pipeline.app.name
    except RollbacklabError:
        return "rollbacklab"


def _rich(words: Words, english: str, /, **values: object) -> Markup:
    return escape(words(english)).format(**{name: _isolated(value) for name, value in values.items()})


def _isolated(value: object) -> Markup:
    """Return a value with a direction of its own, so that a branch in Arabic does not turn the sentence around it."""
    return value if isinstance(value, Markup) else Markup("<bdi>{}</bdi>").format(_legible(value))


def _with_words(say: Any) -> Any:
    def said(context: jinja2.runtime.Context, *arguments: Any) -> Any:
        return say(context["_"], *arguments)

    return said


@jinja2.pass_context
def _when(context: jinja2.runtime.Context, moment: datetime) -> Markup:
    written = Markup('<time datetime="{}" title="{}"><span data-ago>{}</span><span class="sr"> ({})</span></time>')
    exact = moments.exact(moment)
    return written.format(moment.isoformat(), exact, moments.ago(context["_"], moment), exact)


@jinja2.pass_context
def _lasted(context: jinja2.runtime.Context, seconds: float) -> str:
    return moments.lasted(context["_"], seconds)
