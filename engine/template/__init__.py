"""What authors write: templates read with positions, linted, pinned by a content hash, and made ready to run.

`model` is what a template may hold, `schema` that same for editors; `sources` finds the files, `lint` judges them,
`bundle` pins them, and `chart` is the statechart that `engine.process` runs. Forms and guards have rooms of their own.
"""
