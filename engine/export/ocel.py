"""Processes as an object-centric event log (OCEL 2.0, JSON), for process mining.

Objects are processes, parties, memberships (by pseudonym), tasks (one for each that is to fill it in) and submissions.
An event says by qualifiers what it has to do with them; one it has to do with in two ways is named once, by the first
of them, since tools count directly-follows by objects. Events of one moment stand in the order in which they were
stored, and carry their `sequence`. No answer, text or name of a person is in it.

Berti et al. (2024), OCEL (Object-Centric Event Log) 2.0 Specification.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from engine.codec import Json
from engine.export.source import Source
from engine.store.log import Record

Kind = Literal["process", "party", "membership", "task", "submission"]
Attributes = Mapping[str, object]

EVENT_ATTRIBUTES: Final[Mapping[str, str]] = {
    "sequence": "integer",
    "by": "string",
    "by_role": "string",
    "role": "string",
    "state": "string",
    "task": "string",
    "action": "string",
    "entry": "integer",
    "form": "string",
    "visibility": "string",
    "deadline": "string",
    "reminder": "string",
    "due": "time",
    "to": "string",
    "incident": "string",
    "link": "string",
    "how": "string",
}
"""What events tell beside their objects: nothing that holds a person's words. `by` is the membership that acted,
`by_role` the role it acted in."""

OBJECT_ATTRIBUTES: Final[Mapping[Kind, Mapping[str, str]]] = {
    "process": {"name": "string", "title": "string", "template": "string", "version": "string", "bundle": "string"},
    "party": {"title": "string"},
    "membership": {"pseudonym": "string", "roles": "string"},
    "task": {"task": "string", "state": "string", "entry": "integer", "row": "string", "visibility": "string"},
    "submission": {"form": "string", "sealed": "boolean"},
}
"""What objects tell of themselves; the roles of a membership change with time."""


@dataclass(slots=True)
class _Object:
    """An object as it is gathered: attributes as (name, time, value), relations by the other's id."""

    kind: Kind
    attributes: list[tuple[str, str, Json]] = field(default_factory=list)
    relations: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Event:
    """An event with its attributes by name, and its relations by the object's id."""

    id: str
    type: str
    time: str
    attributes: Mapping[str, Json]
    relations: Mapping[str, str]


Activity: TypeAlias = Callable[[str, Attributes], str]
"""What an event is called in the log, from its type and its attributes."""


def by_type(event_type: str, _: Attributes) -> str:
    """Each event by its type: `action.taken`."""
    return event_type


def by_name(event_type: str, attributes: Attributes) -> str:
    """Each event by its type and what of the template it is about: `action.taken open_round`, `form.submitted goal`."""
    about = next((attributes[name] for name in ("action", "task", "state") if attributes.get(name)), None)
    return f"{event_type} {about}" if about else event_type


def ocel(sources: Iterable[Source], activity: Activity = by_type) -> dict[str, Json]:
    """The log of all these processes, with events called as `activity` says."""
    objects: dict[str, _Object] = {}
    events: list[_Event] = []
    for source in sources:
        events += _Process(source.name, objects, activity).events(source)
    events.sort(key=lambda event: event.time)  # stable: what was stored first stays first
    for found in objects.values():  # what was linked may not be exported here
        found.relations = {key: qualifier for key, qualifier in found.relations.items() if key in objects}
    used: dict[str, set[str]] = {}
    for event in events:
        used.setdefault(event.type, set()).update(event.attributes)
    return {
        "objectTypes": [_declared(kind, attributes) for kind, attributes in OBJECT_ATTRIBUTES.items()],
        "eventTypes": [
            _declared(name, {one: kind for one, kind in EVENT_ATTRIBUTES.items() if one in used[name]})
            for name in sorted(used)
        ],
        "objects": [_object(key, found) for key, found in objects.items()],
        "events": [_event(event) for event in events],
    }


def _declared(name: str, attributes: Mapping[str, str]) -> Json:
    return {"name": name, "attributes": [{"name": one, "type": kind} for one, kind in attributes.items()]}


def _object(key: str, found: _Object) -> Json:
    return {
        "id": key,
        "type": found.kind,
        "attributes": [{"name": name, "time": at, "value": value} for name, at, value in found.attributes],
        "relationships": _relationships(found.relations),
    }


def _event(found: _Event) -> Json:
    return {
        "id": found.id,
        "type": found.type,
        "time": found.time,
        "attributes": [{"name": name, "value": value} for name, value in found.attributes.items()],
        "relationships": _relationships(found.relations),
    }


def _relationships(relations: Mapping[str, str]) -> list[Json]:
    return [{"objectId": key, "qualifier": qualifier} for key, qualifier in relations.items()]


