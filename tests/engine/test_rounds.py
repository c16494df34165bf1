"""A whole SAMSON round on a real log: sealed until all have answered, then revealed as the parties chose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.codec import Json
from engine.engine import Engine
from engine.errors import AnswersInvalid, Refused
from engine.process import commands as c
from engine.process import events as e
from engine.store.people import Session
from engine.template import bundle
from engine.template.sources import BUILT_IN

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CANARY = "kanarifugl-i-kommentaren"


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Round:
    """A collaboration of two parties with one person each, in answering."""

    def __init__(self, engine: Engine, clock: Hands, visibility: str) -> None:
        self.engine, self.clock = engine, clock
        self.kari = self._person("kari")
        engine.start(self.kari, "samson", "arendal", "Arendal")
        self.submit(self.kari, "register.1.m1", registration(self.engine))
        self.people = [
            self._member(handle, party, visibility) for handle, party in (("ola", "kommune"), ("eva", "lag"))
        ]
        engine.handle(self.kari, "arendal", c.Act("open_round"))

    def _person(self, handle: str) -> Session:
        person = self.engine.people.add(handle, handle.title())
        return self.engine.people.sign_in(self.engine.people.token(person, self.clock()), self.clock())

    def _member(self, handle: str, party: str, visibility: str) -> Session:
        session = self._person(handle)
        self.engine.handle(self.kari, "arendal", c.AddParty(party, party.title()))
        token = self.engine.invite(self.kari, "arendal", ("member",), party).result["token"]
        membership = self.engine.join(session, token).result["membership"]
        self.submit(session, f"register.1.{membership}", registration(self.engine))
        self.submit(session, f"agree.1.{party}", {"visibility": visibility})
        return session

    def submit(self, session: Session, instance: str, answers: Json) -> None:
        self.engine.handle(session, "arendal", c.Submit(instance, answers))

    def answer(self, number: int, score: int) -> None:
        answers = {**dict.fromkeys(items(self.engine), score), "shared_problem_1__comment": CANARY}
        self.submit(self.people[number], f"answer.1.m{number + 2}", answers)

    def payloads(self, own: str | None = None) -> list[e.FormSubmitted]:
        loaded = self.engine.load(self.engine.stream("arendal"))
        found = self.engine.events(loaded.records, opened=loaded.state.revealed, own=own)
        return [ev.payload for ev in found if isinstance(ev.payload, e.FormSubmitted) and ev.payload.task == "answer"]


def items(engine: Engine) -> list[str]:
    form = engine.definition("samson").forms["answers"]
    return [name for name, field in form.fields.items() if field.score]


def registration(engine: Engine) -> dict[str, Json]:
    """The least that the membership form takes: the first choice, a low number, a short text of what it requires."""
    form = engine.definition("samson").forms["membership"]
    answers: dict[str, Json] = {}
    for name, field in form.fields.items():
        if field.required:
            first = field.choices[0].const if field.choices else None
            kinds: dict[str, Json] = {"choice": first, "choices": [first], "integer": 3, "text": "kort tekst"}
            answers[name] = kinds[field.kind]
    return answers


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def engine(tmp_path: Path, clock: Hands) -> Iterator[Engine]:
    opened = Engine.open(tmp_path, clock=clock)
    opened.publish(bundle.read("samson", [BUILT_IN]))
    yield opened
    opened.close()


def test_given_an_open_round_when_one_has_answered_then_nobody_else_can_read_it(engine: Engine, clock: Hands) -> None:
    rounds = Round(engine, clock, "open")
    rounds.answer(0, 4)
    assert [p.answers for p in rounds.payloads()] == [None]


def test_given_an_open_round_when_one_has_answered_then_the_author_can_read_it(engine: Engine, clock: Hands) -> None:
    rounds = Round(engine, clock, "open")
    rounds.answer(0, 4)
    author = rounds.payloads()[0].subject
    (own,) = rounds.payloads(own=author)
    assert own.answers is not None
    assert own.answers["shared_problem_1"] == 4


def test_given_an_open_round_when_all_have_answered_then_it_is_revealed_and_dialogue_begins(
    engine: Engine, clock: Hands
) -> None:
    rounds = Round(engine, clock, "open")
    rounds.answer(0, 4)
    rounds.answer(1, 2)
    state = engine.load(engine.stream("arendal")).state
    assert list(state.active) == ["round", "dialogue"]
    assert [p.answers["power_1"] for p in rounds.payloads() if p.answers] == [4, 2]


def test_given_one_no_when_the_round_ends_then_it_is_protected_and_the_log_holds_no_key(
    engine: Engine, clock: Hands
) -> None:
    rounds = Round(engine, clock, "protected")
    rounds.answer(0, 4)
    rounds.answer(1, 2)
    (revealed,) = engine.load(engine.stream("arendal")).state.revealed.values()
    assert (revealed.visibility, revealed.key) == ("protected", None)


def test_given_a_revealed_round_when_the_store_is_read_then_comments_are_in_no_clear_text(
    engine: Engine, clock: Hands, tmp_path: Path
) -> None:
    rounds = Round(engine, clock, "open")
    rounds.answer(0, 4)
    rounds.answer(1, 2)
    assert CANARY.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("events.sqlite*"))


def test_given_a_silent_party_when_the_deadline_passes_then_the_facilitator_may_close(
    engine: Engine, clock: Hands
) -> None:
    rounds = Round(engine, clock, "open")
    rounds.answer(0, 4)
    with pytest.raises(Refused, match="not open now"):
        engine.handle(rounds.kari, "arendal", c.Act("close", "Vi går videre"))
    clock.now = START + timedelta(days=15)
    engine.tick()
    engine.handle(rounds.kari, "arendal", c.Act("close", "Vi går videre"))
    assert list(engine.load(engine.stream("arendal")).state.active) == ["round", "dialogue"]


def test_given_a_deadline_when_time_acts_twice_then_it_fires_once(engine: Engine, clock: Hands) -> None:
    Round(engine, clock, "open")
    clock.now = START + timedelta(days=15)
    engine.tick()
    after = engine.log.position()
    engine.tick()
    assert engine.log.position() == after


def test_given_an_answer_off_the_scale_when_submitted_then_refused_by_field_and_nothing_written(
    engine: Engine, clock: Hands
) -> None:
    rounds = Round(engine, clock, "open")
    before = engine.log.position()
    with pytest.raises(AnswersInvalid) as refused:
        rounds.answer(0, 6)
    assert {field.path for field in refused.value.fields} == set(items(engine))
    assert engine.log.position() == before


def test_given_a_process_when_read_at_an_earlier_moment_then_it_is_as_it_was(engine: Engine, clock: Hands) -> None:
    rounds = Round(engine, clock, "open")
    clock.now = START + timedelta(days=1)
    rounds.answer(0, 4)
    rounds.answer(1, 2)
    then = engine.at("arendal", START + timedelta(hours=1)).state
    assert (list(then.active), then.group("answer", "answering").open) == (["round", "answering"], 2)


def test_given_a_round_when_its_history_is_told_then_each_event_is_a_line_in_the_readers_language(
    engine: Engine, clock: Hands
) -> None:
    rounds = Round(engine, clock, "open")
    told = {line.text for line in engine.history(rounds.kari, "arendal", "nn")}
    assert {"Starta «Arendal» (samson 1.1.0)", "Gjekk inn i: Svar", "Valde: Opne ein runde"} <= told


def test_given_a_round_when_its_history_is_told_then_people_have_their_names(engine: Engine, clock: Hands) -> None:
    rounds = Round(engine, clock, "open")
    assert {line.who for line in engine.history(rounds.kari, "arendal")} == {"Kari", "Ola", "Eva"}
