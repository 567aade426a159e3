"""Cognito user pools: sign-in, with the proof of the password really checked."""
