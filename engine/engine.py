"""The door to the engine: publish bundles, run processes, read them now and as they were.

Each command is one round: look up its key, load the process, `decide`, encrypt, chain, append with its read-model rows
in one transaction. Where another writer was first it is decided again on the new state, a bounded number of times.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache, partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from pydantic import BaseModel

from engine import codec
from engine.errors import Conflict, IntegrityFault, KeyMissing, NotAllowed, NotFound, Refused, SamskapError, StoreError
from engine.notify import outbox
from engine.process import commands
from engine.process import events as e
from engine.process.access import Actor, ToRead, ToSubmit, View, may, visible
from engine.process.conditions import Conditions
from engine.process.decide import Context, decide
from engine.process.decide.answering import as_read, replaced, subject_of
from engine.process.explain import ActionExplanation, TaskExplanation, explain_action, explain_task
from engine.process.history import Line, Teller
from engine.process.readers import Reader, readers
from engine.process.replay import Replayed, acts, replay
from engine.process.state import Instance, ProcessState, fold
from engine.progress import Progress, quiet
from engine.store import worklists
from engine.store.address import open_log
from engine.store.copying import Copied, copy
from engine.store.drafts import Draft, Drafts
from engine.store.erasures import FILE as ERASURES
from engine.store.erasures import Erasures
from engine.store.keys import KeyFolder
from engine.store.log import GENESIS, CommandKey, Log, Record, Row, encode, iso
from engine.store.people import People, Session
from engine.store.receipts import Kept
from engine.store.vault import protect, unprotect
from engine.store.verify import Fault, first_fault, follow
from engine.template.bundle import Bundle, definition_from
from engine.template.chart import Definition

NAMESPACE = UUID("6f1a3c9e-3f5e-5d43-9a2b-5a6d736b6170")
"""Streams of named things (bundles, sources, measures) are v5 UUIDs of their kind and name in this namespace."""

RETRIES = 8
KEPT_PROCESSES = 256
"""Processes that an engine keeps folded, so that a command costs what is new and not what has been."""
GOING_ON = ("running", "suspended")
"""The statuses of processes that have not come to an end."""
INVITATION_LIFE = timedelta(days=30)


def now_utc() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def stream_of(kind: str, name: str) -> UUID:
    """The stream of a named thing."""
    return uuid5(NAMESPACE, f"{kind}:{name}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a command: what was stored, and where. As text it can be kept, and checked by `store.receipts`."""

    process: str
    stream: str
    first: int
    last: int
    hash: str
    result: Mapping[str, Any]
    replayed: bool = False

    def __str__(self) -> str:
        return str(Kept(self.process, self.last, self.hash))


@dataclass(frozen=True, slots=True)
class Loaded:
    """A process as folded from its events, with the events; `fault` is the first that is not what was stored.

    A process with a fault is in quarantine: it can be read up to there, and nothing is written to it.
    """

    state: ProcessState
    records: tuple[Record, ...]
    definition: Definition
    fault: Fault | None = None


