"""Telling a person everything that is held about them: as data, and as a page that anybody can read.

What others wrote stays out, also where the person entered it for them; what they gave themselves is in it, sealed or
not. `told` gathers, `page` writes; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, Final

from engine import codec
from engine.codec import Json
from engine.engine import Engine, Meeting, stop
from engine.errors import NotAllowed, SamskapError
from engine.form.model import Field
from engine.form.validate import join_personal
from engine.personal import holdings
from engine.personal.holdings import Trace
from engine.process import events as e
from engine.process.history import Teller
from engine.process.state import Membership
from engine.running.loading import QUARANTINE
from engine.store.erasures import Erasure
from engine.store.log import iso
from engine.store.people import Person, Session
from engine.store.sessions import Kept


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that log and store hold about a person, as data."""

    profile: dict[str, Json]
    processes: list[dict[str, Any]]
    sessions: list[dict[str, Json]]
    drafts: list[dict[str, Json]]
    messages: list[dict[str, Json]]
    mended: list[dict[str, Json]]
    questions: list[dict[str, Json]]
    measured: list[dict[str, Json]]

    @property
    def answers(self) -> int:
        """How many answers the person gave."""
        return sum(len(process["answers"]) for process in self.processes)

    def as_dict(self) -> dict[str, Json]:
        """As JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__}


def person_for(engine: Engine, session: Session, handle: str) -> Person:
    """The person with a handle, for themselves and for the operator; raise `NotAllowed` for others."""
    if session.runs_workspace:
        return engine.people.find(handle)
    if session.person.handle != handle:
        raise NotAllowed(
            "what is held about somebody is for that person and the operator",
            hint="Export what is held about yourself, or ask the operator.",
        )
    return session.person


def held(
    engine: Engine,
    person: Person,
    language: str,
    *,
    questions: Iterable[dict[str, Json]] = (),
    measured: Iterable[dict[str, Json]] = (),
    meet: Meeting = stop,
) -> Held:
    """Everything about a person; `questions` and `measured` are what other rooms hold.

    Processes are told as far as they can be; one of which it cannot be told whether the person is in it is met.
    """
    found = holdings.traces(engine, person, meet=meet)
    streams = [trace for trace in found if holdings.is_process(engine, trace.stream)]
    profile: dict[str, Json] = {
        "handle": person.handle,
        "name": person.name,
        "language": person.language,
        "address": person.address,
        "id": person.id,
    }
    return Held(
        profile,
        [_process(engine, trace, language) for trace in streams],
        [_session(kept) for kept in engine.people.sessions.of(person.id, engine.clock())],
        list(_drafts(engine, person)),
        list(_messages(engine, person)),
        [told for trace in found if trace not in streams for told in _mended(engine, trace)],
        list(questions),
        list(measured),
    )


def _process(engine: Engine, trace: Trace, language: str) -> dict[str, Any]:
    loaded = holdings.loaded_of(engine, trace.stream)
    if loaded is None:
        return _UNTOLD | {"name": holdings.name_of(engine, trace.stream), "pseudonym": trace.subject}
    state = loaded.state
    mine = [m for m in state.memberships.values() if m.subject == trace.subject]
    teller = Teller(engine.definitions(state.template), state, language, lambda someone: _name(engine, someone))
    # As the person may read them: own sealed answers too, others' when they are revealed.
    own = engine.events(loaded.records, opened=state.revealed, own=trace.subject)
    events = [event for event in own if _concerns(event, trace, mine)]
    lines = {event.sequence: teller.tell(event) for event in events}
    return {
        "name": state.name,
        "title": state.title,
        "template": loaded.definition.template.title.get(language),
        "status": state.status,
        "pseudonym": trace.subject,
        "memberships": [
            {
                "membership": m.id,
                "party": state.parties[m.party].title if m.party else None,
                "roles": [loaded.definition.template.roles[role].title.get(language) for role in sorted(m.roles)],
                "active": m.active,
                "delegate": m.delegate,
            }
            for m in mine
        ],
        "answers": [
            _answers(engine, state.template, event, language)
            for event in events
            if _is_own_answer(event, trace.subject)
        ],
        "events": [
            {
                "sequence": event.sequence,
                "at": event.recorded_at.isoformat(),
                "type": event.type,
                "who": lines[event.sequence].who,
                "what": lines[event.sequence].text,
                "content": _content(event, trace.subject),
            }
            for event in events
        ],
    }


_UNTOLD: Final[dict[str, Any]] = {
    "title": "",
    "template": "",
    "status": QUARANTINE,
    "memberships": [],
    "answers": [],
    "events": [],
}
"""What is told of a process of which nothing can be told any more, beside its name."""


def _session(kept: Kept) -> dict[str, Json]:
    return {
        "name": kept.name,
        "created_at": kept.created_at.isoformat(),
        "used_at": kept.used_at.isoformat(),
        "expires_at": kept.expires_at.isoformat(),
    }


def _name(engine: Engine, person_id: str) -> str | None:
    person = engine.people.get(person_id)
    return person.name if person else None


def _concerns(event: e.Event, trace: Trace, mine: Sequence[Membership]) -> bool:
    payload = event.payload
    about = {getattr(payload, name, None) for name in ("membership", "to", "subject", "reason_by")}
    theirs = {trace.subject, *(m.id for m in mine)}
    return not theirs.isdisjoint({*about, event.actor, event.on_behalf_of, event.membership})


def _is_own_answer(event: e.Event, subject: str) -> bool:
    return isinstance(event.payload, e.FormSubmitted) and event.payload.subject == subject


_OTHERS: Final = ("answers", "personal", "reason")
"""Fields of a payload that are another's, where they are about another and another gave them."""


