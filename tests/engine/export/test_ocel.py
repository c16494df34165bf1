"""The object-centric event log: PM4Py reads it back, and counts what a plain query over the stored events counts."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pm4py
import pytest
from jsonschema import Draft202012Validator

from engine import codec
from engine.codec import Json
from engine.export.ocel import by_name, ocel
from engine.export.source import Source, source, sources
from engine.process import commands as c
from engine.store.people import Session

NAMED: dict[str, Json] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "attributes"],
        "properties": {
            "name": {"type": "string"},
            "attributes": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "type"],
                    "properties": {
                        "name": {"type": "string"},
                        "type": {"enum": ["string", "time", "integer", "float", "boolean"]},
                    },
                },
            },
        },
    },
}
RELATIONS: dict[str, Json] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["objectId", "qualifier"],
        "properties": {"objectId": {"type": "string"}, "qualifier": {"type": "string"}},
    },
}


def _listed(extra: dict[str, Json], *required: Json) -> dict[str, Json]:
    value = {"type": "object", "required": ["name", "value", *required], "properties": {"name": {"type": "string"}}}
    properties = {"attributes": {"type": "array", "items": value}, "relationships": RELATIONS, **extra}
    return {"type": "array", "items": {"type": "object", "required": list(properties), "properties": properties}}


SHAPE: dict[str, Json] = {  # OCEL 2.0 Specification (Berti et al. 2024), section 6.3: what the JSON format holds
    "type": "object",
    "required": ["objectTypes", "eventTypes", "objects", "events"],
    "properties": {
        "objectTypes": NAMED,
        "eventTypes": NAMED,
        "objects": _listed({"id": {"type": "string"}, "type": {"type": "string"}}, "time"),
        "events": _listed(
            {"id": {"type": "string"}, "type": {"type": "string"}, "time": {"type": "string", "format": "date-time"}}
        ),
    },
}

# What has to do with what, said again in SQL over the stored text of events: (kind, object, sequence).
RELATED = """
CREATE VIEW event AS
  SELECT process, sequence, body ->> '$.e.type' AS type, body ->> '$.e.recorded_at' AS at, body -> '$.p' AS p,
         body ->> '$.e.membership' AS acted
  FROM stored;
CREATE VIEW opened AS
  SELECT process, p ->> '$.instance' AS instance, p ->> '$.membership' AS membership,
         CASE WHEN p ->> '$.membership' IS NULL THEN p ->> '$.party' END AS party
  FROM event WHERE type = 'task.opened';
CREATE VIEW related AS
  SELECT 'process' AS kind, process, process AS object, sequence FROM event
  UNION SELECT 'task', process, p ->> '$.instance', sequence FROM event
  UNION SELECT 'task', process, p ->> '$.kept_from', sequence FROM event
  UNION SELECT 'party', process, p ->> '$.party', sequence FROM event
  UNION SELECT 'membership', process, p ->> '$.membership', sequence FROM event
  UNION SELECT 'membership', process, p ->> '$.to', sequence FROM event WHERE type = 'delegation.begun'
  UNION SELECT 'membership', process, acted, sequence FROM event
  UNION SELECT 'membership', event.process, membership, sequence FROM event
    JOIN opened ON opened.process = event.process AND instance = p ->> '$.instance'
  UNION SELECT 'party', event.process, party, sequence FROM event
    JOIN opened ON opened.process = event.process AND instance = p ->> '$.instance'
  UNION SELECT 'submission', process, sequence, sequence FROM event WHERE type IN ('form.submitted', 'form.corrected')
  UNION SELECT 'submission', process, p ->> '$.replaces', sequence FROM event
  UNION SELECT 'submission', process, value, sequence FROM event, json_each(p, '$.considered');
"""
NAMED_EVENTS = """
CREATE VIEW called AS SELECT process, sequence, at,
  type || coalesce(' ' || coalesce(p ->> '$.action', p ->> '$.task', p ->> '$.state'), '') AS type FROM event;
"""
FOLLOWS = """
SELECT kind, type, next, count(*) FROM (
  SELECT kind, type, lead(type) OVER (PARTITION BY kind, process, object ORDER BY at, sequence) AS next
  FROM related JOIN event USING (process, sequence) WHERE object IS NOT NULL)
