"""The web console: the pipeline, the logs and the metrics of a running lab, as pages and as JSON."""