def _content(event: e.Event, subject: str) -> dict[str, Json]:
    """The payload, without what others wrote or answered."""
    payload = event.payload
    told = codec.mapping(codec.decode(payload.model_dump_json().encode()))
    about = payload.subject_id in (None, subject)
    return {
        name: value for name, value in told.items() if about or name not in _OTHERS or payload.owner_of(name) == subject
    }


def _answers(engine: Engine, template: str, event: e.Event, language: str) -> dict[str, Json]:
    payload = event.payload
    assert isinstance(payload, e.FormSubmitted)
    given: Mapping[str, object] | None = payload.answers
    if payload.answers is not None and isinstance(payload.personal, dict):
        given = join_personal(payload.answers, payload.personal)
    form = engine.definition(template, event.bundle_hash).form_of(payload.task)
    plain: Json = None if given is None else codec.decode(codec.dumps(dict(given)))  # type: ignore[arg-type]
    return {
        "instance": payload.instance,
        "form": form.title(language),
        "at": event.recorded_at.isoformat(),
        "answers": plain,
        "asked": _asked(form.fields, language),
    }


def _asked(fields: Mapping[str, Field], language: str) -> dict[str, Json]:
    """The questions by the names of their fields."""
    return {name: field.title(language) for name, field in fields.items()}


def _drafts(engine: Engine, person: Person) -> Iterator[dict[str, Json]]:
    for stream, draft in engine.drafts_of(person):
        yield {
            "process": holdings.name_of(engine, stream),
            "instance": draft.instance,
            "saved_at": iso(draft.saved_at),
            "answers": draft.answers,
        }


def _messages(engine: Engine, person: Person) -> Iterator[dict[str, Json]]:
    mark = engine.people.fingerprint(person.id)
    for row in engine.log.query(
        "SELECT o.kind, o.since, o.status, o.at, o.told, p.name FROM outbox o JOIN process p ON p.stream = o.stream"
        " WHERE o.person=? ORDER BY o.since, o.key",
        (mark,),
    ):
        yield {
            "process": row["name"],
            "about": row["kind"],
            "since": row["since"],
            "status": row["status"],
            "at": row["at"],
            "told": row["told"],
        }


def _mended(engine: Engine, trace: Trace) -> Iterator[dict[str, Json]]:
    for event in engine.events(engine.log.read(trace.stream)):
        payload = event.payload
        if isinstance(payload, e.RowMended) and payload.subject == trace.subject:
            told = codec.mapping(codec.decode(payload.model_dump_json().encode()))
            yield {"at": event.recorded_at.isoformat(), **told}


DATA: Final = "held.json"
PAGE: Final = "held.html"
"""What an export is called in its folder."""


def exports(folder: Path, entries: Iterable[Erasure]) -> list[Path]:
    """The files of exports, in a folder or below, that hold what entries of the list of erasures say has to go."""
    gone = {mark for one in entries for mark in (one.person, *(subject for _, subject in one.subjects), *one.units)}
    found = list[Path]()
    for data in sorted(folder.rglob(DATA)):
        if data.is_symlink() or not gone & set(_marks(data)):
            continue
        found += [path for path in (data, data.with_name(PAGE)) if path.is_file()]
    return found


def _marks(data: Path) -> Iterator[object]:
    """By what an export names its person: everywhere, in each process, and in rows of measurement files."""
    try:
        told: dict[str, Any] = dict(codec.mapping(codec.decode(data.read_bytes())))
        yield told["profile"]["id"]
        yield from (process["pseudonym"] for process in told["processes"])
        yield from (cell for row in told["measured"] for cell in row["cells"].values())
    except (OSError, SamskapError, LookupError, TypeError, ValueError, AttributeError):
        return  # it is no export of ours


