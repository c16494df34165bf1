"""Why an action or a task stands as it does: who may, what its condition reads, and what is missing.

It looks through the same eyes as `decide` and `access`, so it can say nothing else than they would do. What a reader
may not see is not told by way of a condition either: values of answers that are hidden from them are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.guards import Guard, GuardFault
from engine.process.accepting import refusal, resting
from engine.process.access import Actor, ToChoose, may, might_submit, visible
from engine.process.conditions import Conditions, PartNow, counting
from engine.process.missing import Missing, is_among, lacked, missing, unseen
from engine.process.reasons import Name, Reason
from engine.process.state import Instance, Membership, ProcessState
from engine.template import in_words
from engine.template.calendars import day_of
from engine.template.chart import Choice, Definition, TaskNode
from engine.template.model import Action, AtLeast, Share

NOT_SHOWN = "not shown"
"""Stands for a value that is made of answers which the reader may not see."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that a condition reads, and what it is now; `unknown` where an answer is missing."""

    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a condition: its text, what it says by itself, and which answers it lacks; depth counts from 0.

    Of `any` and `all`, `elements` says for how many elements it holds, does not hold, and cannot be told. `words` is
    the text with titles for names, in the reader's language.
    """

    text: str
    outcome: str
    missing: tuple[str, ...]
    depth: int
    elements: tuple[int, int, int] | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class ActionExplanation:
    """An action: whether its state is active, its condition and what that says, and who may choose it.

    `condition` is how it is written, and `words` the same with titles for names, in the reader's language. `who` are
    the titles of `roles`; `able` the memberships of those who may choose it, in
    their own place or another's. It is open where it could be chosen now; `resting` says why nothing can in a process
    that does not run, `fault` why its condition could not be evaluated. What is in `missing` is told in `lacking` with
    whose it is and why. `barred_by` is the kind of reason for which the reader may not choose it (`reasons.SENTENCES`).
    """

    action: str
    title: str
    state: str
    state_is_active: bool
    is_open: bool
    condition: str
    outcome: str
    seen: tuple[Seen, ...]
    missing: tuple[str, ...]
    otherwise: str
    roles: tuple[str, ...]
    you_may: bool
    why_not: str
    parts: tuple[Part, ...] = ()
    state_title: str = ""
    who: tuple[str, ...] = ()
    able: tuple[str, ...] = ()
    lacking: tuple[Missing, ...] = ()
    resting: str = ""
    fault: str = ""
    barred_by: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class TaskExplanation:
    """A task's instance: how it stands, who fills it in, when it is due, and how far the task is as a whole.

    `you_may` is whether the reader can fill it in or put it right now, and `why_not` why they cannot, in their
    language (`barred_by`: the kind of that reason, as in `reasons.SENTENCES`); `able` are the memberships of all who
    can. Who has taken it on is `claimed_by`; where it waits for its turn, `turn_of` are those whose turn it is.
    `answered` and `awaited` name the elements (memberships, parties) of the whole task; `is_visible` is whether the
    reader may see this instance's answers, and `visible_because` says why or why not, in the reader's language.
    `who` are the titles of `roles`; `due_day` is the day of `due` (UTC) where the calendar is kept.
    """

    instance: str
    title: str
    status: str
    for_whom: str
    roles: tuple[str, ...]
    you_may: bool
    why_not: str
    due: datetime | None
    is_overdue: bool
    rule: str
    done: int
    expected: int
    is_complete: bool
    is_sealed: bool
    visibility: str
    answered: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()
    is_visible: bool = False
    visible_because: str = ""
    who: tuple[str, ...] = ()
    due_day: str = ""
    able: tuple[str, ...] = ()
    claimed_by: str = ""
    turn_of: tuple[str, ...] = ()
    barred_by: str = ""
    state_title: str = ""


@dataclass(frozen=True, slots=True)
class ConditionNow:
    """A condition as a reader may see it: what it says, what it reads, its parts, what it lacks; `fault`: why not.

    `text` is how it is written, and `words` the same with titles for names, in the reader's language.
    """

    text: str
    holds: bool
    outcome: str
    seen: tuple[Seen, ...]
    missing: tuple[str, ...]
    parts: tuple[Part, ...]
    lacking: tuple[Missing, ...]
    fault: str
    words: str


def condition_now(
    definition: Definition, state: ProcessState, conditions: Conditions, actor: Actor, choice: Choice, language: str
) -> ConditionNow:
    """The condition of a choice as it stands now."""
    outcome, fault = conditions.attempt(choice)
    hidden = unseen(definition, state, actor)
    lacking = lacked(conditions, choice, outcome, hidden)
    return ConditionNow(
        text=choice.guard.text if choice.guard else "",
        holds=outcome.value is True,
        outcome=fault or ("unknown" if lacking else _word(outcome.value if not outcome.missing else False)),
        seen=what_is_read(definition, state, conditions, actor, choice.guard, choice.state),
        missing=lacking,
        parts=tuple(
            _part(found, hidden, in_words.told(found.guard.text, definition, language))
            for found in conditions.parts(choice)
        ),
        lacking=missing(definition, state, conditions.answers, lacking, language),
        fault=fault,
        words=in_words.told(choice.guard.text, definition, language) if choice.guard else "",
    )


def _part(found: PartNow, hidden: set[tuple[str, ...]], words: str) -> Part:
    if any(is_among(path, hidden) for path in found.guard.paths):
        return Part(found.guard.text, NOT_SHOWN, (), found.depth, words=words)
    outcome = found.outcome
    return Part(found.guard.text, _word(outcome.value), outcome.missing, found.depth, found.elements, words)


def explain_action(
    definition: Definition,
    state: ProcessState,
    conditions: Conditions,
    actor: Actor,
    choice: Choice,
    language: str,
    name: Name = str,
) -> ActionExplanation:
    """An action as it stands now."""
    action = choice.spec
    assert isinstance(action, Action)
    condition = condition_now(definition, state, conditions, actor, choice, language)
    active = choice.state in state.active
    verdict = may(actor, ToChoose(choice, action.by), state, definition)
    rests = resting(state)
    return ActionExplanation(
        action=choice.id,
        title=action.title.get(language),
        state=choice.state,
        state_is_active=active,
        is_open=active and rests is None and condition.holds,
        condition=condition.text,
        outcome=condition.outcome,
        seen=condition.seen,
        missing=condition.missing,
        otherwise=action.otherwise.get(language) if action.otherwise else "",
        roles=action.by,
        you_may=verdict.allowed,
        why_not=_told(definition, verdict.because, language, name),
        barred_by=_key(verdict.because),
        parts=condition.parts,
        state_title=definition.nodes[choice.state].spec.title.get(language),
        who=_titles(definition, action.by, language),
        able=tuple(
            member.id
            for member in state.memberships.values()
            if member.active and may(Actor(member.subject), ToChoose(choice, action.by), state, definition).allowed
        ),
        lacking=condition.lacking,
        resting=_told(definition, rests, language),
        fault=condition.fault,
        words=condition.words,
    )


def _told(definition: Definition, reason: Reason | None, language: str, name: Name = str) -> str:
    return reason.told(definition.template, language, name) if reason is not None else ""


def _key(reason: Reason | None) -> str:
    return reason.key if reason is not None else ""


def what_is_read(
    definition: Definition,
    state: ProcessState,
    conditions: Conditions,
    actor: Actor,
    guard: Guard | None,
    where: str | None,
) -> tuple[Seen, ...]:
    """What a guard reads in a state and what it is now, as far as the actor may see it."""
    hidden = unseen(definition, state, actor)
    return tuple(
        Seen(text, NOT_SHOWN if any(is_among(path, hidden) for path in made_of) else value)
        for text, value, made_of in conditions.seen(guard, where)
    )


def _titles(definition: Definition, roles: Iterable[str], language: str) -> tuple[str, ...]:
    return tuple(definition.template.roles[role].title.get(language) for role in roles)


@dataclass(frozen=True, slots=True)
class _Whole:
    """What is told of a task with each of its instances: how far it is, and who might fill one in."""

    task: TaskNode
    title: str
    state_title: str
    done: int
    expected: int
    is_complete: bool
    answered: tuple[str, ...]
    awaited: tuple[str, ...]
    might_submit: Callable[[Instance], Iterable[Membership]]


def _whole(
    definition: Definition, state: ProcessState, conditions: Conditions, task: TaskNode, language: str
) -> _Whole:
    group = state.group(task.id, task.state)
    every = [state.instances[name] for name in group.instances]
    return _Whole(
        task=task,
        title=task.spec.title.get(language),
        state_title=definition.nodes[task.state].spec.title.get(language) if task.state else "",
        done=group.done,
        expected=group.expected,
        is_complete=_complete(conditions, task),
        answered=tuple(i.element or i.id for i in every if i.status == "done"),
        awaited=tuple(i.element or i.id for i in every if i.status == "open"),
        might_submit=might_submit(task.id, state, definition),
    )


def explain_task(
    definition: Definition,
    state: ProcessState,
    conditions: Conditions,
    actor: Actor,
    instance: Instance,
    language: str,
    name: Name = str,
) -> TaskExplanation:
    """A task's instance as it stands now."""
    whole = _whole(definition, state, conditions, definition.tasks[instance.task], language)
    return _explained(definition, state, actor, instance, whole, language, name)


