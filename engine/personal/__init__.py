"""What is held about people: telling it to them, forgetting it, looking whether it is forgotten, and when it has to be.

`holdings` finds what there is of a person, `telling` writes it down for them, `erasing` forgets it by the list in
`store.erasures`, `searching` looks for what should be gone. Nothing here is a rule of a process, and nothing knows the
warehouse: that has its own `erasing`.
"""
