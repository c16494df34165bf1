"""Pictures of statecharts: a template's, and a process's with what is active, what was taken and how long it took.

`life` counts what the events of a process tell; `model` says what is to be drawn, in one language; `cards` sets the
text of each box, `layers` puts boxes into rows, `layout` gives everything its place, `routes` leads the lines; `svg`
draws it, and `mermaid` says the same as text. Everything is pure, and the same input gives the same bytes. No answer
of anybody gets here: a picture shows how far a process is, not what was said.
"""
