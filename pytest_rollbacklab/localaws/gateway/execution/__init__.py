"""The data plane: one request from the client's bytes to the answer, in the order in which API Gateway goes."""
