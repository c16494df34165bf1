"""How the cost of one thing grows with what it is about: processor time at 1, 10 and 100 times a base, whatever scale
is asked for. Each row names how many times as long it took as the row before; ten is linear."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TypeVar
from uuid import UUID

from benchmarks.measure import Line, growing, line, timed
from benchmarks.scale_speed import NOW, OPERATOR
from cli import play
from engine.diagram.model import picture
from engine.diagram.svg import svg
from engine.engine import Engine
from engine.export.ocel import ocel
from engine.export.source import source
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import Actor
from engine.process.conditions import Conditions
from engine.process.decide import Context, decide
from engine.process.explain import explain_now
from engine.process.state import ProcessState, fold
from engine.process.stranded import waits_for_nobody
from engine.store import worklists
from engine.store.people import Session
from engine.template import bundle
from engine.template.chart import Definition
from engine.template.diff import differences

T = TypeVar("T")

TITLE = "{nb: T, nn: T, en: T}"
TEMPLATE = f"""
template: grown
version: VERSION
title: {TITLE}
roles: {{lead: {{title: {TITLE}}}, member: {{title: {TITLE}, of: party}}}}
starter: lead
initial: INITIAL
tasks:
  log: {{title: {TITLE}, form: note, by: [lead, member], optional: true, repeatable: true}}
states:
  asking:
    title: {TITLE}
    tasks: {{choose: {{title: {TITLE}, form: note, by: member, each: membership}}}}
    actions: {{go: {{title: {TITLE}, by: lead, to: voting}}}}
  voting:
    title: {TITLE}
    tasks:
      vote:
        title: {TITLE}
        form: note
        by: member
        each: membership
        HELPED
        sealed: true
        visibility: {{from: answers.choose.shown, order: [open, protected]}}
    actions: {{end: {{title: {TITLE}, by: lead, to: over}}}}
  over: {{title: {TITLE}, final: true}}
"""
STEP = f"""
  sNUMBER:
    title: {TITLE}
    tasks: {{tNUMBER: {{title: {TITLE}, form: note, by: lead}}}}
    actions:
      onNUMBER: {{title: {TITLE}, by: lead, to: NEXT, when: tasks.tNUMBER.complete}}
      backNUMBER: {{title: {TITLE}, by: lead, to: sHALF}}
"""
NOTE = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: grown/note
title: N
x-i18n: {nn: {title: N}, en: {title: N}}
type: object
required: [shown]
properties:
  shown:
    title: N
    x-i18n: {nn: {title: N}, en: {title: N}}
    oneOf:
      - {const: open, title: N, x-i18n: {nn: {title: N}, en: {title: N}}}
      - {const: protected, title: N, x-i18n: {nn: {title: N}, en: {title: N}}}
"""
ANSWERS = {"shown": "open"}


def growth(_: int) -> list[Line]:
    """Everything here, of which none should take more than about ten times as long for ten times as much."""
    return [
        *_answers(),
        *_people(),
        *_processes(),
        *_events(),
        *_templates(),
    ]


def _rows(what: str, base: int, make: Callable[[int], T], act: Callable[[T], object]) -> Iterator[Line]:
    """The processor time of one thing at three sizes."""
    before = None
    for size in growing(base):
        made = make(size)
        timing = timed(partial(act, made), repeats=3, clock=process_time)
        times = f", {timing.median / before:.1f} ×" if before else ""
        yield line(what, size, timing, note=f"{timing.median * 1000:,.2f} ms of processor time{times}")
        before = timing.median
        if isinstance(made, _Kept):
            made.close()


# -- in memory --------------------------------------------------------------------------------------------------------


