"""A command, carried out: decide on the state, encrypt, chain, and append with its rows in one transaction.

Where another writer was first it is decided again on the new state, a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from secrets import token_hex
from threading import Lock
from typing import Any
from uuid import UUID

from engine.errors import Conflict, IntegrityFault, KeyMissing, NotAllowed, Refused, SamskapError, StoreError
from engine.notify import outbox
from engine.process import commands
from engine.process import events as e
from engine.process.access import Actor
from engine.process.decide import Context, decided
from engine.process.decide.answering import as_read
from engine.process.state import ProcessState
from engine.running.catalogue import Catalogue
from engine.running.idempotency import Answers, Receipt, invitation_secret, receipt
from engine.running.loading import Loaded, Loading
from engine.running.records import Records
from engine.running.snapshots import Snapshots
from engine.running.streams import Streams, stream_of
from engine.store import worklists
from engine.store.log import GENESIS, CommandKey, Record, Row
from engine.store.people import People, Session
from engine.template.chart import Definition

RETRIES = 8
STRIPES = 256
"""Threads take turns on a process, so that they do not decide on what another of them is about to change."""
INVITATION_LIFE = timedelta(days=30)


def acting(session: Session | None, subject: str) -> Actor:
    """Who a session is in a process where they go by this pseudonym; no session: time, or the engine itself."""
    if session is None:
        return Actor(subject)
    return Actor(subject, operator=session.operator, acts_for=session.operator and not session.runs_workspace)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of several things, of which none keeps another from being done."""

    receipts: list[Receipt]
    faults: list[SamskapError]

    @property
    def changed(self) -> list[Receipt]:
        """The receipts of what changed something."""
        return [receipt for receipt in self.receipts if receipt.last >= receipt.first]

    def check(self) -> None:
        """Raise the first fault, if there was one, with what all of them say."""
        if self.faults:
            first = self.faults[0]
            first.message = "; ".join(dict.fromkeys(fault.message for fault in self.faults))
            raise first


