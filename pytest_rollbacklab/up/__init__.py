"""``rollbacklab up``: the lab as one process, with the local AWS as its child, git remotes, and a console for each."""
