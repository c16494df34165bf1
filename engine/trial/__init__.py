"""Trying a template out before anybody depends on it: scenarios that its author wrote, and lives that chance makes up.

- `scenario` is the model of a file of scenarios, `schema` its JSON Schema for editors, `reading` finds what is wrong
  with one; `running` plays it through the real engine with a fake clock (`stage`), `doing` carries out its steps and
  `expecting` holds what came of them against what was expected;
- `simulating` plays a template with people and answers that `chance` makes up after `hints` from its conditions, in
  memory (`playing`); `noticing` keeps what the runs came to, and `telling` tells the way there as a scenario has it;
- both make up answers (`answers`, `patterns`) and keep count of what they have seen (`coverage`).

Nothing here touches a workspace, and nothing in the engine knows of it.
"""
