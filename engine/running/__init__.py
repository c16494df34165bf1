"""What the engine does, a room for each step of a command; `engine.engine` is the door to them.

- `streams` opens the events of a stream and closes new ones: encrypted, enveloped, chained;
- `catalogue` keeps the bundles: published, retired, ready to run;
- `loading` folds a process from its events, keeps it folded, and puts it in quarantine;
- `snapshots` keeps the folded state of long processes, and `records` reads their earlier events when asked;
- `committing` decides on the state and appends what follows, in one transaction;
- `linking` starts processes for others, and tells each what has become of the other;
- `idempotency` gives the same answer to the same command again;
- `looking` tells, explains and previews, for whoever may see the process;
- `read_models` makes the read models again from the events.

It may import everything of `engine` but the door, `workspace` and what uses them.
"""
