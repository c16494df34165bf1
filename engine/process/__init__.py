"""What happens in a process, pure: `decide` makes events of commands, `state` adds events up.

`events` and `commands` are the two vocabularies; `conditions` are the guards' eyes, `access` says who may do and see
what, `calendars` when something is due; `explain` and `history` tell people. Nothing here reads or writes a file.
"""
