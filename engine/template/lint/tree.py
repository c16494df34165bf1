"""The tree of states: what a state with states, a parallel one, a final one, and one that only remembers may hold."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Problem
from engine.template.chart import Node
from engine.template.lint.subject import Path, Subject


def problems(subject: Subject) -> Iterator[Problem]:
    """What of the tree could not be run."""
    for path, node in subject.nodes.values():
        state = node.spec
        holds = (state.actions, state.auto, state.deadlines, state.tasks, state.states, state.spawn)
        if state.final and any(holds):
            hint = "Remove `final`, or what follows."
            yield subject.problem("final-goes-on", "a final state has nothing in it", path, hint)
        if state.history is not None:
            yield from _history(subject, path, node)
        elif state.parallel:
            yield from _parallel(subject, path, node)
        elif state.initial is not None and state.initial not in state.states:
            where = (*path, "initial")
            yield subject.unknown("unknown-initial", "state within", state.initial, state.states, where)
        elif state.states and state.initial is None:
            hint = f"Add initial: {next(iter(state.states))}"
            yield subject.problem("initial-missing", "a state with states needs `initial`", path, hint)


def _parallel(subject: Subject, path: Path, node: Node) -> Iterator[Problem]:
    if node.spec.initial is not None:
        hint = "Remove `initial`: all of them are entered."
        yield subject.problem("parallel-initial", "a parallel state has no first state", (*path, "initial"), hint)
    if len(node.regions) < 2:
        yield subject.problem("parallel-alone", "a parallel state needs two states or more", path, "Add one.")
    for name in node.regions:
        if node.spec.states[name].final:
            hint = "End the states within the regions instead."
            where = (*path, "states", name, "final")
            yield subject.problem("parallel-final", f"“{name}” is a region and cannot be final", where, hint)
    owners: dict[str, str] = {}
    for region in node.regions:
        within = [other for _, other in subject.nodes.values() if region in other.path]
        for action in sorted({action for other in within for action in other.spec.actions}):
            if action in owners:
                message = f"“{action}” can be chosen in “{owners[action]}” and in “{region}” at once"
                hint = "Give one of the two another id."
                yield subject.problem("action-twice", message, (*path, "states", region), hint)
            owners.setdefault(action, region)


def _history(subject: Subject, path: Path, node: Node) -> Iterator[Problem]:
    spec, nodes = node.spec, subject.nodes
    if node.parent is None:
        yield subject.problem("history-outside", "a history state remembers the state around it", path, "Move it in.")
        return
    if spec.states or spec.tasks or spec.actions or spec.auto or spec.deadlines or spec.count or spec.final:
        hint = "Keep `title`, `history` and `initial`."
        yield subject.problem("history-holds", "a history state only leads back, and holds nothing", path, hint)
    around = nodes[node.parent][1]
    inner = [other.id for _, other in nodes.values() if node.parent in other.path[:-1]]
    known = [name for name in (around.regions if spec.history == "shallow" else inner) if name != node.id]
    known = [name for name in known if nodes[name][1].spec.history is None]
    if spec.initial is None:
        hint = f"Add initial: {known[0]}" if known else "Add a state beside it."
        yield subject.problem("initial-missing", "at first there is nothing to go back to", path, hint)
    elif spec.initial not in known:
        yield subject.unknown("unknown-initial", "state around it", spec.initial, known, (*path, "initial"))
