"""The engine: what happened in a process, and what may happen next.

It runs processes that are written as config: statecharts with tasks, and forms. It stores every event, and folds them
to states. It knows nothing of SAMSON or SoImpact, and may import neither warehouse, pipelines nor cli.

The way of an answer through the room:

- `bundle` reads a template (`template`, `yaml`) and its forms (`form`), lints them, and pins them by a content hash;
- `decide` takes a state, a command and the template, and says which events follow; `state` folds events to a state;
  `chart` knows the statechart, `guards` the conditions, `access` who may do and see what; all of these are pure;
- `vault` encrypts what is sealed or personal, `log` stores events in a hash chain, `engine` is the door to it all.
"""
