"""Time in a template: its calendar, its reminders, and deadlines that nothing comes of."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Problem
from engine.template.calendars import holidays_known
from engine.template.lint.subject import Subject
from engine.template.model import Reminder, Span


def problems(subject: Subject) -> Iterator[Problem]:
    """What is wrong with days off, reminders and deadlines."""
    code = subject.template.calendar.holidays
    if code is not None and not holidays_known(code):
        hint = "Write a country's two letters, such as NO, or a part of one, such as DE-BY."
        where = ("calendar", "holidays")
        yield subject.problem("unknown-holidays", f"there are no holidays known for “{code}”", where, hint)
    for path, task, _ in subject.tasks.values():
        for number, reminder in enumerate(task.remind):
            if isinstance(reminder, Reminder):
                yield from subject.unknown_roles(reminder.to, (*path, "remind", number, "to"))
    for name, (path, task, state) in subject.tasks.items():
        escalates = any(isinstance(reminder, Reminder) for reminder in task.remind)
        ends = task.due in _ends_after(subject, state)
        if task.due and not (escalates or ends) and ("tasks", name, "overdue") not in subject.reads:
            message, hint = (
                f"nothing happens when “{name}” is overdue",
                f"Let an action say when: tasks.{name}.overdue, tell others, with remind: [{{after: …, to: …}}], or let"
                " a deadline of its state be taken after the same time.",
            )
            yield subject.problem("due-without-consequence", message, (*path, "due"), hint, severity="warning")


def _ends_after(subject: Subject, state: str | None) -> list[Span]:
    """After how long the state, or one around it, may be ended by a deadline."""
    names = subject.nodes[state][1].path if state is not None else ()
    around = [subject.nodes[name][1] for name in names if name in subject.nodes]
    return [deadline.after for node in around for deadline in node.spec.deadlines.values()]
