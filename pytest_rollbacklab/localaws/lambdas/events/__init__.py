"""Event invocations, from their acceptance (``queue``) to what is told of their end (``record``, ``delivery``)."""
