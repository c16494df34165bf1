"""Which states a transition leaves and enters, and which transitions go together: W3C SCXML's algorithm.

The functions are those of "Algorithm for SCXML Interpretation" (State Chart XML 1.0, W3C Recommendation 2015, appendix
D), under their names there; a set of active states is SCXML's configuration. Pure; `engine.process.decide.moves` makes
events of what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from engine.template.chart import Choice, Definition

MAX_STEPS: Final = 100
"""Automatic transitions, one after the other, that one command may lead to."""

Remembered: TypeAlias = Mapping[str, tuple[str, ...]]
"""Of each history state that has been left, the states to go back to."""


def descendant(definition: Definition, state: str, ancestor: str | None) -> bool:
    """Whether a state lies within another, at any depth; everything lies within None, the whole chart."""
    return ancestor is None or (state != ancestor and ancestor in definition.nodes[state].path)


def in_final_state(definition: Definition, active: Collection[str], state: str) -> bool:
    """Whether a final state within an active one is reached, of a parallel one in every region: isInFinalState."""
    node = definition.nodes[state]
    if state not in active:
        return False
    if node.spec.parallel:
        return all(in_final_state(definition, active, region) for region in node.regions)
    return any(child in active and definition.nodes[child].spec.final for child in node.spec.states)


def select_enabled(
    definition: Definition, active: Collection[str], remembered: Remembered, is_open: Callable[[Choice], bool]
) -> list[Choice]:
    """The automatic transitions to take together: the innermost open one of each atomic state."""
    enabled: dict[str, Choice] = {}
    for state in sorted(active, key=definition.order.__getitem__):
        if definition.nodes[state].atomic:
            found = _first_open(definition, state, is_open)
            if found is not None:
                enabled.setdefault(found.id, found)
    if len(enabled) < 2:  # one has no rival
        return list(enabled.values())
    return remove_conflicting(definition, active, remembered, enabled.values())


def _first_open(definition: Definition, state: str, is_open: Callable[[Choice], bool]) -> Choice | None:
    for around in reversed(definition.nodes[state].path):
        for choice in definition.autos[around]:
            if is_open(choice):
                return choice
    return None


def remove_conflicting(
    definition: Definition, active: Collection[str], remembered: Remembered, enabled: Iterable[Choice]
) -> list[Choice]:
    """Of transitions that would leave the same state, the inner one, else the first: removeConflictingTransitions."""
    kept: list[Choice] = []
    for one in enabled:
        leaving = set(exit_set(definition, active, remembered, [one]))
        rivals = [other for other in kept if leaving & set(exit_set(definition, active, remembered, [other]))]
        if all(descendant(definition, one.state, rival.state) for rival in rivals):
            kept = [other for other in kept if other not in rivals]
            kept.append(one)
    return kept


def exit_set(
    definition: Definition, active: Collection[str], remembered: Remembered, choices: Iterable[Choice]
) -> list[str]:
    """The active states that the transitions leave, innermost first: computeExitSet."""
    domains = [_domain(definition, remembered, choice.state, choice.to) for choice in choices if choice.to is not None]
    leaving = [state for state in active if any(descendant(definition, state, domain) for domain in domains)]
    return sorted(leaving, key=definition.order.__getitem__, reverse=True)


def entry_set(definition: Definition, remembered: Remembered, choices: Sequence[Choice]) -> list[str]:
    """The states that the transitions enter, outermost first: computeEntrySet."""
    entering = _Entering(definition, remembered)
    for choice in choices:
        if choice.to is None:
            continue
        entering.add_descendants(choice.to)
        domain = _domain(definition, remembered, choice.state, choice.to)
        for target in _effective(definition, remembered, choice.to):
            entering.add_ancestors(target, domain)
    return entering.in_order()


def initial_set(definition: Definition) -> list[str]:
    """The states that are entered when a process begins, outermost first."""
    return entered_by(definition, definition.template.initial)


def entered_by(definition: Definition, state: str) -> list[str]:
    """The states that are active once a state is entered from outside and nothing is remembered, outermost first."""
    entering = _Entering(definition, {})
    entering.add_descendants(state)
    entering.add_ancestors(state, None)
    return entering.in_order()


def active_with(definition: Definition, states: Iterable[str]) -> list[str]:
    """The states that are active where these are, with all around them and what has to be within, outermost first."""
    entering = _Entering(definition, {})
    for state in states:
        entering.add_descendants(state)
    for state in list(entering.states):
        entering.add_ancestors(state, None)
    return entering.in_order()


def remembered_by(definition: Definition, active: Collection[str], state: str) -> dict[str, tuple[str, ...]]:
    """What the history states of a state remember when it is left."""
    within = sorted((s for s in active if descendant(definition, s, state)), key=definition.order.__getitem__)
    return {
        history.id: tuple(
            s
            for s in within
            if (definition.nodes[s].atomic if history.spec.history == "deep" else definition.nodes[s].parent == state)
        )
        for history in definition.histories[state]
    }


def _effective(definition: Definition, remembered: Remembered, target: str) -> tuple[str, ...]:
    """Where a target leads: a history state to what it remembers, or to its initial: getEffectiveTargetStates."""
    node = definition.nodes[target]
    if node.spec.history is None:
        return (target,)
    return remembered.get(target) or (node.initial,)


def _domain(definition: Definition, remembered: Remembered, source: str, to: str) -> str | None:
    """The innermost compound state around source and targets (None: the whole chart): findLCCA."""
    targets = _effective(definition, remembered, to)
    for around in reversed(definition.nodes[source].path[:-1]):
        if definition.nodes[around].compound and all(descendant(definition, t, around) for t in targets):
            return around
    return None


class _Entering:
    """The set of states to enter as it grows."""

    def __init__(self, definition: Definition, remembered: Remembered) -> None:
        self.definition = definition
        self.remembered = remembered
        self.states: set[str] = set()

    def in_order(self) -> list[str]:
        """Outermost first, in document order."""
        return sorted(self.states, key=self.definition.order.__getitem__)

    def add_descendants(self, state: str) -> None:
        """A state with what is entered within it: addDescendantStatesToEnter."""
        node = self.definition.nodes[state]
        if node.spec.history is not None:
            targets = _effective(self.definition, self.remembered, state)
            for target in targets:
                self.add_descendants(target)
            for target in targets:
                self.add_ancestors(target, node.parent)
            return
        self.states.add(state)
        if node.compound:
            self.add_descendants(node.initial)
            for target in _effective(self.definition, self.remembered, node.initial):
                self.add_ancestors(target, state)
        elif node.spec.parallel:
            self._add_regions(state)

    def add_ancestors(self, state: str, around: str | None) -> None:
        """The states between one and what is around it, parallel ones with all regions: addAncestorStatesToEnter."""
        for ancestor in reversed(self.definition.nodes[state].path[:-1]):
            if ancestor == around:
                return
            self.states.add(ancestor)
            if self.definition.nodes[ancestor].spec.parallel:
                self._add_regions(ancestor)

    def _add_regions(self, parallel: str) -> None:
        for region in self.definition.nodes[parallel].regions:
            if not any(s == region or descendant(self.definition, s, region) for s in self.states):
                self.add_descendants(region)
