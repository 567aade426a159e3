"""From a git commit to a numbered, immutable Build on the shelf."""
