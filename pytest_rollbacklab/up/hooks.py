r"""The two hooks of a hosted repository, as the scripts that git runs.

``pre-receive`` hands the pushed commits to the lab before git takes them, so that a push which does not build is
refused; ``post-receive`` has them deployed. Both send what git tells them to the lab, show each line that it says at
once, and end with the status that it gives. They are bash, whose ``/dev/tcp`` needs no other program: a push waits for
both, and any interpreter takes longer to start than all that they do. What is sent and answered is ``receiving``'s
business.
"""

from __future__ import annotations

import shlex
import shutil

from pytest_rollbacklab.errors import ToolMissingError

__all__ = ["HOOKS", "HOOK_TOKEN_HEADER", "QUARANTINE", "hook_script"]

HOOKS = ("pre-receive", "post-receive")
HOOK_TOKEN_HEADER = "X-Rollbacklab-Hook"  # noqa: S105 - the header's name
QUARANTINE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")
"""git's variables under which objects that it has not taken yet can be read."""

_SCRIPT = r"""#!{bash}
# Written by rollbacklab up, at each start: hands a push to the lab and shows what the lab says.
trap '' PIPE  # whoever stops listening does not stop this
LC_ALL=C
sent=""
for name in {names}; do sent+="$name=${{!name}}"$'\n'; done
while IFS= read -r line; do sent+="ref $line"$'\n'; done
if ! {{ exec 3<>/dev/tcp/127.0.0.1/{port}; }} 2>/dev/null; then
  echo {not_running}
  exit {lost}
fi
printf 'POST /git/{hook} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n{header}: {token}\r\nContent-Length: %d\r\n\r\n%s' \
  "${{#sent}}" "$sent" >&3 2>/dev/null
while IFS= read -r line <&3 && [ "$line" != $'\r' ]; do :; done
while IFS= read -r line <&3; do
  case $line in
    "say "*) printf '%s\n' "${{line#say }}" 2>/dev/null ;;
    "end "*) exit "${{line#end }}" ;;
  esac
done
echo {stopped}
exit {lost}
"""


def hook_script(hook: str, *, port: int, token: str, directory: str) -> str:
    """Return one of the scripts.

    Args:
        hook: ``pre-receive`` or ``post-receive``.
        port: Of the console.
        token: What tells the lab whose repository it is.
        directory: Where the lab is started, for what is said when it does not run.

    Raises:
        ToolMissingError: this machine has no bash.
    """
    bash = shutil.which("bash")
    if bash is None:
        raise ToolMissingError(
            "there is no bash on this machine, and the hooks of the lab's git repository need it",
            looked_at="the PATH",
            mend="install bash with the system's package manager",
        )
    start = f"rollbacklab up, in {directory},"
    if hook == "pre-receive":
        lost = "nothing was pushed: start the lab with rollbacklab up and push again"
    else:
        lost = f"git has taken the push; {start} finishes what was begun, and says so"
    return _SCRIPT.format(
        bash=bash,
        names=" ".join(QUARANTINE),
        port=port,
        hook=hook,
        header=HOOK_TOKEN_HEADER,
        token=token,
        lost=1 if hook == "pre-receive" else 0,
        not_running=shlex.quote(f"The lab of {directory} does not run, and {lost}"),
        stopped=shlex.quote(f"The lab stopped answering; {lost}"),
    )
