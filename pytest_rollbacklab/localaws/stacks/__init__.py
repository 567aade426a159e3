"""CloudFormation: our own engine, because rollback is this project's subject.

    a call -> operations -> templates -> planning -> work -> resources -> the services' own APIs
                                            \\         |
                                             state  <--+

``templates`` makes a blueprint of a text, ``planning`` a deployment of a call and a plan of a deployment, ``work``
carries it out and goes back when something fails, ``resources`` knows the types, ``state`` holds what stands. What is
refused, and in which words, is in ``refusals`` and ``failures``.
"""