class Committing:
    """The one who writes to processes. With `notify` it keeps in the outbox whom each event concerns."""

    def __init__(
        self,
        streams: Streams,
        catalogue: Catalogue,
        loading: Loading,
        snapshots: Snapshots,
        people: People,
        *,
        notify: bool,
    ) -> None:
        self._streams = streams
        self._log = streams.log
        self._catalogue = catalogue
        self._loading = loading
        self._people = people
        self._answers = Answers(streams.log, streams.keys, people)
        self._notify = notify
        self._snapshots = snapshots
        self._turns = [Lock() for _ in range(STRIPES)]

    # -- the ways in ----------------------------------------------------------------------------------------------

    def start(self, session: Session, template: str, name: str, title: str, command_id: str) -> Receipt:
        """Begin a process of the newest version of a template."""
        if not name or len(name) > 60 or not all(ch.isalnum() or ch in "-_" for ch in name):
            raise Refused(f"“{name}” cannot be a name", hint="Use letters, digits and -, such as arendal-2026.")
        command = commands.Start(name=name, title=title or name, template=template)
        stream = stream_of("start", f"{session.person.id}:{name}:{command_id}")
        known = self._answers.given(stream, session, command_id, command)
        if known is not None:
            return known
        if self._log.query("SELECT 1 FROM process WHERE name=?", (name,)):
            raise Conflict(f"there is a process “{name}” already", hint="Choose another name.")
        unborn = self._unborn(stream, self._catalogue.definition(template))
        return self._commit(session, unborn, command, command_id, {})

    def handle(
        self, session: Session, name: str, command: commands.Command, command_id: str, result: Mapping[str, Any]
    ) -> Receipt:
        """Carry a command out on a process; the same `command_id` again gives the same answer and does nothing."""
        for _ in range(RETRIES):
            with self._turns[hash(name) % STRIPES]:
                try:
                    return self._handled(session, name, command, command_id, result)
                except Conflict as conflict:
                    last = conflict
        raise Conflict(
            f"“{name}” is changed by others all the time; nothing was stored", hint="Wait a moment and try again."
        ) from last

    def _handled(
        self, session: Session, name: str, command: commands.Command, command_id: str, result: Mapping[str, Any]
    ) -> Receipt:
        found = self._loading.find(name, self._answers.actor(session), command_id)
        known = self._answers.told(found.answered, session, command)
        if known is not None:
            return known
        loaded = self._loading.found(found)
        loaded.writable()
        if loaded.state.sequence != found.head[0]:  # somebody wrote meanwhile, perhaps an answer under this key
            self._streams.untouched(found.stream, loaded.state.sequence, loaded.state.last_hash or GENESIS)
            raise Conflict("somebody else was first", hint="Look at the process again, then try again.")
        return self._commit(session, loaded, command, command_id, result)

    def invite(
        self, session: Session, name: str, roles: tuple[str, ...], party: str | None, command_id: str
    ) -> Receipt:
        """Make a token with which somebody joins once. `result["token"]` is shown this once."""
        stream = self._loading.stream(name)
        secret = invitation_secret(self._streams.keys, stream, session, command_id)
        expires = self._streams.clock().replace(microsecond=0) + INVITATION_LIFE
        command = commands.Invite(sha256(secret.encode()).hexdigest(), party, roles, expires)
        return self.handle(session, name, command, command_id, {"token": f"{name}.{secret}"})

    def join(self, session: Session, token: str, command_id: str) -> Receipt:
        """Take part by an invitation's token."""
        name, _, secret = token.strip().rpartition(".")
        if not name:
            raise NotAllowed("this is no invitation", hint="Paste the whole token that you got.")
        command = commands.Join(sha256(secret.encode()).hexdigest())
        return self.handle(session, name, command, command_id, {})

    def tick(self, names: Iterable[str]) -> Done:
        """Let time act on processes."""
        receipts, faults = list[Receipt](), list[SamskapError]()
        for name in names:
            try:
                receipts.append(self.by_itself(self._loading.stream(name), commands.Tick(), ""))
            except (IntegrityFault, StoreError) as fault:  # one that is damaged keeps time from no other
                faults.append(fault)
        return Done(receipts, faults)

    def by_itself(self, stream: UUID, command: commands.Command, command_id: str) -> Receipt:
        """Carry out what no person asks for: what time does, and what linked processes tell each other."""
        for _ in range(RETRIES):
            loaded = self._loading.sound(stream)
            try:
                return self._commit(None, loaded, command, command_id, {})
            except Conflict:
                continue
        raise Conflict(f"“{loaded.state.name}” is changed by others all the time", hint="Tick again.")

    def begin(self, stream: UUID, definition: Definition, command: commands.Spawn, command_id: str) -> Receipt:
        """Begin a process that another asked for; raise `Conflict` where it has begun, or its name is taken."""
        return self._commit(None, self._unborn(stream, definition), command, command_id, {})

    def _unborn(self, stream: UUID, definition: Definition) -> Loaded:
        return Loaded(ProcessState(stream), Records(self._log, stream), definition)

    # -- decide, seal, append, follow -------------------------------------------------------------------------------

    def _commit(
        self,
        session: Session | None,
        loaded: Loaded,
        command: commands.Command,
        command_id: str,
        result: Mapping[str, Any],
    ) -> Receipt:
        """Decide on the state and append what follows."""
        state = loaded.state
        step = decided(loaded.definition, state, command, self.context(session, state, loaded.records))
        events, after = step.events, step.state
        stored = self._sealed(state, events, command_id)
        last, digest = (stored[-1].sequence, stored[-1].hash) if stored else (state.sequence, state.last_hash)
        memberships = [d.payload.membership for d in events if isinstance(d.payload, e.MembershipAdded)]
        answer = {
            "process": state.name or getattr(command, "name", ""),
            "stream": state.stream.hex,
            "first": state.sequence + 1,
            "last": last,
            "hash": digest,
            "result": {key: value for key, value in result.items() if key != "token"}
            | ({"membership": memberships[0]} if memberships else {}),
        }
        if stored:
            definitions = self._catalogue.definitions(after.template)
            rows = list(worklists.rows(events, after, definitions, self._people.fingerprint))
            if self._notify:
                rows += outbox.rows(state, events, after, definitions(after.bundle), self._people.fingerprint)
            key = None
            if session is not None:
                key = self._answers.key(state.stream, session, command_id, command, answer)
            # The key that opens answers is known from the log: a state without it is neither kept nor a snapshot.
            whole = not any(isinstance(event.payload, e.AnswersRevealed) for event in events)
            if whole:
                after.last_hash = digest
                rows += self._snapshots.rows(state.sequence, after)
            self._append(stored, rows, key, state)
            if whole:
                definition = self._catalogue.definition(after.template, after.bundle)
                self._loading.keep(after.stream, Loaded(after, loaded.records.further(stored), definition))
        return receipt(answer, dict(result))

    def _append(
        self, stored: Sequence[Record], rows: Iterable[Row], key: CommandKey | None, state: ProcessState
    ) -> None:
        """Append what follows from a state, if the stream still ends where that was folded."""
        previous = state.last_hash or GENESIS
        try:
            self._log.append(stored, rows=rows, key=key, previous=previous)
        except Conflict:
            self._streams.untouched(state.stream, state.sequence, previous)
            raise

    def context(self, session: Session | None, state: ProcessState, records: Sequence[Record]) -> Context:
        """What `decide` is told of the world outside the state."""
        person = session.person.id if session else ""
        subject = state.subject_of(person) or "" if person else ""
        definitions = self._catalogue.definitions(state.template)

        def answers(sequence: int) -> Mapping[str, object] | None:
            event = self._streams.event(records[sequence - 1], opened=state.revealed)  # a stream has no gaps
            return as_read(event, state, definitions)

        return Context(
            actor=acting(session, subject),
            person=person,
            at=self._streams.clock(),
            new_subject=token_hex(16),
            answers=answers,
            language=session.person.language if session else "nb",
            definitions=definitions,
            earlier=lambda sequence: self._loading.load(state.stream, until=sequence).state,
        )

    def _sealed(self, state: ProcessState, events: Sequence[e.Event], command_id: str) -> list[Record]:
        """The events as they are stored, encrypted and chained."""
        for event in events:
            if event.payload.PERSONAL:  # also of every payload that can lie under a seal
                self._keys_are_there(event.payload, state)
        return self._streams.chained(events, state.last_hash or GENESIS, command_id)

    def _keys_are_there(self, payload: e.Payload, state: ProcessState) -> None:
        """Raise `KeyMissing` where a key that was used before is gone: a new one would part what belongs together."""
        keys = self._streams.keys
        person = payload.person if isinstance(payload, e.MembershipAdded) else None
        if isinstance(person, str) and keys.is_destroyed("person", person):  # in the same moment
            raise KeyMissing("this person was erased", hint="Take the person up anew if they come back.")
        owners = {payload.owner_of(name) for name in payload.PERSONAL if getattr(payload, name)}
        if any(keys.raw("subject", str(owner)) is None for owner in owners & state.held.keys()):
            raise KeyMissing(
                "the key of this person's texts is gone: lost, or destroyed when the person was erased",
                hint="Restore the keys from their backup, or leave the texts out.",
            )
        sealed = payload.sealed_under if isinstance(payload, e.FormSubmitted) else None
        if sealed is not None and keys.raw("seal", sealed) is None:
            given = (s for i in state.instances.values() for s in i.submissions)
            if any(submission.sealed_under == sealed for submission in given):
                raise KeyMissing(
                    "the key of this sealed round is gone; earlier answers lie under it",
                    hint="Restore the keys from their backup, or go back and ask anew: `samskap back`.",
                )
