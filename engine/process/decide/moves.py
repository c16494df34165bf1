"""How a chart runs: states are left and entered, and what follows by itself is taken until nothing more does."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import GoesRound
from engine.process import events as e
from engine.process.decide.instances import begin_turns, follow_four_eyes, is_complete, open_where_expected, withdraw
from engine.process.decide.linking import spawn_on_entry
from engine.process.decide.step import Step, seal_key_id
from engine.template.calendars import due_at
from engine.template.chart import Choice
from engine.template.model import AtLeast, Share
from engine.template.transitions import MAX_STEPS, entry_set, exit_set, remembered_by, select_enabled


def settle(step: Step) -> None:
    """Close the tasks whose rule is met and take automatic transitions, until nothing more is open."""
    for _ in range(MAX_STEPS + 1):
        follow_four_eyes(step)
        close_met(step)
        begin_turns(step)
        choices, considered = enabled(step)
        if not choices:
            return
        for choice in choices:
            number = int(choice.id.rsplit(".", 1)[1])
            assert choice.to is not None  # only an action stays where it is
            step.emit(e.StepTaken(state=choice.state, number=number, to=choice.to, considered=considered))
        take(step, *choices)
    raise GoesRound(
        f"the template goes round in a circle: more than {MAX_STEPS} automatic steps",
        hint="The template's author has to mend its auto transitions.",
    )


def enabled(step: Step) -> tuple[list[Choice], tuple[int, ...]]:
    """The automatic transitions that are to be taken together now, and the submissions that this was decided on."""
    if step.state.status != "running" or not any(step.definition.autos[state] for state in step.state.active):
        return [], ()
    conditions = step.conditions

    def is_open(choice: Choice) -> bool:
        return step.holds(choice.id, choice.state, lambda: conditions.is_open(choice))

    found = select_enabled(step.definition, step.state.active, step.state.remembered, is_open)
    return found, tuple(sorted(conditions.considered))


def close_met(step: Step) -> None:
    """Withdraw what is still open of a task whose rule (other than all) is met."""
    for state in [None, *step.state.active]:
        for task in step.definition.tasks_of.get(state, ()):
            partial = isinstance(task.spec.complete, AtLeast | Share) or task.spec.complete != "all"
            if partial and not task.spec.optional and is_complete(step, task):
                withdraw(step, step.state.group(task.id, state).instances)


def take(step: Step, *choices: Choice, reveal: bool = True) -> None:
    """Go where the choices lead, all at once: leave what they leave, then enter what they enter (a microstep).

    Without `reveal` what is sealed in the states that are left stays so for ever.
    """
    leaving = exit_set(step.definition, step.state.active, step.state.remembered, choices)
    remembered = {state: remembered_by(step.definition, step.state.active, state) for state in leaving}
    for state in leaving:
        leave(step, state, remembered[state], reveal=reveal)
    for state in entry_set(step.definition, step.state.remembered, choices):
        enter(step, state)


def leave(step: Step, state: str, remembered: Mapping[str, tuple[str, ...]], *, reveal: bool) -> None:
    """Leave a state: what is open is withdrawn, what was sealed is revealed."""
    entry = step.state.active[state]
    for task in step.definition.tasks_of.get(state, ()):
        group = step.state.group(task.id, state)
        withdraw(step, group.instances)
        answered = [step.state.instances[i] for i in group.instances if step.state.instances[i].submissions]
        if reveal and task.spec.sealed and answered:
            step.emit(
                e.AnswersRevealed(
                    task=task.id,
                    state=state,
                    entry=entry,
                    visibility=answered[0].visibility,
                    key_id=seal_key_id(step.state.stream, task.id, entry),
                    key=None,
                )
            )
    step.emit(e.StateLeft(state=state, entry=entry, remembered=dict(remembered)))


def enter(step: Step, state: str) -> None:
    """Enter a state: its counter, deadlines and tasks; a final one at the top ends the process."""
    spec = step.definition.nodes[state].spec
    counters = {spec.count: step.state.counters.get(spec.count, 0) + 1} if spec.count else {}
    step.emit(e.StateEntered(state=state, entry=_next_entry(step, state), counters=counters))
    for name, deadline in spec.deadlines.items():
        due = due_at(step.at, deadline.after, step.definition.template.calendar)
        step.emit(e.DeadlineSet(deadline=f"state:{state}:{name}", due=due, state=state))
    open_where_expected(step, state)
    spawn_on_entry(step, state)
    if spec.final and len(step.definition.nodes[state].path) == 1:
        anywhere = {task.id for task in step.definition.tasks_of.get(None, ())}
        for group in [g for (task, _), g in step.state.groups.items() if task in anywhere]:
            withdraw(step, group.instances)
        step.emit(e.ProcessFinished(state=state))


def _next_entry(step: Step, state: str) -> int:
    """The number of a new entry: one under which none of the state's tasks was asked, also elsewhere or before a move.

    In another version of the template the tasks may have been another state's, whose entries were counted apart.
    """
    tasks = [task.id for task in step.definition.tasks_of.get(state, ())]
    entry = step.state.entries.get(state, 0) + 1
    while any((task, entry) in step.state.groups for task in tasks):
        entry += 1
    return entry
