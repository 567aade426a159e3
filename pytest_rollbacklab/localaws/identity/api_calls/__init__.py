"""What roles and users may ask of AWS's own APIs: each call of theirs is held against their policies."""
