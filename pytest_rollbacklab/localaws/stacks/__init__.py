"""CloudFormation: our own engine, because rollback is this project's subject.

    text -> document -> (sam) -> template -> blueprint -> plan -> walk over the graph -> events, outputs

``service`` answers the API, ``update`` and its neighbours do the work, ``resources`` knows the types.
"""
