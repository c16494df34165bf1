"""What a person wrote before is shown again where the form says so: their own, texts only, as it counts now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.codec import Json
from engine.engine import Engine
from engine.errors import NotAllowed
from engine.process import commands as c
from engine.store.people import Session
from engine.template import bundle
from engine.template.plan import Plan

TEMPLATE = """
template: small
version: 1.0.0
title: {nb: Møter, nn: Møte, en: Meetings}
roles:
  lead: {title: {nb: Leder, nn: Leiar, en: Lead}}
  member: {title: {nb: Medlem, nn: Medlem, en: Member}}
starter: lead
initial: asking
states:
  asking:
    title: {nb: Spør, nn: Spør, en: Asking}
    count: rounds
    tasks:
      tell: {title: {nb: Fortell, nn: Fortel, en: Tell}, form: told, by: member, each: membership, sealed: true, assisted: true}
    actions:
      again: {title: {nb: Igjen, nn: Igjen, en: Again}, by: lead, to: asking}
      end: {title: {nb: Ferdig, nn: Ferdig, en: Done}, by: lead, to: over}
  over: {title: {nb: Over, nn: Over, en: Over}, final: true}
counters: [rounds]
"""
TOLD = """
$schema: https://json-schema.org/draft/2020-12/schema
$id: small/told
title: Fortell
x-i18n: {nn: {title: Fortel}, en: {title: Tell}}
x-purpose: {nb: For å lære., nn: For å læra., en: To learn.}
type: object
properties:
  plan: {title: Plan, x-i18n: {nn: {title: Plan}, en: {title: Plan}}, type: string, x-prefill: true}
  secret: {title: Eget, x-i18n: {nn: {title: Eige}, en: {title: Own}}, type: string, x-personal: true, x-prefill: true}
  passing: {title: Nå, x-i18n: {nn: {title: No}, en: {title: Now}}, type: string}
  place:
    title: Sted
    x-i18n: {nn: {title: Stad}, en: {title: Place}}
    type: object
    properties:
      where: {title: Hvor, x-i18n: {nn: {title: Kvar}, en: {title: Where}}, type: string, x-prefill: true}
"""
WRITTEN: Json = {"plan": "Vi møtes", "secret": "Jeg gruer meg", "passing": "Sol i dag", "place": {"where": "Torget"}}
AGAIN = {"plan": "Vi møtes", "secret": "Jeg gruer meg", "place.where": "Torget"}


class Meetings:
    """A process that kari leads, with ola (m2) and eva (m3), in its second round; ola told something in the first."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.people: dict[str, Session] = {}
        self.engine.start(self.person("kari"), "small", "p", "Møter")
        for handle in ("ola", "eva"):
            token = engine.invite(self.person("kari"), "p", ("member",)).result["token"]
            engine.join(self.person(handle), token)
        self.do("ola", c.Submit("tell.1.m2", WRITTEN))
        self.do("kari", c.Act("again"))

    def person(self, handle: str) -> Session:
        if handle not in self.people:
            token = self.engine.people.token(self.engine.people.add(handle, handle.title()), self.engine.clock())
            self.people[handle] = self.engine.people.sign_in(token, self.engine.clock())
        return self.people[handle]

    def do(self, handle: str, command: c.Command) -> None:
        self.engine.handle(self.person(handle), "p", command)

    def earlier(self, handle: str, instance: str = "tell.2.m2") -> dict[str, str]:
        return dict(self.engine.earlier_texts(self.person(handle), "p", instance))


@pytest.fixture
def meetings(tmp_path: Path, write_small: Callable[..., Path]) -> Iterator[Meetings]:
    engine = Engine.open(tmp_path / "data")
    engine.publish(bundle.read("small", [write_small(tmp_path / "first", TEMPLATE, told=TOLD)]))
    yield Meetings(engine)
    engine.close()


def test_given_an_answer_of_an_earlier_round_when_asked_again_then_the_texts_that_say_so_are_shown(
    meetings: Meetings,
) -> None:
    assert meetings.earlier("ola") == AGAIN


def test_given_what_another_wrote_when_asked_for_then_it_is_not_shown(meetings: Meetings) -> None:
    assert (meetings.earlier("eva", "tell.2.m3"), meetings.earlier("eva"), meetings.earlier("kari")) == ({}, {}, {})


def test_given_somebody_from_outside_when_they_ask_then_they_are_refused(meetings: Meetings) -> None:
    with pytest.raises(NotAllowed):
        meetings.earlier("nina")


def test_given_an_answer_that_was_put_right_when_asked_again_then_what_counts_is_shown(meetings: Meetings) -> None:
    meetings.do("ola", c.Submit("tell.2.m2", {"plan": "Vi ringes"}))
    meetings.do("ola", c.Submit("tell.2.m2", {"plan": "Vi skriver", "secret": ""}))
    meetings.do("kari", c.Act("again"))
    assert meetings.earlier("ola", "tell.3.m2") == {"plan": "Vi skriver", "secret": ""}


def test_given_a_sealed_answer_when_its_author_corrects_it_then_it_is_shown(meetings: Meetings) -> None:
    meetings.do("ola", c.Submit("tell.2.m2", {"plan": "Vi ringes"}))
    assert (meetings.earlier("ola"), meetings.earlier("eva")) == ({"plan": "Vi ringes"}, {})


def test_given_texts_that_are_erased_when_asked_again_then_only_the_others_are_shown(meetings: Meetings) -> None:
    subject = meetings.engine.load(meetings.engine.stream("p")).state.memberships["m2"].subject
    meetings.engine.keys.destroy("subject", subject)
    assert meetings.earlier("ola") == {"plan": "Vi møtes", "place.where": "Torget"}


def test_given_fields_and_tasks_with_new_names_when_asked_again_then_they_are_shown_under_those(
    meetings: Meetings, tmp_path: Path, write_small: Callable[..., Path]
) -> None:
    template = TEMPLATE.replace("1.0.0", "1.1.0").replace("tell:", "say:")
    form = TOLD.replace("  plan: {", "  aim: {x-id: plan, ").replace("where: {", "spot: {x-id: where, ")
    new = meetings.engine.publish(bundle.read("small", [write_small(tmp_path / "second", template, told=form)]))
    plan = Plan(template="small", to="1.1.0", tasks={"tell": "say"})
    meetings.do("kari", c.Migrate(new.hash, "Nye ord", plan))
    assert meetings.earlier("ola", "say.2.m2") == {"aim": "Vi møtes", "secret": "Jeg gruer meg", "place.spot": "Torget"}
