"""API Gateway's REST APIs: a control plane that edits them, and a data plane that answers by what was deployed.

``apis`` holds the values: an API is one immutable value, so that a deployment keeps it by just holding on to it.
``control`` edits, ``definitions`` imports and exports, ``deployed`` compiles a snapshot, ``execution`` answers,
``usage`` counts what callers have used, and ``records`` writes what each request leaves behind.
"""
