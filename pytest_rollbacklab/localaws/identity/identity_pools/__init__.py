"""Cognito identity pools: who signed in gets an identity, and AWS credentials that carry it."""
