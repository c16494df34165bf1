"""What is wrong with a template of the right shape: names that lead nowhere, states nobody reaches, idle guards.

Each rule has a stable id, and points to file, line and column. `bundle` looks after shapes, `form` after forms, and
`guards` after expressions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TypeAlias

from engine.errors import ConfigError, Place, Problem
from engine.form.schema import Field
from engine.guards import check, parse
from engine.template.calendars import holidays_known
from engine.template.chart import Definition, Node
from engine.template.model import Reminder, Task, Visibility
from engine.template.scope import scope
from engine.template.sources import Sources
from engine.template.transitions import entered_by
from engine.text import LANGUAGES, Text

Path: TypeAlias = tuple[str | int, ...]

_NO_CHART = {"unknown-state", "unknown-initial", "initial-missing", "history-outside", "parallel-alone"}
"""Rules whose breach leaves no chart to walk."""


def lint(definition: Definition, sources: Sources) -> list[Problem]:
    """Every problem of a bundle, in the order of the file."""
    found = [*_Lint(definition, sources).all()]
    return sorted(found, key=lambda p: (p.where.file, p.where.line, p.where.column, p.rule))


def lint_chart(definition: Definition, sources: Sources) -> list[Problem]:
    """What can be found while some form cannot be read: everything that looks at no answer."""
    found = [*_Lint(definition, sources).chart()]
    return sorted(found, key=lambda p: (p.where.file, p.where.line, p.where.column, p.rule))


class _Lint:
    def __init__(self, definition: Definition, sources: Sources) -> None:
        self.definition = definition
        self.template = definition.template
        self.document = sources.document
        self.forms = sources.forms
        self.nodes: dict[str, tuple[Path, Node]] = {}
        self.tasks: dict[str, tuple[Path, Task, str | None]] = {}
        self.scope = scope(self.template, definition.forms)

    def problem(self, rule: str, message: str, path: Path, hint: str = "", *, severity: str = "error") -> Problem:
        return Problem(rule, message, self.document.place(path), hint, severity)

    def unknown(self, rule: str, kind: str, name: str, known: Iterable[str], path: Path) -> Problem:
        options = list(known)
        close = get_close_matches(name, options, 1)
        hint = f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(options) or 'none'}."
        return self.problem(rule, f"there is no {kind} “{name}”", path, hint)

    def all(self) -> Iterator[Problem]:
        yield from self.chart()
        if self._duplicates:
            return
        yield from self._guards()
        yield from self._forms()
        yield from self._dimensions()

    def chart(self) -> Iterator[Problem]:
        yield from self._collect()
        shape = [*self._references(), *self._shape()]
        yield from shape
        if self._duplicates:
            return
        if not any(problem.rule in _NO_CHART for problem in shape):
            yield from self._reachability()
            yield from self._auto_cycles()
        yield from self._time()
        yield from self._translations()

    # -- collecting, with paths -------------------------------------------------------------------------------------

    def _collect(self) -> Iterator[Problem]:
        self._duplicates = False
        for name, task in self.template.tasks.items():
            self.tasks[name] = (("tasks", name), task, None)
        for names, state in self.template.walk():
            path: Path = tuple(part for name in names for part in ("states", name))
            if names[-1] in self.nodes:
                self._duplicates = True
                yield self.problem(
                    "duplicate-id", f"the state “{names[-1]}” stands twice", path, "State ids are unique."
                )
                continue
            self.nodes[names[-1]] = (path, Node(names[-1], names, state))
            for name, task in state.tasks.items():
                if name in self.tasks:
                    self._duplicates = True
                    where = (*path, "tasks", name)
                    yield self.problem("duplicate-id", f"the task “{name}” stands twice", where, "Task ids are unique.")
                    continue
                self.tasks[name] = ((*path, "tasks", name), task, names[-1])

    def _references(self) -> Iterator[Problem]:
        template = self.template
        if template.starter not in template.roles:
            yield self.unknown("unknown-role", "role", template.starter, template.roles, ("starter",))
        elif template.roles[template.starter].of == "party":
            yield self.problem(
                "starter-of-party",
                "who starts a process has no party yet",
                ("starter",),
                "Use a role without `of: party`.",
            )
        if template.initial not in template.states:
            yield self.unknown("unknown-state", "state at the top", template.initial, template.states, ("initial",))
        for path, task, _ in self.tasks.values():
            yield from self._task(path, task)
        for path, node in self.nodes.values():
            yield from self._state(path, node)

    def _task(self, path: Path, task: Task) -> Iterator[Problem]:
        yield from self._roles(task.by, (*path, "by"))
        if task.form not in self.forms:
            yield self.unknown("unknown-form", "form", task.form, self.forms, (*path, "form"))
        if task.each not in (None, "membership", "party"):
            yield from self._each(str(task.each), (*path, "each"))
        yield from self._not_by(task.not_by, (*path, "not_by"))
        if task.correct_by is not None:
            yield from self._roles(task.correct_by, (*path, "correct_by"))
            if task.sealed or task.repeatable:
                hint = "Remove `correct_by`: let a new round be answered, or a new row be added."
                yield self.problem(
                    "correct-sealed", "what was sealed is not changed once it is revealed, and what is repeatable"
                    " is answered anew", (*path, "correct_by"), hint,
                )  # fmt: skip
        if task.order == "sequential" and not task.each:
            hint = "Say each: membership, or remove `order`."
            yield self.problem("order-alone", "a task with one instance has no order", (*path, "order"), hint)
        if task.sealed and task.each not in ("membership", "party"):
            yield self.problem("sealed-alone", "a sealed task has one answer an element", path, "Say each: membership.")
        if task.visibility:
            yield from self._visibility(task.visibility, (*path, "visibility"))

    def _state(self, path: Path, node: Node) -> Iterator[Problem]:
        state = node.spec
        if state.count is not None and state.count not in self.template.counters:
            yield self.unknown("unknown-counter", "counter", state.count, self.template.counters, (*path, "count"))
        if state.final and (state.actions or state.auto or state.deadlines or state.tasks or state.states):
            yield self.problem(
                "final-goes-on", "a final state has nothing in it", path, "Remove `final`, or what follows."
            )
        for name, action in state.actions.items():
            where = (*path, "actions", name)
            yield from self._roles(action.by, (*where, "by"))
            yield from self._not_by(action.not_by, (*where, "not_by"))
            yield from self._target(action.to, (*where, "to"))
            if action.when and action.otherwise is None:
                yield self.problem(
                    "else-missing",
                    f"“{name}” may be closed, and nobody is told why",
                    where,
                    "Add else: …",
                    severity="warning",
                )
        for number, auto in enumerate(state.auto):
            yield from self._target(auto.to, (*path, "auto", number, "to"))
        for name, deadline in state.deadlines.items():
            yield from self._target(deadline.to, (*path, "deadlines", name, "to"))

    # -- the tree ---------------------------------------------------------------------------------------------------

    def _shape(self) -> Iterator[Problem]:
        """What a state with states, a parallel one, and one that only remembers may hold."""
        for path, node in self.nodes.values():
            if node.spec.history is not None:
                yield from self._history(path, node)
            elif node.spec.parallel:
                yield from self._parallel(path, node)
            elif node.spec.initial is not None and node.spec.initial not in node.spec.states:
                yield self.unknown(
                    "unknown-initial", "state within", node.spec.initial, node.spec.states, (*path, "initial")
                )
            elif node.spec.states and node.spec.initial is None:
                hint = f"Add initial: {next(iter(node.spec.states))}"
                yield self.problem("initial-missing", "a state with states needs `initial`", path, hint)

    def _parallel(self, path: Path, node: Node) -> Iterator[Problem]:
        if node.spec.initial is not None:
            hint = "Remove `initial`: all of them are entered."
            yield self.problem("parallel-initial", "a parallel state has no first state", (*path, "initial"), hint)
        if len(node.regions) < 2:
            yield self.problem("parallel-alone", "a parallel state needs two states or more", path, "Add one.")
        for name in node.regions:
            if node.spec.states[name].final:
                hint = "End the states within the regions instead."
                yield self.problem("parallel-final", f"“{name}” is a region and cannot be final",
                                   (*path, "states", name, "final"), hint)  # fmt: skip
        owners: dict[str, str] = {}
        for region in node.regions:
            within = [other for _, other in self.nodes.values() if region in other.path]
            for action in sorted({action for other in within for action in other.spec.actions}):
                if action in owners:
                    yield self.problem(
                        "action-twice", f"“{action}” can be chosen in “{owners[action]}” and in “{region}” at once",
                        (*path, "states", region), "Give one of the two another id.",
                    )  # fmt: skip
                owners.setdefault(action, region)

    def _history(self, path: Path, node: Node) -> Iterator[Problem]:
        spec = node.spec
        if node.parent is None:
            yield self.problem("history-outside", "a history state remembers the state around it", path, "Move it in.")
            return
        if spec.states or spec.tasks or spec.actions or spec.auto or spec.deadlines or spec.count or spec.final:
            hint = "Keep `title`, `history` and `initial`."
            yield self.problem("history-holds", "a history state only leads back, and holds nothing", path, hint)
        around = self.nodes[node.parent][1]
        inner = [other.id for _, other in self.nodes.values() if node.parent in other.path[:-1]]
        known = [name for name in (around.regions if spec.history == "shallow" else inner) if name != node.id]
        known = [name for name in known if self.nodes[name][1].spec.history is None]
        if spec.initial is None:
            hint = f"Add initial: {known[0]}" if known else "Add a state beside it."
            yield self.problem("initial-missing", "at first there is nothing to go back to", path, hint)
        elif spec.initial not in known:
            yield self.unknown("unknown-initial", "state around it", spec.initial, known, (*path, "initial"))

    def _roles(self, names: Iterable[str], path: Path) -> Iterator[Problem]:
        for name in names:
            if name not in self.template.roles:
                yield self.unknown("unknown-role", "role", name, self.template.roles, path)

    def _not_by(self, names: Iterable[str] | None, path: Path) -> Iterator[Problem]:
        for name in names or ():
            if name not in self.tasks:
                yield self.unknown("unknown-task", "task", name, self.tasks, path)

    def _target(self, name: str, path: Path) -> Iterator[Problem]:
        if name not in self.nodes:
            yield self.unknown("unknown-state", "state", name, self.nodes, path)

    def _each(self, each: str, path: Path) -> Iterator[Problem]:
        """An instance for each row of a list: the list is there, is one person's to answer, and its rows have ids."""
        _, source, name = each.split(".")
        if source not in self.tasks:
            yield self.unknown("unknown-task", "task", source, self.tasks, path)
            return
        task = self.tasks[source][1]
        form = self.definition.forms.get(task.form)
        if form is None:
            return
        field = form.fields.get(name)
        if field is None:
            yield self.unknown("unknown-field", "field", name, form.fields, path)
        elif field.kind != "list" or "id" not in field.items or field.personal:
            hint = "Ask for a list of rows that have an `id`."
            yield self.problem("each-no-list", f"“{name}” is no list whose rows have an id", path, hint)
        elif task.each or task.repeatable or task.sealed:
            hint = "Let one open answer hold the list."
            yield self.problem("each-of-many", f"“{source}” has several answers, or sealed ones", path, hint)

    def _visibility(self, visibility: Visibility, path: Path) -> Iterator[Problem]:
        parts = visibility.choice.split(".")
        hint = "Write answers.<task>.<field>."
        if len(parts) != 3 or parts[0] != "answers":
            yield self.problem(
                "visibility-path", f"“{visibility.choice}” is no path to a choice", (*path, "from"), hint
            )
        elif parts[1] not in self.tasks:
            yield self.unknown("unknown-task", "task", parts[1], self.tasks, (*path, "from"))
        else:
            form = self.definition.forms.get(self.tasks[parts[1]][1].form)
            if form is not None and parts[2] not in form.fields:
                yield self.unknown("unknown-field", "field", parts[2], form.fields, (*path, "from"))

    # -- the graph --------------------------------------------------------------------------------------------------

    def _exits(self, node: Node) -> list[str]:
        state = node.spec
        return [
            *(action.to for action in state.actions.values()),
            *(auto.to for auto in state.auto),
            *(deadline.to for deadline in state.deadlines.values()),
        ]

    def _reachability(self) -> Iterator[Problem]:
        reached: set[str] = set()
        ahead = [self.template.initial]
        while ahead:
            name = ahead.pop()
            if name in reached or name not in self.nodes:
                continue
            reached.add(name)
            ahead += self._exits(self.nodes[name][1])
            ahead += entered_by(self.definition, name)
        for name, (path, node) in self.nodes.items():
            if name not in reached:
                yield self.problem(
                    "unreachable-state", f"nothing leads to the state “{name}”", path, "Add a way, or remove it."
                )
            elif node.atomic and not (node.spec.final and node.parent is None):
                if not any(self._exits(self.nodes[step][1]) for step in self._beside(node)):
                    yield self.problem(
                        "dead-end", f"nothing leads on from the state “{name}”", path, "Add an action, or final: true."
                    )

    def _beside(self, node: Node) -> Iterator[str]:
        """The states whose ways out leave a state: its own, those around it, and all of a parallel one around it."""
        for name in node.path:
            yield name
            if self.nodes[name][1].spec.parallel:
                yield from (other.id for _, other in self.nodes.values() if name in other.path)

    def _auto_cycles(self) -> Iterator[Problem]:
        """Automatic transitions that lead round without a person or the clock: their guards may hold for ever."""
        following = {
            name: [active for auto in node.spec.auto for active in entered_by(self.definition, auto.to)]
            for name, (_, node) in self.nodes.items()
        }
        for name, (path, _) in self.nodes.items():
            ahead, seen = list(following[name]), set[str]()
            while ahead and name not in seen:
                step = ahead.pop()
                if step not in seen:
                    seen.add(step)
                    ahead += following[step]
            if name in seen:
                yield self.problem(
                    "auto-cycle", f"automatic steps lead from “{name}” back to it", path, "Break the circle."
                )

    # -- guards -----------------------------------------------------------------------------------------------------

    def _guards(self) -> Iterator[Problem]:
        for path, task, state in self.tasks.values():
            if isinstance(task.complete, str) and task.complete not in ("all", "any"):
                yield from self._guard(task.complete, (*path, "complete"), state)
        for name, (path, node) in self.nodes.items():
            for action, spec in node.spec.actions.items():
                if spec.when:
                    yield from self._guard(spec.when, (*path, "actions", action, "when"), name)
            for number, auto in enumerate(node.spec.auto):
                yield from self._guard(auto.when, (*path, "auto", number, "when"), name)
            for deadline, timed in node.spec.deadlines.items():
                if timed.when:
                    yield from self._guard(timed.when, (*path, "deadlines", deadline, "when"), name)

    def _guard(self, text: str, path: Path, state: str | None) -> Iterator[Problem]:
        place = self.document.place(path)
        try:
            guard = parse(text, place)
        except ConfigError as error:
            where = error.where if isinstance(error.where, Place) else place
            yield Problem("guard-syntax", error.message, where, error.hint)
            return
        yield from check(guard, self.scope)
        for used in sorted({p[1] for p in guard.paths if p[0] == "answers" and len(p) > 1} & self.tasks.keys()):
            _, task, owner = self.tasks[used]
            inside = owner is not None and state is not None and owner in self.nodes[state][1].path
            if task.sealed and inside:
                yield self.problem(
                    "guard-sealed",
                    f"the answers of “{used}” are still sealed here",
                    path,
                    "Count with tasks, or decide later.",
                )
            form = self.definition.forms.get(task.form)
            for p in guard.paths:
                if form and p[:2] == ("answers", used) and (field := form.fields.get(p[-1])) and field.personal:
                    yield self.problem(
                        "guard-personal", f"“{p[-1]}” is personal and decides nothing", path, "Use another field."
                    )

    # -- forms, time, dimensions, languages ---------------------------------------------------------------------------

    def _forms(self) -> Iterator[Problem]:
        used = {task.form for _, task, _ in self.tasks.values()}
        for name, document in self.forms.items():
            if name not in used:
                yield Problem(
                    "unused-form", f"no task asks for the form “{name}”", document.place(()), "Remove it.", "warning"
                )
            form = self.definition.forms.get(name)
            expected = f"{self.template.template}/{name}"
            if form is not None and form.id != expected:
                yield Problem(
                    "form-id", f"the form's $id is “{form.id}”", document.place(("$id",)), f"Write {expected}."
                )

    def _time(self) -> Iterator[Problem]:
        code = self.template.calendar.holidays
        if code is not None and not holidays_known(code):
            hint = "Write a country's two letters, such as NO, or a part of one, such as DE-BY."
            yield self.problem(
                "unknown-holidays", f"there are no holidays known for “{code}”", ("calendar", "holidays"), hint
            )
        for path, task, _ in self.tasks.values():
            for number, reminder in enumerate(task.remind):
                if isinstance(reminder, Reminder):
                    yield from self._roles(reminder.to, (*path, "remind", number, "to"))
        texts = " ".join(text for text in self._expressions())
        for name, (path, task, _) in self.tasks.items():
            if task.due and f"tasks.{name}.overdue" not in texts:
                yield self.problem(
                    "due-without-consequence", f"nothing happens when “{name}” is overdue", (*path, "due"),
                    f"Let an action say when: tasks.{name}.overdue.", severity="warning",
                )  # fmt: skip

    def _expressions(self) -> Iterator[str]:
        for _, node in self.nodes.values():
            yield from (action.when or "" for action in node.spec.actions.values())
            yield from (auto.when for auto in node.spec.auto)
        yield from (task.complete for _, task, _ in self.tasks.values() if isinstance(task.complete, str))

    def _dimensions(self) -> Iterator[Problem]:
        """Scores count in dimensions that the template names, and each of their values has at least two items."""
        counts: dict[tuple[str, str], int] = {}
        for name, form in self.definition.forms.items():
            for field in form.fields.values():
                for dimension, value in _dimensions(field).items():
                    counts[dimension, value] = counts.get((dimension, value), 0) + 1
                    place = self.forms[name].place(("properties", field.name, "x-score"))
                    yield from self._dimension(dimension, value, place)
        for dimension, spec in self.template.dimensions.items():
            for value in spec.values:
                if counts and counts.get((dimension, value), 0) < 2:
                    where: Path = ("dimensions", dimension, "values", value)
                    yield self.problem(
                        "few-items", f"“{value}” is measured by fewer than two items", where, "Add items."
                    )

    def _dimension(self, dimension: str, value: str, place: Place) -> Iterator[Problem]:
        spec = self.template.dimensions.get(dimension)
        if spec is None:
            yield Problem("unknown-dimension", f"the template has no dimension “{dimension}”", place, "Name it there.")
        elif value not in spec.values:
            close = get_close_matches(value, list(spec.values), 1)
            hint = f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(spec.values)}."
            yield Problem("unknown-dimension", f"“{dimension}” has no value “{value}”", place, hint)

    def _translations(self) -> Iterator[Problem]:
        for path, text in _texts(self.template.model_dump(by_alias=True), ()):
            for language in LANGUAGES:
                if language in text.missing:
                    yield self.problem(
                        "translation-missing", f"{'.'.join(map(str, path))} has no text in {language}", path,
                        f"Add {language}: …", severity="warning",
                    )  # fmt: skip


def _texts(value: object, path: Path) -> Iterator[tuple[Path, Text]]:
    if isinstance(value, Text):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(inner, (*path, number))


def _dimensions(field: Field) -> Mapping[str, str]:
    return field.score.dimensions if field.score else {}
