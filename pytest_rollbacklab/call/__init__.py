"""Call the deployed API as its users do: signed in by Cognito, signed by SigV4."""
