"""A random life on a real engine, beside the pure core."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine import codec, yaml
from engine.engine import Engine
from engine.errors import SamskapError
from engine.export.cloudevents import cloudevents
from engine.export.ocel import ocel
from engine.export.source import source
from engine.process import commands as c
from engine.process import events as e
from engine.process.state import Instance
from engine.store.people import Session
from engine.template.bundle import Bundle
from random_process.author import Content, read
from random_process.forms import FORMS, WIDER
from random_process.life import Life
from random_process.process import AT, PEOPLE


class Stored(Life):
    """The same life on a real engine beside the pure core: both do the same, and no secret is shown or lies in clear."""

    def __init__(self, folder: Path, contents: tuple[Content, Content], plan: Mapping[str, Any], seen: Counter[str]):
        self.now = AT
        self.engine = Engine.open(folder, clock=lambda: self.now)
        self.sessions = {h: Session(self.engine.people.add(h, h.title())) for h in (*PEOPLE, "nobody")}
        self.secrets: dict[str, int] = {}  # what was answered, and the sequence of the event that holds it
        self.drafts: dict[str, str] = {}  # what was put aside, and by whom
        self.folder = folder
        self.bundles = [self.bundle(contents[0], FORMS), self.bundle(contents[1], WIDER)]
        self.engine.publish(self.bundles[0])
        super().__init__(self.bundles[0].definition, self.bundles[1].definition, plan, seen)
        self.engine.publish(self.bundles[1])

    @staticmethod
    def bundle(content: Content, forms: Mapping[str, yaml.Document]) -> Bundle:
        definition, _ = read(content, forms)
        assert definition is not None
        template = yaml.load_json(json.dumps(content), "t.json").data
        stored = codec.dumps_ordered({"template": template, "forms": {name: one.data for name, one in forms.items()}})
        digest = sha256(stored.encode()).hexdigest()
        return Bundle("t", content["version"], digest, stored, replace(definition, bundle=digest), ())

    def made(self, instance: Instance, number: int) -> Any:
        given = super().made(instance, number)
        if "text" in given:
            secret = f"canary-{len(self.events)}-{number}-{len(self.secrets)}"
            self.secrets[secret] = self.secrets[f"{secret}-aside"] = 0
            given = {"text": secret if number % 3 else "yes", "aside": f"{secret}-aside"}
        return given

    def attempt(self, handle: str, command: c.Command) -> SamskapError | None:
        before = len(self.events)
        refused = super().attempt(handle, command)
        asked = self.asked(handle, command)
        assert (asked and asked.code) == (refused and refused.code), (handle, command, asked, refused)
        for event in self.events[before:]:
            if isinstance(event.payload, e.FormSubmitted):
                given = [str(event.payload.answers), str(event.payload.personal)]
                self.secrets |= {secret: event.sequence for secret in self.secrets if any(secret in t for t in given)}
        return refused

    def asked(self, handle: str, command: c.Command) -> SamskapError | None:
        """How the engine refuses the same."""
        try:
            self.ask(handle, command)
        except SamskapError as error:
            return error
        return None

    def ask(self, handle: str, command: c.Command) -> None:
        """The same of the engine."""
        match command:
            case c.Start():
                self.engine.start(self.sessions[handle], "t", "p", "P")
            case c.Tick():
                self.engine.tick("p")
            case c.AddMember():
                person = self.sessions[command.person].person.id
                self.engine.handle(self.sessions[handle], "p", replace(command, person=person))
            case _:
                self.engine.handle(self.sessions[handle], "p", command)

    def check(self, number: int) -> None:
        super().check(number)
        state = self.engine.load(self.engine.stream("p")).state
        assert (state.sequence, state.status, state.active) == (
            self.state.sequence,
            self.state.status,
            self.state.active,
        )
        assert {i.id: i.status for i in state.instances.values()} == {
            i.id: i.status for i in self.state.instances.values()
        }
        self.put_aside(number)
        for handle in (PEOPLE[number % len(PEOPLE)], "nobody"):
            self.shows_no_secret(handle)

    def put_aside(self, number: int) -> None:
        """A draft that nobody else reads."""
        instance = self.pick([i for i in self.state.instances.values() if i.status == "open"], number)
        handle = self.pick(PEOPLE, number)
        if instance is not None:
            secret = f"draft-{handle}-{len(self.drafts)}"
            with suppress(SamskapError):
                self.engine.save_draft(self.sessions[handle], "p", instance.id, {"text": secret})
                self.drafts[secret] = handle

    def shows_no_secret(self, handle: str) -> None:
        shown = "\n".join(self.shown(self.sessions[handle]))
        subject = self.actor(handle).subject
        takes_part = bool(subject and self.state.memberships_of(subject))
        for secret, sequence in self.secrets.items():
            if sequence and self.is_hidden(sequence, subject, takes_part=takes_part):
                self.seen["secrets looked for"] += 1
                assert secret not in shown, (handle, secret)
        assert [secret for secret, whose in self.drafts.items() if whose != handle and secret in shown] == []

    def is_hidden(self, sequence: int, subject: str, *, takes_part: bool) -> bool:
        """Sealed, and neither revealed to all nor one's own; to those from outside, everything."""
        payload = self.events[sequence - 1].payload
        assert isinstance(payload, e.FormSubmitted)
        if subject and payload.subject == subject:
            return False
        revealed = self.state.revealed.get(payload.sealed_under or "")
        return not takes_part or bool(payload.sealed_under and (revealed is None or revealed.visibility != "open"))

    def shown(self, session: Session) -> Iterator[str]:
        """Everything that the engine tells somebody of the process."""
        engine = self.engine
        asked: list[Callable[[], object]] = [
            lambda: engine.history(session, "p"),
            lambda: engine.tasks(session),
            lambda: engine.explain_now(session, "p"),
            lambda: list(cloudevents(source(engine, session, "p"))),
            lambda: ocel([source(engine, session, "p")]),
        ]
        actions = {choice.id for choices in self.definition.actions.values() for choice in choices}
        asked += [partial(engine.explain_action, session, "p", action) for action in actions]
        of_tasks = (
            engine.explain_task,
            engine.suggestions,
            engine.earlier_texts,
            engine.draft,
            engine.readers,
            engine.decided_on,
        )
        asked += [partial(one, session, "p", name) for one in of_tasks for name in list(self.state.instances)[-8:]]
        for question in asked:
            with suppress(SamskapError):
                yield str(question())

    def in_clear(self) -> list[str]:
        """What lies in the files of the log and must not: sealed answers before their reveal, personal texts ever."""
        stored = b"".join(path.read_bytes() for path in self.folder.glob("events.sqlite*"))
        sealed = {
            secret
            for secret, sequence in self.secrets.items()
            if sequence and self.is_hidden(sequence, "", takes_part=True)
        }
        personal = {secret for secret in self.secrets if secret.endswith("-aside")}
        return sorted(secret for secret in (sealed | personal | self.drafts.keys()) if secret.encode() in stored)
