"""CloudFormation: our own engine."""
