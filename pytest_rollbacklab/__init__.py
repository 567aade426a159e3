"""pytest-rollbacklab: practise and prove serverless rollbacks, offline."""
