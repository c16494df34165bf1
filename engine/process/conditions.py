"""What guards see of a running process, and when tasks are complete.

A guard names what it reads, so only that is looked up: its cost follows the guard, not the process. Answers that are
still sealed are never handed out; answers come from the caller, by their sequence in the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TypeAlias

from engine.errors import Refused
from engine.form.renaming import renamed
from engine.form.row_ids import known_by
from engine.guards import UNKNOWN, WORKING_DAYS, Guard, GuardFault, Outcome, parts, sums, tally
from engine.process.state import Instance, ProcessState, Submission
from engine.template.calendars import day_of, working_days_between
from engine.template.chart import Choice, Definition, LinkNode, TaskNode
from engine.template.model import AtLeast, Share
from engine.template.transitions import in_final_state

AnswerLookup: TypeAlias = Callable[[int], Mapping[str, object] | None]
"""From the sequence of a submission to its answers; None while sealed or after erasure."""

_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class PartNow:
    """A part of a guard, and what it says now; `elements` as `guards.tally` counts them, of `any` and `all`."""

    depth: int
    guard: Guard
    outcome: Outcome
    elements: tuple[int, int, int] | None


class Conditions:
    """The eyes of the guards on one state of one process."""

    def __init__(self, definition: Definition, state: ProcessState, answers: AnswerLookup) -> None:
        self.definition = definition
        self.state = state
        self.answers = answers
        self.considered: set[int] = set()
        """The sequences of the submissions that were read."""

    def outcome(self, choice: Choice) -> Outcome:
        """What the choice's guard says now: true, false or unknown, and which answers are missing."""
        if choice.guard is None:
            return Outcome(True, ())
        return choice.guard.evaluate(self._environment(choice.guard, choice.state, 0))

    def attempt(self, choice: Choice) -> tuple[Outcome, str]:
        """As `outcome`, for explaining: a guard that fails is unknown, and the second says why."""
        try:
            return self.outcome(choice), ""
        except GuardFault as fault:
            return Outcome(UNKNOWN), fault.message

    def seen(self, guard: Guard | None, state: str | None) -> list[tuple[str, str, Collection[tuple[str, ...]]]]:
        """Everything that a guard reads in a state and what it adds up, what that is now, and the paths it is made of.

        It is for explaining.
        """
        if guard is None:
            return []
        environment = self._environment(guard, state, 0)
        paths = sorted(path for path in guard.paths if "*" not in path)
        read = [(".".join(path), _at(environment, path), (path,)) for path in paths]
        added = [(one.text, _added_up(one, environment), one.paths) for one in sums(guard)]
        return [(text, _shown(value), made_of) for text, value, made_of in (*read, *added)]

    def parts(self, choice: Choice) -> list[PartNow]:
        """The parts of the choice's guard, and what each says by itself: for explaining.

        A part that cannot be evaluated alone, as another keeps it from a division by zero, is unknown.
        """
        if choice.guard is None:
            return []
        environment = self._environment(choice.guard, choice.state, 0)
        return [
            PartNow(depth, part, _attempt(part, environment), tally(part, environment))
            for depth, part in parts(choice.guard)
        ]

    def value(self, expression: Guard, state: str | None) -> object:
        """What an expression of any type gives, read in a state; `UNKNOWN` where an answer is missing."""
        return expression.value(self._environment(expression, state, 0))

    def chosen(self, action: str) -> Choice | None:
        """The action that is taken (SCXML 3.13): of the innermost active state that has it and whose condition holds.

        Where none holds it is that of the innermost state, which says why; None where no active state has it.
        """
        active = reversed(list(self.state.active))
        having = [choice for state in active for choice in self.definition.actions[state] if choice.id == action]
        if len(having) < 2:  # nothing to choose between, so nothing is looked at
            return having[0] if having else None
        return next((c for c in having if self.attempt(c)[0].value is True), having[0])

    def is_open(self, choice: Choice) -> bool:
        """Whether the choice's guard holds: unknown means not."""
        return self.outcome(choice).value is True

    def complete(self, task: TaskNode, depth: int = 0) -> bool:
        """Whether enough of the task's instances are done; with none expected nothing is complete."""
        group = self.state.group(task.id, task.state)
        rule = task.spec.complete
        if task.spec.optional:
            return True
        if not group.expected:
            return False
        if isinstance(rule, AtLeast):
            return group.done >= rule.at_least
        if isinstance(rule, Share):
            return group.done >= Decimal(rule.share) * group.expected
        if task.rule is not None:
            return task.rule.evaluate(self._environment(task.rule, task.state, depth + 1)).value is True
        return group.done == group.expected if rule == "all" else group.done >= 1

    def rows(self, list_of: tuple[str, str] | None) -> list[str]:
        """The ids of the rows of a list, by its task and field; none before the list is answered."""
        return [name for row in self._rows(list_of) if (name := known_by(row)) is not None]

    def nameless(self, list_of: tuple[str, str] | None) -> str | None:
        """Which rows of a list nothing can be asked for, as they have no id; None where each has one."""
        numbers = [str(number) for number, row in enumerate(self._rows(list_of), 1) if known_by(row) is None]
        if not numbers or list_of is None:
            return None
        return f"no id in row {', '.join(numbers)} of answers.{'.'.join(list_of)}: nothing is asked for it"

    def _rows(self, list_of: tuple[str, str] | None) -> list[object]:
        if list_of is None:
            return []
        source, name = list_of
        found = [answers.get(name) for answers in self._latest(self.definition.tasks[source])]
        return [row for rows in found if isinstance(rows, list) for row in rows]

    def visibility(self, task: TaskNode) -> str:
        """How a sealed task's answers will be shown: the last in the order that anybody chose, or the very last."""
        rule = task.spec.visibility
        if rule is None:
            return "open"
        _, source, name = rule.choice.split(".")
        chosen = {answers.get(name) for answers in self._latest(self.definition.tasks[source])}
        return next((value for value in reversed(rule.order) if value in chosen), rule.order[-1])

    def _environment(self, guard: Guard, state: str | None, depth: int) -> Mapping[str, object]:
        if depth > _MAX_DEPTH:
            raise Refused(
                f"the completion rules of the template refer to each other in a circle: {guard.text}",
                hint="The template's author has to mend this.",
            )
        roots = {path[0] for path in guard.paths}
        found: dict[str, object] = {}
        if "tasks" in roots:
            names = {path[1] for path in guard.paths if path[0] == "tasks" and len(path) > 1}
            found["tasks"] = {name: self._task(self.definition.tasks[name], guard, depth) for name in names}
        if "answers" in roots:
            names = {path[1] for path in guard.paths if path[0] == "answers" and len(path) > 1}
            found["answers"] = {name: self._answers(self.definition.tasks[name]) for name in names}
        if "links" in roots:
            names = {path[1] for path in guard.paths if path[0] == "links" and len(path) > 1}
            found["links"] = {name: self._link(self.definition.links[name]) for name in names}
        if "states" in roots:
            active = self.state.active
            found["states"] = {
                path[1]: {"active": path[1] in active, "done": in_final_state(self.definition, active, path[1])}
                for path in guard.paths
                if path[0] == "states" and len(path) > 1
            }
        if "parties" in roots:
            found["parties"] = [{"id": p.id, "title": p.title} for p in self.state.parties.values()]
        if "memberships" in roots:
            found["memberships"] = [
                {"id": m.id, "party": m.party, "roles": sorted(m.roles)}
                for m in self.state.memberships.values()
                if m.active
            ]
        if "entered" in roots and state in self.state.entered_at:
            found["entered"] = day_of(self.state.entered_at[state], self.definition.template.calendar).isoformat()
        if "counters" in roots:
            found["counters"] = {name: self.state.counters.get(name, 0) for name in self.definition.template.counters}
        if "vars" in roots:
            told = self.state.given
            found["vars"] = {name: told.get(name, value) for name, value in self.definition.template.vars.items()}
        found[WORKING_DAYS] = partial(working_days_between, calendar=self.definition.template.calendar)
        return found

    def _task(self, task: TaskNode, guard: Guard, depth: int) -> Mapping[str, object]:
        group = self.state.group(task.id, task.state)
        seen: dict[str, object] = {
            "open": group.open,
            "done": group.done,
            "withdrawn": group.withdrawn,
            "expected": group.expected,
            "overdue": group.overdue > 0,
        }
        if ("tasks", task.id, "complete") in guard.paths:
            seen["complete"] = self.complete(task, depth)
        return seen

    def _link(self, link: LinkNode) -> Mapping[str, object]:
        """The processes of a link that count: of each element the one started last, and all added."""
        counting = [one for one in self.state.links.values() if one.link == link.id and one.counts]
        number = Counter(one.status for one in counting)
        still = number["opened"] + number["open"]
        ended = [one.ended for one in counting if one.status == "finished" and one.ended is not None]
        self.considered.update(ended)
        taken = [answers for sequence in ended if (answers := self.answers(sequence)) is not None]
        return {
            "open": still,
            "finished": number["finished"],
            "cancelled": number["cancelled"],
            "done": number["finished"] > 0 and not still,
            "answers": taken if link.spec.each else taken[-1] if taken else UNKNOWN,
        }

    def taken(self, fields: Iterable[str], then: Definition) -> dict[str, object]:
        """Answers to be passed on, by task, of the fields named as <task>.<field>: none that is sealed or personal.

        The names are those of the version `then`, which the process may have left since.
        """
        wanted: dict[str, list[str]] = {}
        for of, field in (name.split(".") for name in fields):
            wanted.setdefault(of, []).append(field)
        found: dict[str, object] = {}
        for name in [name for name in wanted if name in then.tasks]:
            task = self.definition.tasks.get(self.state.renamed.get(name, name))
            if task is None or task.spec.sealed:
                continue
            known, now = then.form_of(name).fields, self.definition.form_of(task.id).fields
            personal = {field.id for field in (*known.values(), *now.values()) if field.personal}
            given = [renamed(answers, now, known) for answers in self._latest(task)]
            open_ones = [field for field in wanted[name] if field in known and known[field].id not in personal]
            rows = [{field: answers[field] for field in open_ones if field in answers} for answers in given]
            if task.spec.each or task.spec.repeatable:
                found[name] = rows
            elif rows:
                found[name] = rows[0]
        return found

    def _answers(self, task: TaskNode) -> object:
        latest = self._latest(task)
        if task.spec.each or task.spec.repeatable:
            return latest
        return latest[0] if latest else UNKNOWN

    def _latest(self, task: TaskNode) -> list[Mapping[str, object]]:
        """The answers that count in the latest entry of the task's state."""
        group = self.state.group(task.id, task.state)
        instances = [self.state.instances[name] for name in group.instances]
        read = [s.sequence for i in instances if not self.state.is_sealed(i) for s in counting(i)]
        self.considered.update(read)
        return [answers for sequence in read if (answers := self.answers(sequence)) is not None]


def counting(instance: Instance) -> list[Submission]:
    """The submissions of an instance that count: those not replaced by a correction."""
    replaced = instance.replaced
    return [s for s in instance.submissions if s.sequence not in replaced]


def _attempt(guard: Guard, environment: Mapping[str, object]) -> Outcome:
    try:
        return guard.evaluate(environment)
    except GuardFault:
        return Outcome(UNKNOWN)


def _at(environment: object, path: tuple[str, ...]) -> object:
    """The value at a path."""
    for name in path:
        environment = environment.get(name, UNKNOWN) if isinstance(environment, Mapping) else UNKNOWN
    return environment


def _added_up(one: Guard, environment: Mapping[str, object]) -> object:
    """What a sum is; unknown where it cannot be evaluated."""
    try:
        return one.value(environment)
    except GuardFault:
        return UNKNOWN


def _shown(value: object) -> str:
    """A value as an explanation shows it."""
    if value is UNKNOWN:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{len(value)} rows" if isinstance(value, list) else str(value)
