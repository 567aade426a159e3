"""Stacks and change sets as they stand, and how they are found."""
