"""Signature Version 4: what a request claims, its canonical form, and how a claim is refused."""
