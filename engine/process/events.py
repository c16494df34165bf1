"""What can happen: every event type with its payload, and the envelope around it.

Payloads are frozen, and named by a stable type that never follows a class's name or path. They hold plain values here;
what is personal or sealed is encrypted by `vault` on the way to the log. Older schema versions are lifted by pure
functions on dicts (`UPCASTERS`). This module knows no rules: what may follow what is said in `decide`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypeAlias
from uuid import UUID

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from engine.errors import IntegrityFault
from engine.template.plan import Plan

Answers: TypeAlias = dict[str, Any]  # JSON objects, checked against their form before they get here


class Erased(BaseModel):
    """Stands where a personal text was whose key is gone."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    erased: Literal[True] = True


PersonalText: TypeAlias = str | Erased
Moment: TypeAlias = Annotated[
    datetime, BeforeValidator(lambda v: datetime.fromisoformat(v) if isinstance(v, str) else v)
]


class Payload(BaseModel):
    """Base of all payloads. `PERSONAL` names the fields that are encrypted under the key of `subject`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    TYPE: ClassVar[str]
    SCHEMA: ClassVar[int] = 1
    PERSONAL: ClassVar[tuple[str, ...]] = ()

    @property
    def subject_id(self) -> str | None:
        """Whom it is about, and whose key personal fields lie under: a pseudonym within the process."""
        return getattr(self, "subject", None)

    def owner_of(self, name: str) -> str | None:
        """Whose key one personal field lies under."""
        return self.subject_id


class ProcessStarted(Payload):
    """A process began, pinned to its bundle."""

    TYPE: ClassVar[str] = "process.started"
    name: str
    title: str
    template: str
    version: str
    bundle: str


class PartyJoined(Payload):
    """An organisation or group became part of the collaboration."""

    TYPE: ClassVar[str] = "party.joined"
    party: str
    title: str


class InvitationIssued(Payload):
    """Somebody may join once, with the token whose hash this is."""

    TYPE: ClassVar[str] = "invitation.issued"
    token_hash: str
    party: str | None
    roles: tuple[str, ...]
    expires_at: Moment


class InvitationWithdrawn(Payload):
    """Nobody joins any more with the token whose hash this is."""

    TYPE: ClassVar[str] = "invitation.withdrawn"
    token_hash: str


class MembershipAdded(Payload):
    """A person takes part, for a party, in roles; `subject` is the person's pseudonym, `person` says who that is."""

    TYPE: ClassVar[str] = "membership.added"
    PERSONAL: ClassVar[tuple[str, ...]] = ("person",)
    membership: str
    subject: str
    person: PersonalText
    party: str | None
    roles: tuple[str, ...]
    invitation: str | None = None


class MembershipEnded(Payload):
    """A person no longer takes part for that party."""

    TYPE: ClassVar[str] = "membership.ended"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    membership: str
    subject: str
    reason: PersonalText = ""


class RoleGranted(Payload):
    """A membership got a role."""

    TYPE: ClassVar[str] = "role.granted"
    membership: str
    role: str


class RoleRevoked(Payload):
    """A membership lost a role."""

    TYPE: ClassVar[str] = "role.revoked"
    membership: str
    role: str


class DelegationBegun(Payload):
    """A membership lets another act in its place, until it ends: by `until`, or when somebody ends it."""

    TYPE: ClassVar[str] = "delegation.begun"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    membership: str
    to: str
    until: Moment | None = None
    subject: str
    reason: PersonalText = ""


class DelegationEnded(Payload):
    """Nobody acts in the place of the membership any more."""

    TYPE: ClassVar[str] = "delegation.ended"
    membership: str


class StateEntered(Payload):
    """A state became active; `entry` counts its entries from 1, `counters` holds those that this moved.

    `since` is when it was entered under another name, in an earlier version of the template.
    """

    TYPE: ClassVar[str] = "state.entered"
    SCHEMA: ClassVar[int] = 2
    state: str
    entry: int
    counters: dict[str, int] = {}
    since: Moment | None = None


class StateLeft(Payload):
    """A state is no longer active; `remembered` says where its history states lead from now on."""

    TYPE: ClassVar[str] = "state.left"
    SCHEMA: ClassVar[int] = 2
    state: str
    entry: int
    remembered: dict[str, tuple[str, ...]] = {}


class ActionTaken(Payload):
    """A person chose what happens next; `considered` are the submissions that its condition read."""

    TYPE: ClassVar[str] = "action.taken"
    SCHEMA: ClassVar[int] = 2
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    action: str
    state: str
    subject: str
    reason: PersonalText = ""
    considered: tuple[int, ...] = ()


