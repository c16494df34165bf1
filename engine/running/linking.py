"""What linked processes owe one another: that the one asked for is there, and that the end of it is told.

A process asks in its own log (`engine.process.decide.linking`); this reads from the read models what is still to be
done, and does it, each step one commit on one process. Killed between two of them, whoever comes next goes on: the next
command on either process, or the clock. Nothing is done twice, since a child's stream follows from its parent's event,
and each end of the link knows what it has heard. What cannot be done is an incident of the parent, and tried again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast
from uuid import UUID, uuid4

from engine.codec import Json
from engine.errors import ConfigError, Conflict, IntegrityFault, NotAllowed, NotFound, Refused, SamskapError
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import ToManage, ToRead, may
from engine.process.state import Linked, Membership, Parent, ProcessState
from engine.running.catalogue import Catalogue
from engine.running.committing import Committing, Done
from engine.running.idempotency import Receipt
from engine.running.loading import QUARANTINE, Loaded, Loading
from engine.running.looking import Looking
from engine.running.streams import Streams
from engine.store import worklists
from engine.store.people import People, Session
from engine.store.worklists import Owed
from engine.template.chart import Definition, LinkNode

NAMES = 100
"""So many names are tried for a process that is started by itself."""
NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class LinkNow:
    """A process that stands beside another, or above it (`is_parent`).

    `status` is how the link stands: opened (to be started), open, finished, cancelled or let_go; of a parent, how that
    process stands. `answers` are those that were passed on, by task; `you_take_part` is whether it can be looked into.
    """

    link: str
    process: str
    title: str
    template: str
    version: str
    element: str
    status: str
    is_parent: bool
    you_take_part: bool
    answers: Mapping[str, Json]


class Linking:
    """The one who goes between linked processes."""

    def __init__(
        self,
        streams: Streams,
        catalogue: Catalogue,
        loading: Loading,
        committing: Committing,
        looking: Looking,
        people: People,
    ) -> None:
        self._streams = streams
        self._catalogue = catalogue
        self._loading = loading
        self._committing = committing
        self._looking = looking
        self._people = people

    # -- doing what is owed ---------------------------------------------------------------------------------------

    def after(self, receipt: Receipt, command: c.Command | None = None) -> Receipt:
        """The answer to a command, once what its process owes others, or is owed, was done.

        The command itself is stored. What fails here is tried again by the next command and by the clock, which tells
        of it; only who asked for it to be tried again is told at once, by `Refused`.
        """
        stream = UUID(receipt.stream)
        if self._loading.stands_alone(stream, receipt.last):
            return receipt
        self.go_on(stream)
        if isinstance(command, c.Retry):
            known = self._loading.load(stream).state.incidents.get(command.incident)
            if known is not None and known.is_open:
                raise Refused(f"it still fails: {known.message}", hint="Mend what it says, and try again.")
        return receipt

    def go_on(self, stream: UUID | None) -> Done:
        """Do what is owed to or by a process, or by all, and what follows from that; each thing is tried once."""
        done = Done([], [])
        tried: set[Owed] = set()
        ahead = [stream]
        while ahead:
            for one in worklists.owed(self._streams.log, ahead.pop(0)):
                if one in tried:
                    continue
                tried.add(one)
                try:
                    done.receipts.extend(self._do(one))
                except SamskapError as fault:  # one that is damaged keeps nothing from the others
                    done.faults.append(fault)
                ahead += [one.parent, one.child]
        return done

    def _do(self, owed: Owed) -> Iterator[Receipt]:
        parent = self._loading.sound(owed.parent)
        linked = parent.state.links[owed.child.hex]
        if not linked.is_open:
            return  # somebody else was first
        if linked.status == "open":
            yield self._tell_end(self._loading.sound(owed.child), linked, owed)
            return
        try:
            if not owed.is_there:
                yield self._start(parent, linked)
            elif not linked.spawned:
                told = _as_parent(parent, linked)
                yield self._committing.by_itself(owed.child, told, f"link-{owed.parent.hex}")
        except (NotFound, Refused, NotAllowed, ConfigError) as why:
            failed = c.LinkFailed(linked.child, why.message)
            yield self._committing.by_itself(owed.parent, failed, f"link-failed-{linked.child}")
            return
        child = self._loading.load(owed.child).state
        begun = c.LinkBegun(linked.child, child.name, child.title, child.template, child.version)
        yield self._committing.by_itself(owed.parent, begun, f"link-begun-{linked.child}")

    def _tell_end(self, child: Loaded, linked: Linked, owed: Owed) -> Receipt:
        """Tell the parent how the child ended, with the answers that it was said to pass on when it was linked."""
        state = child.state
        finished = state.status == "finished"
        known = state.parents.get(owed.parent.hex)
        taken: dict[str, object] = {}
        if finished and known is not None:
            bundle = self._catalogue.bundle_of(state.template, linked.version)
            then = self._catalogue.definition(state.template, bundle)
            taken = self._looking.conditions(None, child).taken(known.takes, then)
        how: Literal["finished", "cancelled"] = "finished" if finished else "cancelled"
        end = next(reversed(state.active), None) if finished else None
        over = c.LinkOver(owed.child.hex, how, end, cast(dict[str, Json], taken))
        return self._committing.by_itself(owed.parent, over, f"link-over-{owed.child.hex}")

    def _start(self, parent: Loaded, linked: Linked) -> Receipt:
        """Begin the child under the first name that is free; somebody else may be as far already."""
        definition = self._catalogue.definition(linked.template)
        spawn = self._spawn(parent, linked, definition)
        stream, log = UUID(linked.child), self._streams.log
        for name in _names(parent.state, linked):
            if log.query("SELECT 1 FROM process WHERE name=?", (name,)):
                continue
            asked = f"link-{parent.state.stream.hex}"
            try:
                return self._committing.begin(stream, definition, replace(spawn, name=name), asked)
            except Conflict:
                sequence, digest = log.head(stream)
                if sequence:
                    return Receipt(name, linked.child, sequence + 1, sequence, digest, {})
        raise Refused("there is no free name for it", hint="Let it go, and link one that you start yourself.")

    def _spawn(self, parent: Loaded, linked: Linked, definition: Definition) -> c.Spawn:
        """How the child begins: called so in the language of whoever leads it, with those who take part."""
        members = tuple(_members(parent, linked, definition))
        state = parent.state
        parties = dict.fromkeys(member.party for member in members if member.party)
        leader = next((self._people.get(m.person) for m in members if definition.template.starter in m.roles), None)
        title = definition.template.title.get(leader.language if leader is not None else "nb")
        whom = state.parties[linked.element].title if linked.element in state.parties else linked.element
        return c.Spawn(
            name="",
            title=": ".join((state.title, title, *([whom] if whom else []))),
            parent=_as_parent(parent, linked),
            parties=tuple(c.AddParty(party, state.parties[party].title) for party in parties),
            members=members,
        )

    # -- linking what is there, and letting go ----------------------------------------------------------------------

    def to_link(self, session: Session, name: str, link: str, other: str) -> c.Link:
        """The command that lets a process stand beside another, as one that its link would have started.

        Raises `NotAllowed` for who does not lead the other, and `Refused` where it would be above itself, or was given
        up. Whether the first may have it is for the command to say.
        """
        parent, child = self._loading.stream(name), self._loading.load(self._loading.stream(other))
        if child.state.status == "cancelled":
            raise Refused(f"“{other}” was given up", hint="Link one that goes on, or that has finished.")
        actor = self._looking.actor(session, child.state)
        if not may(actor, ToManage(), child.state, child.definition).allowed:
            hint = "Its answers may be passed on: ask whoever leads it."
            raise NotAllowed(f"only who leads “{other}” may link it", hint=hint)
        if child.state.stream in self._above(parent):
            raise Refused(f"“{other}” stands above “{name}” already", hint="A process is not linked with itself.")
        return c.Link(link, child.state.stream.hex, child.state.template)

    def _above(self, stream: UUID) -> set[UUID]:
        """A process and all that stand above it."""
        found, ahead = set[UUID](), [stream]
        while ahead:
            one = ahead.pop()
            if one not in found:
                found.add(one)
                ahead += [UUID(parent) for parent in self._loading.load(one).state.parents]
        return found

    def to_end(self, name: str, other: str, reason: str) -> c.EndLink:
        """The command that waits no longer for a process, by its name; by its link where it could not be started."""
        state = self._loading.load(self._loading.stream(name)).state
        known = [one for one in state.links.values() if other in (one.name or one.link, one.child)]
        return c.EndLink(known[-1].child if known else self._loading.stream(other).hex, reason)

    # -- seeing them --------------------------------------------------------------------------------------------------

    def links(self, session: Session, name: str) -> list[LinkNow]:
        """The processes that stand above and beside one, for whoever may see it."""
        loaded = self._loading.load(self._loading.stream(name))
        shows = self._looking.view(session, loaded).results
        above = [self._above_now(session, parent) for parent in loaded.state.parents.values()]
        return [*above, *(self._beside_now(session, loaded, one, shows) for one in loaded.state.links.values())]

    def _above_now(self, session: Session, parent: Parent) -> LinkNow:
        loaded = self._other(parent.stream)
        if loaded is None:
            return LinkNow(parent.link, parent.name, parent.title, "", "", "", QUARANTINE, True, False, {})
        now = loaded.state
        mine = self._takes_part(session, loaded)
        return LinkNow(parent.link, now.name, now.title, now.template, now.version, "", now.status, True, mine, {})

    def _other(self, stream: str) -> Loaded | None:
        """A process at the other end of a link; None where nothing of it can be told: this one goes on."""
        try:
            return self._loading.load(UUID(stream))
        except IntegrityFault:
            return None

    def _beside_now(self, session: Session, loaded: Loaded, one: Linked, shows: bool) -> LinkNow:
        other = self._other(one.child) if one.name else None
        mine = other is not None and self._takes_part(session, other)
        told = self._passed_on(loaded, one) if shows else {}
        element = one.element or ""
        return LinkNow(one.link, one.name, one.title, one.template, one.version, element, one.status, False, mine, told)

    def _passed_on(self, loaded: Loaded, one: Linked) -> Mapping[str, Any]:
        payload = self._streams.event(loaded.records[one.ended - 1]).payload if one.ended is not None else None
        return payload.answers if isinstance(payload, e.LinkEnded) else {}

    def _takes_part(self, session: Session, loaded: Loaded) -> bool:
        return may(self._looking.actor(session, loaded.state), ToRead(), loaded.state, loaded.definition).allowed


# -- what a child is told when it begins ------------------------------------------------------------------------------


def _names(parent: ProcessState, linked: Linked) -> Iterator[str]:
    """What the child may be called: after parent, link and element, with a number where that is taken."""
    parts = [parent.name, linked.link, *([linked.element] if linked.element else [])]
    base = re.sub(r"[^\w-]", "-", "-".join(parts))
    for number in range(1, NAMES):
        suffix = f"-{number}" if number > 1 else ""
        yield base[: NAME_LENGTH - len(suffix)] + suffix


def _as_parent(parent: Loaded, linked: Linked) -> c.HaveParent:
    link = parent.definition.links.get(linked.link)
    state = parent.state
    return c.HaveParent(
        parent=state.stream.hex,
        link=linked.link,
        name=state.name,
        title=state.title,
        takes=link.spec.take if link is not None else (),
        depth=1 + max((above.depth for above in state.parents.values()), default=0),
        given=dict(linked.given),
    )


def _members(parent: Loaded, linked: Linked, definition: Definition) -> Iterator[c.Carried]:
    """Who takes part in the child: whoever holds a role here from which one there comes, each person and party once."""
    starter, leads = definition.template.starter, parent.definition.template.starter
    link = parent.definition.links.get(linked.link)
    roles = {role: frozenset(sources) for role, sources in (link.spec.roles if link is not None else {}).items()}
    roles.setdefault(starter, frozenset({leads}))
    subjects: dict[str, str] = {}
    held: dict[tuple[str, str | None], list[str]] = {}
    for member in parent.state.memberships.values():
        if not member.active or member.person is None:
            continue
        concerned = _is_concerned(member, linked, link)
        got = [role for role, sources in roles.items() if member.roles & sources and (concerned or role == starter)]
        known = held.setdefault((member.person, member.party), [])
        known += [role for role in got if role not in known]
    for (person, party), names in held.items():
        if names:
            yield c.Carried(person, subjects.setdefault(person, uuid4().hex), party, tuple(names))


def _is_concerned(member: Membership, linked: Linked, link: LinkNode | None) -> bool:
    """Whether a child that is for one element is this member's."""
    each = link.spec.each if link is not None else None
    if each == "membership":
        return member.id == linked.element
    return member.party == linked.element if each == "party" else True
