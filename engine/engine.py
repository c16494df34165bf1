"""The door to the engine: publish bundles, run processes, read them now and as they were.

It says what there is; what it does lies in the rooms of `engine.running`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from engine import codec
from engine.errors import IntegrityFault
from engine.notify import outbox
from engine.process import commands
from engine.process import events as e
from engine.process.access import Actor, View
from engine.process.answers import Given
from engine.process.conditions import Conditions
from engine.process.explain import ActionExplanation, TaskExplanation
from engine.process.explain_steps import StepExplanation
from engine.process.history import Line
from engine.process.invitations import Issued
from engine.process.readers import Reader
from engine.process.reasons import Name
from engine.process.replay import Replayed
from engine.process.state import ProcessState
from engine.progress import Progress, quiet
from engine.running.catalogue import Catalogue
from engine.running.committing import RETRIES, Committing, Done
from engine.running.idempotency import Receipt
from engine.running.linking import Linking, LinkNow
from engine.running.loading import Damaged, Loaded, Loading, Meeting, stop
from engine.running.looking import Looking
from engine.running.read_models import read_models
from engine.running.snapshots import NONE as NO_SNAPSHOTS
from engine.running.snapshots import Snapshots
from engine.running.streams import NAMESPACE, Streams, stream_of
from engine.store import belonging, worklists
from engine.store.address import open_log
from engine.store.copying import Copied, copy
from engine.store.drafts import Asked, Draft, Drafts
from engine.store.erasures import FILE as ERASURES
from engine.store.erasures import Erasures
from engine.store.keys import KeyFolder
from engine.store.log import Log, Record, Row
from engine.store.people import People, Person, Session
from engine.store.verify import Verdict, verify
from engine.template.bundle import Bundle
from engine.template.chart import Definition
from engine.template.plan import Plan

__all__ = [
    "GOING_ON",
    "NAMESPACE",
    "RETRIES",
    "Damaged",
    "Engine",
    "Loaded",
    "Meeting",
    "Receipt",
    "now_utc",
    "stop",
    "stream_of",
]

GOING_ON = ("running", "suspended")
"""The statuses of processes that have not come to an end."""


def now_utc() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def as_it_is(definition: Definition) -> Definition:
    """Nothing is done to a definition before it runs."""
    return definition


class Engine:
    """A workspace's engine over one log and one key folder. `clock` gives the time, in UTC.

    With `notify` it keeps in the outbox whom each event concerns. `prepare` is done to each definition before it runs:
    the place for whoever wants to watch it. The list of erasures lies beside the keys, where none is given.
    """

    def __init__(
        self,
        log: Log,
        keys: KeyFolder,
        *,
        clock: Callable[[], datetime] = now_utc,
        notify: bool = True,
        prepare: Callable[[Definition], Definition] = as_it_is,
        erasures: Erasures | None = None,
    ) -> None:
        self.log = log
        self.keys = keys
        self.clock = clock
        self.people = People(log, keys)
        self.drafts = Drafts(log, keys, self.people)
        self.erasures = erasures or Erasures(keys.folder.parent / ERASURES)
        self.notify = notify
        self.outbox = outbox.Outbox(log)
        self._streams = Streams(log, keys, clock)
        self._catalogue = Catalogue(self._streams, prepare)
        self._snapshots = Snapshots(log, keys)
        self._loading = Loading(self._streams, self._catalogue, self._snapshots)
        self._committing = Committing(
            self._streams, self._catalogue, self._loading, self._snapshots, self.people, notify=notify
        )
        self._looking = Looking(self._streams, self._catalogue, self._loading, self._committing, self.people)
        self._linking = Linking(
            self._streams, self._catalogue, self._loading, self._committing, self._looking, self.people
        )

    @classmethod
    def open(
        cls,
        data: Path,
        *,
        store_url: str | None = None,
        clock: Callable[[], datetime] = now_utc,
        notify: bool = True,
        prepare: Callable[[Definition], Definition] = as_it_is,
    ) -> Engine:
        """The engine of a workspace's data folder, over the log in it or the one that `store_url` names.

        What was erased is erased again first, where log or keys are back from a time before that. Raises `KeyMissing`
        where the log was begun with other keys.
        """
        from engine.personal.erasing import reapply_erasures  # noqa: PLC0415 (it works through an engine)

        log, keys = open_log(store_url, data), KeyFolder(data / "keys")
        try:
            belonging.admit(log, keys)
            engine = cls(log, keys, clock=clock, notify=notify, prepare=prepare)
            reapply_erasures(engine)
        except BaseException:
            log.close()
            raise
        return engine

    def close(self) -> None:
        """Let go of the files."""
        self.log.close()

    # -- bundles ----------------------------------------------------------------------------------------------------

    def publish(self, bundle: Bundle, actor: str = "operator") -> Bundle:
        """Store a bundle for ever; the same content again is nothing new, other content needs a new version."""
        return self._catalogue.publish(bundle, actor)

    def published(self, template: str) -> list[e.BundlePublished]:
        """Every published version of a template, oldest first."""
        return self._catalogue.published(template)

    def retire(self, template: str, version: str, reason: str, actor: str = "operator") -> e.BundleRetired:
        """Let no process begin with a version any more; those that run on it go on. Twice is once."""
        return self._catalogue.retire(template, version, reason, actor)

    def retired(self, template: str) -> Mapping[str, e.BundleRetired]:
        """The versions with which no process begins any more, by their bundles' hashes."""
        return self._catalogue.retired(template)

    def bundle_of(self, template: str, version: str) -> str:
        """The hash of a published version; raise `NotFound` with those that there are."""
        return self._catalogue.bundle_of(template, version)

    def definition(self, template: str, bundle: str | None = None) -> Definition:
        """A published bundle, ready to run; without a hash the newest one that is not retired."""
        return self._catalogue.definition(template, bundle)

    def definitions(self, template: str) -> Callable[[str], Definition]:
        """The published versions of a template, by their bundles' hashes."""
        return self._catalogue.definitions(template)

    # -- commands ---------------------------------------------------------------------------------------------------

    def start(self, session: Session, template: str, name: str, title: str, *, command_id: str = "") -> Receipt:
        """Begin a process of the newest version of a template; its starter holds the template's starting role."""
        receipt = self._committing.start(session, template, name, title, command_id or uuid4().hex)
        return self._linking.after(receipt)

    def invite(
        self, session: Session, name: str, roles: tuple[str, ...], party: str | None = None, *, command_id: str = ""
    ) -> Receipt:
        """Make a token with which somebody joins once, within 30 days. `result["token"]` is shown this once."""
        return self._committing.invite(session, name, roles, party, command_id or uuid4().hex)

    def join(self, session: Session, token: str, *, command_id: str = "") -> Receipt:
        """Take part by an invitation's token."""
        return self._linking.after(self._committing.join(session, token, command_id or uuid4().hex))

    def handle(
        self,
        session: Session,
        name: str,
        command: commands.Command,
        *,
        command_id: str = "",
        result: Mapping[str, Any] | None = None,
    ) -> Receipt:
        """Carry a command out on a process; the same `command_id` again gives the same answer and does nothing."""
        receipt = self._committing.handle(session, name, command, command_id or uuid4().hex, result or {})
        return self._linking.after(receipt, command)

    def tick(self, name: str | None = None) -> list[Receipt]:
        """Let time act, on one process or on all in which something is due; and do what linked ones owe each other.

        Raises the first fault once all that could be done is done, with what all of them say.
        """
        done = self.ticked(name)
        done.check()
        return done.changed

    def ticked(self, name: str | None = None) -> Done:
        """The same for whoever wants to know both: what changed, and what could not be done."""
        ticked = self._committing.tick([name] if name else worklists.due_processes(self.log, self.clock()))
        linked = self._linking.go_on(self.stream(name) if name else None)
        return Done(ticked.receipts + linked.receipts, ticked.faults + linked.faults)

    def record(
        self, stream: UUID, payloads: Iterable[e.Payload], *, actor: str, rows: Iterable[Row] = (), command_id: str = ""
    ) -> list[Record]:
        """Append facts to a stream that is no process (bundles, sources); raise `Conflict` if another was first."""
        return self._streams.record(stream, payloads, actor=actor, rows=rows, command_id=command_id)

    # -- linked processes -------------------------------------------------------------------------------------------

    def link(self, session: Session, name: str, link: str, other: str, *, command_id: str = "") -> Receipt:
        """Let a process that is there already stand beside another, for somebody who leads both."""
        command = self._linking.to_link(session, name, link, other)
        return self.handle(session, name, command, command_id=command_id)

    def end_link(self, session: Session, name: str, other: str, reason: str, *, command_id: str = "") -> Receipt:
        """Wait no longer for a process that stands beside another; it goes on by itself."""
        command = self._linking.to_end(name, other, reason)
        return self.handle(session, name, command, command_id=command_id)

    def links(self, session: Session, name: str) -> list[LinkNow]:
        """The processes that stand above and beside one, for whoever may see it."""
        return self._linking.links(session, name)

    def hear(self, stream: UUID, command: commands.Command, command_id: str = "") -> Receipt:
        """Let a process hear what another would tell it: for who tries out how it takes that."""
        return self._linking.after(self._committing.by_itself(stream, command, command_id))

    # -- processes, now and as they were ----------------------------------------------------------------------------

    def stream(self, name: str) -> UUID:
        """The stream of a process; raise `NotFound`."""
        return self._loading.stream(name)

    def load(self, stream: UUID, *, until: int | None = None) -> Loaded:
        """A process as its events tell, up to a sequence."""
        return self._loading.load(stream, until=until)

    def each(self, names: Iterable[str], meet: Meeting = stop) -> Iterator[Loaded]:
        """Many processes, by name, each that is whole.

        One in quarantine is given to `meet`, and keeps none from the others; without it, it is raised.
        """
        return self._loading.each(names, meet)

    def at(self, name: str, moment: datetime | int) -> Loaded:
        """A process as it was at a time (UTC) or after a sequence, under the bundle that held then."""
        return self._loading.at(name, moment)

    def events(
        self,
        records: Iterable[Record],
        *,
        opened: Mapping[str, e.AnswersRevealed] | None = None,
        own: str | None = None,
    ) -> Iterator[e.Event]:
        """The events of records; sealed answers stay closed, save those in `opened` and `own`'s."""
        return self._streams.events(records, opened=opened, own=own)

    def payload(
        self, record: Record, *, opened: Mapping[str, e.AnswersRevealed] | None = None, own: str | None = None
    ) -> e.Payload:
        """The payload of one record."""
        return self._streams.event(record, opened=opened, own=own).payload

    def verify(self, progress: Callable[[int], None] = lambda _: None) -> Verdict:
        """Follow every chain of the log from its first event; whatever does not hold is in quarantine from now on."""
        verdict = verify(self.log, progress)
        for fault in verdict.faults:
            self._loading.distrust(UUID(fault.stream))
        return verdict

    def running(self, template: str, bundle: str) -> int:
        """How many processes run on a version of a template."""
        rows = self.log.query(
            "SELECT count(*) AS number FROM process WHERE template=? AND bundle=? AND status IN (?,?)",
            (template, bundle, *GOING_ON),
        )
        return int(rows[0]["number"])

    def processes(self) -> list[Mapping[str, Any]]:
        """Every process: name, stream, template, bundle, title, status."""
        return self.log.query("SELECT name, stream, template, bundle, title, status FROM process ORDER BY name")

    def processes_of(self, session: Session) -> list[str]:
        """The names of the processes that a session may see: those it takes part in, or for the operator all."""
        if session.runs_workspace:
            return [row["name"] for row in self.processes()]
        return worklists.taken_part_in(self.log, self.people.fingerprint(session.person.id))

    # -- what a person sees -----------------------------------------------------------------------------------------

    def actor(self, session: Session, state: ProcessState) -> Actor:
        """Who a session is in a process."""
        return self._looking.actor(session, state)

    def view(self, session: Session, loaded: Loaded) -> View:
        """What a session may see of a process; raise `NotAllowed` for somebody from outside."""
        return self._looking.view(session, loaded)

    def tasks(self, session: Session, name: str | None = None, *, meet: Meeting = stop) -> list[worklists.WorkItem]:
        """What is open for a person. Processes are opened where only they can tell: those in quarantine are met."""
        return self._looking.tasks(session, name, meet)

    def invitations(self, session: Session, name: str) -> list[Issued]:
        """The invitations that nobody has used, for whoever may invite; raise `NotAllowed` for others."""
        return self._looking.invitations(session, name)

    def history(self, session: Session, name: str, language: str | None = None) -> list[Line]:
        """What happened in a process, in words; raise `NotAllowed` for somebody from outside."""
        return self._looking.history(session, name, language)

    def preview(
        self, session: Session, name: str, command: commands.Command, language: str | None = None
    ) -> list[Line]:
        """What would follow from a command, in words; raise what it would raise. Nothing is stored."""
        return self._looking.preview(session, name, command, language)

    def replay(self, name: str, definition: Definition, plan: Plan | None = None) -> Replayed:
        """What would have come of a process had it run on another version of its template; nothing is stored.

        `plan` says what has another name there, as for a migration that was not done yet.
        """
        return self._looking.replay(name, definition, plan)

    def explain_action(
        self, session: Session, name: str, action: str, language: str | None = None
    ) -> ActionExplanation:
        """Why an action is open or not; raise `NotAllowed` for somebody from outside."""
        return self._looking.explain_action(session, name, action, language)

    def explain_task(self, session: Session, name: str, instance: str, language: str | None = None) -> TaskExplanation:
        """How a task's instance stands, and who can fill it in; raise `NotAllowed` for somebody from outside."""
        return self._looking.explain_task(session, name, instance, language)

    def explain_now(
        self, session: Session, name: str, language: str | None = None
    ) -> tuple[ActionExplanation | TaskExplanation, ...]:
        """Who can do what now, and why not the rest; raise `NotAllowed` for somebody from outside."""
        return self._looking.explain_now(session, name, language)

    def explain_steps(self, session: Session, name: str, language: str | None = None) -> tuple[StepExplanation, ...]:
        """What a process does by itself, and why it has not yet; raise `NotAllowed` for somebody from outside."""
        return self._looking.explain_steps(session, name, language)

    def names(self, state: ProcessState) -> Name:
        """What people call a membership, party or row of a process: its name, or itself where it has none."""
        return self._looking.names(state)

    def conditions(self, session: Session | None, loaded: Loaded) -> Conditions:
        """The guards' eyes on a process, to say what a condition reads and what it says."""
        return self._looking.conditions(session, loaded)

    def readers(self, session: Session, name: str, instance: str | None = None) -> list[Reader]:
        """Who could read the answers of an instance, or of all, and since when; for whoever may see the process."""
        return self._looking.readers(session, name, instance)

    def answers(self, session: Session, name: str, instance: str | None = None) -> list[Given]:
        """What was answered, in a process or to one task, as far as the session may read it; earlier answers, too."""
        return self._looking.answers(session, name, instance)

    def decided_on(self, session: Session, name: str, instance: str) -> list[Line]:
        """What was decided on answers of an instance that were put right since; for whoever may see the process."""
        return self._looking.decided_on(session, name, instance)

    def suggestions(self, session: Session, name: str, instance: str) -> Mapping[str, object]:
        """What is suggested for the fields of a task, by the process that started this one; for whoever may see it."""
        return self._looking.suggestions(session, name, instance)

    def earlier_texts(self, session: Session, name: str, instance: str) -> Mapping[str, str]:
        """What the person wrote last in the fields of a task that show it again, by path; for whoever may see it."""
        return self._looking.earlier_texts(session, name, instance)

    # -- drafts -----------------------------------------------------------------------------------------------------

    def save_draft(
        self,
        session: Session,
        name: str,
        instance: str,
        answers: codec.Json,
        *,
        version: int | None = None,
        membership: str | None = None,
    ) -> Draft:
        """Keep answers that are not finished; `version` is the draft they go on from (None: whatever there is).

        `membership` says on whose behalf, as for submitting. Raises `NotAllowed` and `Refused` where the answers could
        not be submitted either, and `Conflict` where another tab saved meanwhile.
        """
        state = self._looking.to_fill_in(session, name, instance, membership).state
        asked = Asked(state.bundle, state.instances[instance].task)
        return self.drafts.save(state.stream, instance, session.person, answers, self.clock(), version, asked)

    def draft(self, session: Session, name: str, instance: str) -> Draft | None:
        """One's own draft, by the names that its fields have now; None if there is none."""
        stream = self.stream(name)
        found = self.drafts.find(stream, instance, session.person)
        return None if found is None else self._as_now(stream, found)

    def drafts_of(self, person: Person) -> Iterator[tuple[UUID, Draft]]:
        """A person's drafts, each with the stream of its process, by the names that its fields have now."""
        return ((stream, self._as_now(stream, found)) for stream, found in self.drafts.of(person))

    def _as_now(self, stream: UUID, draft: Draft) -> Draft:
        """A draft by the names that its fields have now; as it was written where nothing of its process can be told."""
        try:
            loaded = self.load(stream)
        except IntegrityFault:
            return draft
        return self._looking.draft(draft, loaded)

    def drop_draft(self, session: Session, name: str, instance: str) -> bool:
        """Throw one's own draft away; whether there was one."""
        return self.drafts.drop(self.stream(name), instance, session.person)

    # -- read models ------------------------------------------------------------------------------------------------

    def rebuild_worklists(self) -> int:
        """Throw the read models away and make them again from the events; the number of processes.

        Drafts stay; snapshots come again as processes go on. Raises `Conflict`, and changes nothing, where somebody
        writes meanwhile.
        """
        position, made = self.log.position(), list(self.read_models())
        self.log.write_rows([NO_SNAPSHOTS, *worklists.EMPTIED, *chain.from_iterable(made)], at=position)
        return len(made)

    def copy_store(self, target: Log, progress: Progress = quiet) -> Copied:
        """Copy the log and all beside it into an empty one, as `copying.copy` says; the keys stay where they are."""
        return copy(self.log, target, chain.from_iterable(self.read_models()), progress)

    def read_models(self) -> Iterator[list[Row]]:
        """The rows of the read models as the events give them, a process at a time."""
        return read_models(self._streams, self._catalogue, self._loading, self.people)
