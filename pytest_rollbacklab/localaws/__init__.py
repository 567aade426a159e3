"""The local AWS: one process, one port, 127.0.0.1. Nothing outside this package knows that it is local."""
