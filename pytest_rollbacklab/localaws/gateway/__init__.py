"""API Gateway: REST APIs, control plane and data plane."""
