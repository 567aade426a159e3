"""Logs Insights: queries over the events of groups, in the part of its language that is emulated."""
