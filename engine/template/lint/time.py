"""Time in a template: its calendar, its reminders, and deadlines that nothing comes of."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Problem
from engine.template.calendars import holidays_known
from engine.template.lint.subject import Subject
from engine.template.model import Reminder


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
    for name, (path, task, _) in subject.tasks.items():
        escalates = any(isinstance(reminder, Reminder) for reminder in task.remind)
        if task.due and not escalates and ("tasks", name, "overdue") not in subject.reads:
            message, hint = (
                f"nothing happens when “{name}” is overdue",
                f"Let an action say when: tasks.{name}.overdue, or tell others, with remind: [{{after: …, to: …}}].",
            )
            yield subject.problem("due-without-consequence", message, (*path, "due"), hint, severity="warning")
