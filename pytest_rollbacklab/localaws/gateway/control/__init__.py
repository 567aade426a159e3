"""The control plane: API Gateway's operations on REST APIs, each a function from AWS's parameters to AWS's answer."""