# -- the page ---------------------------------------------------------------------------------------------------------

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "title": {"nb": "Dette er lagret om deg", "nn": "Dette er lagra om deg", "en": "What is held about you"},
    "made": {"nb": "Skrevet ut", "nn": "Skrive ut", "en": "Made on"},
    "profile": {"nb": "Hvem du er her", "nn": "Kven du er her", "en": "Who you are here"},
    "sessions": {"nb": "Innlogginger", "nn": "Innloggingar", "en": "Where you are signed in"},
    "memberships": {"nb": "Du er med som", "nn": "Du er med som", "en": "You take part as"},
    "ended": {"nb": "sluttet", "nn": "slutta", "en": "ended"},
    "answers": {"nb": "Det du har svart", "nn": "Det du har svart", "en": "What you answered"},
    "events": {"nb": "Det som har skjedd", "nn": "Det som har hendt", "en": "What happened"},
    "drafts": {"nb": "Utkast", "nn": "Utkast", "en": "Drafts"},
    "messages": {"nb": "Meldinger til deg", "nn": "Meldingar til deg", "en": "Messages to you"},
    "mended": {"nb": "Verdier du har rettet", "nn": "Verdiar du har retta", "en": "Values that you put right"},
    "questions": {"nb": "Spørringer du har gjort", "nn": "Spørjingar du har gjort", "en": "Questions that you asked"},
    "measured": {"nb": "Rader i målefiler", "nn": "Rader i målefiler", "en": "Rows of measurement files"},
    "none": {"nb": "Ingenting", "nn": "Ingenting", "en": "Nothing"},
}


def page(told: Held, language: str, made_at: datetime) -> str:
    """A page in HTML with everything in it, for any browser: no scripts, nothing from elsewhere."""
    word = {name: words[language] for name, words in _WORDS.items()}
    body = [
        f"<h1>{escape(word['title'])}</h1>",
        f"<p>{escape(word['made'])} {made_at:%Y-%m-%d %H:%M} UTC</p>",
        f"<h2>{escape(word['profile'])}</h2>",
        _table([told.profile]),
        *(part for process in told.processes for part in _process_page(process, word)),
    ]
    for name in ("sessions", "drafts", "messages", "mended", "questions", "measured"):
        rows = getattr(told, name)
        body += [f"<h2>{escape(word[name])}</h2>", _table(rows) if rows else f"<p>{escape(word['none'])}</p>"]
    head = f"<title>{escape(word['title'])}</title><style>{_STYLE}</style>"
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">{head}</head>\n<body>\n'
        + "\n".join(body)
        + "\n</body></html>\n"
    )


_STYLE: Final = (
    "body{font-family:sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;line-height:1.5}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}"
    "th,td{border:1px solid #999;padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
)


def _process_page(process: Mapping[str, Any], word: Mapping[str, str]) -> Iterator[str]:
    yield f"<h2>{escape(process['title'])} – {escape(process['template'])}</h2>"
    yield f"<p>{escape(word['memberships'])}:</p><ul>"
    for membership in process["memberships"]:
        party = f", {membership['party']}" if membership["party"] else ""
        ended = "" if membership["active"] else f" ({word['ended']})"
        yield f"<li>{escape(', '.join(membership['roles']) + party + ended)}</li>"
    yield f"</ul><h3>{escape(word['answers'])}</h3>"
    for given in process["answers"]:
        yield f"<h4>{escape(given['form'])}, {escape(given['at'][:16])}</h4>"
        asked = given["asked"]
        yield _table([{asked.get(name, name): value for name, value in (given["answers"] or {}).items()}])
    yield f"<h3>{escape(word['events'])}</h3><ul>"
    for event in process["events"]:
        yield f"<li>{escape(event['at'][:16])} · {escape(event['who'])}: {escape(event['what'])}</li>"
    yield "</ul>"


def _table(rows: Sequence[Mapping[str, Json]]) -> str:
    """Each row as a small table of names and values."""
    return "\n".join(
        "<table>"
        + "".join(f"<tr><th>{escape(str(name))}</th><td>{_cell(value)}</td></tr>" for name, value in row.items())
        + "</table>"
        for row in rows
    )


def _cell(value: Json) -> str:
    if isinstance(value, dict):
        return _table([value])
    if isinstance(value, list):
        return "<br>".join(_cell(item) for item in value)
    return "" if value is None else escape(str(value))
