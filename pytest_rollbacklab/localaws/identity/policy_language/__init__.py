"""IAM's policy language: documents, patterns and conditions."""
