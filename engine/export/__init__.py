"""Processes for other programs and other places: what leaves the workspace in a file, and in which form.

- `source` reads what a session may take along: who leads a process, or the operator; nothing that they may not see;
- `cloudevents` and `ocel` make it over into the forms that other programs read; `schema` describes the stored events;
- `bag` packs one process into an archive that can be checked without the workspace, and `check` checks it;
- `files` writes a file whole or not at all.

The makers are pure: from stored events to values. Nothing here decrypts: what is personal or sealed leaves as it is
stored. May import the rest of the engine, and is imported by `cli` alone.
"""
