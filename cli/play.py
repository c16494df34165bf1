"""Playing an example through the engine's door, as the people in it would: for the demo, and for tests.

What is played stands in files under `examples/`; nothing here decides what anybody answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import codec, yaml
from engine.codec import Json
from engine.engine import Engine
from engine.errors import NotFound
from engine.process import commands as c
from engine.store.people import Person, Session

Told = Callable[[str], None]
"""Called with one line of what happens, in English."""


def quiet(line: str) -> None:
    """Tell nobody."""


def session_of(engine: Engine, handle: str, name: str = "") -> Session:
    """Somebody signed in; taken up where they are new."""
    person = _person(engine, handle, name)
    return engine.people.sign_in(engine.people.token(person, engine.clock()), engine.clock())


def _person(engine: Engine, handle: str, name: str) -> Person:
    try:
        return engine.people.find(handle)
    except NotFound:
        return engine.people.add(handle, name or handle.title())


class Collaboration:
    """A SAMSON collaboration as a file tells it."""

    def __init__(self, engine: Engine, path: Path, told: Told = quiet) -> None:
        self.engine = engine
        self.told = told
        self.story: dict[str, Any] = dict(codec.mapping(yaml.load_file(path).data))
        self.process = str(self.story["process"])
        self.facilitator = session_of(engine, **self.story["facilitator"])
        self.memberships: list[str] = []

    def prepare(self) -> None:
        """Start, invite, register, and choose how answers are shown."""
        engine, story = self.engine, self.story
        engine.start(self.facilitator, "samson", self.process, story["title"])
        for party, title in story["parties"].items():
            engine.handle(self.facilitator, self.process, c.AddParty(party, title))
        for member in story["members"]:
            self.memberships.append(self._join(member))
        self.told(f"{len(story['parties'])} parties and {len(self._people())} people take part")
        register = c.Submit("register.1.m1", story["facilitator_registers"])
        engine.handle(self.facilitator, self.process, register)
        for membership, member in zip(self.memberships, story["members"], strict=True):
            self._submit(member, membership, f"register.1.{membership}", member["register"])
        for party in story["parties"]:
            member, membership = self._first_of(party)
            self._submit(member, membership, f"agree.1.{party}", {"visibility": story["visibility"]})
        self.told(f"the parties choose: answers are {story['visibility']} after each round")

    def answer(self, number: int) -> None:
        """One round: everybody answers, and the last answer reveals them all."""
        action = "open_round" if number == 1 else "next_round"
        self.engine.handle(self.facilitator, self.process, c.Act(action))
        items = self._items()
        for membership, member in zip(self.memberships, self.story["members"], strict=True):
            marks = member["rounds"][number - 1].replace(" ", "")
            answers: dict[str, Json] = {
                item: "dont_know" if mark == "-" else int(mark) for item, mark in zip(items, marks, strict=True)
            }
            self._submit(member, membership, f"answer.{number}.{membership}", answers)
        self.told(f"round {number}: {len(self.memberships)} sets of answers, sealed until the last one, then revealed")

    def agree(self) -> None:
        """The dialogue between two rounds, with what the parties agree on."""
        self.engine.handle(self.facilitator, self.process, c.Submit("agreements.1", self.story["dialogue"]))
        self.told(f"the parties talk, and agree on {len(self.story['dialogue']['agreements'])} things to do")

    def play(self) -> None:
        """Everything, up to the dialogue after the second round."""
        self.prepare()
        self.answer(1)
        self.agree()
        self.answer(2)

    def _people(self) -> set[str]:
        return {self.story["facilitator"]["handle"], *(member["handle"] for member in self.story["members"])}

    def _items(self) -> list[str]:
        form = self.engine.definition("samson").forms["answers"]
        return [name for name, field in form.fields.items() if field.score]

    def _join(self, member: Mapping[str, Any]) -> str:
        if "entered_by" in member:
            person = _person(self.engine, member["handle"], member["name"])
            command = c.AddMember(person.id, member["party"], ("member",))
            receipt = self.engine.handle(self.facilitator, self.process, command)
        else:
            session = session_of(self.engine, member["handle"], member.get("name", ""))
            token = self.engine.invite(self.facilitator, self.process, ("member",), member["party"]).result["token"]
            receipt = self.engine.join(session, token)
        return str(receipt.result["membership"])

    def _first_of(self, party: str) -> tuple[Mapping[str, Any], str]:
        pairs = zip(self.story["members"], self.memberships, strict=True)
        return next((member, membership) for member, membership in pairs if member["party"] == party)

    def _submit(self, member: Mapping[str, Any], membership: str, instance: str, answers: Json) -> None:
        hands = session_of(self.engine, member.get("entered_by", member["handle"]))
        self.engine.handle(hands, self.process, c.Submit(instance, answers, membership))


@dataclass(frozen=True)
class Team:
    """Who does what in an evaluation; in a small one the leader does it all."""

    leader: Session
    analyst: Session | None = None
    group_voice: Session | None = None

    def of(self, step: int) -> Session:
        """Who fills in a step: the goals are said by the target group, indicators and figures are the analyst's."""
        wanted = {4: self.group_voice, 6: self.analyst, 7: self.analyst, 8: self.analyst, 9: self.analyst}
        return wanted.get(step) or self.leader

    def join(self, engine: Engine, process: str) -> None:
        """Those beside the leader are invited, each in their role, and join."""
        for role, session in (("analyst", self.analyst), ("group_voice", self.group_voice)):
            if session is not None:
                engine.join(session, engine.invite(self.leader, process, (role,)).result["token"])


def start_evaluation(
    engine: Engine,
    folder: Path,
    process: str,
    title: str,
    leader: Session,
    *,
    team: Team | None = None,
    told: Told = quiet,
) -> None:
    """A SoImpact evaluation from its steps' files: steps 1 to 8, then measuring, and deliveries if there are any."""
    team = team or Team(leader)
    engine.start(leader, "soimpact", process, title)
    team.join(engine, process)
    for step in range(1, 9):
        engine.handle(team.of(step), process, c.Submit(f"step_{step}.1", step_answers(folder, step)))
    engine.handle(leader, process, c.Act("start_measuring"))
    delivered = folder / "delivery.json"
    if delivered.is_file():
        engine.handle(leader, process, c.Submit("delivery.1", codec.loads(delivered.read_bytes())))
    told(f"{title}: steps 1 to 8 are filled in, and measuring has begun")


def finish_evaluation(
    engine: Engine, folder: Path, process: str, leader: Session, *, team: Team | None = None, told: Told = quiet
) -> None:
    """Step 9 says where the figures are; step 10 is what people make of them."""
    team = team or Team(leader)
    engine.handle(team.of(9), process, c.Submit("step_9.1", step_answers(folder, 9)))
    engine.handle(leader, process, c.Act("evaluate"))
    engine.handle(leader, process, c.Submit("step_10.1", step_answers(folder, 10)))
    told("steps 9 and 10 are filled in: all ten are done")


def step_answers(folder: Path, step: int) -> Json:
    """The answers to one step, as a file has them."""
    return codec.loads((folder / f"step_{step}.json").read_bytes())
