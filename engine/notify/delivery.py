"""Sending what is in the outbox: each message at least once, with the same key every time.

Sending and noting that it was sent are two steps. What was sent by somebody who was killed between them is sent again
when the lease has run out: the receiver gets it twice, with one key. In every other case it is sent once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from engine.engine import Engine
from engine.errors import IntegrityFault, KeyMissing, NotFound
from engine.notify.messages import told
from engine.notify.outbox import Letter, Status
from engine.notify.recipients import notices
from engine.notify.sending import NotDelivered, Post
from engine.progress import Progress, quiet

BACK_OFF: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 6 * 60, 12 * 60, 24 * 60))
"""How long to wait after each attempt in vain; after the last a message counts as refused."""
TOO_OLD: Final = timedelta(days=14)
"""What waited longer than this is not sent: a workspace that begins to send does not tell of its past."""
RESTING: Final = timedelta(hours=1)
"""When to look again at a message of a suspended process."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the messages that were due: how many of them, by status (`waiting`: to be tried again)."""

    sent: int
    waiting: int
    refused: int
    unaddressed: int
    moot: int


@dataclass(frozen=True, slots=True)
class _Outcome:
    status: Status
    told: str = ""
    wait: timedelta = timedelta(0)
    counts: bool = True


def deliver(engine: Engine, post: Post, *, base_url: str | None = None, progress: Progress = quiet) -> Delivered:
    """Send everything that is due; `base_url` is where people get in, and stands in every message.

    Any number of programs may do this at once. Raises `StoreError` where the store fails.
    """
    counted: Counter[Status] = Counter()
    until = engine.clock()
    while (letter := engine.outbox.claim(until)) is not None:
        outcome = _outcome(engine, post, letter, base_url)
        attempts = letter.attempts if outcome.counts else letter.attempts - 1
        engine.outbox.end(letter, outcome.status, engine.clock() + outcome.wait, outcome.told, attempts=attempts)
        counted[outcome.status] += 1
        progress("sending", counted.total(), 0)
    engine.outbox.clear(until)
    return Delivered(counted["sent"], counted["waiting"], counted["refused"], counted["unaddressed"], counted["moot"])


def _outcome(engine: Engine, post: Post, letter: Letter, base_url: str | None) -> _Outcome:
    """Send one message, if it still has to be; what came of it."""
    if letter.attempts > len(BACK_OFF) + 1:  # whoever sent it was killed each time
        return _Outcome("refused", f"it was tried {letter.attempts - 1} times")
    if letter.since < engine.clock() - TOO_OLD:
        return _Outcome("moot", "too old")
    try:
        return _sent(engine, post, letter, base_url)
    except NotDelivered as fault:
        return _again(letter, fault.told, for_good=fault.for_good)
    except (IntegrityFault, NotFound, KeyMissing) as fault:  # one damaged process keeps no other's messages back
        return _again(letter, f"the process cannot be read: {fault.code}")


def _sent(engine: Engine, post: Post, letter: Letter, base_url: str | None) -> _Outcome:
    loaded = engine.load(letter.stream)
    state = loaded.state
    (event,) = engine.events([loaded.records[letter.sequence - 1]])  # a stream has no gaps
    wanted = [notice for notice in notices(event, state, loaded.definition) if _is(notice.person, letter, engine)]
    person = engine.people.get(wanted[0].person) if wanted else None
    if person is None:
        return _Outcome("moot", "no longer so")
    if state.status == "suspended":
        return _Outcome("waiting", "the process is suspended", RESTING, counts=False)
    if person.address is None:
        return _Outcome("unaddressed", "no address")
    definition = engine.definition(state.template, event.bundle_hash or state.bundle)
    post.send(person.address, told(letter, event, state, definition, person.language, base_url))
    return _Outcome("sent")


def _is(person: str, letter: Letter, engine: Engine) -> bool:
    return engine.people.fingerprint(person) == letter.person


def _again(letter: Letter, why: str, *, for_good: bool = False) -> _Outcome:
    if for_good or letter.attempts > len(BACK_OFF):
        return _Outcome("refused", why)
    return _Outcome("waiting", why, BACK_OFF[letter.attempts - 1])
