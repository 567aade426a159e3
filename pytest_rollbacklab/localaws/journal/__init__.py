"""Where what the parts of the local AWS hold is written down, so that a kill does not lose what was acknowledged.

journal     the keeper: what has changed is dumped and appended before an answer leaves; and put back at start
batches     what is written at a time, and what many of them come to
file        one file that is only ever appended to, in frames that show whether they are whole
directory   whose directory it is, that one process alone uses it, and which versions wrote it
"""