class Engine:
    """A workspace's engine over one log and one key folder. `clock` gives the time, in UTC.

    With `notify` it keeps in the outbox whom each event concerns.
    """

    def __init__(
        self, log: Log, keys: KeyFolder, *, clock: Callable[[], datetime] = now_utc, notify: bool = True
    ) -> None:
        self.log = log
        self.keys = keys
        self.clock = clock
        self.people = People(log, keys)
        self.drafts = Drafts(log, keys, self.people)
        self.erasures = Erasures(keys.folder.parent / ERASURES)
        self.notify = notify
        self.outbox = outbox.Outbox(log)
        self._definition = lru_cache(maxsize=64)(self._load_definition)
        self._loaded: dict[UUID, Loaded] = {}
        self._published: dict[UUID, tuple[tuple[int, str], list[e.Payload]]] = {}

    @classmethod
    def open(
        cls,
        data: Path,
        *,
        store_url: str | None = None,
        clock: Callable[[], datetime] = now_utc,
        notify: bool = True,
    ) -> Engine:
        """The engine of a workspace's data folder, over the log in it or the one that `store_url` names.

        What was erased is erased again first, where log or keys are back from a time before that.
        """
        from engine.personal.erasing import reapply_erasures  # noqa: PLC0415 (it works through an engine)

        engine = cls(open_log(store_url, data), KeyFolder(data / "keys"), clock=clock, notify=notify)
        reapply_erasures(engine)
        return engine

    def close(self) -> None:
        """Let go of the files."""
        self.log.close()

    # -- bundles ----------------------------------------------------------------------------------------------------

    def publish(self, bundle: Bundle, actor: str = "operator") -> Bundle:
        """Store a bundle for ever; the same content again is nothing new, other content needs a new version."""
        stream = stream_of("bundle", bundle.name)
        for known in self.published(bundle.name):
            if known.version == bundle.version:
                if known.bundle == bundle.hash:
                    return bundle
                raise Conflict(
                    f"{bundle.name} {bundle.version} was published with other content",
                    hint="A published version never changes: raise the version.",
                )
        self.record(
            stream,
            [
                e.BundlePublished(
                    template=bundle.name, version=bundle.version, bundle=bundle.hash, content=bundle.content
                )
            ],
            actor=actor,
        )
        return bundle

    def published(self, template: str) -> list[e.BundlePublished]:
        """Every published version of a template, oldest first."""
        return [p for p in self._versions(template) if isinstance(p, e.BundlePublished)]

    def retired(self, template: str) -> Mapping[str, e.BundleRetired]:
        """The versions with which no process begins any more, by their bundles' hashes."""
        return {p.bundle: p for p in self._versions(template) if isinstance(p, e.BundleRetired)}

    def _versions(self, template: str) -> list[e.Payload]:
        """What happened to a template's versions; read anew only when the stream has another head."""
        stream = stream_of("bundle", template)
        head = self.log.head(stream)
        known = self._published.get(stream)
        if known is None or known[0] != head:
            payloads = [self.payload(record) for record in self.log.read(stream, until=head[0])]
            known = self._published[stream] = head, payloads
        return known[1]

    def retire(self, template: str, version: str, reason: str, actor: str = "operator") -> e.BundleRetired:
        """Let no process begin with a version any more; those that run on it go on. Twice is once."""
        if not reason.strip():
            raise Refused("retiring a version needs a reason", hint="Give one with --reason.")
        bundle = self.bundle_of(template, version)
        retired = self.retired(template)
        if bundle not in retired:
            stream = stream_of("bundle", template)
            payload = e.BundleRetired(template=template, version=version, bundle=bundle, reason=reason)
            self.record(stream, [payload], actor=actor)
            return payload
        return retired[bundle]

    def bundle_of(self, template: str, version: str) -> str:
        """The hash of a published version; raise `NotFound` with those that there are."""
        known = {published.version: published.bundle for published in self.published(template)}
        if version not in known:
            there = f"There are: {', '.join(known)}." if known else f"Publish it: samskap publish {template}"
            raise NotFound(f"{template} {version} is not published", hint=there)
        return known[version]

    def definition(self, template: str, bundle: str | None = None) -> Definition:
        """A published bundle, ready to run; without a hash the newest one that is not retired."""
        if bundle is None:
            published = self.published(template)
            if not published:
                raise NotFound(f"no template “{template}” is published", hint=f"Publish it: samskap publish {template}")
            retired = self.retired(template)
            versions = [p for p in published if p.bundle not in retired]
            if not versions:
                raise Refused(f"every version of “{template}” is retired", hint="Publish a new one: samskap publish.")
            bundle = max(versions, key=lambda p: tuple(int(n) for n in p.version.split("."))).bundle
        return self._definition(template, bundle)

    def definitions(self, template: str) -> Callable[[str], Definition]:
        """The published versions of a template, by their bundles' hashes."""
        return partial(self._definition, template)

    def _load_definition(self, template: str, bundle: str) -> Definition:
        for payload in self.published(template):
            if payload.bundle == bundle:
                return definition_from(payload.content, bundle)
        raise NotFound(f"the bundle {bundle[:12]} of {template} is not in the log", hint="Run `samskap verify`.")

    # -- commands ---------------------------------------------------------------------------------------------------

    def start(self, session: Session, template: str, name: str, title: str, *, command_id: str = "") -> Receipt:
        """Begin a process of the newest version of a template; its starter holds the template's starting role."""
        if not name or len(name) > 60 or not all(ch.isalnum() or ch in "-_" for ch in name):
            raise Refused(f"“{name}” cannot be a name", hint="Use letters, digits and -, such as arendal-2026.")
        command_id = command_id or uuid4().hex
        command = commands.Start(name=name, title=title or name, template=template)
        stream = stream_of("start", f"{session.person.id}:{name}:{command_id}")
        known = self._answered(stream, session, command_id, command)
        if known is not None:
            return known
        if self.log.query("SELECT 1 FROM process WHERE name=?", (name,)):
            raise Conflict(f"there is a process “{name}” already", hint="Choose another name.")
        definition = self.definition(template)
        return self._commit(session, ProcessState(stream), definition, command, command_id, (), {})

    def invite(
        self, session: Session, name: str, roles: tuple[str, ...], party: str | None = None, *, command_id: str = ""
    ) -> Receipt:
        """Make a token with which somebody joins once, within 30 days. `result["token"]` is shown this once."""
        command_id = command_id or uuid4().hex
        stream = self.stream(name)
        secret = self._invitation_secret(stream, session, command_id)
        command = commands.Invite(
            sha256(secret.encode()).hexdigest(), party, roles, self.clock().replace(microsecond=0) + INVITATION_LIFE
        )
        return self.handle(session, name, command, command_id=command_id, result={"token": f"{name}.{secret}"})

    def join(self, session: Session, token: str, *, command_id: str = "") -> Receipt:
        """Take part by an invitation's token."""
        name, _, secret = token.strip().rpartition(".")
        if not name:
            raise NotAllowed("this is no invitation", hint="Paste the whole token that you got.")
        command = commands.Join(sha256(secret.encode()).hexdigest())
        return self.handle(session, name, command, command_id=command_id)

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
        command_id = command_id or uuid4().hex
        stream = self.stream(name)
        for _ in range(RETRIES):
            known = self._answered(stream, session, command_id, command)
            if known is not None:
                return known
            loaded = self.load(stream)
            _not_in_quarantine(name, loaded)
            try:
                return self._commit(
                    session, loaded.state, loaded.definition, command, command_id, loaded.records, result or {}
                )
            except Conflict as conflict:
                last = conflict
        raise Conflict(
            f"“{name}” is changed by others all the time; nothing was stored", hint="Wait a moment and try again."
        ) from last

    def tick(self, name: str | None = None) -> list[Receipt]:
        """Let time act, on one process or on all in which something is due."""
        names = [name] if name else worklists.due_processes(self.log, self.clock())
        receipts, faults = [], list[SamskapError]()
        for found in names:
            try:
                receipts.append(self._tick(found))
            except (IntegrityFault, StoreError) as fault:  # one that is damaged keeps time from no other
                faults.append(fault)
        if faults:
            raise faults[0]
        return [receipt for receipt in receipts if receipt.last >= receipt.first]

    def _tick(self, name: str) -> Receipt:
        for _ in range(RETRIES):
            loaded = self.load(self.stream(name))
            _not_in_quarantine(name, loaded)
            try:
                return self._commit(None, loaded.state, loaded.definition, commands.Tick(), "", loaded.records, {})
            except Conflict:
                continue
        raise Conflict(f"“{name}” is changed by others all the time; time did not act on it", hint="Tick again.")

    def _commit(
        self,
        session: Session | None,
        state: ProcessState,
        definition: Definition,
        command: commands.Command,
        command_id: str,
        records: Sequence[Record],
        result: Mapping[str, Any],
    ) -> Receipt:
        """Decide on the state and append what follows."""
        context = self._context(session, state, records)
        decided = decide(definition, state, command, context)
        name = state.name or getattr(command, "name", "")
        stored, after = self._sealed(state, decided, command_id)
        last = stored[-1] if stored else None
        memberships = [d.payload.membership for d in decided if isinstance(d.payload, e.MembershipAdded)]
        answer = {
            "process": name,
            "stream": state.stream.hex,
            "first": state.sequence + 1,
            "last": last.sequence if last else state.sequence,
            "hash": last.hash if last else state.last_hash,
            "result": {key: value for key, value in result.items() if key != "token"}
            | ({"membership": memberships[0]} if memberships else {}),
        }
        if stored:
            self._untouched(state.stream, state.sequence, state.last_hash or GENESIS)
            definitions = self.definitions(after.template)
            rows = list(worklists.rows(decided, after, definitions, self.people.fingerprint))
            if self.notify:
                rows += outbox.rows(state, decided, after, definitions(after.bundle), self.people.fingerprint)
            key = None
            if session is not None:
                fingerprint = self._fingerprint(command)
                key = CommandKey(state.stream, self._key_actor(session), command_id, fingerprint, codec.dumps(answer))
            self.log.append(stored, rows=rows, key=key)
            self._follow(decided, stored, after, tuple(records))
        return _receipt(answer, dict(result))

    def _follow(
        self, decided: Sequence[e.Event], stored: Sequence[Record], after: ProcessState, records: tuple[Record, ...]
    ) -> None:
        """Keep the state behind what was stored, so that the next command need not fold it again."""
        if any(isinstance(event.payload, e.AnswersRevealed) for event in decided):
            return  # the key that opens answers is known from the log
        after.last_hash = stored[-1].hash
        self._keep(after.stream, Loaded(after, (*records, *stored), self.definition(after.template, after.bundle)))

    def _untouched(self, stream: UUID, sequence: int, last_hash: str) -> None:
        """Raise `IntegrityFault` where the end of a stream is not what was stored: on that nothing is built.

        Raises `Conflict` where another writer has gone on from there.
        """
        head = self.log.head(stream)
        if head == (sequence, last_hash):
            return
        if head[0] > sequence and self.log.read(stream, after=sequence):
            raise Conflict("somebody else was first", hint="Look at the process again, then try again.")
        raise IntegrityFault(
            "the log was changed behind the engine's back: its last event is not the one that was stored",
            hint="Run `samskap verify`; nothing more is written here until the log is restored.",
        )

    def _context(self, session: Session | None, state: ProcessState, records: Sequence[Record]) -> Context:
        person = session.person.id if session else ""
        subject = state.subject_of(person) or "" if person else ""

        definitions = self.definitions(state.template)

        def answers(sequence: int) -> Mapping[str, object] | None:
            event = self._event(records[sequence - 1], state.revealed, None)  # a stream has no gaps
            return as_read(event, state, definitions)

        return Context(
            actor=Actor(subject, operator=bool(session and session.operator)),
            person=person,
            at=self.clock(),
            new_subject=uuid4().hex,
            answers=answers,
            language=session.person.language if session else "nb",
            definitions=definitions,
            earlier=lambda sequence: self.load(state.stream, until=sequence).state,
        )

    def _sealed(
        self, state: ProcessState, decided: Iterable[e.Event], command_id: str
    ) -> tuple[list[Record], ProcessState]:
        """The events as they are stored, encrypted and chained, and the state behind them."""
        decided = list(decided)
        for event in decided:
            self._keys_are_there(event.payload, state)
        previous = state.last_hash or GENESIS
        records = []
        for event in decided:
            record = self._record(event, previous, command_id)
            previous = record.hash
            records.append(record)
        after = fold(decided, state)
        return records, after if after is not None else state

    def _keys_are_there(self, payload: e.Payload, state: ProcessState) -> None:
        """Raise `KeyMissing` where a key that was used before is gone: a new one would part what belongs together."""
        owners = {payload.owner_of(name) for name in payload.PERSONAL if getattr(payload, name)}
        known = {membership.subject for membership in state.memberships.values()}
        if any(self.keys.raw("subject", str(owner)) is None for owner in owners & known):
            raise KeyMissing(
                "the key of this person's texts is gone: lost, or destroyed when the person was erased",
                hint="Restore the keys from their backup, or leave the texts out.",
            )
        sealed = payload.sealed_under if isinstance(payload, e.FormSubmitted) else None
        if sealed is not None and self.keys.raw("seal", sealed) is None:
            given = (s for i in state.instances.values() for s in i.submissions)
            if any(submission.sealed_under == sealed for submission in given):
                raise KeyMissing(
                    "the key of this sealed round is gone; earlier answers lie under it",
                    hint="Restore the keys from their backup, or go back and ask anew: `samskap back`.",
                )

    def _record(self, event: e.Event, previous: str, command_id: str) -> Record:
        envelope: dict[str, codec.Json] = {
            "event_id": uuid4().hex,
            "stream": event.stream.hex,
            "sequence": event.sequence,
            "type": event.type,
            "schema_version": event.payload.SCHEMA,
            "recorded_at": iso(event.recorded_at),
            "actor": event.actor,
            "on_behalf_of": event.on_behalf_of,
            "role": event.role,
            "membership": event.membership,
            "command_id": command_id,
            "correlation_id": command_id,
            "causation_id": command_id,
            "bundle_hash": event.bundle_hash,
            "previous_hash": previous,
        }
        return Record(event.stream, event.sequence, event.type, encode(envelope, protect(event.payload, self.keys)))

    def record(
        self, stream: UUID, payloads: Iterable[e.Payload], *, actor: str, rows: Iterable[Row] = (), command_id: str = ""
    ) -> list[Record]:
        """Append facts to a stream that is no process (bundles, sources); raise `Conflict` if another was first."""
        newest = self.log.read(stream, after=self.log.head(stream)[0] - 1)
        sequence, previous = (newest[-1].sequence, newest[-1].hash) if newest else (0, GENESIS)
        self._untouched(stream, sequence, previous)
        at = self.clock()
        records = []
        for payload in payloads:
            sequence += 1
            event = e.Event(stream=stream, sequence=sequence, recorded_at=at, actor=actor, payload=payload)
            records.append(self._record(event, previous, command_id))
            previous = records[-1].hash
        self.log.append(records, rows=rows)
        return records

    # -- idempotency ------------------------------------------------------------------------------------------------

    def _answered(self, stream: UUID, session: Session, command_id: str, command: commands.Command) -> Receipt | None:
        """The answer that was given to this key; refused where the key was used for something else."""
        known = self.log.command(stream, self._key_actor(session), command_id)
        if known is None:
            return None
        if known.fingerprint != self._fingerprint(command):
            raise Refused(
                "this command id was used for something else; nothing was written",
                hint="Use a new id for a new command.",
            )
        answer = codec.mapping(codec.decode(known.answer))
        extra: dict[str, Any] = {}
        if isinstance(command, commands.Invite):
            extra["token"] = f"{answer['process']}.{self._invitation_secret(stream, session, command_id)}"
        return _receipt(answer, extra, replayed=True)

    def _key_actor(self, session: Session) -> str:
        return self.people.fingerprint(session.person.id)

    def _fingerprint(self, command: commands.Command) -> str:
        """A keyed fingerprint: without the key an answer of 1 to 5 could be guessed from it."""
        assert is_dataclass(command)
        content = {name: _plain(value) for name, value in asdict(command).items() if name != "expires_at"}
        key = self.keys.ensure("workspace", "commands")
        return hmac.digest(key, type(command).__name__.encode() + codec.dumps(content), "sha256").hex()

    def _invitation_secret(self, stream: UUID, session: Session, command_id: str) -> str:
        """192 bits that only this workspace can make again from the command's id."""
        key = self.keys.ensure("workspace", "invitations")
        text = f"{stream.hex}:{session.person.id}:{command_id}"
        return urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")[:24]).decode()

    # -- reading ----------------------------------------------------------------------------------------------------

    def stream(self, name: str) -> UUID:
        """The stream of a process; raise `NotFound`."""
        rows = self.log.query("SELECT stream FROM process WHERE name=?", (name,))
        if not rows:
            raise NotFound(f"there is no process “{name}”", hint="`samskap status` lists those you may see.")
        return UUID(rows[0]["stream"])

    def load(self, stream: UUID, *, until: int | None = None) -> Loaded:
        """A process as its events tell, up to a sequence."""
        if until is None:
            return self._newest(stream)
        return self._folded(stream, tuple(self.log.read(stream, until=until)))

    def _newest(self, stream: UUID) -> Loaded:
        """A process as it is now: what was folded before, if the log still has it, and what came since."""
        known = self._loaded.pop(stream, None)
        found = (self._since(stream, known) if known is not None else None) or self._whole(stream)
        if found.fault is None:
            self._keep(stream, found)
        return found

    def _since(self, stream: UUID, known: Loaded) -> Loaded | None:
        """What was folded before and what came since; None where that does not follow from it."""
        try:
            last, *new = self.log.read(stream, after=known.state.sequence - 1)
        except (IntegrityFault, ValueError):  # another log lies there now, or what is no log
            return None
        if last.hash != known.state.last_hash or not follow(last, new):
            return None
        return self._further(known, tuple(new)) if new else known

    def _keep(self, stream: UUID, found: Loaded) -> None:
        self._loaded.pop(stream, None)
        self._loaded[stream] = found
        if len(self._loaded) > KEPT_PROCESSES:
            self._loaded.pop(next(iter(self._loaded)))

    def _whole(self, stream: UUID) -> Loaded:
        """A process from its first event to its last, with its chain checked."""
        head, records = self.log.head(stream), tuple(self._stored(stream))
        fault = first_fault(stream, records, head)
        if fault is None:
            return self._folded(stream, records)
        if head != self.log.head(stream):  # somebody wrote between the two
            return self._whole(stream)
        return replace(self._until(stream, records, fault), fault=fault)

    def _stored(self, stream: UUID) -> Iterator[Record]:
        """The records of a stream; what is no event any more ends them."""
        try:
            yield from self.log.read(stream)
        except IntegrityFault:
            for sequence in range(1, self.log.head(stream)[0]):
                try:
                    yield from self.log.read(stream, after=sequence - 1, until=sequence)
                except IntegrityFault:
                    return

    def _until(self, stream: UUID, records: tuple[Record, ...], fault: Fault) -> Loaded:
        """A process as far as it can be told: up to its first bad event, or to the one before it."""
        for last in (fault.sequence - 1, fault.sequence - 2):
            try:
                return self._folded(stream, records[: max(last, 0)])
            except (SamskapError, ValueError, KeyError, TypeError, AttributeError) as error:
                unreadable = error
        raise IntegrityFault(
            f"the process {stream} cannot be told: event {fault.sequence}: {fault.what}",
            hint="Nothing of it can be read any more. Restore the log from a backup: samskap restore.",
        ) from unreadable

    def _folded(self, stream: UUID, records: tuple[Record, ...]) -> Loaded:
        state = fold(self.events(records))
        if state is None:
            raise NotFound(f"there is no process {stream}")
        return Loaded(state, records, self.definition(state.template, state.bundle))

    def _further(self, known: Loaded, new: tuple[Record, ...]) -> Loaded:
        state = fold(self.events(new), known.state)
        assert state is not None
        return replace(
            known, state=state, records=known.records + new, definition=self.definition(state.template, state.bundle)
        )

    def events(
        self,
        records: Iterable[Record],
        *,
        opened: Mapping[str, e.AnswersRevealed] | None = None,
        own: str | None = None,
    ) -> Iterator[e.Event]:
        """The events of records; sealed answers stay closed, save those in `opened` and `own`'s."""
        for record in records:
            yield self._event(record, opened or {}, own)

    def _event(self, record: Record, opened: Mapping[str, e.AnswersRevealed], own: str | None) -> e.Event:
        envelope, stored = record.content()
        payload = unprotect(record.type, envelope["schema_version"], stored, self.keys, opened=opened, own=own)
        return e.Event(
            stream=record.stream,
            sequence=record.sequence,
            recorded_at=datetime.fromisoformat(envelope["recorded_at"]),
            actor=envelope["actor"],
            on_behalf_of=envelope["on_behalf_of"],
            role=envelope["role"],
            membership=envelope["membership"],
            bundle_hash=envelope["bundle_hash"],
            event_id=envelope["event_id"],
            command_id=envelope["command_id"],
            correlation_id=envelope["correlation_id"],
            causation_id=envelope["causation_id"],
            previous_hash=envelope["previous_hash"],
            hash=record.hash,
            log_position=record.position,
            payload=payload,
        )

    def payload(
        self, record: Record, *, opened: Mapping[str, e.AnswersRevealed] | None = None, own: str | None = None
    ) -> e.Payload:
        """The payload of one record."""
        return self._event(record, opened or {}, own).payload

    def at(self, name: str, moment: datetime | int) -> Loaded:
        """A process as it was at a time (UTC) or after a sequence, under the bundle that held then."""
        stream = self.stream(name)
        if isinstance(moment, int):
            return self.load(stream, until=moment)
        before = [ev.sequence for ev in self.events(self.log.read(stream)) if ev.recorded_at <= moment]
        if not before:
            raise NotFound(f"“{name}” had not begun at {moment.isoformat()}")
        return self.load(stream, until=before[-1])

    def history(self, session: Session, name: str, language: str | None = None) -> list[Line]:
        """What happened in a process, in words; raise `NotAllowed` for somebody from outside."""
        loaded = self.load(self.stream(name))
        self.view(session, loaded)
        return self._told(session, loaded, self.events(loaded.records), language)

    def preview(
        self, session: Session, name: str, command: commands.Command, language: str | None = None
    ) -> list[Line]:
        """What would follow from a command, in words; raise what it would raise. Nothing is stored."""
        loaded = self.load(self.stream(name))
        context = self._context(session, loaded.state, loaded.records)
        decided = decide(loaded.definition, loaded.state, command, context)
        return self._told(session, loaded, decided, language)

    def _told(self, session: Session, loaded: Loaded, events: Iterable[e.Event], language: str | None) -> list[Line]:
        def name_of(person_id: str) -> str | None:
            person = self.people.get(person_id)
            return person.name if person else None

        language = language or session.person.language
        teller = Teller(self.definitions(loaded.state.template), loaded.state, language, name_of)
        return [teller.tell(event) for event in events]

    def replay(self, name: str, definition: Definition) -> Replayed:
        """What would have come of a process had it run on another version of its template; nothing is stored."""
        loaded = self.load(self.stream(name))
        events = [*self.events(loaded.records, opened=loaded.state.revealed)]
        begun = events[0].payload
        assert isinstance(begun, e.ProcessStarted)
        return replay(acts(events, self.definition(begun.template, begun.bundle), definition), definition)

    def actor(self, session: Session, state: ProcessState) -> Actor:
        """Who a session is in a process."""
        return Actor(state.subject_of(session.person.id) or "", operator=session.operator)

    def view(self, session: Session, loaded: Loaded) -> View:
        """What a session may see of a process; raise `NotAllowed` for somebody from outside."""
        actor = self.actor(session, loaded.state)
        verdict = may(actor, ToRead(), loaded.state, loaded.definition)
        if not verdict.allowed and not session.operator:
            raise NotAllowed(verdict.reason, hint="Ask the facilitator for an invitation.")
        return visible(actor, loaded.state)

    def tasks(self, session: Session, name: str | None = None) -> list[worklists.WorkItem]:
        """What is open for a person."""
        found = worklists.open_tasks(self.log, self.people.fingerprint(session.person.id), name)
        return [item for item in found if not item.ask or self._is_theirs(session, item)]

    def _is_theirs(self, session: Session, item: worklists.WorkItem) -> bool:
        loaded = self.load(self.stream(item.process))
        deed = ToSubmit(loaded.state.instances[item.instance])
        return may(self.actor(session, loaded.state), deed, loaded.state, loaded.definition).allowed

    def rebuild_worklists(self) -> int:
        """Throw the read models away and make them again from the events; the number of processes.

        Drafts stay. Raises `Conflict`, and changes nothing, where somebody writes meanwhile.
        """
        position, made = self.log.position(), list(self._read_models())
        self.log.write_rows([*worklists.EMPTIED, *chain.from_iterable(made)], at=position)
        return len(made)

    def _read_models(self) -> Iterator[list[Row]]:
        """The rows of the read models as the events give them, a process at a time."""
        for stream in self.log.heads():
            first = self.log.read(stream, until=1)
            if first and first[0].type == e.ProcessStarted.TYPE:
                loaded = self._whole(stream)
                events = self.events(loaded.records)
                definitions = self.definitions(loaded.state.template)
                yield list(worklists.again(events, loaded.state, definitions, self.people.fingerprint))

    def copy_store(self, target: Log, progress: Progress = quiet) -> Copied:
        """Copy the log and all beside it into an empty one, as `copying.copy` says; the keys stay where they are."""
        return copy(self.log, target, chain.from_iterable(self._read_models()), progress)

    # -- drafts and why ---------------------------------------------------------------------------------------------

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
        loaded = self._to_fill_in(session, name, instance, membership)
        return self.drafts.save(loaded.state.stream, instance, session.person, answers, self.clock(), version)

    def draft(self, session: Session, name: str, instance: str) -> Draft | None:
        """One's own draft; None if there is none."""
        return self.drafts.find(self.stream(name), instance, session.person)

    def drop_draft(self, session: Session, name: str, instance: str) -> bool:
        """Throw one's own draft away; whether there was one."""
        return self.drafts.drop(self.stream(name), instance, session.person)

    def _to_fill_in(self, session: Session, name: str, instance: str, membership: str | None) -> Loaded:
        """The process, if the session may fill in the instance now."""
        loaded = self.load(self.stream(name))
        found = self._instance(loaded, instance)
        actor = self.actor(session, loaded.state)
        if loaded.state.status != "running":
            raise Refused(f"“{name}” is {loaded.state.status}", hint="Nothing more can be filled in.")
        verdict = may(actor, ToSubmit(found, membership), loaded.state, loaded.definition)
        if not verdict.allowed:
            raise NotAllowed(verdict.reason, hint="See `samskap tasks` for what is yours.")
        replaced(loaded.state, found, loaded.definition.tasks[found.task], subject_of(verdict, actor))
        return loaded

    def explain_action(
        self, session: Session, name: str, action: str, language: str | None = None
    ) -> ActionExplanation:
        """Why an action is open or not; raise `NotAllowed` for somebody from outside."""
        loaded = self.load(self.stream(name))
        self.view(session, loaded)
        choices = [choice for found in loaded.definition.actions.values() for choice in found]
        found = [choice for choice in choices if choice.id == action]
        if not found:
            known = sorted({choice.id for choice in choices})
            raise NotFound(f"there is no action “{action}”", hint=f"There are: {', '.join(known)}.")
        choice = next((c for c in found if c.state in loaded.state.active), found[0])
        return explain_action(
            loaded.definition,
            loaded.state,
            self._conditions(session, loaded),
            self.actor(session, loaded.state),
            choice,
            language or session.person.language,
        )

    def explain_task(self, session: Session, name: str, instance: str, language: str | None = None) -> TaskExplanation:
        """How a task's instance stands, and who can fill it in; raise `NotAllowed` for somebody from outside."""
        loaded = self.load(self.stream(name))
        self.view(session, loaded)
        return explain_task(
            loaded.definition,
            loaded.state,
            self._conditions(session, loaded),
            self.actor(session, loaded.state),
            self._instance(loaded, instance),
            language or session.person.language,
        )

    def readers(self, session: Session, name: str, instance: str) -> list[Reader]:
        """Who could read the answers of an instance, and since when; for whoever may see the process."""
        loaded = self.load(self.stream(name))
        self.view(session, loaded)
        return readers(self.events(loaded.records), self._instance(loaded, instance).id)

    def decided_on(self, session: Session, name: str, instance: str) -> list[Line]:
        """What was decided on answers of an instance that were put right since; for whoever may see the process."""
        loaded = self.load(self.stream(name))
        answers = {given.sequence for given in self._instance(loaded, instance).submissions if given.replaced}
        if not answers:
            return []
        lines = {line.sequence: line for line in self.history(session, name)}
        found = (ev for ev in self.events(loaded.records) if answers & set(getattr(ev.payload, "considered", ())))
        return [lines[event.sequence] for event in found]

    def _conditions(self, session: Session, loaded: Loaded) -> Conditions:
        context = self._context(session, loaded.state, loaded.records)
        return Conditions(loaded.definition, loaded.state, context.answers)

    def _instance(self, loaded: Loaded, instance: str) -> Instance:
        found = loaded.state.instances.get(instance)
        if found is None:
            close = get_close_matches(instance, loaded.state.instances, 1)
            raise NotFound(
                f"there is no task “{instance}”",
                hint=f"Did you mean “{close[0]}”?" if close else "See `samskap tasks` or `samskap status`.",
            )
        return found

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


def _not_in_quarantine(name: str, loaded: Loaded) -> None:
    """Raise `IntegrityFault` for a process that is not what was stored: on that nothing is built."""
    if loaded.fault is not None:
        raise IntegrityFault(
            f"“{name}” is in quarantine, and nothing more is written to it: event {loaded.fault.sequence}:"
            f" {loaded.fault.what}",
            hint="Up to there it can be read. Restore the log from a backup: `samskap restore`; all others go on.",
        )


def _plain(value: object) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return list(value) if isinstance(value, tuple) else value


def _receipt(answer: Mapping[str, Any], extra: Mapping[str, Any], *, replayed: bool = False) -> Receipt:
    return Receipt(
        answer["process"],
        answer["stream"],
        answer["first"],
        answer["last"],
        answer["hash"],
        {**answer["result"], **extra},
        replayed,
    )
