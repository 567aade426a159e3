"""The values that the gateway is made of: REST APIs, their methods, deployments and stages."""