class StepTaken(Payload):
    """An automatic transition was taken, the `number`th of its state; `considered` are the submissions it read."""

    TYPE: ClassVar[str] = "step.taken"
    state: str
    number: int
    to: str
    considered: tuple[int, ...] = ()


class SteppedBack(Payload):
    """A person went back to an earlier state. What was done stays, and is carried on by `form.kept`."""

    TYPE: ClassVar[str] = "process.stepped_back"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    to: str
    subject: str
    reason: PersonalText = ""


class TaskOpened(Payload):
    """There is something to fill in, for a membership, a party or the row of a list; `waiting` for its turn."""

    TYPE: ClassVar[str] = "task.opened"
    SCHEMA: ClassVar[int] = 2
    instance: str
    task: str
    state: str | None
    entry: int
    membership: str | None = None
    party: str | None = None
    roles: tuple[str, ...]
    visibility: str = "open"
    row: str | None = None
    waiting: bool = False


class TaskReopened(Payload):
    """What had been withdrawn, or done, is to be filled in after all: somebody is there again, or is asked again."""

    TYPE: ClassVar[str] = "task.reopened"
    instance: str
    waiting: bool = False


class TaskBegun(Payload):
    """What waited can be filled in now: its turn has come."""

    TYPE: ClassVar[str] = "task.begun"
    instance: str


class TaskClaimed(Payload):
    """A membership took on what any of several could do, or was given it by who leads the process.

    `kept_from` is the instance that it had taken on before the version changed, if that is so: nobody did anything.
    """

    TYPE: ClassVar[str] = "task.claimed"
    SCHEMA: ClassVar[int] = 2
    instance: str
    membership: str
    kept_from: str | None = None


class TaskReleased(Payload):
    """Anybody with the role can do it again."""

    TYPE: ClassVar[str] = "task.released"
    instance: str


class TaskWithdrawn(Payload):
    """What was open need not be filled in any more."""

    TYPE: ClassVar[str] = "task.withdrawn"
    instance: str


class FormSubmitted(Payload):
    """A form was filled in. `sealed_under` names the key of a sealed entry; `personal` holds texts by path.

    `reason` says where answers come from that were entered for an earlier round; it lies under the key of who gives it:
    `reason_by`, or whose answers they are.
    `valid_on` is the day (YYYY-MM-DD) that the answers are about, where that is another than the day they were given.
    """

    TYPE: ClassVar[str] = "form.submitted"
    SCHEMA: ClassVar[int] = 3
    PERSONAL: ClassVar[tuple[str, ...]] = ("personal", "reason")
    instance: str
    task: str
    form: str
    subject: str
    answers: Answers | None
    personal: dict[str, PersonalText] | Erased | None
    sealed_under: str | None = None
    valid_on: str | None = None
    reason: PersonalText = ""
    reason_by: str | None = None

    def owner_of(self, name: str) -> str | None:
        """Whose key one personal field lies under: a reason belongs to who gives it."""
        return (self.reason_by or self.subject) if name == "reason" else self.subject


class FormCorrected(FormSubmitted):
    """An answer was put right; `replaces` is the sequence of the earlier one. Others than who gave it say why."""

    TYPE: ClassVar[str] = "form.corrected"
    SCHEMA: ClassVar[int] = 3
    replaces: int


class FormKept(Payload):
    """What had been answered before the process went back counts again, in a new instance."""

    TYPE: ClassVar[str] = "form.kept"
    instance: str
    kept_from: str


class AnswersRevealed(Payload):
    """A sealed entry was opened: `key` for all to read, or None in a protected round."""

    TYPE: ClassVar[str] = "answers.revealed"
    task: str
    state: str
    entry: int
    visibility: str
    key_id: str
    key: str | None


class DeadlineSet(Payload):
    """Time will act: on an instance that then is overdue, or on a state."""

    TYPE: ClassVar[str] = "deadline.set"
    deadline: str
    due: Moment
    instance: str | None = None
    state: str | None = None


class DeadlinePassed(Payload):
    """The deadline was noticed, at `recorded_at`; `considered` are the submissions that its condition read."""

    TYPE: ClassVar[str] = "deadline.passed"
    SCHEMA: ClassVar[int] = 2
    deadline: str
    due: Moment
    instance: str | None = None
    state: str | None = None
    considered: tuple[int, ...] = ()


