"""Whether an instance takes an answer now: its time, its turn, and what was answered before.

Pure questions to a state that `decide` refuses by and `explain` tells, so that both say the same. Who may give an
answer at all is `access`'s.
"""

from __future__ import annotations

from engine.process.access import Actor, ToCorrect, ToSubmit, Verdict, may
from engine.process.reasons import Reason
from engine.process.state import Instance, ProcessState
from engine.template.chart import Definition, TaskNode


def resting(state: ProcessState) -> Reason | None:
    """Why nothing can be done in the process; None while it runs."""
    if state.status == "running":
        return None
    return Reason(state.status if state.status in ("suspended", "quarantine") else "ended")


def closed(state: ProcessState, instance: Instance, task: TaskNode, subject: str) -> Reason | None:
    """Why an instance takes no answer of a subject; None where it does.

    What is one person's or party's is corrected by who gave it; a task without `each` by anyone with the role.
    """
    this = (instance.id,)
    if instance.status == "withdrawn" or not is_active(state, instance):
        return _over(instance, task)
    if instance.status == "waiting":
        return Reason("turn", whom=whose_turn(state, instance))
    if instance.status == "open" or task.spec.repeatable:
        return None
    if not task.spec.correctable:
        return Reason("answered", whom=this)
    if instance.element is not None and instance.submissions[-1].subject != subject:
        return Reason("answered by another", whom=this)
    return None


def _over(instance: Instance, task: TaskNode) -> Reason:
    """Why an instance takes no answer any more: it never got one, or the one it got can be put right no more."""
    this = (instance.id,)
    if instance.status == "withdrawn" or not instance.submissions or task.spec.repeatable:
        return Reason("closed", whom=this)
    later = task.spec.correct_by or ()
    return Reason("answered and over, but for" if later else "answered and over", roles=later, whom=this)


def is_active(state: ProcessState, instance: Instance) -> bool:
    """Whether the entry of its state to which an instance belongs is active."""
    return instance.state is None or state.active.get(instance.state) == instance.entry


def whose_turn(state: ProcessState, instance: Instance) -> tuple[str, ...]:
    """For whom the instances are that come before one that waits."""
    group = [state.instances[name] for name in state.group(instance.task, instance.state).instances]
    return tuple(one.element or one.id for one in group if one.status == "open")


def over_their_head(verdict: Verdict, instance: Instance) -> bool:
    """Whether somebody who helps or stands in would put right what the person answered themselves."""
    if verdict.on_behalf_of is None or not instance.submissions:
        return False
    last = instance.submissions[-1]
    return last.entered_by == last.subject


def corrects_for_others(
    definition: Definition, state: ProcessState, actor: Actor, instance: Instance, task: TaskNode
) -> bool:
    """Whether the person comes as one who may put right what others answered: where it is not one's own, or over."""
    if task.spec.correct_by is None or not instance.submissions or task.spec.repeatable:
        return False
    if not may(actor, ToCorrect(instance), state, definition).allowed:
        return False
    own = instance.submissions[-1].subject == actor.subject
    return not own or not is_active(state, instance) or not task.spec.correctable


def subject_of(verdict: Verdict, actor: Actor) -> str:
    """Whose answer it is: of whom it is given on behalf of, else of who acts."""
    owner = verdict.on_behalf_of or verdict.membership
    return owner.subject if owner else actor.subject


def refusal(definition: Definition, state: ProcessState, actor: Actor, instance: Instance) -> Reason | None:
    """Why the actor cannot fill in, or put right, an instance now; None where they can."""
    resting_now = resting(state)
    task = definition.tasks.get(instance.task)
    if resting_now is not None:
        return resting_now
    if task is None:
        return Reason("closed", whom=(instance.id,))
    if corrects_for_others(definition, state, actor, instance, task):
        return Reason("closed", whom=(instance.id,)) if instance.status == "withdrawn" else None
    verdict = may(actor, ToSubmit(instance), state, definition)
    if not verdict.allowed:
        return verdict.because
    found = closed(state, instance, task, subject_of(verdict, actor))
    if found is None and not task.spec.repeatable and over_their_head(verdict, instance):
        return Reason("not over their head", whom=(instance.id,))
    return found
