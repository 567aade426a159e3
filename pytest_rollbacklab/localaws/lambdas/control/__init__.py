"""Lambda's control plane: what functions, versions, aliases and permissions are, and the operations on them.

Nothing here runs a function. Operations are in boto3's shapes; every error is Lambda's, in its words where they are
known. What is not emulated is refused by name.
"""
