"""What a scenario expects, held against how things stand: every difference is a sentence with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from engine.codec import Json
from engine.errors import AnswersInvalid, Place, SamskapError
from engine.guards import UNKNOWN, GuardFault, parse
from engine.trial.scenario import Expectation, Refusal, Step
from engine.trial.stage import Stage, Unclear
from engine.yaml import DataPath

Difference: TypeAlias = tuple[DataPath, str]
"""Which key of the expectation, and what is otherwise."""

_UNKNOWN_WORD = "unknown"


def differences(stage: Stage, then: Expectation) -> Iterator[Difference]:
    """What is otherwise than expected."""
    state = stage.loaded.state
    if then.status is not None and state.status != then.status:
        yield ("status",), f"the process should be {then.status}, and is {state.status}"
    if then.states is not None:
        yield from _states(stage, then.states)
    for handle, wanted in (then.tasks or {}).items():
        yield from _tasks(stage, handle, wanted)
    for key, names in (("open", then.open), ("closed", then.closed), ("unknown", then.unknown)):
        for name in names or ():
            yield from (((key,), told) for told in _action(stage, key, name))
    for expression, value in (then.values or {}).items():
        yield from ((("values", expression), told) for told in _value(stage, expression, value))
    for number, condition in enumerate(then.holds or ()):
        yield from ((("holds", number), told) for told in _holds(stage, condition))
    if then.incidents is not None:
        found = sorted(incident.id for incident in state.incidents.values() if incident.is_open)
        if found != sorted(then.incidents):
            yield ("incidents",), f"the incidents should be {_listed(then.incidents)}, and are {_listed(found)}"


def refusal(step: Step, error: SamskapError) -> str:
    """How a step that was refused was refused otherwise than expected; empty where it was as expected."""
    wanted = step.refused
    if wanted is None or isinstance(error, Unclear):
        return f"this is refused: {_sentences(error)}"
    if wanted is True:
        return ""
    if isinstance(wanted, str):
        wanted = Refusal(says=wanted)
    if wanted.code is not None and wanted.code != error.code:
        return f"this should be refused as {wanted.code}, and is as {error.code}: {error.message}"
    said = _sentences(error)
    if wanted.says is not None and wanted.says.casefold() not in said.casefold():
        return f"the refusal should say “{wanted.says}”, and says: {said}"
    fields = [field.path for field in error.fields] if isinstance(error, AnswersInvalid) else []
    if wanted.field is not None and wanted.field not in fields:
        return f"the answer to {wanted.field} should be refused; refused are {_listed(fields)}"
    return ""


def _sentences(error: SamskapError) -> str:
    """All that a person reads of an error."""
    fields = [f"{field.path}: {field.message}" for field in error.fields] if isinstance(error, AnswersInvalid) else []
    return "; ".join([error.message, *fields])


def _states(stage: Stage, wanted: tuple[str, ...]) -> Iterator[Difference]:
    nodes, active = stage.definition.nodes, stage.loaded.state.active
    innermost = [state for state in active if nodes[state].atomic]
    missing = [state for state in wanted if state not in active]
    beyond = [state for state in innermost if not set(nodes[state].path) & set(wanted)]
    if missing or beyond:
        yield ("states",), f"active should be {_listed(wanted)}, and is {_listed(innermost)}"


def _tasks(stage: Stage, handle: str, wanted: tuple[str, ...]) -> Iterator[Difference]:
    items = stage.engine.tasks(stage.session(handle), stage.process)
    found = sorted(item.instance for item in items)
    left = list(found)
    missing = []
    for name in sorted(wanted, key=lambda name: "." not in name):  # instances before tasks, which take any
        match = next((one for one in left if name in (one, one.partition(".")[0])), None)
        if match is None:
            missing.append(name)
        else:
            left.remove(match)
    if missing or left:
        yield ("tasks", handle), f"open for {handle} should be {_listed(wanted)}, and is {_listed(found)}"


def _action(stage: Stage, key: str, name: str) -> Iterator[str]:
    choice = stage.conditions.chosen(name)
    if choice is None:
        if key != "closed":
            yield f"“{name}” should be {key}, and its state is not active"
        return
    outcome, fault = stage.conditions.attempt(choice)
    condition = choice.guard.text if choice.guard else "it has no condition"
    is_open = outcome.value is True
    missing = f"; missing: {', '.join(outcome.missing)}" if outcome.missing else ""
    why = f"{_said(outcome.value)} by {condition}{missing}" + (f" ({fault})" if fault else "")
    if key == "unknown" and outcome.value is not UNKNOWN:
        yield f"the condition of “{name}” should be unknown, and is {why}"
    elif (key == "open") is not is_open and key != "unknown":
        yield f"“{name}” should be {key}, and is {'open' if is_open else 'closed'}: {why}"


def _value(stage: Stage, expression: str, wanted: Json) -> Iterator[str]:
    try:
        found = stage.conditions.value(parse(expression, Place("")), None)
    except GuardFault as fault:
        yield f"{expression} cannot be told: {fault.message}"
        return
    if (wanted == _UNKNOWN_WORD and found is UNKNOWN) or _equal(found, wanted):
        return
    yield f"{expression} should be {_said(wanted)}, and is {_said(found)}"


def _equal(found: object, wanted: Json) -> bool:
    if isinstance(found, list | tuple) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_equal, found, wanted))
    if isinstance(found, Mapping) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_equal(found[name], wanted[name]) for name in wanted)
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _holds(stage: Stage, condition: str) -> Iterator[str]:
    try:
        found = stage.conditions.value(parse(condition, Place("")), None)
    except GuardFault as fault:
        found = f"not to be told: {fault.message}"
    if found is not True:
        yield f"{condition} should hold, and is {_said(found)}"


def _said(value: object) -> str:
    if value is UNKNOWN:
        return _UNKNOWN_WORD
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
