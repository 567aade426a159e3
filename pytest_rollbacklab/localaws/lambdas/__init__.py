"""Lambda: functions that run for real."""