def _explained(
    definition: Definition,
    state: ProcessState,
    actor: Actor,
    instance: Instance,
    whole: _Whole,
    language: str,
    name: Name,
) -> TaskExplanation:
    task = whole.task
    no = refusal(definition, state, actor, instance)
    seen, because = _seen(definition, state, actor, instance)
    return TaskExplanation(
        instance=instance.id,
        title=whole.title,
        status=instance.status,
        for_whom=instance.element or "",
        roles=instance.roles,
        you_may=no is None,
        why_not=_told(definition, no, language, name),
        barred_by=_key(no),
        due=instance.due,
        is_overdue=instance.overdue,
        rule=_rule(task),
        done=whole.done,
        expected=whole.expected,
        is_complete=whole.is_complete,
        is_sealed=bool(task.spec.sealed and (state.is_sealed(instance) or not instance.submissions)),
        visibility=instance.visibility,
        answered=whole.answered,
        awaited=whole.awaited,
        is_visible=seen,
        visible_because=_BECAUSE[because].get(language, _BECAUSE[because]["nb"]),
        who=_titles(definition, instance.roles, language),
        due_day=day_of(instance.due, definition.template.calendar).isoformat() if instance.due else "",
        able=tuple(
            member.id
            for member in whole.might_submit(instance)
            if refusal(definition, state, Actor(member.subject), instance) is None
        ),
        claimed_by=instance.claimed_by or "",
        turn_of=whole.awaited if instance.status == "waiting" else (),
        state_title=whole.state_title,
    )


