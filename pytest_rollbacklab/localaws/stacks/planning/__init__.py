"""From a call to a deployment, and from a deployment to what it would change."""