class _Process:
    """One process on its way: its objects as far as its events have told."""

    def __init__(self, name: str, objects: dict[str, _Object], activity: Activity) -> None:
        self.name = name
        self.activity = activity
        self.objects = objects
        self.roles: dict[str, list[str]] = {}

    def events(self, source: Source) -> Iterator[_Event]:
        """The events, and on the way their objects."""
        for record in source.records:
            envelope, payload = record.content()
            at = envelope["recorded_at"]
            self._learn(record.type, record.sequence, at, payload)
            told = {**payload, "sequence": record.sequence, "by": envelope["membership"], "by_role": envelope["role"]}
            attributes = {name: told[name] for name in EVENT_ATTRIBUTES if told.get(name) is not None}
            relations: dict[str, str] = {}
            for key, qualifier in self._relations(record, envelope, payload):
                relations.setdefault(key, qualifier)
            called = self.activity(record.type, attributes)
            yield _Event(envelope["event_id"], called, at, attributes, relations)

    def _id(self, kind: Kind, key: object = "") -> str:
        return self.name if kind == "process" else f"{self.name}/{kind}/{key}"

    def _add(self, kind: Kind, key: object, at: str, attributes: Attributes, **relations: str | None) -> None:
        """A new object; `relations` are qualifiers (`_` for a space) with the other object's id, None for none."""
        told = [
            (name, at, _value(attributes[name])) for name in OBJECT_ATTRIBUTES[kind] if attributes.get(name) is not None
        ]
        linked = {other: qualifier.replace("_", " ") for qualifier, other in relations.items() if other is not None}
        self.objects[self._id(kind, key)] = _Object(kind, told, linked)

    def _learn(self, type_name: str, sequence: int, at: str, p: Mapping[str, Any]) -> None:
        """Take up the objects that an event brings, and what it changes in them."""
        process = self._id("process")
        match type_name:
            case "process.started":
                self._add("process", "", at, p)
            case "party.joined":
                self._add("party", p["party"], at, p, takes_part_in=process)
            case "membership.added":
                roles = self.roles[p["membership"]] = list(p["roles"])
                party = self._id("party", p["party"]) if p["party"] else None
                told = {"pseudonym": p["subject"], "roles": roles}
                self._add("membership", p["membership"], at, told, takes_part_in=process, belongs_to=party)
            case "role.granted" | "role.revoked":
                self._role(type_name, at, p)
            case "task.opened":
                whom: Kind = "membership" if p["membership"] else "party"
                element = p["membership"] or p["party"]
                theirs = self._id(whom, element) if element else None
                self._add("task", p["instance"], at, p, part_of=process, to_be_done_by=theirs)
            case "form.submitted" | "form.corrected":
                told = {"form": p["form"], "sealed": p["sealed_under"] is not None}
                earlier = self._id("submission", p["replaces"]) if "replaces" in p else None
                self._add("submission", sequence, at, told, answers=self._id("task", p["instance"]), replaces=earlier)
            case "process.linked":
                self.objects[process].relations[p["name"]] = "stands above"
            case "form.kept":
                self.objects[self._id("task", p["instance"])].relations[self._id("task", p["kept_from"])] = "kept from"

    def _role(self, type_name: str, at: str, p: Mapping[str, Any]) -> None:
        roles = self.roles[p["membership"]]
        if type_name == "role.granted":
            roles.append(p["role"])
        elif p["role"] in roles:
            roles.remove(p["role"])
        self.objects[self._id("membership", p["membership"])].attributes.append(("roles", at, _value(roles)))

    def _relations(
        self, record: Record, envelope: Mapping[str, Any], p: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        """What an event has to do with, as (object, qualifier), the more telling first."""
        deputy = p["to"] if record.type == "delegation.begun" else None
        wanted: list[tuple[Kind, object, str]] = [
            ("process", "", "in"),
            ("submission", record.sequence, "brings"),
            ("submission", p.get("replaces"), "replaces"),
            *(("submission", number, "considers") for number in p.get("considered", ())),
            ("task", p.get("instance"), "about"),
            ("task", p.get("kept_from"), "keeps"),
            ("membership", p.get("membership"), "about"),
            ("membership", deputy, "to"),
            ("membership", envelope["membership"], "by"),
            ("party", p.get("party"), "about"),
        ]
        for kind, key, qualifier in wanted:
            if self._id(kind, key) in self.objects:
                yield self._id(kind, key), qualifier
        yield from self._whose(p)

    def _whose(self, p: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The membership or party that the event's task is for."""
        task = self.objects.get(self._id("task", p.get("instance")))
        for other, qualifier in (task.relations if task else {}).items():
            if qualifier == "to be done by":
                yield other, "for"


def _value(value: object) -> Json:
    if isinstance(value, list):
        return ", ".join(value)
    assert isinstance(value, str | int)
    return value
