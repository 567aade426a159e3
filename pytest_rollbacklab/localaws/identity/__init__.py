"""Who calls: signatures, credentials, policies, Cognito."""
