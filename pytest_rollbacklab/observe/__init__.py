"""Read what a stage left behind through CloudWatch, Logs and the services' own APIs."""
