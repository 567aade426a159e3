"""Alarms on one metric: settings, evaluation, reasons, history, and CloudWatch's operations over them."""
