"""What git tells a hook, as the hook sends it, and text that is safe to show in a terminal.

GIT_QUARANTINE_PATH=...           variables, as the hook has them
ref <old> <new> refs/heads/main   one line for each ref, as git gives it to the hook
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.up.hooks import QUARANTINE

__all__ = ["Pushed", "Ref", "read_pushed", "shown"]

_BRANCHES = "refs/heads/"
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_REF = re.compile(r"ref ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (refs/\S.*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ref:
    """A ref that is being moved."""

    name: str
    old: str
    """A commit id; zeros when the ref is new."""
    new: str
    """Likewise; zeros when it is deleted."""

    @property
    def branch(self) -> str | None:
        """The branch's name; None for a tag and whatever else there is."""
        return self.name.removeprefix(_BRANCHES) if self.name.startswith(_BRANCHES) else None

    @property
    def is_new(self) -> bool:
        return not self.old.strip("0")

    @property
    def is_gone(self) -> bool:
        return not self.new.strip("0")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pushed:
    """What a hook sends."""

    refs: tuple[Ref, ...]
    quarantine: dict[str, str] = field(default_factory=dict)


def read_pushed(text: str) -> Pushed:
    """Read what a hook sends.

    Raises:
        UsageError: a line is none of those that a hook sends.
    """
    refs: list[Ref] = []
    quarantine: dict[str, str] = {}
    for line in text.removesuffix("\n").split("\n"):
        name, is_variable, value = line.partition("=")
        if (found := _REF.fullmatch(line)) is not None:
            refs.append(Ref(old=found[1], new=found[2], name=found[3]))
        elif is_variable and name in QUARANTINE:
            quarantine |= {name: value} if value else {}
        else:
            raise UsageError("this is not what a git hook of the lab sends", looked_at=repr(line), mend="push with git")
    return Pushed(refs=tuple(refs), quarantine=quarantine)


def shown(line: str) -> str:
    """Return a line without what a terminal would act upon, or could be made to read in another order."""
    return _HIDDEN.sub("\N{REPLACEMENT CHARACTER}", line)