class ReminderSet(Payload):
    """Time will remind: those with the roles, or, without any, those who can fill the instance in."""

    TYPE: ClassVar[str] = "reminder.set"
    reminder: str
    due: Moment
    instance: str
    roles: tuple[str, ...] = ()


class ReminderDue(Payload):
    """Somebody was to be reminded of an open instance, at `recorded_at`.

    Nobody is told where a later one to the same people was due by then, too: `instead` names that.
    """

    TYPE: ClassVar[str] = "reminder.due"
    SCHEMA: ClassVar[int] = 2
    reminder: str
    due: Moment
    instance: str
    roles: tuple[str, ...] = ()
    instead: str | None = None


class ProcessSuspended(Payload):
    """The process rests: nothing is filled in or chosen, and its clock stands."""

    TYPE: ClassVar[str] = "process.suspended"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    subject: str
    reason: PersonalText = ""


class ProcessResumed(Payload):
    """The process goes on, with the time that its deadlines had left."""

    TYPE: ClassVar[str] = "process.resumed"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    subject: str
    reason: PersonalText = ""


class ProcessCancelled(Payload):
    """The process was given up. What was sealed stays so for ever."""

    TYPE: ClassVar[str] = "process.cancelled"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    subject: str
    reason: PersonalText = ""


class ProcessMigrated(Payload):
    """The process goes on under another version of its template; what was answered stays.

    `states` and `tasks` lead from names to those that they have from now on; `remembered` is what history states lead
    to, `counters` what they are, and `entries` how often each state was entered, from now on (empty: as before);
    `dropped` are deadlines that are no more. `before` is the last sequence before the migration, and `undoes` that of
    the migration which this one takes back. `plan` is what was decided, whole; None where it was not kept, or where a
    migration is taken back.
    """

    TYPE: ClassVar[str] = "process.migrated"
    SCHEMA: ClassVar[int] = 2
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    version: str
    bundle: str
    from_version: str
    from_bundle: str
    before: int
    states: dict[str, str] = {}
    tasks: dict[str, str] = {}
    remembered: dict[str, tuple[str, ...]] = {}
    counters: dict[str, int] = {}
    entries: dict[str, int] = {}
    dropped: tuple[str, ...] = ()
    undoes: int | None = None
    plan: Plan | None = None
    subject: str
    reason: PersonalText = ""


class IncidentRaised(Payload):
    """The process cannot go on by itself here: a condition of `state` failed when it was evaluated."""

    TYPE: ClassVar[str] = "incident.raised"
    incident: str
    state: str | None
    message: str


class IncidentResolved(Payload):
    """An incident is no more: the condition can be evaluated again, or a person says why it does not matter."""

    TYPE: ClassVar[str] = "incident.resolved"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    incident: str
    subject: str
    reason: PersonalText = ""


class SubjectErased(Payload):
    """Nobody knows any more who this was, and what the person wrote cannot be read; `erasure` is the list's entry."""

    TYPE: ClassVar[str] = "subject.erased"
    subject: str
    erasure: str


class LinkOpened(Payload):
    """Another process is to stand beside this one: `child` is its stream; `element` is whom or what it is for.

    `spawned` is whether it is started for this link; then it is `given` its variables, and suggestions for fields, by
    name. Otherwise it is there already.
    """

    TYPE: ClassVar[str] = "link.opened"
    link: str
    child: str
    template: str
    spawned: bool
    element: str | None = None
    state: str | None = None
    entry: int = 0
    given: Answers = {}
    subject: str = ""


class ProcessLinked(Payload):
    """The other process is there, and knows of the link: under this name, and this version of its template."""

    TYPE: ClassVar[str] = "process.linked"
    link: str
    child: str
    name: str
    title: str
    template: str
    version: str


class LinkEnded(Payload):
    """The other process is waited for no more: it was `finished` or `cancelled`, or `let_go` by a person.

    `answers` are those that the link takes, by task, of a process that finished.
    """

    TYPE: ClassVar[str] = "link.ended"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    link: str
    child: str
    how: Literal["finished", "cancelled", "let_go"]
    state: str | None = None
    answers: Answers = {}
    subject: str = ""
    reason: PersonalText = ""


class ParentLinked(Payload):
    """This process stands beside another, its parent, which waits for its end and is told the answers in `takes`.

    `given` is what it was told when it began; `depth` how many processes stand above it.
    """

    TYPE: ClassVar[str] = "parent.linked"
    parent: str
    link: str
    name: str
    title: str
    takes: tuple[str, ...] = ()
    given: Answers = {}
    depth: int = 1


