"""The people of a workspace and how they show who they are.

A person's profile (name, language, address) lies under that person's key; a handle is kept as a keyed fingerprint
only. Who acts is read from a token that stands for a session in the store, or, for an operator, from the operator's
key in the key folder; never from a name that somebody typed. What a person may do in a process is `access`'s.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from uuid import uuid4

from engine import codec
from engine.errors import Conflict, NotAllowed, NotFound, UsageError
from engine.store import belonging
from engine.store.keys import KeyFolder
from engine.store.log import Log
from engine.store.sessions import COMMAND_LINE, Kept, Sessions, Terms

LANGUAGES = ("nb", "nn", "en")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes part; `id` is random and known to this workspace only."""

    id: str
    handle: str
    name: str
    language: str = "nb"
    address: str | None = field(default=None, repr=False)
    """Where messages go; None: nothing is sent."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who acts, and how we know: by their own token, or through the operator."""

    person: Person
    operator: bool = False
    kept: Kept | None = None
    """What the token stands for in the store; None for an operator."""

    @property
    def runs_workspace(self) -> bool:
        """Whether the operator acts as themselves, with the powers of whoever runs the workspace.

        Who acts for a person has that person's rights, and no powers beside them.
        """
        return self.operator and not self.person.id


class People:
    """The register of people in the store, and how they sign in."""

    def __init__(self, log: Log, keys: KeyFolder) -> None:
        self._log = log
        self._keys = keys
        self._is_begun = False  # looked at once
        self.sessions = Sessions(log, keys)
        self._fingerprint = lru_cache(maxsize=4096)(partial(self._mac, "person"))  # every command asks several times

    def add(self, handle: str, name: str, language: str = "nb") -> Person:
        """Take a person up; the handle is unique in the workspace."""
        if not handle or len(handle) > 80 or handle != handle.strip() or "." in handle[:1]:
            raise UsageError(
                f"“{handle}” cannot be a handle", hint="Use a short word, such as kari or kari@kommune.no."
            )
        if language not in LANGUAGES:
            raise UsageError(f"“{language}” is no language of ours", hint=f"Choose one of {', '.join(LANGUAGES)}.")
        person = Person(uuid4().hex, handle, name or handle, language)
        mark, sealed = self.handle_mark(handle), self._sealed(person)
        try:
            self._log.write_rows([("INSERT INTO person VALUES (?,?,?)", (person.id, mark, sealed))])
        except Conflict:
            self._keys.destroy("person", person.id)
            raise Conflict(f"there is a “{handle}” already", hint="Choose another handle.") from None
        return person

    def notify(self, person: Person, address: str | None) -> Person:
        """Keep where messages to a person go, under the person's key; None: nothing is sent any more."""
        changed = replace(person, address=address)
        self._log.write_rows([("UPDATE person SET profile=? WHERE id=?", (self._sealed(changed), person.id))])
        return changed

    def _sealed(self, person: Person) -> bytes:
        """A profile under the person's key."""
        profile = {"handle": person.handle, "name": person.name, "language": person.language}
        if person.address is not None:
            profile["address"] = person.address
        return self._keys.encrypt("person", person.id, codec.dumps({**profile}))

    def find(self, handle: str) -> Person:
        """The person with a handle; raise `NotFound`."""
        rows = self._rows(handle)
        person = self._read(rows[0]["id"], rows[0]["profile"]) if rows else None
        if person is None:
            raise NotFound(
                f"nobody here is called “{handle}”", hint=f"Add them: samskap identity add {handle} --name …"
            )
        return person

    def _rows(self, handle: str) -> list[Mapping[str, Any]]:
        """What is stored of a handle. Looking makes no key: one that is lost could not be put back beside it."""
        if not self._keys.is_there("workspace", "people"):
            return []
        return self._log.query("SELECT id, profile FROM person WHERE handle=?", (self.handle_mark(handle),))

    def get(self, person_id: str) -> Person | None:
        """The person with an id; None if erased or unknown."""
        rows = self._log.query("SELECT id, profile FROM person WHERE id=?", (person_id,))
        return self._read(rows[0]["id"], rows[0]["profile"]) if rows else None

    def all(self) -> list[Person]:
        """Everybody who can still be read, by handle."""
        rows = self._log.query("SELECT id, profile FROM person")
        people = [self._read(row["id"], row["profile"]) for row in rows]
        return sorted((p for p in people if p is not None), key=lambda p: p.handle)

    def _read(self, person_id: str, profile: bytes) -> Person | None:
        opened = self._keys.decrypt("person", person_id, profile)
        if opened is None:
            return None
        found = codec.mapping(codec.decode(opened))
        address = str(found["address"]) if "address" in found else None
        return Person(person_id, str(found["handle"]), str(found["name"]), str(found["language"]), address)

    def handle_mark(self, handle: str) -> str:
        """A handle as it is kept: the same everywhere in the workspace, and telling nothing without the key."""
        return self._mac("handle", handle)

    def fingerprint(self, person_id: str) -> str:
        """A person in our work lists: the same everywhere in the workspace, and telling nothing without the key."""
        return self._fingerprint(person_id)

    def _mac(self, purpose: str, text: str) -> str:
        if not self._is_begun:
            belonging.begin(self._log, self._keys)
            self._is_begun = True
        key = self._keys.ensure("workspace", "people")
        return hmac.digest(key, f"{purpose}:{text}".encode(), "sha256").hex()

    # -- signing in -------------------------------------------------------------------------------------------------

    def token(self, person: Person, now: datetime, terms: Terms = COMMAND_LINE, name: str = "") -> str:
        """A token with which a person signs in: whoever holds it is that person, until it ends or is ended."""
        return self.sessions.begin(person.id, now, terms, name)

    def sign_in(self, token: str, now: datetime) -> Session:
        """Who a token says one is; raise `NotAllowed` where it is unknown, ended, over, or of somebody who is gone."""
        kept = self.sessions.find(token, now)
        person = self.get(kept.person)
        if person is None:
            raise NotAllowed("this identity no longer exists", hint="Ask the operator to take you up again.")
        return Session(person, kept=kept)

    def act_as(self, handle: str) -> Session:
        """An operator acting for somebody: needs the operator's key, and the log says so."""
        if self._keys.raw("workspace", "operator") is None:
            raise NotAllowed(
                "acting for somebody else needs the operator's key",
                hint="Sign in as yourself: set SAMSKAP_IDENTITY to your token.",
            )
        return Session(self.find(handle), operator=True)
