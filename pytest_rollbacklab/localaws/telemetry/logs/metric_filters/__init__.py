"""Metric filters: metrics out of the events of a group, as they are written."""
