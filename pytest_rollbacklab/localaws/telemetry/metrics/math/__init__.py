"""Metric math: expressions over time series, as GetMetricData and alarms have them."""
