"""The engine: what happened in a process, and what may happen next.

It runs processes that are written as config: statecharts with tasks, and forms. It stores every event, and folds them
to states. It knows nothing of SAMSON or SoImpact, and may import neither warehouse, pipelines nor cli.

The way of an answer through the rooms:

- `template` reads what authors write, with its `form`s and `guards`, lints it, and pins it by a content hash;
- `process` is pure: `decide` takes a state, a command and the template, and says which events follow; `state` folds
  events to a state;
- `store` encrypts what is sealed or personal, and keeps the events in a hash chain;
- `running` carries a command out: loads the process, decides, and commits what follows;
- `engine` is the door to it all, `workspace` the folder that a user's engine lives in.
"""
