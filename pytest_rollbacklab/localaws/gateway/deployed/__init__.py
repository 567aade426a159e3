"""What an API becomes when it is deployed: a table of routes, each with an integration that is ready to be called."""