class ProcessDisposed(Payload):
    """The time that the process is kept is over: nobody knows who took part, and no text of theirs can be read.

    `archive` is the hash of the last event in the archive that was made before, where one was asked for.
    """

    TYPE: ClassVar[str] = "process.disposed"
    erasure: str
    archive: str | None = None


class ProcessFinished(Payload):
    """A final state was reached."""

    TYPE: ClassVar[str] = "process.finished"
    state: str


class BundleRetired(Payload):
    """No process begins with this version any more; those that run on it go on."""

    TYPE: ClassVar[str] = "bundle.retired"
    template: str
    version: str
    bundle: str
    reason: str


class BundlePublished(Payload):
    """A template with its forms, whole, so that history is readable without the files.

    `content` is JSON text, since the order of its keys means something; `bundle` is the hash of that text.
    """

    TYPE: ClassVar[str] = "bundle.published"
    template: str
    version: str
    bundle: str
    content: str


class SourcePublished(Payload):
    """A source's contract, whole."""

    TYPE: ClassVar[str] = "source.published"
    source: str
    version: str
    contract_hash: str
    content: Answers


class MeasurementsLanded(Payload):
    """A file was put into the landing; `original_hash` is that of the file before pseudonyms."""

    TYPE: ClassVar[str] = "measurements.landed"
    source: str
    contract_hash: str
    file_name: str
    original_hash: str
    stored_hash: str
    size: int


class MeasurementsErased(Payload):
    """A landed file was stored anew without the rows of a person; `erased_hash` and `size` are of the new one."""

    TYPE: ClassVar[str] = "measurements.erased"
    source: str
    stored_hash: str
    erased_hash: str
    size: int
    rows: int
    erasure: str


class RowMended(Payload):
    """A person corrected one value of a file, with a reason."""

    TYPE: ClassVar[str] = "row.mended"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    source: str
    stored_hash: str
    row: int
    column: str
    old: str
    new: str
    subject: str
    reason: PersonalText


def _subclasses(base: type[Payload]) -> list[type[Payload]]:
    return [found for child in base.__subclasses__() for found in (child, *_subclasses(child))]


TYPES: Mapping[str, type[Payload]] = {found.TYPE: found for found in _subclasses(Payload)}

Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: dict[tuple[str, int], Upcaster] = {
    ("state.entered", 1): dict,  # since then
    ("state.left", 1): dict,  # nothing was remembered
    ("task.opened", 1): dict,  # for no row, and at once
    ("action.taken", 1): dict,  # what was considered was not noted
    ("task.claimed", 1): dict,  # by somebody, then
    ("deadline.passed", 1): dict,
    ("reminder.due", 1): dict,  # each was told
    ("form.submitted", 1): dict,  # about the day it was given
    ("form.corrected", 1): dict,
    ("form.submitted", 2): dict,  # the reason lay under the key of whose answers they are
    ("form.corrected", 2): dict,
    ("process.migrated", 1): dict,  # its plan was not kept
}
"""(type, schema version) → the function that lifts a payload of that version to the next."""


def upcast(type_name: str, version: int, payload: dict[str, Any]) -> Payload:
    """The payload in today's shape; raise `IntegrityFault` for a type, version or shape this program does not know."""
    found = TYPES.get(type_name)
    if found is None or version > found.SCHEMA:
        raise IntegrityFault(
            f"the log holds “{type_name}” version {version}, which this program does not know",
            hint="It was written by a newer samskap: upgrade this one.",
        )
    while version < found.SCHEMA:
        payload = UPCASTERS[type_name, version](payload)
        version += 1
    try:
        return found.model_validate(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise IntegrityFault(
            f"the log holds a “{type_name}” that does not read as one: {where}: {first['msg']}",
            hint="Run `samskap verify`.",
        ) from error


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A payload with its envelope: who, when, in which role, under which bundle, and its place in the chain.

    `actor` and `on_behalf_of` are pseudonyms within the process, or `operator` or `clock`. `recorded_at` is UTC and
    never runs backwards within a stream. `hash` is over the stored bytes; `log_position` is the store's, and outside
    the hash.
    """

    stream: UUID
    sequence: int
    recorded_at: datetime
    actor: str
    payload: Payload
    on_behalf_of: str | None = None
    role: str | None = None
    membership: str | None = None
    bundle_hash: str | None = None
    event_id: str = ""
    command_id: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    previous_hash: str = ""
    hash: str = ""
    log_position: int = 0

    @property
    def type(self) -> str:
        """The stable type name."""
        return self.payload.TYPE
