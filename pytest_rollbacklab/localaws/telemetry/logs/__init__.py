"""Logs: groups, streams and events in order of time, and CloudWatch Logs' operations over them."""
