"""What the tests of linked processes share: a programme, and the visits that it starts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine.engine import Engine
from engine.process import commands as c
from engine.process.state import Linked, ProcessState
from engine.store import worklists
from engine.store.people import Session
from engine.template import bundle

PROGRAMME = """
template: programme
version: 1.0.0
title: {nb: Program, nn: Program, en: Programme}
roles:
  lead: {title: {nb: Leder, nn: Leiar, en: Lead}, min: 1}
  member: {title: {nb: Medlem, nn: Medlem, en: Member}, of: party}
starter: lead
tasks:
  outline: {title: {nb: Skisse, nn: Skisse, en: Outline}, form: outline, by: lead, optional: true}
initial: plan
states:
  plan:
    title: {nb: Plan, nn: Plan, en: Plan}
    actions:
      tour: {title: {nb: Rundtur, nn: Rundtur, en: Tour}, by: lead, to: touring}
      go: {title: {nb: Begynn, nn: Byrj, en: Go}, by: lead, to: work}
      try_out:
        title: {nb: Prøv, nn: Prøv, en: Try out}
        by: lead
        spawn: {template: visit, link: trial}
      visit_all: {title: {nb: Alle, nn: Alle, en: All}, by: lead, to: visiting}
  work:
    title: {nb: Arbeid, nn: Arbeid, en: Work}
    spawn:
      template: visit
      link: visit
      roles: {host: lead, guest: member}
      give: {limit: answers.outline.limit, talk.topic: answers.outline.topic}
      take: [talk.score, talk.verdict]
    auto: [{to: good, when: links.visit.done and links.visit.answers.talk.verdict == 'good'}]
    actions:
      finish:
        title: {nb: Slutt, nn: Slutt, en: Finish}
        by: lead
        to: ended
        when: links.visit.done
        else: {nb: Vent, nn: Vent, en: Wait}
      back: {title: {nb: Om igjen, nn: Om att, en: Again}, by: lead, to: plan}
  visiting:
    title: {nb: Besøk, nn: Besøk, en: Visiting}
    spawn: {template: visit, link: round, roles: {guest: member}, each: party, take: [talk.score]}
    auto: [{to: good, when: links.round.done and any(a.talk.score > 3 for a in links.round.answers)}]
    actions:
      stop:
        title: {nb: Stopp, nn: Stopp, en: Stop}
        by: lead
        to: ended
        when: links.round.open == 0 or links.round.cancelled > 0
        else: {nb: Vent, nn: Vent, en: Wait}
  touring:
    title: {nb: På rundtur, nn: På rundtur, en: Touring}
    spawn: {template: visit, link: tour, each: answers.outline.places}
    actions: {home: {title: {nb: Hjem, nn: Heim, en: Home}, by: lead, to: ended}}
  good: {title: {nb: Bra, nn: Bra, en: Good}, actions: {over: {title: {nb: Slutt, nn: Slutt, en: End}, by: lead, to: ended}}}
  ended: {title: {nb: Slutt, nn: Slutt, en: End}, final: true}
"""

VISIT = """
template: visit
version: 1.0.0
title: {nb: Besøk, nn: Besøk, en: Visit}
roles:
  host: {title: {nb: Vert, nn: Vert, en: Host}, min: 1}
  guest: {title: {nb: Gjest, nn: Gjest, en: Guest}, of: party}
starter: host
vars: {limit: 5}
initial: talking
states:
  talking:
    title: {nb: Samtale, nn: Samtale, en: Talking}
    tasks:
      talk: {title: {nb: Prat, nn: Prat, en: Talk}, form: talk, by: [host, guest]}
    actions:
      close:
        title: {nb: Lukk, nn: Lukk, en: Close}
        by: host
        to: over
        when: tasks.talk.complete and answers.talk.score <= vars.limit
        else: {nb: For høyt, nn: For høgt, en: Too high}
  over: {title: {nb: Over, nn: Over, en: Over}, final: true}
"""

OUTLINE = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: programme/outline
title: {nb: Skisse}
type: object
properties:
  topic: {title: Tema, type: string, maxLength: 200}
  limit: {title: Grense, type: integer, minimum: 1, maximum: 9}
  places:
    title: Steder
    type: array
    maxItems: 5
    items: {type: object, required: [id], properties: {id: {title: Sted, type: string, maxLength: 20, pattern: '^[a-zæøå ]+$'}}}
""".replace("title: {nb: Skisse}", "title: Skisse")

TALK = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: visit/talk
title: Prat
type: object
required: [score]
properties:
  topic: {title: Tema, type: string, maxLength: 200}
  score: {title: Poeng, type: integer, minimum: 1, maximum: 9}
  verdict: {title: Dom, oneOf: [{const: good, title: Bra}, {const: bad, title: Dårlig}, {const: dont_know, title: Vet ikke}]}
  aside: {title: Ekstra, type: string, maxLength: 200, x-personal: true}
