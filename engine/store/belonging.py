"""Which keys a store belongs to: those that it was begun with, by a mark that lies in it and tells nothing of them.

Two workspaces with keys of their own would write into one store what the other can never read, and each would see
strangers' pseudonyms as its own. So a store lets nobody in who brings other keys. Where all keys are lost people may
read, and new ones take their place only when somebody says that they are lost for good (`adopt`).
"""

from __future__ import annotations

from typing import Final

from engine.errors import Conflict, KeyMissing, NotAllowed
from engine.store.keys import KeyFolder
from engine.store.log import Log

NOBODYS: Final = ""
"""The mark of a store whose keys are lost for good: it belongs to whoever makes new ones first."""

_KEEP = "INSERT INTO belonging VALUES (?,?) ON CONFLICT (what) DO UPDATE SET mark=excluded.mark"
_BEGIN = "INSERT INTO belonging VALUES (?,?)"
_TAKE = "UPDATE belonging SET mark=? WHERE what=? AND mark=?"
_WHAT = "keys"


def admit(log: Log, keys: KeyFolder) -> None:
    """Raise `KeyMissing` where a store belongs to other keys than those that are here.

    A store from before there were marks gets its own now, where the keys that are here open something in it.
    """
    kept, own = _mark(log), keys.mark()
    if own is None:
        if kept != NOBODYS and _is_anothers(log, keys, kept):
            raise _not_these(log)
    elif kept is None and not _is_anothers(log, keys, kept):
        _begin(log, own)
    elif kept != own:
        raise _not_these(log)


def begin(log: Log, keys: KeyFolder) -> None:
    """Make the key that a store's people are known by, where there is none, and let the store belong to it.

    Raises `KeyMissing` where it belongs to other keys, or where people are in it whose keys are not here.
    """
    if keys.is_there("workspace", "people"):
        return
    kept = _mark(log)
    if kept != NOBODYS and (kept is not None or _has_people(log)):
        raise _not_these(log)
    keys.ensure("workspace", "people")
    own = keys.mark()
    assert own is not None
    if kept is None:
        _begin(log, own)
    else:
        log.write_rows([(_TAKE, (own, _WHAT, NOBODYS))])
    if _mark(log) != own:
        raise _not_these(log)


def adopt(log: Log, keys: KeyFolder) -> bool:
    """Let a store belong to the keys that are here, or where all are lost to those made next; whether it did not yet.

    Where all are lost a new operator's key is made: somebody has to go on. Raises `NotAllowed` where there are keys of
    a workspace, and not its operator's.
    """
    own = keys.mark()
    if own is None:
        keys.ensure("workspace", "operator")
    elif not keys.is_there("workspace", "operator"):
        raise NotAllowed("letting a store belong to other keys needs the operator's key", hint="Ask the operator.")
    return hand_over(log, keys)


def hand_over(log: Log, keys: KeyFolder) -> bool:
    """What `adopt` does, for who is known to hold what the store holds; no key is made."""
    kept, new = _mark(log), keys.mark() or NOBODYS
    if kept != new:
        log.write_rows([(_KEEP, (_WHAT, new))])
    return kept != new


def _mark(log: Log) -> str | None:
    """The mark of the keys that a store belongs to; None where none were needed yet, or it is from before."""
    rows = log.query("SELECT mark FROM belonging WHERE what=?", (_WHAT,))
    return str(rows[0]["mark"]) if rows else None


def _begin(log: Log, own: str) -> None:
    """Mark a store; raise `KeyMissing` where another was first."""
    try:
        log.write_rows([(_BEGIN, (_WHAT, own))])
    except Conflict:
        if _mark(log) != own:
            raise _not_these(log) from None


def _is_anothers(log: Log, keys: KeyFolder, kept: str | None) -> bool:
    """Whether a workspace that is in use, which always has keys, has none that belong to a store."""
    if keys.mark() is None and not keys.is_there("workspace", "operator"):
        return False  # all keys are lost, and people may still read
    if kept is not None:
        return True
    people = [row["id"] for row in log.query("SELECT id FROM person")]
    return bool(people) and not any(keys.is_there("person", one) for one in people)


def _has_people(log: Log) -> bool:
    return bool(log.query("SELECT 1 FROM person LIMIT 1"))


def _not_these(log: Log) -> KeyMissing:
    return KeyMissing(
        "this store was begun with other keys than those that are here",
        hint="Is it the right store (store_url), and are these the right keys (data/keys)? Two workspaces never share a"
        " store; one workspace on several machines has the same keys on all. Put the right ones back from their backup;"
        " if they are lost for good: `samskap store adopt`.",
        where=log.place,
    )
