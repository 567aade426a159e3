"""Characters that a reader would not see, or that would turn a text around, written out: an escape becomes ``\\x1b``.

Commits, reasons, branches and logs hold what anybody wrote. Jinja2 escapes what is markup; this is for the rest. It is
applied to every text that a template shows (see ``html``), so that no page can forget it. JSON stays what it was.
"""

from __future__ import annotations

import re

__all__ = ["written_out"]

# Controls but tab and newline, marks that turn the direction of reading, halves of surrogate pairs: as in the CLI.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def written_out(text: str) -> str:
    """Return a text in which nothing steers; a line's end is a newline, however it was written."""
    if text.isprintable():  # as nearly all is: then nothing of the kind is in it
        return text
    return _UNSEEN.sub(_one, text.replace("\r\n", "\n"))


def _one(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