"""


def write(folder: Path, programme: str = PROGRAMME, visit: str = VISIT, talk: str = TALK) -> Path:
    files = {"processes/programme": programme, "forms/programme/outline": OUTLINE}
    files |= {"processes/visit": visit, "forms/visit/talk": talk}
    for name, text in files.items():
        file = folder / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


class Land:
    """A workspace with a programme `p`, led by kari, with ola (town) and eva (club)."""

    programme, visiting, talk = PROGRAMME, VISIT, TALK
    """The templates' texts, and that of the visit's form."""

    def __init__(self, data: Path, config: Path, store_url: str | None = None) -> None:
        self.data, self.config, self.store_url = data, config, store_url
        self.engine = Engine.open(data, store_url=store_url)
        self.people: dict[str, Session] = {}

    def open(self) -> Engine:
        """Another engine over the same store."""
        return Engine.open(self.data, store_url=self.store_url)

    def reopen(self) -> None:
        """Go on with another engine over the same store, as after a kill."""
        self.engine.close()
        self.engine = self.open()

    def person(self, handle: str) -> Session:
        if handle not in self.people:
            self.people[handle] = Session(self.engine.people.add(handle, handle.title()))
        return self.people[handle]

    def write(self, *, programme: str = PROGRAMME, visit: str = VISIT, talk: str = TALK) -> None:
        """Change the files."""
        write(self.config, programme, visit, talk)

    def publish(self, *names: str) -> None:
        for name in names:
            self.engine.publish(bundle.read(name, [self.config]))

    def begin(self) -> None:
        self.engine.start(self.person("kari"), "programme", "p", "Programmet")
        for handle, party in (("ola", "town"), ("eva", "club")):
            self.do("kari", c.AddParty(party, party.title()))
            self.join(handle, party)

    def join(self, handle: str, party: str) -> None:
        token = self.engine.invite(self.person("kari"), "p", ("member",), party).result["token"]
        self.engine.join(self.person(handle), token)

    def do(self, handle: str, command: c.Command, process: str = "p") -> Any:
        return self.engine.handle(self.person(handle), process, command)

    def state(self, process: str = "p") -> ProcessState:
        return self.engine.load(self.engine.stream(process)).state

    def linked(self, link: str) -> list[Linked]:
        return [one for one in self.state().links.values() if one.link == link]

    def visit(self, process: str = "p-visit", score: int = 3, verdict: str = "bad") -> None:
        """A visit from beginning to end."""
        self.do("kari", c.Submit("talk.1", {"score": score, "verdict": verdict, "aside": "hemmelig"}), process)
        self.do("kari", c.Act("close"), process)

    def passed_on(self) -> Any:
        """What the last linked process passed on."""
        return self.engine.links(self.person("kari"), "p")[-1].answers

    def killed(self, step: str, act: Callable[[Engine], object]) -> None:
        """Let another process act, and be killed right before the engine takes a step of going on."""
        pid = os.fork()
        if pid == 0:
            engine = self.open()
            real = getattr(engine._committing, step)
            setattr(
                engine._committing,
                step,
                lambda *args: os._exit(9) if step == "begin" or "link-" in str(args[-1]) else real(*args),
            )
            act(engine)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 9

    def damage(self, process: str) -> None:
        """Change a process behind the engine's back."""
        changed = (
            "UPDATE stored_events SET state=replace(state,'talk','tall') WHERE originator_id=? AND originator_version>1"
        )
        self.engine.log.write_rows([(changed, (self.engine.stream(process).hex,))])
        self.engine._loading._kept.clear()

    def incidents(self) -> list[tuple[str, str]]:
        return [(one.incident, one.message) for one in worklists.incidents(self.engine.log, "p")]

    def names(self) -> list[str]:
        return [str(row["name"]) for row in self.engine.processes()]


@pytest.fixture
def land(tmp_path: Path) -> Iterator[Land]:
    made = Land(tmp_path / "data", write(tmp_path / "config"))
    made.publish("programme", "visit")
    made.begin()
    yield made
    made.engine.close()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Land]:
    """Without the visits' template published."""
    made = Land(tmp_path / "data", write(tmp_path / "config"))
    made.publish("programme")
    made.begin()
    yield made
    made.engine.close()


RING = PROGRAMME.replace("{template: visit, link: trial}", "{template: programme, link: trial}")


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Land]:
    """A programme that may start programmes."""
    made = Land(tmp_path / "data", write(tmp_path / "config", RING))
    made.publish("programme", "visit")
    made.begin()
    yield made
    made.engine.close()


@pytest.fixture
def new_land(tmp_path: Path) -> Callable[..., Land]:
    """Makes such a workspace, over a log of its own or the one at a URL, with nothing published in it."""

    def make(store_url: str | None = None) -> Land:
        return Land(tmp_path / uuid4().hex, write(tmp_path / "config"), store_url)

    return make
