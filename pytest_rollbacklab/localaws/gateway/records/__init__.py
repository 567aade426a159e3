"""What a request leaves behind: a line in the access log, the execution log, and metrics."""
