"""Filling in: answers for the first time, answers put right, and those of rounds before the process began."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from engine.codec import Json
from engine.errors import AnswersInvalid, FieldError, NotAllowed, Refused
from engine.form import messages
from engine.form.renaming import renamed
from engine.form.row_ids import ROW_ID, known_by
from engine.form.validate import split_personal
from engine.process import commands as c
from engine.process import events as e
from engine.process.accepting import closed, corrects_for_others, over_their_head, subject_of
from engine.process.access import ToCorrect, ToManage, ToSubmit
from engine.process.decide.instances import Element, elements, follow_rows, open_one
from engine.process.decide.step import Step, seal_key_id, unknown
from engine.process.reasons import Reason
from engine.process.state import Instance, ProcessState
from engine.template.calendars import day_of
from engine.template.chart import Definition, TaskNode
from engine.text import counted


def submit(step: Step, command: c.Submit) -> None:
    """Take answers: the first ones of an instance, or ones that correct them."""
    instance = step.state.instances.get(command.instance)
    if instance is None:
        raise unknown("task", command.instance, step.state.instances)
    task = step.definition.tasks.get(instance.task)
    if task is None:
        raise Refused(
            f"{instance.id} was asked in an earlier version of the process", hint="It can be read, and not changed."
        )
    if corrects_for_others(step.definition, step.state, step.context.actor, instance, task):
        _correct(step, instance, task, command)
    else:
        verdict = step.require(ToSubmit(instance, command.membership))
        subject = subject_of(verdict, step.context.actor)
        replaces = replaced(step.state, instance, task, subject)
        if replaces is not None and over_their_head(verdict, instance):
            raise NotAllowed(str(Reason("not over their head", whom=(instance.id,))))
        if command.reason and replaces is None:
            raise Refused("a first answer takes no reason", hint="Leave it out.")
        given = _given(step, instance, task, command, subject)
        if replaces is None:
            step.emit(e.FormSubmitted.model_validate(given))
        else:
            step.emit(_corrected(step, given, replaces, command.reason))
    follow_rows(step, task.id)


def _correct(step: Step, instance: Instance, task: TaskNode, command: c.Submit) -> None:
    step.require(ToCorrect(instance))
    if instance.status == "withdrawn":
        raise Refused(f"{instance.id} was withdrawn", hint="There is nothing in it to put right.")
    if not command.reason.strip():
        raise Refused(f"putting {instance.id} right needs a reason", hint="Give one with --reason.")
    last = instance.submissions[-1]
    given = _given(step, instance, task, command, last.subject)
    step.emit(_corrected(step, given, last.sequence, command.reason))


def _corrected(step: Step, given: Mapping[str, object], replaces: int, reason: str) -> e.FormCorrected:
    """Answers in the place of earlier ones; the reason is of who gives it."""
    by = step.context.actor.subject if reason else None
    return e.FormCorrected.model_validate({**given, "replaces": replaces, "reason": reason, "reason_by": by})


def backfill(step: Step, command: c.Backfill) -> None:
    """Enter answers of an earlier round, given elsewhere; those of a sealed task are shown as has been chosen."""
    step.require(ToManage())
    if not command.reason.strip():
        raise Refused("answers entered afterwards need a reason", hint="Say where they come from, with --reason.")
    task, entry, element = _earlier(step, command.instance)
    if command.instance in step.state.instances:
        raise Refused(f"{command.instance} is there already", hint="Each earlier answer is entered once.")
    open_one(step, task, command.instance, entry, element, waiting=False, clock=False)
    instance = step.state.instances[command.instance]
    owners = [m for m in step.state.memberships.values() if element.membership == m.id]
    subject = owners[0].subject if owners else step.context.actor.subject
    answers = c.Submit(command.instance, command.answers, valid_on=command.valid_on)
    given = _given(step, instance, task, answers, subject)
    by = step.context.actor.subject
    step.emit(e.FormSubmitted.model_validate({**given, "reason": command.reason, "reason_by": by}))
    key_id = seal_key_id(step.state.stream, task.id, entry)
    if task.spec.sealed:
        step.emit(
            e.AnswersRevealed(
                task=task.id,
                state=task.state or "",
                entry=entry,
                visibility=instance.visibility,
                key_id=key_id,
                key=None,
            )
        )


def _earlier(step: Step, name: str) -> tuple[TaskNode, int, Element]:
    """Task, entry and element of an instance before the first; raise `Refused` for what is none."""
    parts = name.split(".")
    task = step.definition.tasks.get(parts[0])
    if task is None:
        raise unknown("task", parts[0], step.definition.tasks)
    try:
        entry = int(parts[1])
    except (IndexError, ValueError):
        entry = 1
    if entry > 0:
        raise Refused(f"“{name}” is no earlier round", hint=f"Count back from the first: {parts[0]}.0, {parts[0]}.-1 …")
    for element in elements(step, task):
        if name == f"{task.id}.{entry}{element.suffix}":
            return task, entry, element
    known = [f"{task.id}.{entry}{element.suffix}" for element in elements(step, task)]
    raise unknown("task", name, known)


def _given(step: Step, instance: Instance, task: TaskNode, command: c.Submit, subject: str) -> dict[str, object]:
    if command.valid_on is not None and command.valid_on > day_of(step.context.at, step.definition.template.calendar):
        raise Refused(f"{command.valid_on} has not been yet", hint="Give the day that the answers are about.")
    clear, personal = None, None
    if step.context.unread != "all":
        clear, personal = split_personal(step.definition.form_of(task.id), checked(step, task, command))
    return {
        "instance": instance.id,
        "task": task.id,
        "form": task.spec.form,
        "subject": subject,
        "answers": clear,
        "personal": personal,
        "sealed_under": seal_key_id(step.state.stream, task.id, instance.entry) if task.spec.sealed else None,
        "valid_on": command.valid_on.isoformat() if command.valid_on else None,
    }


def checked(step: Step, task: TaskNode, command: c.Submit) -> dict[str, Json]:
    """The answers, valid by the form; `AnswersInvalid` names every wrong field."""
    errors = step.definition.validators[task.spec.form].errors(command.answers, step.context.language)
    errors = errors or [*_nameless(step, task, command.answers)]
    if step.context.unread == "personal":
        personal = {name for name, field in step.definition.form_of(task.id).fields.items() if field.holds_personal}
        errors = [error for error in errors if error.question not in personal]
    if errors or not isinstance(command.answers, dict):
        fit = "does not fit" if len(errors) == 1 else "do not fit"
        raise AnswersInvalid(f"{counted(len(errors), 'answer')} of {command.instance} {fit} the form", errors)
    return dict(command.answers)


def _nameless(step: Step, task: TaskNode, answers: Json) -> Iterator[FieldError]:
    """Rows without an id, in a list that something is asked or started for each row of.

    Lint lets no template ask so; this is for versions that were published before it did.
    """
    form, given = step.definition.form_of(task.id), answers if isinstance(answers, dict) else {}
    for name in step.definition.lists_of.get(task.id, ()):
        rows = given.get(name)
        for number, row in enumerate(rows if isinstance(rows, list) else ()):
            if known_by(row) is None:
                field = form.fields[name].items.get(ROW_ID)
                title = messages.titled(field, step.context.language) if field is not None else ROW_ID
                said = messages.say("required", step.context.language, field=title)
                yield FieldError(f"{name}[{number}].{ROW_ID}", said, "required")


def as_read(
    event: e.Event, state: ProcessState, definitions: Callable[[str], Definition]
) -> Mapping[str, object] | None:
    """The answers of an event as the version reads them that the process runs on now; None while they are sealed."""
    payload = event.payload
    if isinstance(payload, e.LinkEnded):
        return payload.answers
    if not isinstance(payload, e.FormSubmitted) or payload.answers is None or event.bundle_hash == state.bundle:
        return payload.answers if isinstance(payload, e.FormSubmitted) else None
    now = definitions(state.bundle)
    task = state.renamed.get(payload.task, payload.task)
    if task not in now.tasks:
        return payload.answers
    given = definitions(event.bundle_hash or state.bundle).form_of(payload.task)
    return renamed(payload.answers, given.fields, now.form_of(task).fields)


def replaced(state: ProcessState, instance: Instance, task: TaskNode, subject: str) -> int | None:
    """Which earlier submission a new one corrects; None for none; `Refused` or `NotAllowed` where it may be neither.

    What is one person's or party's is corrected by who gave it; a task without `each` by anyone with the role.
    """
    no = closed(state, instance, task, subject)
    if no is not None:
        kind, hint = _NO.get(no.key, (Refused, ""))
        raise kind(f"{instance.id}: {no}" if no.key == "turn" else str(no), hint=hint)
    if task.spec.repeatable or not instance.submissions:
        return None
    return instance.submissions[-1].sequence


_NO: Mapping[str, tuple[type[Refused], str]] = {
    "closed": (Refused, "See `samskap tasks` for what is open."),
    "turn": (Refused, "Those before it come first: see `samskap status`."),
    "answered by another": (NotAllowed, "Only they may correct it."),
}
"""How `closed` is told as an error: of which class, and with what hint."""