def _read(initial: str = "asking", *, steps: int = 0, version: str = "1.0.0", helped: bool = False) -> bundle.Bundle:
    """The template above, with so many more states, each with a way on and one far back."""
    text = TEMPLATE.replace("VERSION", version).replace("INITIAL", initial)
    text = text.replace("HELPED", "assisted: true" if helped else "order: parallel")
    for number in range(steps):
        after = f"s{number + 1}" if number + 1 < steps else "asking"
        step = STEP.replace("NUMBER", str(number)).replace("NEXT", after).replace("HALF", str(number // 2))
        text += step.lstrip("\n")
    with TemporaryDirectory() as folder:
        _write(Path(folder), text)
        return bundle.read("grown", [Path(folder)])


def _write(folder: Path, text: str) -> None:
    for name, content in (("processes/grown", text), ("forms/grown/note", NOTE)):
        file = folder / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content.lstrip("\n"), encoding="utf-8")


class _Lived:
    """A process in memory, led by `lead`, with members `s0`, `s1` and so on, each of a party of their own or of one."""

    def __init__(self, definition: Definition, people: int, *, parties: int = 1) -> None:
        self.definition = definition
        self.state = ProcessState(UUID(int=1))
        self.events: list[e.Event] = []
        self.do("lead", c.Start("p", "P", "grown"))
        for number in range(parties):
            self.do("lead", c.AddParty(f"t{number}", "T"))
        for number in range(people):
            self.do("lead", c.AddMember(f"p{number}", f"t{number % parties}", ("member",)), new=f"s{number}")

    def decide(self, who: str, command: c.Command, new: str = "lead") -> list[e.Event]:
        """What would follow."""
        actor = Actor(who if self.state.sequence else "")
        return decide(self.definition, self.state, command, Context(actor, who, NOW, new, self.answers))

    def do(self, who: str, command: c.Command, new: str = "lead") -> None:
        """Let it be so."""
        made = self.decide(who, command, new)
        self.events += made
        after = fold(made, self.state)
        assert after is not None
        self.state = after

    def answers(self, sequence: int) -> dict[str, object] | None:
        """What was answered."""
        found: dict[str, object] | None = getattr(self.events[sequence - 1].payload, "answers", None)
        return found

    def explained(self) -> object:
        """All that can be done now, and by whom."""
        conditions = Conditions(self.definition, self.state, self.answers)
        return explain_now(self.definition, self.state, conditions, Actor("lead"), "nb")


def _again(events: Iterable[e.Event], size: int, corrected: bool) -> list[e.Event]:
    """A process in which the log was filled in so many times, or put right as often."""
    found = [*events]
    begun = found[-1]
    for number in range(begun.sequence + 1, begun.sequence + 1 + size):
        given = {"instance": "log.1", "task": "log", "subject": "lead", "answers": ANSWERS, "sealed_under": None}
        correction = e.FormCorrected.model_construct(**given, replaces=number - 1)
        payload = correction if corrected else e.FormSubmitted.model_construct(**given)
        found.append(e.Event(stream=begun.stream, sequence=number, recorded_at=NOW, actor="lead", payload=payload))
    return found


def _answers() -> Iterator[Line]:
    begun = _Lived(_read().definition, 0).events
    yield from _rows("a log filled in so many times, folded", 100, lambda size: _again(begun, size, False), fold)
    yield from _rows("an answer put right so many times, folded", 100, lambda size: _again(begun, size, True), fold)


def _people() -> Iterator[Line]:
    plain, helped = _read().definition, _read(helped=True).definition
    yield from _rows(
        "explained, for so many people, each for themselves",
        10,
        lambda size: _voting(plain, size, size),
        _Lived.explained,
    )
    yield from _rows(
        "explained, for so many people who may help each other: a line for each two",
        3,
        lambda size: _voting(helped, size, 1),
        _Lived.explained,
    )
    yield from _rows(
        "what waits for nobody, among so many people",
        10,
        lambda size: _voting(plain, size, 1),
        lambda lived: waits_for_nobody(lived.state, lived.definition),
    )
    yield from _rows(
        "so many people who join, one after the other", 10, lambda size: size, lambda size: _Lived(plain, size)
    )
    yield from _rows(
        "a sealed task opened for so many people",
        10,
        lambda size: _chosen(plain, size),
        lambda one: one.decide("lead", c.Act("go")),
    )


def _chosen(definition: Definition, people: int, parties: int = 1) -> _Lived:
    """All have chosen how answers are shown."""
    lived = _Lived(definition, people, parties=parties)
    for number in range(people):
        lived.do(f"s{number}", c.Submit(f"choose.1.m{number + 2}", ANSWERS))
    return lived


def _voting(definition: Definition, people: int, parties: int) -> _Lived:
    lived = _chosen(definition, people, parties)
    lived.do("lead", c.Act("go"))
    return lived


# -- in a store -------------------------------------------------------------------------------------------------------


class _Kept:
    """A workspace with processes of the template, led by kari."""

    def __init__(self) -> None:
        self.folder = TemporaryDirectory()
        self.engine = Engine.open(Path(self.folder.name) / "data")
        self.engine.publish(_read())
        self.kari = play.session_of(self.engine, "kari")

    def close(self) -> None:
        """Throw it away."""
        self.engine.close()
        self.folder.cleanup()

    def listed(self, session: Session) -> object:
        """The list of processes, by a program that has nothing in memory."""
        engine = Engine(self.engine.log, self.engine.keys)
        return [engine.load(engine.stream(name)).state.status for name in engine.processes_of(session)]


def _processes() -> Iterator[Line]:
    yield from _rows(
        "the list of a person who takes part in ten of so many processes", 10, _many, lambda one: one.listed(one.kari)
    )
    yield from _rows("the operator's list of so many processes", 10, _many, lambda one: one.listed(OPERATOR))
    yield from _rows("what is owed by one of so many links", 1_000, _linked, lambda one: worklists.owed(one.engine.log))


def _many(size: int) -> _Kept:
    kept = _Kept()
    other = play.session_of(kept.engine, "ola")
    for number in range(size):
        kept.engine.start(kept.kari if number < 10 else other, "grown", f"p{number}", "P")
    return kept


def _linked(size: int) -> _Kept:
    kept = _Kept()
    with closing(sqlite3.connect(Path(kept.folder.name) / "data" / "events.sqlite")) as store, store:
        rows = (
            (f"{number:032x}", f"{number:031x}f", "l", None, "open" if number else "opened") for number in range(size)
        )
        store.executemany("INSERT INTO link VALUES (?,?,?,?,?)", rows)
    return kept


def _events() -> Iterator[Line]:
    what = "a process of so many answers"
    yield from _rows(f"{what}: its history", 20, _long, lambda one: one.engine.history(one.kari, "p"))
    yield from _rows(f"{what}: verified", 20, _long, lambda one: one.engine.verify())
    yield from _rows(f"{what}: exported", 20, _long, lambda one: ocel([source(one.engine, one.kari, "p")]))
    yield from _rows(f"{what}: who could read them", 20, _long, lambda one: one.engine.readers(one.kari, "p"))


def _long(size: int) -> _Kept:
    kept = _Kept()
    kept.engine.start(kept.kari, "grown", "p", "P")
    for _ in range(size):
        kept.engine.handle(kept.kari, "p", c.Submit("log.1", dict(ANSWERS)))
    return kept


# -- templates --------------------------------------------------------------------------------------------------------


def _templates() -> Iterator[Line]:
    what = "a template of so many states"
    yield from _rows(f"{what}: read and linted", 4, lambda size: size, lambda size: _read("s0", steps=size))
    yield from _rows(f"{what}: compared with another", 4, _two, lambda two: differences(*two))
    yield from _rows(f"{what}: drawn", 4, lambda size: picture(_two(size)[0], "nb"), svg)


def _two(size: int) -> tuple[Definition, Definition]:
    return _read("s0", steps=size).definition, _read("s0", steps=size - 1, version="1.1.0").definition
