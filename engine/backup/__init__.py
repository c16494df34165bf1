"""Backups: a workspace's truth in one place that can be carried away, and a workspace from it again.

- `manifest` says what a backup holds: every file with its hash, the head of the log, and what was wrong with it then;
- `places` writes a folder or a zip whole or not at all, and reads it, each file against its hash;
- `making` makes a backup of log, landing and config while others write, and one of the keys, which lie apart;
- `restoring` makes a workspace from a backup, or puts a log back in the place of another.

What is a fold (warehouse, copies for readers, work lists) is made again from the events. Keys are never in a backup of
the log, and the list of erasures is in no backup at all. May import the rest of the engine; imported by `cli`.
"""
