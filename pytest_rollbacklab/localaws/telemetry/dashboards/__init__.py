"""Dashboards: stored and returned as they were put; nothing here draws them."""
