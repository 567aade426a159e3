"""From a template's text to what it wants: read, transformed, its conditions decided, its references known."""
