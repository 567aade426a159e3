"""Authorizers at work: functions that say who may call, and user pools' tokens."""
