"""CloudFormation's API: what is asked, and how the answer looks."""
