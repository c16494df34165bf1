"""Who is told of what, in which words, and that each message gets there: to a real HTTP server and a real mail server."""

from __future__ import annotations

import string
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine import codec
from engine.engine import Engine
from engine.errors import IntegrityFault, NotFound, Refused, SettingsError, UsageError
from engine.notify.addresses import address, url_of, with_secrets
from engine.notify.delivery import BACK_OFF, TOO_OLD, Delivered, deliver
from engine.notify.messages import WORDS
from engine.notify.outbox import KEPT, LEASE, STATUSES, Letter
from engine.notify.recipients import KINDS
from engine.notify.sending import HEADER, Message, NotDelivered, Services
from engine.process import commands as c
from engine.store import worklists
from engine.store.address import create
from engine.template import bundle
from engine.template.model import PLACEHOLDERS, Messages
from engine.template.plan import Plan
from engine.template.sources import BUILT_IN
from engine.text import LANGUAGES

if TYPE_CHECKING:
    World = Any  # the class stands in conftest.py, which cannot be imported

pytest.importorskip("apprise", reason="sending is an extra")


# -- servers that get messages ----------------------------------------------------------------------------------------------


@dataclass
class Receiver:
    """An HTTP server that keeps what it gets: (path, key, title, text). It answers with the number in the path."""

    port: int = 0
    got: list[tuple[str, str, str, str]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)

    def at(self, who: str) -> str:
        """An address of somebody's."""
        return f"json://127.0.0.1:{self.port}/{who}"

    @property
    def keys(self) -> Counter[str]:
        return Counter(key for _, key, _, _ in self.got)

    def titles(self, who: str) -> list[str]:
        """What somebody got."""
        return [title for path, _, title, _ in self.got if path == f"/{who}"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = codec.mapping(codec.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            found.got.append((self.path, self.headers[HEADER], str(sent["title"]), str(sent["message"])))
            self.send_response(found.answers.get(self.path[1:], 200))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@dataclass
class Mailbox:
    """A mail server that keeps what it gets, knows nobody called `nobody` and is too busy for `busy`."""

    port: int = 0
    mails: list[Any] = field(default_factory=list)

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, to: str, ___: Any) -> str:
        if to.startswith("nobody"):
            return "550 5.1.1 no such user"
        if to.startswith("busy"):
            return "450 4.2.1 try again"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    @property
    def services(self) -> dict[str, str]:
        return {"mailto": f"mailto://127.0.0.1:{self.port}?from=samskap@example.org&to={{to}}"}


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    controller = pytest.importorskip("aiosmtpd.controller")
    found = Mailbox()
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
        found.port = free.server_port
    running = controller.Controller(found, hostname="127.0.0.1", port=found.port)
    running.start()
    yield found
    running.stop()


# -- worlds -----------------------------------------------------------------------------------------------------------------


def reach(world: World, receiver: Receiver, *handles: str) -> World:
    """Let people be reached."""
    for handle in handles:
        world.engine.people.notify(world.person(handle).person, receiver.at(handle))
    return world


@pytest.fixture
def reached(world: World, receiver: Receiver) -> World:
    """The small world, whose people are reached."""
    return reach(world, receiver, "kari", "ola", "eva")


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store with its tables, of either kind."""
    url = f"sqlite:///{tmp_path}/log.sqlite"
    if request.param == "postgres":
        url = request.getfixturevalue("new_database")()
    create(url, tmp_path / "data").close()
    return url


@pytest.fixture
def on_store(store_url: str, new_world: Callable[..., World], tmp_path: Path, receiver: Receiver) -> Iterator[World]:
    """A world over either store, whose people are reached, with three messages that wait."""
    made = reach(new_world(tmp_path / "data", store_url=store_url), receiver, "kari", "ola", "eva")
    made.to_voting()
    made.submit("ola", "vote.1.m2", {"score": 3})
    made.submit("eva", "vote.1.m3", {"score": 4})
    yield made
    made.engine.close()


@pytest.fixture
def make(
    new_world: Callable[..., World], write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> Iterator[Callable[..., World]]:
    """Makes a world over the small template with something else in it."""
    made: list[World] = []

    def world_of(old: str, new: str) -> World:
        assert old in small_text
        first = new_world(tmp_path / "first")
        first.engine.close()
        other = bundle.read("small", [write_small(tmp_path / "config", small_text.replace(old, new))])
        world = type(first)(tmp_path / "data", Engine.open(tmp_path / "data", clock=first.clock), first.clock, other)
        made.append(world)
        world.engine.publish(other)
        world.engine.start(world.person("kari"), "small", "p", "Prosessen")
        return world

    yield world_of
    for world in made:
        world.engine.close()


def send(world: World, **options: Any) -> Delivered:
    return deliver(world.engine, Services({}), **options)


def due(world: World) -> list[tuple[str, str]]:
    """(kind, handle) of every message that waits, in order."""
    people = {world.engine.people.fingerprint(s.person.id): handle for handle, s in world.people.items()}
    return [(letter.kind, people[letter.person]) for letter in letters(world)]


def letters(world: World, *statuses: Any) -> list[Letter]:
    return list(world.engine.outbox.letters(statuses or ("waiting",)))


def pass_time(world: World, **span: float) -> None:
    world.clock.now += timedelta(**span)
    world.engine.tick()


# -- who is told ------------------------------------------------------------------------------------------------------------


def test_given_tasks_when_they_open_then_those_who_can_fill_them_in_are_told_and_of_what_is_optional_nobody(
    reached: World,
) -> None:
    assert due(reached) == [("task", "kari")]  # the goal; the log is optional
    reached.to_voting()
    assert due(reached) == [("task", "kari"), ("task", "ola"), ("task", "eva")]
    assert [letter.membership for letter in letters(reached)] == ["m1", "m2", "m3"]


def test_given_a_task_that_several_can_do_when_it_opens_then_each_of_them_is_told(make: Callable[..., World]) -> None:
    world = make("form: note, by: lead, optional: true,", "form: note, by: member,")  # the minutes
    world.to_voting()
    send(world)
    for handle, instance in (("ola", "vote.1.m2"), ("eva", "vote.1.m3")):
        world.submit(handle, instance, {"score": 3})
    assert [found for found in due(world) if found[0] == "task"] == [("task", "ola"), ("task", "eva")]


def test_given_a_vote_when_all_have_voted_then_all_are_told_that_answers_are_there(reached: World) -> None:
    reached.to_voting()
    send(reached)
    reached.submit("ola", "vote.1.m2", {"score": 3})
    assert due(reached) == []
    reached.submit("eva", "vote.1.m3", {"score": 4})
    assert due(reached) == [("revealed", "kari"), ("revealed", "ola"), ("revealed", "eva")]


def test_given_somebody_who_left_when_answers_are_revealed_then_they_are_not_told(reached: World) -> None:
    reached.to_voting()
    send(reached)
    reached.do("kari", c.EndMembership("m3", "sluttet"))
    reached.submit("ola", "vote.1.m2", {"score": 3})
    assert due(reached) == [("revealed", "kari"), ("revealed", "ola")]


def test_given_a_role_that_was_granted_when_the_process_has_ended_since_then_nobody_is_told(reached: World) -> None:
    reached.parties()
    send(reached)
    reached.do("kari", c.Grant("m2", "guest"))
    reached.do("kari", c.Act("stop", "fordi"))
    found = send(reached)
    assert (found.sent, found.moot) == (0, 1)


def test_given_four_eyes_when_a_task_opens_then_whoever_they_bar_is_not_told(make: Callable[..., World]) -> None:
    world = make("form: note, by: lead, optional: true,", "form: note, by: [lead, member], not_by: goal,")
    world.to_voting()  # kari set the goal
    send(world)
    for handle, instance in (("ola", "vote.1.m2"), ("eva", "vote.1.m3")):
        world.submit(handle, instance, {"score": 3})
    assert [found for found in due(world) if found[0] == "task"] == [("task", "ola"), ("task", "eva")]


def test_given_a_role_when_handed_over_then_who_got_it_is_told_and_of_what_they_take_themselves_nobody(
    reached: World,
) -> None:
    reached.parties()
    send(reached)
    reached.do("kari", c.HandOver("m1", "m2", "lead"))
    assert due(reached) == [("role", "ola")]
    send(reached)
    reached.do("ola", c.Grant("m2", "guest"))
    assert due(reached) == []


def test_given_an_absence_when_delegated_then_the_stand_in_is_told_and_of_the_tasks_too(reached: World) -> None:
    reached.parties()
    reached.submit("kari", "goal.1", {"text": "et mål"})
    reached.do("kari", c.AddParty("band", "Band"))
    reached.join("per", "band", "member")
    send(reached)
    reached.do("ola", c.Delegate("m2", "m1"))
    assert due(reached) == [("delegation", "kari")]
    send(reached)
    reached.do("kari", c.Act("open"))
    assert sorted(due(reached)) == sorted([("task", "ola"), ("task", "kari"), ("task", "eva"), ("task", "per")])


def test_given_a_task_when_given_to_somebody_then_told_and_when_taken_on_by_oneself_not(reached: World) -> None:
    reached.parties()
    send(reached)
    reached.do("ola", c.Claim("goal.1"))
    assert due(reached) == []
    reached.do("ola", c.Release("goal.1"))
    reached.do("kari", c.Claim("goal.1", "m2"))
    assert due(reached) == [("given", "ola")]


def test_given_reminders_when_time_acts_then_those_who_have_not_answered_are_told_and_later_the_lead(
    make: Callable[..., World],
) -> None:
    world = make("due: P14D\n", "due: P14D\n            remind: [P7D, {after: P16D, to: lead}]\n")
    world.to_voting()
    send(world)
    world.submit("ola", "vote.1.m2", {"score": 3})
    pass_time(world, days=8)
    assert due(world) == [("reminder", "eva")]
    send(world)
    pass_time(world, days=9)
    assert due(world) == [("escalation", "kari")]


def test_given_several_reminders_due_at_once_when_time_acts_then_each_person_is_told_once(
    make: Callable[..., World],
) -> None:
    world = make("due: P14D\n", "due: P14D\n            remind: [P3D, P5D, P7D, {after: P6D, to: lead}]\n")
    world.to_voting()
    send(world)
    pass_time(world, days=8)
    assert sorted(due(world)) == [
        *[("escalation", "kari")] * 2,  # one of each vote
        ("reminder", "eva"),
        ("reminder", "ola"),
    ]


def test_given_a_condition_that_fails_when_noticed_then_the_lead_is_told_and_not_once_it_can_go_on(
    make: Callable[..., World], receiver: Receiver
) -> None:
    world = make(
        "    actions:\n      open:", "    auto: [{to: work, when: 10 / len(parties) > 4}]\n    actions:\n      open:"
    )
    reach(world, receiver, "kari")
    assert ("incident", "kari") in due(world)  # nobody is a party yet, and nought divides nothing
    send(world)
    assert "Kommer ikke videre: Prosessen" in receiver.titles("kari")


def test_given_open_tasks_when_a_migration_opens_them_anew_then_nobody_is_told_of_them_again(
    reached: World, write_small: Callable[..., Path], small_text: str, tmp_path: Path
) -> None:
    reached.parties()
    reached.do("kari", c.Claim("goal.1", "m2"))
    send(reached)
    newer = write_small(tmp_path / "newer", small_text.replace("1.0.0", "1.1.0").replace("goal", "aim"))
    target = reached.engine.publish(bundle.read("small", [newer]))
    plan = Plan(template="small", to="1.1.0", tasks={"goal": "aim"})
    receipt = reached.do("kari", c.Migrate(target.hash, "nye ord", plan))
    types = {r.type for r in reached.engine.log.read(reached.engine.stream("p"), after=receipt.first)}
    assert {"task.opened", "task.claimed"} <= types  # so there would be something to tell
    assert due(reached) == []


def test_given_a_workspace_that_tells_nobody_when_things_happen_then_its_outbox_stays_empty(
    tmp_path: Path, small: Any
) -> None:
    engine = Engine.open(tmp_path, notify=False)
    engine.publish(small)
    person = engine.people.add("kari", "Kari")
    kari = engine.people.sign_in(engine.people.token(person, engine.clock()), engine.clock())
    engine.start(kari, "small", "p", "P")
    assert engine.outbox.letters(tuple(STATUSES)) == []
    engine.close()


# -- in which words ---------------------------------------------------------------------------------------------------------


def test_given_every_reason_to_tell_when_looked_up_then_there_are_words_in_every_language() -> None:
    assert set(WORDS) == set(KINDS)
    for kind, texts in WORDS.items():
        assert tuple(texts) == LANGUAGES, kind
        named = {frozenset(n for _, n, _, _ in string.Formatter().parse("".join(text)) if n) for text in texts.values()}
        assert len(named) == 1, kind


@pytest.mark.parametrize(
    ("language", "title", "words"),
    [
        ("nb", "Noe å fylle ut: Stem", "I «Prosessen» er det noe for deg å fylle ut: Stem."),
        ("nn", "Noko å fylle ut: Røyst", "I «Prosessen» er det noko for deg å fylle ut: Røyst."),
        ("en", "Something to fill in: Vote", "In “Prosessen” there is something for you to fill in: Vote."),
    ],
)
def test_given_a_person_when_told_then_in_their_language_with_the_deadline_and_where_to_go(
    world: World, receiver: Receiver, language: str, title: str, words: str
) -> None:
    person = world.engine.people.add("ola", "Ola", language)
    world.engine.people.notify(person, receiver.at("ola"))
    world.people["ola"] = world.engine.people.sign_in(world.engine.people.token(person, world.clock()), world.clock())
    world.to_voting()
    send(world, base_url="https://samskap.example.org")
    ((_, _, got, text),) = (one for one in receiver.got if one[0] == "/ola")
    assert got == title
    assert words in text
    assert "2026-03-16 23:59" in text  # fourteen days, to the end of the day in Oslo
    assert "https://samskap.example.org" in text


def test_given_answers_and_reasons_when_people_are_told_then_none_of_them_is_in_any_message(
    reached: World, receiver: Receiver
) -> None:
    reached.parties()
    reached.submit("kari", "goal.1", {"text": "HEMMELIG mål", "aside": "HEMMELIG merknad"})
    reached.do("ola", c.Delegate("m2", "m3", None, "HEMMELIG sykdom"))
    reached.do("kari", c.Act("open"))
    for handle, instance in (("ola", "vote.1.m2"), ("eva", "vote.1.m3")):
        reached.submit(handle, instance, {"score": 5, "why": "HEMMELIG grunn"})
    send(reached)
    assert len(receiver.got) == 4  # the stand-in's, and that answers are there
    assert "HEMMELIG" not in str(receiver.got)
    assert "Ola" not in str(receiver.got)  # nor who anybody is


def test_given_a_title_with_line_breaks_when_mailed_then_it_stays_one_header(world: World, mailbox: Mailbox) -> None:
    world.engine.start(world.person("kari"), "small", "q", "Min\r\nBcc: alle@example.org\r\n\r\nprosess")
    world.engine.people.notify(world.person("kari").person, "mailto:kari@example.org")
    assert deliver(world.engine, Services(mailbox.services)).sent == 2
    assert [mail["Bcc"] for mail in mailbox.mails] == [None, None]
    texts = [mail.get_content() for mail in mailbox.mails]
    assert sum("«Min Bcc: alle@example.org prosess»" in text for text in texts) == 1


# -- how it gets there ------------------------------------------------------------------------------------------------------


def test_given_mail_when_sent_then_it_is_plain_text_to_one_with_the_key_in_its_header(
    world: World, mailbox: Mailbox
) -> None:
    world.engine.people.notify(world.person("kari").person, address("kari+samskap@example.org"))
    (letter,) = letters(world)
    assert deliver(world.engine, Services(mailbox.services)) == Delivered(1, 0, 0, 0, 0)
    (mail,) = mailbox.mails
    assert (mail["To"], mail["From"], mail[HEADER]) == ("kari+samskap@example.org", "samskap@example.org", letter.key)
    assert mail["Subject"] == "Noe å fylle ut: Mål"
    assert mail.get_content_type() == "text/plain"
    assert "I «Prosessen» er det noe for deg å fylle ut: Mål." in mail.get_content()


OWN_WORDS = """messages:
  task:
    title: {nb: "Svar: {task}", nn: "Svar: {task}", en: "Reply: {task}"}
    text: {nb: "Hei! {process} venter på {task}.", nn: "Hei! {process} ventar.", en: "Hello! {process} awaits {task} by {due}."}
"""


def test_given_words_of_a_templates_own_when_delivered_then_they_are_said_in_the_persons_language(
    make: Callable[..., World], receiver: Receiver
) -> None:
    world = reach(make("starter: lead\n", f"starter: lead\n{OWN_WORDS}"), receiver, "kari")
    assert send(world).sent == 1
    ((_, _, title, text),) = receiver.got
    assert title == "Svar: Mål"
    assert text.startswith("Hei! Prosessen venter på Mål.\n")
    assert "samskap status p" in text


def test_given_words_of_a_templates_own_for_one_thing_when_another_happens_then_the_words_of_samskap(
    make: Callable[..., World], receiver: Receiver
) -> None:
    world = make("starter: lead\n", f"starter: lead\n{OWN_WORDS}")
    gro = world.join("gro", None, "guest")
    reach(world, receiver, "gro")
    world.do("kari", c.HandOver("m1", gro, "lead"))
    send(world)
    assert "Du har fått en rolle: Leder" in receiver.titles("gro")


def test_given_the_kinds_of_messages_when_a_template_writes_its_own_then_there_are_words_for_each() -> None:
    assert set(PLACEHOLDERS) == set(Messages.model_fields) == set(KINDS)


def test_given_a_message_when_delivered_twice_then_it_is_sent_once_on_each_store(
    on_store: World, receiver: Receiver
) -> None:
    waiting = {letter.key for letter in letters(on_store)}
    first, second = send(on_store), send(on_store)
    assert first.sent + first.moot == len(waiting)
    assert second == Delivered(0, 0, 0, 0, 0)
    assert set(receiver.keys.values()) == {1}
    assert set(receiver.keys) <= waiting


def test_given_what_was_done_meanwhile_when_delivered_then_nobody_is_told_of_it(
    on_store: World, receiver: Receiver
) -> None:
    assert send(on_store) == Delivered(3, 0, 0, 0, 3)  # three tasks were done; that answers are there still holds
    assert receiver.titles("ola") == ["Svarene er klare: Stem"]
    assert [letter.told for letter in letters(on_store, "moot")] == ["no longer so"] * 3


def test_given_somebody_without_an_address_when_delivered_then_nothing_is_sent_but_listed_and_sent_when_asked(
    world: World, receiver: Receiver
) -> None:
    assert send(world) == Delivered(0, 0, 0, 1, 0)
    (letter,) = letters(world, "unaddressed")
    assert worklists.incidents(world.engine.log) == []
    reach(world, receiver, "kari")
    assert send(world).sent == 0
    world.engine.outbox.retry([letter], world.clock())
    assert send(world).sent == 1


def test_given_an_address_when_kept_then_it_lies_under_the_persons_key(world: World) -> None:
    person = world.engine.people.notify(world.person("kari").person, "mailto:kari.nordmann@example.org")
    stored = b"".join(path.read_bytes() for path in world.folder.glob("events.sqlite*"))
    assert b"nordmann@" not in stored
    assert "nordmann" not in repr(person)
    assert world.engine.people.find("kari").address == "mailto:kari.nordmann@example.org"
    world.engine.keys.destroy("person", person.id)
    assert world.engine.people.get(person.id) is None
    assert send(world) == Delivered(0, 0, 0, 0, 1)


def test_given_an_old_message_when_a_workspace_begins_to_send_then_the_past_is_not_told(
    reached: World, receiver: Receiver
) -> None:
    reached.clock.now += TOO_OLD + timedelta(seconds=1)
    assert send(reached) == Delivered(0, 0, 0, 0, 1)
    assert receiver.got == []


def test_given_a_suspended_process_when_delivered_then_told_when_it_goes_on(reached: World, receiver: Receiver) -> None:
    reached.do("kari", c.Suspend("ferie"))
    for _ in range(30):  # waiting is no failing, however often it is looked at
        assert send(reached).waiting == 1
        pass_time(reached, hours=2)
    reached.do("kari", c.Resume(""))
    assert send(reached).sent == 1


# -- when it does not -------------------------------------------------------------------------------------------------------


def test_given_a_service_that_is_away_when_delivered_then_tried_again_ever_later_and_refused_in_the_end(
    reached: World, receiver: Receiver
) -> None:
    receiver.answers["kari"] = 503
    for wait in BACK_OFF:
        assert send(reached) == Delivered(0, 1, 0, 0, 0)
        assert send(reached) == Delivered(0, 0, 0, 0, 0)
        pass_time(reached, seconds=wait.total_seconds() - 1)
        assert send(reached) == Delivered(0, 0, 0, 0, 0)
        pass_time(reached, seconds=1)
    assert send(reached) == Delivered(0, 0, 1, 0, 0)
    (letter,) = letters(reached, "refused")
    assert (letter.attempts, letter.told) == (len(BACK_OFF) + 1, "the service answered HTTP 503")
    assert set(receiver.keys) == {letter.key}
    (incident,) = worklists.incidents(reached.engine.log, "p")
    assert (incident.incident, incident.kind) == (letter.key, "message")
    receiver.answers.clear()
    reached.engine.outbox.retry([letter], reached.clock())
    assert send(reached).sent == 1
    assert worklists.incidents(reached.engine.log) == []


def test_given_a_service_that_comes_back_when_delivered_then_sent_once_more_only(
    reached: World, receiver: Receiver
) -> None:
    receiver.answers["kari"] = 429
    send(reached)
    receiver.answers.clear()
    pass_time(reached, minutes=2)
    assert send(reached).sent == 1
    assert len(receiver.got) == 2


@pytest.mark.parametrize(
    ("to", "told", "for_good"),
    [
        ("mailto:nobody@example.org", "the service answered SMTP 550", True),
        ("mailto:busy@example.org", "the service answered SMTP 450", False),
        ("sms:+4799999999", "no service “sms” in [notify.services]", True),
        ("nonsense://there", "the address is none that apprise knows", True),
        ("json://127.0.0.1:1/x", "the service could not be reached, or did not say why", False),
    ],
)
def test_given_an_address_that_fails_when_sent_to_then_told_why_and_whether_for_good_without_naming_it(
    mailbox: Mailbox, capsys: pytest.CaptureFixture[str], to: str, told: str, for_good: bool
) -> None:
    with pytest.raises(NotDelivered) as caught:
        Services(mailbox.services).send(to, Message("k", "T", "t"))
    assert (caught.value.told, caught.value.for_good) == (told, for_good)
    assert "".join(capsys.readouterr()) == ""


def test_given_a_refusal_when_dropped_with_a_reason_then_it_is_no_incident_and_forgotten_in_time(
    reached: World, receiver: Receiver
) -> None:
    receiver.answers["kari"] = 404
    assert send(reached).refused == 1
    (letter,) = letters(reached, "refused")
    with pytest.raises(Refused, match="needs a reason"):
        reached.engine.outbox.drop(letter, " ", reached.clock())
    reached.engine.outbox.drop(letter, "Kari er sluttet", reached.clock())
    assert worklists.incidents(reached.engine.log) == []
    assert reached.engine.outbox.find(letter.key[:6]).told == "Kari er sluttet"
    pass_time(reached, seconds=KEPT.total_seconds() + 1)
    send(reached)
    with pytest.raises(NotFound):
        reached.engine.outbox.find(letter.key)


def test_given_a_message_that_was_sent_when_asked_for_again_then_refused(reached: World) -> None:
    send(reached)
    (letter,) = letters(reached, "sent")
    with pytest.raises(Refused, match="sent already"):
        reached.engine.outbox.retry([letter], reached.clock())
    with pytest.raises(Refused, match="sent already"):
        reached.engine.outbox.drop(letter, "grunn", reached.clock())


def test_given_a_damaged_process_when_delivered_then_others_messages_go_out(
    reached: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached.engine.start(reached.person("ola"), "small", "q", "Q")
    broken, load = reached.engine.stream("p"), reached.engine.load

    def damaged(stream: Any, **options: Any) -> Any:
        if stream == broken:
            raise IntegrityFault("changed")
        return load(stream, **options)

    monkeypatch.setattr(reached.engine, "load", damaged)
    assert send(reached) == Delivered(1, 1, 0, 0, 0)
    assert receiver.titles("ola") == ["Noe å fylle ut: Mål"]


# -- kills, and two at once -------------------------------------------------------------------------------------------------

DELIVERER = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from engine.engine import Engine
from engine.notify.delivery import deliver
from engine.notify.outbox import Outbox
from engine.notify.sending import Services
folder, url, now, kill = sys.argv[1:]
services = Services({})
if kill == "before":
    services.send = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if kill == "between":
    Outbox.end = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
engine = Engine.open(Path(folder), store_url=url, clock=lambda: datetime.fromisoformat(now))
print("ready", flush=True)
sys.stdin.readline()
print(deliver(engine, services).sent)
"""


def deliverer(world: World, store_url: str, kill: str = "") -> subprocess.Popen[str]:
    one = subprocess.Popen(
        [sys.executable, "-c", DELIVERER, str(world.folder), store_url, world.clock().isoformat(), kill],
        cwd=BUILT_IN,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert one.stdout is not None
    assert one.stdout.readline() == "ready\n"
    return one


@pytest.mark.parametrize(("kill", "times"), [("before", 1), ("between", 2)])
def test_given_a_kill_around_sending_when_delivered_later_then_none_is_lost_and_what_comes_twice_has_one_key(
    on_store: World, store_url: str, receiver: Receiver, kill: str, times: int
) -> None:
    expected = {letter.key for letter in letters(on_store) if letter.kind == "revealed"}
    for letter in letters(on_store):
        if letter.kind != "revealed":  # what is moot is no message
            on_store.engine.outbox.drop(letter, "gjort", on_store.clock())
    one = deliverer(on_store, store_url, kill)
    one.communicate("go\n", timeout=280)
    assert one.returncode == -9
    assert send(on_store).sent == 2  # the third is held by a lease of the dead
    pass_time(on_store, seconds=LEASE.total_seconds() + 1)
    assert send(on_store).sent == 1
    assert set(receiver.keys) == expected
    assert sorted(receiver.keys.values()) == [1, 1, times]
    assert send(on_store) == Delivered(0, 0, 0, 0, 0)


def test_given_one_that_kills_whoever_sends_it_when_tried_often_then_it_is_refused(
    on_store: World, receiver: Receiver
) -> None:
    for _ in range(len(BACK_OFF) + 2):
        assert on_store.engine.outbox.claim(on_store.clock()) is not None
        pass_time(on_store, seconds=LEASE.total_seconds() + 1)
        on_store.engine.log.write_rows([("UPDATE outbox SET at=? WHERE attempts=0", ("2030-01-01T00:00:00",))])
    assert send(on_store) == Delivered(0, 0, 1, 0, 0)
    assert receiver.got == []


def test_given_two_who_deliver_at_once_when_both_are_done_then_each_message_was_sent_once(
    on_store: World, store_url: str, receiver: Receiver
) -> None:
    for number in range(12):
        on_store.engine.start(on_store.person("kari"), "small", f"more_{number}", "Mer")
    expected = 15
    both = [deliverer(on_store, store_url) for _ in range(2)]
    for one in both:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    sent = [int(one.communicate(timeout=280)[0]) for one in both]
    assert sum(sent) == expected
    assert len(receiver.keys) == expected
    assert set(receiver.keys.values()) == {1}


def test_given_a_lease_that_ran_out_when_its_holder_says_what_came_of_it_then_the_new_holder_counts(
    on_store: World,
) -> None:
    outbox, now = on_store.engine.outbox, on_store.clock()
    first = outbox.claim(now)
    second = next(letter for letter in iter(lambda: outbox.claim(now + LEASE), None) if letter.key == first.key)
    outbox.end(first, "refused", now, "late")
    assert outbox.find(first.key).status == "waiting"
    outbox.end(second, "sent", now)
    assert outbox.find(first.key).status == "sent"


# -- addresses and services -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("kari@kommune.no", "mailto:kari@kommune.no"),
        ("mailto:kari@kommune.no", "mailto:kari@kommune.no"),
        ("sms:+4799999999", "sms:+4799999999"),
        ("json://localhost:8000/kari", "json://localhost:8000/kari"),
    ],
)
def test_given_an_address_when_read_then_it_is_kept_with_its_service(given: str, kept: str) -> None:
    assert address(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "kari",
        "mailto:kari",
        "a@b.no,c@d.no",
        "mailto:a@b.no,c@d.no",
        "a@b.no?to=c@d.no\n",
        "sms:",
        "x" * 600,
        "a b@c.no",
    ],
)
def test_given_what_is_no_address_when_read_then_told(given: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        address(given)


def test_given_a_service_when_resolved_then_secrets_and_people_are_escaped() -> None:
    services = with_secrets({"mailto": "mailtos://u:${PASS}@smtp.no?to={to}"}, {"PASS": "p@ss/{to}?&"})
    assert services == {"mailto": "mailtos://u:p%40ss%2F%7Bto%7D%3F%26@smtp.no?to={to}"}
    assert url_of("mailto:a+b@c.no", services) == "mailtos://u:p%40ss%2F%7Bto%7D%3F%26@smtp.no?to=a%2Bb%40c.no"
    assert url_of("mailto:a&cc=evil@c.no", services).endswith("to=a%26cc%3Devil%40c.no")
    assert url_of("sms:1", services) is None


def test_given_a_secret_that_is_not_there_when_services_are_made_then_told_and_nothing_was_tried() -> None:
    with pytest.raises(SettingsError, match="needs SMTP_PASSWORD"):
        Services({"mailto": "mailtos://u:${SMTP_PASSWORD}@smtp.no?to={to}"}, {})
