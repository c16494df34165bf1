"""Filling in: answers for the first time, and put right."""

from __future__ import annotations

from engine.codec import Json
from engine.errors import AnswersInvalid, NotAllowed, Refused
from engine.form.validate import split_personal
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import Actor, ToSubmit, Verdict
from engine.process.decide.instances import follow_rows
from engine.process.decide.step import Step, seal_key_id, unknown
from engine.process.state import Instance, ProcessState
from engine.template.chart import TaskNode


def submit(step: Step, command: c.Submit) -> None:
    """Take answers: the first ones of an instance, or ones that correct them."""
    instance = step.state.instances.get(command.instance)
    if instance is None:
        raise unknown("task", command.instance, step.state.instances)
    task = step.definition.tasks[instance.task]
    verdict = step.require(ToSubmit(instance, command.membership))
    subject = subject_of(verdict, step.context.actor)
    replaces = replaced(step.state, instance, task, subject)
    answers = checked(step, task, command)
    clear, personal = split_personal(step.definition.form_of(task.id), answers)
    given = {
        "instance": instance.id,
        "task": task.id,
        "form": task.spec.form,
        "subject": subject,
        "answers": clear,
        "personal": personal,
        "sealed_under": seal_key_id(step.state.stream, task.id, instance.entry) if task.spec.sealed else None,
    }
    if replaces is None:
        step.emit(e.FormSubmitted.model_validate(given))
    else:
        step.emit(e.FormCorrected.model_validate({**given, "replaces": replaces}))
    follow_rows(step, task.id)


def checked(step: Step, task: TaskNode, command: c.Submit) -> dict[str, Json]:
    """The answers, valid by the form; `AnswersInvalid` names every wrong field."""
    errors = step.definition.validators[task.spec.form].errors(command.answers, step.context.language)
    if errors or not isinstance(command.answers, dict):
        raise AnswersInvalid(f"{len(errors)} answers of {command.instance} do not fit the form", errors)
    return dict(command.answers)


def subject_of(verdict: Verdict, actor: Actor) -> str:
    """Whose answer it is: of whom it is given on behalf of, else of who acts."""
    owner = verdict.on_behalf_of or verdict.membership
    return owner.subject if owner else actor.subject


def replaced(state: ProcessState, instance: Instance, task: TaskNode, subject: str) -> int | None:
    """Which earlier submission a new one corrects; None for none; `Refused` or `NotAllowed` where it may be neither.

    What is one person's or party's is corrected by who gave it; a task without `each` by anyone with the role.
    """
    active = instance.state is None or state.active.get(instance.state) == instance.entry
    if instance.status == "withdrawn" or not active:
        raise Refused(f"{instance.id} is closed", hint="It was withdrawn or its time is over: see `samskap tasks`.")
    if instance.status == "waiting":
        raise Refused(f"{instance.id} waits for its turn", hint="Those before it come first: see `samskap status`.")
    if instance.status == "open" or task.spec.repeatable:
        return None
    if not task.spec.correctable:
        raise Refused(f"{instance.id} was answered, and may not be corrected")
    last = instance.submissions[-1]
    if instance.element is not None and last.subject != subject:
        raise NotAllowed(f"{instance.id} was answered by somebody else", hint="Only they may correct it.")
    return last.sequence