def _seen(definition: Definition, state: ProcessState, actor: Actor, instance: Instance) -> tuple[bool, str]:
    """Whether the actor may see the instance's answers, and the key of the reason."""
    given = counting(instance)
    if not given:
        return False, "none"
    if visible(actor, state).answers(instance, given[-1]):
        return True, "own" if given[-1].subject == actor.subject else "shared"
    if state.is_sealed(instance):
        return False, "sealed"
    return False, "protected" if definition.tasks[instance.task].spec.sealed and actor.subject else "outside"


_BECAUSE: Mapping[str, Mapping[str, str]] = {
    "none": {
        "nb": "Ingen har svart ennå.",
        "nn": "Ingen har svart enno.",
        "en": "Nobody has answered yet.",
    },
    "own": {"nb": "Svaret er ditt eget.", "nn": "Svaret er ditt eige.", "en": "The answer is your own."},
    "shared": {
        "nb": "Alle som er med, kan se dette svaret.",
        "nn": "Alle som er med, kan sjå dette svaret.",
        "en": "Everyone who takes part can see this answer.",
    },
    "sealed": {
        "nb": "Svaret er forseglet. Ingen andre kan se det før alle svarene vises samtidig.",
        "nn": "Svaret er forsegla. Ingen andre kan sjå det før alle svara blir viste samtidig.",
        "en": "The answer is sealed. Nobody else can see it until all answers are shown at the same time.",
    },
    "protected": {
        "nb": "Partene har valgt at svarene er beskyttet. Bare den som svarte, kan se dem.",
        "nn": "Partane har valt at svara er verna. Berre den som svarte, kan sjå dei.",
        "en": "The parties chose that answers are protected. Only the person who answered can see them.",
    },
    "outside": {
        "nb": "Bare de som er med, kan se svarene.",
        "nn": "Berre dei som er med, kan sjå svara.",
        "en": "Only those who take part can see the answers.",
    },
}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "unknown"


def _rule(task: TaskNode) -> str:
    """The completion rule in words."""
    rule = task.spec.complete
    if task.spec.optional:
        return "optional"
    if isinstance(rule, AtLeast):
        return f"at least {rule.at_least}"
    if isinstance(rule, Share):
        return f"at least {rule.share} of all"
    return str(rule)


def _complete(conditions: Conditions, task: TaskNode) -> bool:
    try:
        return conditions.complete(task)
    except GuardFault:
        return False


def explain_now(
    definition: Definition,
    state: ProcessState,
    conditions: Conditions,
    actor: Actor,
    language: str,
    name: Name = str,
) -> tuple[ActionExplanation | TaskExplanation, ...]:
    """Everything that can be filled in or chosen where the process is now, or could be if what it lacks were there.

    Tasks first, those of the whole process before those of its states; of actions of one name the innermost state's.
    """
    tasks = [task for where in (None, *state.active) for task in definition.tasks_of.get(where, ())]
    wholes = [_whole(definition, state, conditions, task, language) for task in tasks]
    instances = [
        (state.instances[one], whole)
        for whole in wholes
        for one in state.group(whole.task.id, whole.task.state).instances
    ]
    choices: dict[str, Choice] = {}
    for where in reversed(list(state.active)):
        for choice in definition.actions[where]:
            choices.setdefault(choice.id, choice)
    return (
        *(_explained(definition, state, actor, one, whole, language, name) for one, whole in instances if one.pending),
        *(explain_action(definition, state, conditions, actor, one, language, name) for one in choices.values()),
    )
