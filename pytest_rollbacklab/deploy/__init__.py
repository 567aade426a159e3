"""Put a build on a stage: deploy, promote and roll back are one operation with another Build."""
