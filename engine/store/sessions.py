"""Sessions: who is signed in, kept in the store, so that they can be listed, ended and run out.

A token is 256 random bits that only its holder has. The store keeps a keyed fingerprint of it, and under the person's
key whose it is and how long it lasts: whoever can write to the database, but has no keys, cannot make a session, nor
make one last longer. Without the person's key there is no session either. Who the person is is `people`'s.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from engine import codec
from engine.errors import Conflict, IntegrityFault, NotAllowed, NotFound, StoreError, UsageError
from engine.store.keys import KeyFolder
from engine.store.log import Log, Row, iso

PREFIX: Final = "samskap_"
"""What a token begins with, so that programs that look for secrets in files know one."""
LONGEST_NAME: Final = 60
_SHOWN: Final = 8
_HINT = "Ask the operator for a new one: samskap identity token HANDLE."
_NOT_KNOWN = "this identity token is not known here: it was ended, or is no token of this workspace"


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a session lasts: `life` at most, and no longer than `idle` unused (None: however long)."""

    life: timedelta
    idle: timedelta | None = None


COMMAND_LINE: Final = Terms(timedelta(days=90))
WEB: Final = Terms(timedelta(hours=8), timedelta(minutes=30))
LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Kept:
    """A session as the store keeps it; `id` says which, and opens nothing. Times are UTC."""

    id: str
    person: str
    name: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    idle: timedelta | None = None

    @property
    def short(self) -> str:
        """Enough of the id for people to tell sessions apart."""
        return self.id[:_SHOWN]

    def ended_because(self, now: datetime) -> str:
        """Why it no longer holds; empty while it does."""
        if now >= self.expires_at:
            return "this identity token has expired"
        if self.idle is not None and now >= self.used_at + self.idle:
            return "this session was not used for too long"
        return ""


