"""What is kept: the log of events in a hash chain, the keys beside it, and the tables written with it.

`log` stores events and rows in one transaction; `vault` encrypts with what `keys` holds; `people`, `drafts` and
`worklists` are tables of the same file; `verify` checks the chains from their bytes. Nothing here decides.
"""
