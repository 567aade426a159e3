"""Metrics: points in buckets of time, and CloudWatch's operations over them."""
