"""A running lab: the local AWS, the git remote, the pipeline and the console, started and ended together."""
