"""What ``rollbacklab up`` says when the lab runs: where everything is, and what to do next, in the user's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_rollbacklab.console.words import Words, choose_language
from pytest_rollbacklab.up.hosting import REMOTE, Remote
from pytest_rollbacklab.up.owner import AppOwner

__all__ = ["greeting", "has_display", "users_words"]


def users_words(environ: Mapping[str, str]) -> Words:
    """Return the language of the user's terminal, as POSIX has it told: LC_ALL, else LC_MESSAGES, else LANG."""
    told = (environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return Words(choose_language("", next(filter(None, told), None)))


def greeting(words: Words, owner: AppOwner, remote: Remote, *, students: int) -> Iterator[str]:
    """Yield the lines.

    Args:
        students: How many there are; 0 when it is no workshop.
    """
    target = owner.target
    yield words("The lab of {app} runs; Ctrl-C ends it.", app=owner.pipeline.app.name)
    yield ""
    yield f"  {words('Console')}    {owner.console_url}/"
    if students:
        yield f"  {words('Workshop')}   {owner.console_url}/workshop  ({words('{count} students', count=students)})"
    yield f"  {words('Local AWS')}  {target.endpoint_url}"
    yield f"             {words('account {account}, region {region}', account=target.account_id, region=target.region)}"
    yield f"  {words('Git remote')} {REMOTE}: {owner.bare}"
    yield ""
    yield words("Any AWS client uses it with:")
    yield f"  export AWS_ENDPOINT_URL={target.endpoint_url} AWS_REGION={target.region}"
    yield f"  export AWS_ACCESS_KEY_ID={target.account_id} AWS_SECRET_ACCESS_KEY=local"
    yield ""
    yield words("What to do next:")
    if not remote.has_commits:
        yield '  git add -A && git commit -m "First build"'
    yield f"  git push {REMOTE} {owner.branch if remote.branch == owner.branch else 'HEAD:' + owner.branch}"


def has_display(environ: Mapping[str, str], platform: str) -> bool:
    """Tell whether a browser can be opened here for somebody to see."""
    return platform == "darwin" or any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
