"""The only door to moto."""
