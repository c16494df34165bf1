"""Drafts: answers that are not finished. They are not checked, are no events, and go when the form is submitted.

A draft lies under its writer's key, so that nobody else can read it. Each save says which version it goes on from: two
tabs never overwrite each other silently. Who may write one is `access`'s, as for submitting; when they go is told by
`worklists`, in the transaction of the event that ends them.

It is kept as it was written, with what it was written to: after a migration its fields may have other names. Who reads
it puts them under those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from engine import codec
from engine.codec import Json
from engine.errors import Conflict, Refused
from engine.store.keys import KeyFolder
from engine.store.log import Log, iso
from engine.store.people import People, Person

MAX_BYTES = 500_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a draft is written to: a task, by its name in a version of the template (the bundle's hash)."""

    bundle: str
    task: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Unfinished answers of one person to one instance; versions count from 1.

    `asked` is what they were written to; None in one from before that was kept.
    """

    instance: str
    version: int
    saved_at: datetime
    answers: dict[str, Json]
    asked: Asked | None = None


class Drafts:
    """The drafts in the store."""

    def __init__(self, log: Log, keys: KeyFolder, people: People) -> None:
        self._log = log
        self._keys = keys
        self._people = people

    def save(
        self,
        stream: UUID,
        instance: str,
        person: Person,
        answers: Json,
        at: datetime,
        version: int | None,
        asked: Asked,
    ) -> Draft:
        """Keep answers to what was `asked`; `version` is the one they go on from (0: none; None: whatever there is).

        Raises `Conflict` where another tab saved meanwhile, and `Refused` for what is no object or too large.
        """
        if not isinstance(answers, dict):
            raise Refused("a draft is an object of answers", hint='Write {"field": answer, …}.')
        body = codec.dumps(answers)
        if len(body) > MAX_BYTES:
            raise Refused(f"the draft is larger than {MAX_BYTES:,} bytes", hint="Shorten the longest answers.")
        found = self.find(stream, instance, person)
        current = found.version if found else 0
        if version is not None and version != current:
            raise Conflict(
                f"the draft was saved elsewhere meanwhile: it is version {current}, not {version}",
                hint="Load the draft again, then save what you add.",
            )
        written = codec.dumps([asked.bundle, asked.task, answers])
        sealed = self._keys.encrypt("person", person.id, written)
        key = (stream.hex, instance, self._people.fingerprint(person.id))
        # The version is part of the statement: of two that save at once, one finds no row to change.
        statement = "UPDATE draft SET version=version+1, saved_at=?, body=? WHERE stream=? AND instance=? AND person=?"
        if found is None:
            self._log.write_rows([("INSERT INTO draft VALUES (?,?,?,?,?,?,?)", (*key, 1, iso(at), "", sealed))])
        else:
            self._log.write_rows([(f"{statement} AND version=?", (iso(at), sealed, *key, current))])
        saved = self.find(stream, instance, person)
        if saved is None or saved.version != current + 1 or saved.answers != answers:
            raise Conflict("the draft was saved elsewhere meanwhile", hint="Load the draft again, then save.")
        return saved

    def find(self, stream: UUID, instance: str, person: Person) -> Draft | None:
        """A person's draft; None if there is none, or its key is gone."""
        rows = self._log.query(
            "SELECT version, saved_at, body FROM draft WHERE stream=? AND instance=? AND person=?",
            (stream.hex, instance, self._people.fingerprint(person.id)),
        )
        opened = self._keys.decrypt("person", person.id, rows[0]["body"]) if rows else None
        if opened is None:
            return None
        return _draft(instance, rows[0], opened)

    def of(self, person: Person) -> list[tuple[UUID, Draft]]:
        """A person's drafts, with the streams of their processes."""
        rows = self._log.query(
            "SELECT stream, instance, version, saved_at, body FROM draft WHERE person=? ORDER BY stream, instance",
            (self._people.fingerprint(person.id),),
        )
        opened = [(row, self._keys.decrypt("person", person.id, row["body"])) for row in rows]
        return [(UUID(row["stream"]), _draft(row["instance"], row, body)) for row, body in opened if body is not None]

    def drop(self, stream: UUID, instance: str, person: Person) -> bool:
        """Throw a draft away; whether there was one."""
        found = self.find(stream, instance, person)
        key = (stream.hex, instance, self._people.fingerprint(person.id))
        self._log.write_rows([("DELETE FROM draft WHERE stream=? AND instance=? AND person=?", key)])
        return found is not None


def _draft(instance: str, row: Mapping[str, Any], opened: bytes) -> Draft:
    written = codec.decode(opened)
    asked = None
    if isinstance(written, list):  # those from before are the answers alone
        bundle, task, written = written
        asked = Asked(str(bundle), str(task))
    return Draft(instance, row["version"], datetime.fromisoformat(row["saved_at"]), codec.mapping(written), asked)
