"""The lab's two ports on 127.0.0.1: chosen at the first start, the same ever after, and told by name when taken."""

from __future__ import annotations

import errno
import os
import socket

from pytest_rollbacklab.errors import ConfigError

__all__ = ["check_free", "claim"]


def claim(port: int, what: str, option: str) -> socket.socket:
    """Take a port, without listening yet.

    Args:
        port: 0 for any free one.
        what: Whose it is, for what is said when it is taken.
        option: Of the command line, likewise.

    Raises:
        ConfigError: another program has it, or it may not be taken.
    """
    claimed = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    claimed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        claimed.bind(("127.0.0.1", port))
        if port and _answers(port):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    except OSError as error:
        claimed.close()
        raise ConfigError(
            f"port {port} of {what} cannot be used: {error.strerror}",
            looked_at=f"127.0.0.1:{port}",
            mend=f"end the program that has it, or take another one: rollbacklab up {option} 0 (any free one)",
        ) from None
    return claimed


def check_free(port: int, what: str, option: str) -> int:
    """Return a port that another process will take in a moment. Raises as ``claim`` does."""
    if port:
        claim(port, what, option).close()
    return port


def _answers(port: int) -> bool:
    """Tell whether somebody listens there all the same, as macOS lets two programs do."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