WHERE next IS NOT NULL GROUP BY ALL_THREE
""".replace("ALL_THREE", "kind, type, next")


def follows(found: Iterable[Source], view: str = "event") -> Counter[tuple[str, str, str]]:
    """How often one activity comes directly after another, by kind of object: a plain query."""
    with closing(sqlite3.connect(":memory:")) as store:
        store.execute("CREATE TABLE stored (process, sequence, body)")
        rows = [(one.name, record.sequence, record.body.decode()) for one in found for record in one.records]
        store.executemany("INSERT INTO stored VALUES (?,?,?)", rows)
        store.executescript(RELATED + NAMED_EVENTS)
        query = FOLLOWS.replace("JOIN event", f"JOIN {view}")
        return Counter({(kind, first, then): n for kind, first, then, n in store.execute(query)})


def write(path: Path, log: dict[str, Json]) -> str:
    path.write_bytes(codec.dumps(log))
    return str(path)


@pytest.fixture
def many(lived: Any, operator: Session) -> list[Source]:
    """Two processes whose events come in turns, the second with a step back and an answer that is kept."""
    engine, kari, eva = lived.engine, lived.person("kari"), lived.person("eva")
    engine.start(eva, "small", "q", "En til")
    engine.handle(eva, "q", c.Submit("goal.1", {"text": "mål"}))
    lived.do("kari", c.AddParty("school", "School"))
    engine.handle(eva, "q", c.Act("open"))
    lived.clock.now += timedelta(minutes=5)
    engine.handle(eva, "q", c.StepBack("plan", "feil"))
    engine.handle(kari, "p", c.AddParty("firm", "Firm"))
    engine.handle(eva, "q", c.Act("stop", "nok"))
    return sources(engine, operator, [])


def test_given_two_processes_when_read_by_pm4py_then_directly_follows_counts_are_those_of_a_plain_query(
    many: list[Source], tmp_path: Path
) -> None:
    read = pm4py.read_ocel2_json(write(tmp_path / "log.json", ocel(many)))
    edges = pm4py.discover_ocdfg(read)["edges"]["total_objects"]
    counted = Counter({(kind, *pair): len(found) for kind, pairs in edges.items() for pair, found in pairs.items()})
    expected = follows(many)
    assert {kind for kind, _, _ in expected} == {"process", "party", "membership", "task", "submission"}
    assert sum(expected.values()) > 100
    assert counted == expected


def test_given_named_activities_when_read_by_pm4py_then_the_templates_steps_follow_each_other_as_in_a_plain_query(
    many: list[Source], tmp_path: Path
) -> None:
    read = pm4py.read_ocel2_json(write(tmp_path / "log.json", ocel(many, by_name)))
    edges = pm4py.discover_ocdfg(read)["edges"]["total_objects"]
    counted = Counter({(kind, *pair): len(found) for kind, pairs in edges.items() for pair, found in pairs.items()})
    assert counted == follows(many, "called")
    assert ("process", "action.taken open", "state.left plan") in counted


def test_given_two_processes_when_read_by_pm4py_then_every_event_and_object_is_there(
    many: list[Source], tmp_path: Path
) -> None:
    made = ocel(many)
    read = pm4py.read_ocel2_json(write(tmp_path / "log.json", made))
    assert len(read.events) == sum(len(one.records) for one in many)
    kinds = Counter(codec.mapping(one)["type"] for one in _list(made["objects"]))
    assert Counter(read.objects["ocel:type"]) == kinds
    assert kinds["process"] == 2


def test_given_a_process_when_made_then_it_has_the_shape_that_the_standard_says(many: list[Source]) -> None:
    made = codec.loads(codec.dumps(ocel(many)))
    Draft202012Validator(SHAPE).validate(made)


def test_given_a_process_when_made_then_ids_are_unique_and_every_relation_leads_to_an_object(
    many: list[Source],
) -> None:
    made = ocel(many)
    objects = [codec.mapping(one) for one in _list(made["objects"])]
    events = [codec.mapping(one) for one in _list(made["events"])]
    ids = {one["id"] for one in objects}
    assert (len(ids), len({one["id"] for one in events})) == (len(objects), len(events))
    for one in (*objects, *events):
        targets = [codec.mapping(relation)["objectId"] for relation in _list(one["relationships"])]
        assert set(targets) <= ids
        assert len(targets) == len(set(targets))


def test_given_attributes_when_made_then_their_types_are_declared_and_kept(many: list[Source]) -> None:
    made = ocel(many)
    python = {"string": str, "time": str, "integer": int, "boolean": bool}
    for types, things in (("eventTypes", "events"), ("objectTypes", "objects")):
        declared = {
            (one["name"], attribute["name"]): attribute["type"]
            for one in map(codec.mapping, _list(made[types]))
            for attribute in map(codec.mapping, _list(one["attributes"]))
        }
        for one in map(codec.mapping, _list(made[things])):
            for attribute in map(codec.mapping, _list(one["attributes"])):
                kind = declared[one["type"], attribute["name"]]
                assert isinstance(attribute["value"], python[str(kind)])


def test_given_a_correction_by_another_when_made_then_qualifiers_say_what_the_event_has_to_do_with(
    taken: Source,
) -> None:
    events = [codec.mapping(one) for one in _list(ocel([taken])["events"])]
    (helped,) = (
        one for one in events if one["type"] == "form.submitted" and ("p/task/vote.1.m3", "about") in _told(one)
    )
    assert _told(helped) >= {("p", "in"), ("p/membership/m1", "by"), ("p/membership/m3", "for")}
    (corrected,) = (one for one in events if one["type"] == "form.corrected")
    (first,) = (one for one in events if one["type"] == "form.submitted" and ("p/task/goal.1", "about") in _told(one))
    (given,) = (key for key, qualifier in _told(first) if qualifier == "brings")
    assert (given, "replaces") in _told(corrected)


def test_given_a_role_that_is_granted_when_made_then_the_membership_has_it_from_then_on(taken: Source) -> None:
    objects = {str(one["id"]): one for one in map(codec.mapping, _list(ocel([taken])["objects"]))}
    roles = [
        one for one in map(codec.mapping, _list(objects["p/membership/m2"]["attributes"])) if one["name"] == "roles"
    ]
    assert [one["value"] for one in roles] == ["member", "member, lead"]
    assert str(roles[0]["time"]) < str(roles[1]["time"])


def test_given_what_persons_wrote_and_answered_when_made_then_none_of_it_is_in_the_log(
    lived: Any, canaries: tuple[str, ...]
) -> None:
    text = codec.dumps(ocel([source(lived.engine, lived.person("kari"), "p")])).decode()
    assert [one for one in (*canaries, "et bedre mål", "answers.goal", '"score"') if one in text] == []
    assert all(membership.subject in text for membership in lived.state.memberships.values())


def _list(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


def _told(event: dict[str, Json]) -> set[tuple[str, str]]:
    relations = map(codec.mapping, _list(event["relationships"]))
    return {(str(one["objectId"]), str(one["qualifier"])) for one in relations}
