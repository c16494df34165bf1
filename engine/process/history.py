"""What happened, in words: one line an event, in the reader's language, as far as the reader may see it.

Names of people are read where their key still exists; sealed answers stay closed. This is for people; the data team's
history is in the warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.process import events as e
from engine.process.state import ProcessState, done_by
from engine.template.chart import Definition

_WORDS: Mapping[str, Mapping[str, str]] = {
    "process.started": {
        "nb": "Startet «{title}» ({template} {version})",
        "nn": "Starta «{title}» ({template} {version})",
        "en": "Started “{title}” ({template} {version})",
    },
    "party.joined": {"nb": "{title} ble med", "nn": "{title} vart med", "en": "{title} joined"},
    "invitation.issued": {
        "nb": "Inviterte noen som {roles}",
        "nn": "Inviterte nokon som {roles}",
        "en": "Invited somebody as {roles}",
    },
    "invitation.withdrawn": {
        "nb": "Trakk en invitasjon tilbake",
        "nn": "Trekte ein invitasjon tilbake",
        "en": "Withdrew an invitation",
    },
    "membership.added": {
        "nb": "{membership} ble med som {roles}",
        "nn": "{membership} vart med som {roles}",
        "en": "{membership} joined as {roles}",
    },
    "membership.ended": {"nb": "{membership} sluttet", "nn": "{membership} slutta", "en": "{membership} left"},
    "role.granted": {
        "nb": "{membership} fikk rollen {role}",
        "nn": "{membership} fekk rolla {role}",
        "en": "{membership} got the role {role}",
    },
    "role.revoked": {
        "nb": "{membership} mistet rollen {role}",
        "nn": "{membership} mista rolla {role}",
        "en": "{membership} lost the role {role}",
    },
    "delegation.begun": {
        "nb": "Lot {to} handle for {membership}{until}{why}",
        "nn": "Lét {to} handle for {membership}{until}{why}",
        "en": "Let {to} act for {membership}{until}{why}",
    },
    "delegation.ended": {
        "nb": "Ingen handler lenger for {membership}",
        "nn": "Ingen handlar lenger for {membership}",
        "en": "Nobody acts for {membership} any more",
    },
    "state.entered": {"nb": "Gikk inn i: {state}", "nn": "Gjekk inn i: {state}", "en": "Entered: {state}"},
    "state.left": {"nb": "Gikk ut av: {state}", "nn": "Gjekk ut av: {state}", "en": "Left: {state}"},
    "action.taken": {"nb": "Valgte: {action}{why}", "nn": "Valde: {action}{why}", "en": "Chose: {action}{why}"},
    "step.taken": {"nb": "Gikk videre av seg selv", "nn": "Gjekk vidare av seg sjølv", "en": "Went on by itself"},
    "process.stepped_back": {
        "nb": "Gikk tilbake til: {state}{why}",
        "nn": "Gjekk tilbake til: {state}{why}",
        "en": "Went back to: {state}{why}",
    },
    "task.opened": {"nb": "Åpnet: {task}{whom}", "nn": "Opna: {task}{whom}", "en": "Opened: {task}{whom}"},
    "task.reopened": {
        "nb": "Åpnet igjen: {about}",
        "nn": "Opna att: {about}",
        "en": "Opened again: {about}",
    },
    "task.begun": {
        "nb": "{about} står for tur",
        "nn": "{about} står for tur",
        "en": "It is the turn of {about}",
    },
    "task.claimed": {
        "nb": "{membership} tok på seg {about}",
        "nn": "{membership} tok på seg {about}",
        "en": "{membership} took on {about}",
    },
    "task.released": {
        "nb": "{about} er ledig igjen",
        "nn": "{about} er ledig att",
        "en": "{about} is free again",
    },
    "task.withdrawn": {
        "nb": "Trakk tilbake: {about}",
        "nn": "Trekte tilbake: {about}",
        "en": "Withdrew: {about}",
    },
    "form.submitted": {
        "nb": "Svarte på: {about}{why}",
        "nn": "Svarte på: {about}{why}",
        "en": "Answered: {about}{why}",
    },
    "form.corrected": {"nb": "Rettet: {about}{why}", "nn": "Retta: {about}{why}", "en": "Corrected: {about}{why}"},
    "form.kept": {
        "nb": "Svaret står fortsatt: {about}",
        "nn": "Svaret står framleis: {about}",
        "en": "The answer still stands: {about}",
    },
    "answers.revealed": {
        "nb": "Svarene på {task} ble vist, {visibility}",
        "nn": "Svara på {task} vart viste, {visibility}",
        "en": "The answers to {task} were revealed, {visibility}",
    },
    "deadline.set": {"nb": "Frist: {about}, {due}", "nn": "Frist: {about}, {due}", "en": "Due: {about}, {due}"},
    "deadline.passed": {
        "nb": "Fristen gikk ut: {about}, {due}",
        "nn": "Fristen gjekk ut: {about}, {due}",
        "en": "The deadline passed: {about}, {due}",
    },
    "reminder.set": {
        "nb": "Påminnelse: {about}, {due}",
        "nn": "Påminning: {about}, {due}",
        "en": "Reminder: {about}, {due}",
    },
    "reminder.due": {
        "nb": "{reminded} {about}{whom}",
        "nn": "{reminded} {about}{whom}",
        "en": "{reminded} {about}{whom}",
    },
    "process.suspended": {
        "nb": "Satte prosessen på vent{why}",
        "nn": "Sette prosessen på vent{why}",
        "en": "Suspended the process{why}",
    },
    "process.resumed": {"nb": "Tok opp igjen{why}", "nn": "Tok opp att{why}", "en": "Resumed{why}"},
    "process.cancelled": {
        "nb": "Avbrøt prosessen{why}",
        "nn": "Avbraut prosessen{why}",
        "en": "Cancelled the process{why}",
    },
    "process.migrated": {
        "nb": "Går videre etter {template} {version}{why}",
        "nn": "Går vidare etter {template} {version}{why}",
        "en": "Goes on under {template} {version}{why}",
    },
    "incident.raised": {
        "nb": "Kommer ikke videre av seg selv ({incident}): {message}",
        "nn": "Kjem ikkje vidare av seg sjølv ({incident}): {message}",
        "en": "Cannot go on by itself ({incident}): {message}",
    },
    "incident.resolved": {
        "nb": "Hendelsen {incident} er løst{why}",
        "nn": "Hendinga {incident} er løyst{why}",
        "en": "The incident {incident} is resolved{why}",
    },
    "subject.erased": {
        "nb": "Opplysningene om en person ble slettet ({memberships})",
        "nn": "Opplysningane om ein person vart sletta ({memberships})",
        "en": "What was known of a person was erased ({memberships})",
    },
    "link.opened": {
        "nb": "Ba om å få koblet til {link}: {template}{whom}",
        "nn": "Bad om å få kopla til {link}: {template}{whom}",
        "en": "Asked for {link} to be linked: {template}{whom}",
    },
    "process.linked": {
        "nb": "Koblet til {link}: {title} ({name}, {template} {version})",
        "nn": "Kopla til {link}: {title} ({name}, {template} {version})",
        "en": "Linked {link}: {title} ({name}, {template} {version})",
    },
    "link.ended": {
        "nb": "{name} ({link}) {how}{why}",
        "nn": "{name} ({link}) {how}{why}",
        "en": "{name} ({link}) {how}{why}",
    },
    "parent.linked": {
        "nb": "Hører til {title} ({name}), som får vite: {takes}",
        "nn": "Høyrer til {title} ({name}), som får vita: {takes}",
        "en": "Belongs to {title} ({name}), which is told: {takes}",
    },
    "process.disposed": {
        "nb": "Tiden prosessen tas vare på, er ute: hvem som var med, ble slettet",
        "nn": "Tida prosessen vert teken vare på, er ute: kven som var med, vart sletta",
        "en": "The time that the process is kept is over: who took part was erased",
    },
    "process.finished": {"nb": "Avsluttet", "nn": "Avslutta", "en": "Finished"},
}

_VISIBILITY = {
    "open": {"nb": "for alle som er med", "nn": "for alle som er med", "en": "to all who take part"},
    "protected": {"nb": "bare for den som svarte", "nn": "berre for den som svarte", "en": "only to who answered"},
}
_ENDS = {
    "finished": {"nb": "er ferdig", "nn": "er ferdig", "en": "has finished"},
    "cancelled": {"nb": "ble gitt opp", "nn": "vart gjeven opp", "en": "was given up"},
    "let_go": {"nb": "ventes ikke på lenger", "nn": "blir ikkje venta på lenger", "en": "is waited for no more"},
}
_THAT_IT_ENDS = {"nb": "når den er slutt", "nn": "når han er slutt", "en": "when it has ended"}
_REMINDED = {"nb": "Påminnet om", "nn": "Minte om", "en": "Reminded of"}
_PASSED_OVER = {
    "nb": "Gikk forbi en påminnelse, da en senere kom samtidig:",
    "nn": "Gjekk forbi ei påminning, då ei seinare kom samstundes:",
    "en": "Passed over a reminder, as a later one came at the same time:",
}
_ERASED = {"nb": "slettet", "nn": "sletta", "en": "erased"}
_ACTORS = {
    "clock": {"nb": "klokka", "nn": "klokka", "en": "the clock"},
    "link": {"nb": "en tilkoblet prosess", "nn": "ein tilkopla prosess", "en": "a linked process"},
    "operator": {"nb": "driftsansvarlig", "nn": "driftsansvarleg", "en": "the operator"},
}


@dataclass(frozen=True, slots=True)
class Line:
    """One event, told."""

    sequence: int
    at: datetime
    type: str
    who: str
    text: str


class Teller:
    """Tells the events of one process in one language. `name_of` gives a person's name by id, None if erased.

    Each event is told in the words of the version of the template that held then.
    """

    def __init__(
        self,
        definitions: Callable[[str], Definition],
        state: ProcessState,
        language: str,
        name_of: Callable[[str], str | None],
    ) -> None:
        self.definitions = definitions
        self.definition = definitions(state.bundle)
        self.state = state
        self.language = language
        self.name_of = name_of

    def tell(self, event: e.Event) -> Line:
        """The event as a line."""
        self.definition = self.definitions(event.bundle_hash or self.state.bundle)
        template = _WORDS[event.type][self.language]
        one_for_another = dict.fromkeys((event.actor, done_by(self.state, event), event.on_behalf_of or event.actor))
        who = " → ".join(self._who(actor) for actor in one_for_another)
        return Line(event.sequence, event.recorded_at, event.type, who, template.format_map(self._facts(event.payload)))

    def _who(self, actor: str) -> str:
        if actor in _ACTORS:
            return _ACTORS[actor][self.language]
        person = next((m.person for m in self.state.memberships.values() if m.subject == actor), None)
        return (self.name_of(person) if person else None) or _ERASED[self.language]

    def _facts(self, payload: e.Payload) -> dict[str, Any]:
        """What the words of an event may name: its own fields, told, and a few that are made of them."""
        facts = payload.model_dump()
        if isinstance(payload, e.SteppedBack):
            facts["state"] = payload.to
        told = {name: self._told(name, value, payload) for name, value in facts.items()}
        return told | self._made(payload, told)

    def _told(self, name: str, value: Any, payload: e.Payload) -> Any:  # noqa: PLR0911 (one return a kind of field)
        match name:
            case "roles":
                return ", ".join(self._role(role) for role in value)
            case "role":
                return self._role(value)
            case "due":
                return self._moment(value)
            case "visibility" if value in _VISIBILITY:
                return _VISIBILITY[value][self.language]
            case "membership" | "to" if value in self.state.memberships:
                return self._member(value)
            case "task":
                return self.definition.tasks[value].spec.title.get(self.language)
            case "action" if isinstance(payload, e.ActionTaken):
                return self.definition.nodes[payload.state].spec.actions[value].title.get(self.language)
            case "state" if value in self.definition.nodes:
                return self.definition.nodes[value].spec.title.get(self.language)
        return value

    def _made(self, payload: e.Payload, told: Mapping[str, Any]) -> dict[str, str]:
        made = {}
        if "reason" in told:
            reason = told["reason"] if isinstance(told["reason"], str) else _ERASED[self.language]
            made["why"] = f" – {reason}" if reason else ""
        if "instance" in told or "deadline" in told:
            made["about"] = self._about(told.get("instance"), str(told.get("deadline", "")))
        match payload:
            case e.TaskOpened():
                element = payload.membership or payload.party or payload.row
                made["whom"] = f" ({self._element(element)})" if element else ""
            case e.LinkOpened():
                made["whom"] = f" ({self._element(payload.element)})" if payload.element else ""
            case e.LinkEnded():
                known = self.state.links.get(payload.child)
                made["name"] = known.name if known is not None and known.name else payload.link
                made["how"] = _ENDS[payload.how][self.language]
            case e.ParentLinked():
                made["takes"] = ", ".join(payload.takes) or _THAT_IT_ENDS[self.language]
            case e.ReminderDue():
                made["whom"] = f" ({told['roles']})" if payload.roles else ""
                made["reminded"] = (_REMINDED if payload.instead is None else _PASSED_OVER)[self.language]
            case e.MembershipAdded():
                made["who"] = self._who(payload.subject)
            case e.SubjectErased():
                theirs = [m.id for m in self.state.memberships.values() if m.subject == payload.subject]
                made["memberships"] = ", ".join(theirs)
            case e.ProcessMigrated():
                made["template"] = self.definition.template.title.get(self.language)
            case e.DelegationBegun():
                made["until"] = f" – {self._moment(payload.until)}" if payload.until else ""
        return made

    def _about(self, instance: str | None, deadline: str) -> str:
        """What a task's instance, or a deadline of a state, is called by people; by its id where that is not known."""
        if instance is not None:
            task, _, rest = instance.partition(".")
            element = rest.partition(".")[2]
            node = self.definition.tasks.get(task)
            whom = f" ({self._element(element)})" if element else ""
            return f"{node.spec.title.get(self.language)}{whom}" if node is not None else instance
        _, _, rest = deadline.partition(":")
        state, _, name = rest.partition(":")
        node_of = self.definition.nodes.get(state)
        found = node_of.spec.deadlines.get(name) if node_of is not None else None
        return found.title.get(self.language) if found is not None else name or deadline

    def _moment(self, moment: datetime) -> str:
        """A moment where the process is at home."""
        zone = ZoneInfo(self.definition.template.calendar.zone)
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"

    def _member(self, membership: str) -> str:
        """A membership by the person's name, and its number."""
        return f"{self._who(self.state.memberships[membership].subject)} ({membership})"

    def _element(self, element: str) -> str:
        if element in self.state.memberships:
            return self._who(self.state.memberships[element].subject)
        party = self.state.parties.get(element)
        return party.title if party else element

    def _role(self, role: str) -> str:
        return self.definition.template.roles[role].title.get(self.language)
