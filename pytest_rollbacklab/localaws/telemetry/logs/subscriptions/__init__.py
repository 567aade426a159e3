"""Subscription filters: the events of a group, handed to a function as they are written."""
