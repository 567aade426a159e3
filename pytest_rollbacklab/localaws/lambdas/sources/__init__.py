"""Event sources: queues and table streams that functions run for (``operations``), and their polling (``polling``)."""