class Sessions:
    """The sessions in the store."""

    def __init__(self, log: Log, keys: KeyFolder) -> None:
        self._log = log
        self._keys = keys

    def begin(self, person_id: str, now: datetime, terms: Terms = COMMAND_LINE, name: str = "") -> str:
        """Sign a person in: the token, which is shown this once.

        A name stands for one session of a person: begun again, the earlier one ends. Those that ran out are cleared.
        """
        if len(name) > LONGEST_NAME:
            raise UsageError(f"a name has at most {LONGEST_NAME} characters", hint="Shorten it: laptop.")
        if not timedelta() < terms.life <= LONGEST:
            raise UsageError(f"a session lasts at most {LONGEST.days} days", hint="Give a shorter time: P90D.")
        known = self._all(person_id)
        token = PREFIX + secrets.token_urlsafe(32)
        made = Kept(self._fingerprint(token), person_id, name, now, now, now + terms.life, terms.idle)
        over = [one for one in known if one.ended_because(now) or (name and one.name == name)]
        self._log.write_rows([*map(_deletion, over), ("INSERT INTO session VALUES (?,?,?,?)", self._values(made))])
        return token

    def find(self, token: str, now: datetime) -> Kept:
        """The session of a token, which is used now; raise `NotAllowed` where it does not hold (any more)."""
        rows = self._rows(token.strip())
        found = self._opened(rows[0]) if rows else None
        if found is None:
            raise NotAllowed(_NOT_KNOWN, hint=_HINT)
        over = found.ended_because(now)
        if over:
            raise NotAllowed(over, hint=_HINT)
        self._use(found, now)
        return found

    def rotate(self, token: str, now: datetime) -> str:
        """Another token for the same session, when it comes to allow more: the one at hand no longer holds."""
        found = self.find(token, now)
        renewed = PREFIX + secrets.token_urlsafe(32)
        made = replace(found, id=self._fingerprint(renewed), used_at=now)
        # One that was ended meanwhile is not there to be changed, and does not come back under another token.
        identifier, _, used_at, body = self._values(made)
        statement = "UPDATE session SET id=?, used_at=?, body=? WHERE id=?"
        self._log.write_rows([(statement, (identifier, used_at, body, found.id))])
        if not self._log.query("SELECT 1 FROM session WHERE id=?", (made.id,)):
            raise NotAllowed(_NOT_KNOWN, hint=_HINT)
        return renewed

    def of(self, person_id: str, now: datetime) -> list[Kept]:
        """A person's sessions that hold, the newest first."""
        holding = [one for one in self._all(person_id) if not one.ended_because(now)]
        return sorted(holding, key=lambda one: (one.created_at, one.id), reverse=True)

    def end(self, person_id: str, which: str, now: datetime) -> Kept:
        """End one session of a person, named by its name or the beginning of its id; raise `NotFound`."""
        known = self.of(person_id, now) if which else []
        named = [one for one in known if one.name == which]
        found = named or [one for one in known if one.id.startswith(which)]
        if len(found) != 1:
            what = f"there is no session “{which}”" if not found else f"“{which}” begins the id of several sessions"
            raise NotFound(what, hint="`samskap identity sessions` lists those that there are.")
        self._log.write_rows([_deletion(found[0])])
        return found[0]

    def end_all(self, person_id: str) -> int:
        """End every session of a person, also what cannot be read; how many there were."""
        rows = self._log.query("SELECT count(*) AS number FROM session WHERE person=?", (person_id,))
        self._log.write_rows([ended(person_id)])
        return int(rows[0]["number"])

    def _use(self, found: Kept, now: datetime) -> None:
        """Keep when a session was last used, as exactly as its idle time needs."""
        step = found.idle / 30 if found.idle is not None else timedelta(hours=1)
        if now - found.used_at < step:
            return
        with suppress(StoreError, Conflict):  # nobody who only reads is turned away while the store is held or full
            self._log.write_rows([("UPDATE session SET used_at=? WHERE id=?", (iso(now), found.id))])

    def _rows(self, token: str) -> list[Mapping[str, Any]]:
        """What is stored of a token. Looking makes no key: one that is lost could not be put back beside it."""
        if not self._keys.is_there("workspace", "identity"):
            return []
        return self._log.query("SELECT * FROM session WHERE id=?", (self._fingerprint(token),))

    def _all(self, person_id: str) -> list[Kept]:
        rows = self._log.query("SELECT * FROM session WHERE person=?", (person_id,))
        return [kept for row in rows if (kept := self._opened(row)) is not None]

    def _opened(self, row: Mapping[str, Any]) -> Kept | None:
        """A session as stored; None where its person's key is gone."""
        body = self._keys.decrypt("person", row["person"], row["body"])
        if body is None:
            return None
        held = codec.mapping(codec.decode(body))
        if held["id"] != row["id"]:
            raise IntegrityFault(
                "a session was changed behind the engine's back", hint="End all sessions: samskap identity end --all."
            )
        created, expires = (datetime.fromisoformat(str(held[name])) for name in ("created_at", "expires_at"))
        idle = timedelta(seconds=int(str(held["idle"]))) or None
        used = datetime.fromisoformat(row["used_at"])
        return Kept(row["id"], row["person"], str(held["name"]), created, used, expires, idle)

    def _values(self, kept: Kept) -> tuple[str, str, str, bytes]:
        """A session as it is stored: what it is and how long it holds under the person's key."""
        body = codec.dumps(
            {
                "id": kept.id,
                "name": kept.name,
                "created_at": iso(kept.created_at),
                "expires_at": iso(kept.expires_at),
                "idle": int(kept.idle.total_seconds()) if kept.idle is not None else 0,
            }
        )
        return kept.id, kept.person, iso(kept.used_at), self._keys.encrypt("person", kept.person, body)

    def _fingerprint(self, token: str) -> str:
        key = self._keys.ensure("workspace", "identity")
        return hmac.digest(key, f"session:{token}".encode(errors="replace"), "sha256").hex()


def all_ended() -> Row:
    """The row that ends every session of everybody."""
    return "DELETE FROM session", ()


def ended(person_id: str) -> Row:
    """What ends every session of a person: also to be written with what erases them."""
    return "DELETE FROM session WHERE person=?", (person_id,)


def _deletion(kept: Kept) -> Row:
    return "DELETE FROM session WHERE id=?", (kept.id,)
