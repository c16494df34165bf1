"""What a person may know of a process: its history, what would follow, and why something is open or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache

from engine.errors import NotAllowed, NotFound, Refused
from engine.form.renaming import renamed
from engine.process import commands
from engine.process import events as e
from engine.process.accepting import subject_of
from engine.process.access import Actor, ToManage, ToRead, ToSubmit, View, may, visible
from engine.process.answers import Given, given, last_given, shown_again
from engine.process.conditions import Conditions
from engine.process.decide import decide
from engine.process.decide.answering import replaced
from engine.process.explain import ActionExplanation, TaskExplanation, explain_action, explain_now, explain_task
from engine.process.explain_steps import StepExplanation, explain_steps
from engine.process.history import Line, Teller
from engine.process.invitations import Issued, unused
from engine.process.readers import Reader, readers
from engine.process.reasons import Name
from engine.process.replay import Replayed, acts, replay
from engine.process.state import Instance, ProcessState
from engine.running.catalogue import Catalogue
from engine.running.committing import Committing, acting
from engine.running.loading import Loaded, Loading, Meeting
from engine.running.streams import Streams
from engine.store import worklists
from engine.store.drafts import Draft
from engine.store.log import Record
from engine.store.people import People, Session
from engine.template.chart import Definition
from engine.template.plan import Plan
from engine.text import suggestion


class Looking:
    """The eyes of people on processes. Nothing is stored by any of it."""

    def __init__(
        self, streams: Streams, catalogue: Catalogue, loading: Loading, committing: Committing, people: People
    ) -> None:
        self._streams = streams
        self._catalogue = catalogue
        self._loading = loading
        self._committing = committing
        self._people = people

    # -- who ----------------------------------------------------------------------------------------------------------

    def actor(self, session: Session, state: ProcessState) -> Actor:
        """Who a session is in a process."""
        return acting(session, state.subject_of(session.person.id) or "")

    def view(self, session: Session, loaded: Loaded) -> View:
        """What a session may see of a process; raise `NotAllowed` for somebody from outside."""
        actor = self.actor(session, loaded.state)
        verdict = may(actor, ToRead(), loaded.state, loaded.definition)
        if not verdict.allowed and not session.runs_workspace:
            raise NotAllowed(verdict.reason, hint="Ask the facilitator for an invitation.")
        return visible(actor, loaded.state)

    def _seen(self, session: Session, name: str) -> Loaded:
        """A process that the session may see."""
        loaded = self._loading.load(self._loading.stream(name))
        self.view(session, loaded)
        return loaded

    # -- what happened, and what would ------------------------------------------------------------------------------

    def history(self, session: Session, name: str, language: str | None) -> list[Line]:
        """What happened in a process, in words; raise `IntegrityFault` where an event is not what was stored."""
        loaded = self._seen(session, name)
        teller = self._teller(session, loaded, language)
        return [self._line(teller, record) for record in loaded.records]

    def _line(self, teller: Teller, record: Record) -> Line:
        try:
            return teller.tell(self._streams.event(record))
        except LookupError as error:  # it names what its template has not
            raise record.unreadable() from error

    def preview(self, session: Session, name: str, command: commands.Command, language: str | None) -> list[Line]:
        """What would follow from a command, in words; raise what it would raise."""
        loaded = self._loading.sound(self._loading.stream(name))
        context = self._committing.context(session, loaded.state, loaded.records)
        decided = decide(loaded.definition, loaded.state, command, context)
        teller = self._teller(session, loaded, language)
        return [teller.tell(event) for event in decided]

    def decided_on(self, session: Session, name: str, instance: str) -> list[Line]:
        """What was decided on answers of an instance that were put right since."""
        loaded = self._seen(session, name)
        answers = instance_of(loaded, instance).replaced
        if not answers:
            return []
        lines = {line.sequence: line for line in self.history(session, name, None)}
        events = self._streams.events(loaded.records)
        found = (ev for ev in events if answers & set(getattr(ev.payload, "considered", ())))
        return [lines[event.sequence] for event in found]

    def replay(self, name: str, definition: Definition, plan: Plan | None) -> Replayed:
        """What would have come of a process had it run on another version of its template."""
        loaded = self._loading.sound(self._loading.stream(name))
        events = [*self._streams.events(loaded.records, opened=loaded.state.revealed)]
        versions = self._catalogue.definitions(loaded.state.template)
        return replay(acts(events, versions, definition, plan), definition)

    def _teller(self, session: Session, loaded: Loaded, language: str | None) -> Teller:
        def name_of(person_id: str) -> str | None:
            person = self._people.get(person_id)
            return person.name if person else None

        language = language or session.person.language
        return Teller(self._catalogue.definitions(loaded.state.template), loaded.state, language, name_of)

    def invitations(self, session: Session, name: str) -> list[Issued]:
        """The invitations that nobody has used, for whoever may invite."""
        loaded = self._loading.load(self._loading.stream(name))
        verdict = may(self.actor(session, loaded.state), ToManage(), loaded.state, loaded.definition)
        if not verdict.allowed:
            raise NotAllowed(verdict.reason, hint="See `samskap status` for who holds which role.")
        return unused(loaded.state, loaded.definition, self._streams.clock())

    # -- what is open, for whom, and why ----------------------------------------------------------------------------

    def tasks(self, session: Session, name: str | None, meet: Meeting) -> list[worklists.WorkItem]:
        """What is open for a person."""
        found = worklists.open_tasks(self._streams.log, self._people.fingerprint(session.person.id), name)
        asked = dict.fromkeys(item.process for item in found if item.ask)
        whole = {loaded.state.name: loaded for loaded in self._loading.each(asked, meet)}
        return [item for item in found if not item.ask or self._is_theirs(session, item, whole.get(item.process))]

    def _is_theirs(self, session: Session, item: worklists.WorkItem, loaded: Loaded | None) -> bool:
        if loaded is None:  # in quarantine, where nobody can do anything
            return False
        deed = ToSubmit(loaded.state.instances[item.instance])
        return may(self.actor(session, loaded.state), deed, loaded.state, loaded.definition).allowed

    def to_fill_in(self, session: Session, name: str, instance: str, membership: str | None) -> Loaded:
        """The process, if the session may fill in the instance now."""
        loaded = self._loading.load(self._loading.stream(name))
        found = asked_now(loaded, instance)
        actor = self.actor(session, loaded.state)
        loaded.writable()
        if loaded.state.status != "running":
            raise Refused(f"“{name}” is {loaded.state.status}", hint="Nothing more can be filled in.")
        verdict = may(actor, ToSubmit(found, membership), loaded.state, loaded.definition)
        if not verdict.allowed:
            raise NotAllowed(verdict.reason, hint="See `samskap tasks` for what is yours.")
        replaced(loaded.state, found, loaded.definition.tasks[found.task], subject_of(verdict, actor))
        return loaded

    def explain_action(self, session: Session, name: str, action: str, language: str | None) -> ActionExplanation:
        """Why an action is open or not."""
        loaded = self._seen(session, name)
        choices = [choice for found in loaded.definition.actions.values() for choice in found]
        found = [choice for choice in choices if choice.id == action]
        if not found:
            known = sorted({choice.id for choice in choices})
            now = self._called_now(loaded, action)
            hint = f"It is called “{now}” now." if now in known else suggestion(action, known)
            raise NotFound(f"there is no action “{action}”", hint=hint)
        conditions = self.conditions(session, loaded)
        choice = conditions.chosen(action) or found[0]
        return explain_action(
            loaded.definition,
            loaded.state,
            conditions,
            self.actor(session, loaded.state),
            choice,
            language or session.person.language,
            self.names(loaded.state),
        )

    def _called_now(self, loaded: Loaded, action: str) -> str:
        """What an action of an earlier version should be called now, by the plans that the process was moved by."""
        for event in self._streams.events(loaded.records):
            if isinstance(event.payload, e.ProcessMigrated) and event.payload.plan is not None:
                action = event.payload.plan.actions.get(action) or action
        return action

    def explain_task(self, session: Session, name: str, instance: str, language: str | None) -> TaskExplanation:
        """How a task's instance stands, and who can fill it in."""
        loaded = self._seen(session, name)
        return explain_task(
            loaded.definition,
            loaded.state,
            self.conditions(session, loaded),
            self.actor(session, loaded.state),
            asked_now(loaded, instance),
            language or session.person.language,
            self.names(loaded.state),
        )

    def explain_now(
        self, session: Session, name: str, language: str | None
    ) -> tuple[ActionExplanation | TaskExplanation, ...]:
        """Who can do what now, and why not the rest."""
        loaded = self._seen(session, name)
        return explain_now(
            loaded.definition,
            loaded.state,
            self.conditions(session, loaded),
            self.actor(session, loaded.state),
            language or session.person.language,
            self.names(loaded.state),
        )

    def explain_steps(self, session: Session, name: str, language: str | None) -> tuple[StepExplanation, ...]:
        """What the process does by itself, and why it has not yet."""
        loaded = self._seen(session, name)
        return explain_steps(
            loaded.definition,
            loaded.state,
            self.conditions(session, loaded),
            self.actor(session, loaded.state),
            language or session.person.language,
        )

    def draft(self, draft: Draft, loaded: Loaded) -> Draft:
        """A draft by the names that its fields have now; one that was written to a version from before is read so."""
        instance, state = loaded.state.instances.get(draft.instance), loaded.state
        if draft.asked is None or draft.asked.bundle == state.bundle or instance is None:
            return draft
        then = self._catalogue.definition(state.template, draft.asked.bundle).form_of(draft.asked.task)
        now = loaded.definition.form_of(instance.task)
        return replace(draft, answers=renamed(draft.answers, then.fields, now.fields))

    def names(self, state: ProcessState) -> Name:
        """What people call a membership, party or row of a process: its name, or itself where it has none."""

        @cache  # a name is read from the store and decrypted
        def name(which: str) -> str:
            if which in state.parties:
                return state.parties[which].title
            member = state.memberships.get(which)
            person = self._people.get(member.person) if member is not None and member.person else None
            return person.name if person else which

        return name

    def readers(self, session: Session, name: str, instance: str | None) -> list[Reader]:
        """Who could read the answers of an instance, or of all, and since when."""
        loaded = self._seen(session, name)
        wanted = instance_of(loaded, instance).id if instance is not None else None
        return readers(self._streams.events(loaded.records), wanted)

    def answers(self, session: Session, name: str, instance: str | None) -> list[Given]:
        """The answers of a process, or of one instance, as far as the session may read them."""
        loaded = self._seen(session, name)
        if instance is not None:
            instance_of(loaded, instance)
        own = self.actor(session, loaded.state).subject or None
        events = self._streams.events(loaded.records, opened=loaded.state.revealed, own=own)
        found = given(events, loaded.state, self.view(session, loaded))
        return [one for one in found if instance in (None, one.instance)]

    def suggestions(self, session: Session, name: str, instance: str) -> Mapping[str, object]:
        """What is suggested for the fields of a task, by the process that started this one."""
        loaded = self._loading.load(self._loading.stream(name))
        if not self.view(session, loaded).results:
            return {}
        task = instance_of(loaded, instance).task
        split = ((key.partition("."), value) for key, value in loaded.state.given.items())
        return {field: value for (of, _, field), value in split if of == task and field}

    def earlier_texts(self, session: Session, name: str, instance: str) -> Mapping[str, str]:
        """What the session's person wrote last in the fields of a task that show it again (`x-prefill`)."""
        loaded = self._seen(session, name)
        task = asked_now(loaded, instance).task
        own = self.actor(session, loaded.state).subject
        last = last_given(loaded.state, task, own) if own else None
        if last is None:
            return {}
        event = self._streams.event(loaded.records[last.sequence - 1], opened=loaded.state.revealed, own=own)
        return shown_again(event, loaded.state, task, self._catalogue.definitions(loaded.state.template))

    def conditions(self, session: Session | None, loaded: Loaded) -> Conditions:
        """The guards' eyes on a process, for looking once at all that it has: each answer is opened once."""
        context = self._committing.context(session, loaded.state, loaded.records)
        return Conditions(loaded.definition, loaded.state, cache(context.answers))


def instance_of(loaded: Loaded, instance: str) -> Instance:
    """An instance of a task of a process; raise `NotFound` with the name that may have been meant."""
    found = loaded.state.instances.get(instance)
    if found is None:
        close = get_close_matches(instance, loaded.state.instances, 1)
        raise NotFound(
            f"there is no task “{instance}”",
            hint=f"Did you mean “{close[0]}”?" if close else "See `samskap tasks` or `samskap status`.",
        )
    return found


def asked_now(loaded: Loaded, instance: str) -> Instance:
    """An instance of a task that the version has on which the process runs; raise `Refused` for one of before."""
    found = instance_of(loaded, instance)
    if found.task not in loaded.definition.tasks:
        told = f"{found.id} was asked in an earlier version of the process"
        raise Refused(told, hint="It can be read, and not changed: `samskap history`.")
    return found
