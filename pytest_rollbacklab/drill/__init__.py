"""The timeline of a drill: broken, detected, rolled back, recovered."""
