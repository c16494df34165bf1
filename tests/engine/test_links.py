"""Linked processes: started, waited for, with answers in and out; and what happens when one of the two cannot go on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import IntegrityFault, LintError, NotAllowed, NotFound, Refused
from engine.export import archive, bag
from engine.export.check import check
from engine.export.ocel import ocel
from engine.export.source import source, sources
from engine.process import commands as c
from engine.process.state import Linked, ProcessState
from engine.store import worklists
from engine.store.people import Session
from engine.store.postgres import create
from engine.template import bundle
from engine.template.diff import differences
from engine.template.plan import Plan

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
PROGRAMME = """
template: programme
version: 1.0.0
title: {nb: Program, nn: Program, en: Programme}
roles:
  lead: {title: {nb: Leder, nn: Leiar, en: Lead}, min: 1}
  member: {title: {nb: Medlem, nn: Medlem, en: Member}, of: party}
starter: lead
initial: plan
states:
  plan:
    title: {nb: Plan, nn: Plan, en: Plan}
    tasks:
      outline: {title: {nb: Skisse, nn: Skisse, en: Outline}, form: outline, by: lead, optional: true}
    actions:
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


def write(folder: Path, programme: str = PROGRAMME, visit: str = VISIT) -> Path:
    for name, text, forms in (("programme", programme, {"outline": OUTLINE}), ("visit", visit, {"talk": TALK})):
        (folder / "processes").mkdir(parents=True, exist_ok=True)
        (folder / "forms" / name).mkdir(parents=True, exist_ok=True)
        (folder / "processes" / f"{name}.yaml").write_text(text)
        for form, content in forms.items():
            (folder / "forms" / name / f"{form}.yaml").write_text(content)
    return folder


class Land:
    """A workspace with a programme `p`, led by kari, with ola (town) and eva (club); by default visits are published."""

    def __init__(self, data: Path, config: Path, store_url: str | None = None) -> None:
        self.data, self.config, self.store_url = data, config, store_url
        self.engine = Engine.open(data, store_url=store_url)
        self.people: dict[str, Session] = {}

    def open(self) -> Engine:
        """Another engine over the same store."""
        return Engine.open(self.data, store_url=self.store_url)

    def person(self, handle: str) -> Session:
        if handle not in self.people:
            self.people[handle] = Session(self.engine.people.add(handle, handle.title()))
        return self.people[handle]

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


# -- starting ---------------------------------------------------------------------------------------------------------


def test_given_a_state_that_spawns_when_entered_then_the_process_is_there_and_each_knows_of_the_other(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    (linked,) = land.linked("visit")
    assert (linked.status, linked.name, linked.template, linked.version) == ("open", "p-visit", "visit", "1.0.0")
    child = land.state("p-visit")
    assert (child.status, list(child.active), child.title) == ("running", ["talking"], "Programmet: Besøk")
    (parent,) = child.parents.values()
    assert (parent.name, parent.link, parent.takes) == ("p", "visit", ("talk.score", "talk.verdict"))


def test_given_roles_when_started_then_their_holders_take_part_with_their_parties(land: Land) -> None:
    land.do("kari", c.Act("go"))
    held = {
        (land.engine.people.get(str(m.person)).name, m.party, *m.roles)  # type: ignore[union-attr]
        for m in land.state("p-visit").memberships.values()
    }
    assert held == {("Kari", None, "host"), ("Ola", "town", "guest"), ("Eva", "club", "guest")}


def test_given_no_roles_when_started_then_who_leads_here_leads_there_and_nobody_else_takes_part(land: Land) -> None:
    land.do("kari", c.Act("try_out"))
    (member,) = land.state("p-trial").memberships.values()
    assert (member.person, member.roles) == (land.person("kari").person.id, frozenset({"host"}))


def test_given_an_action_without_to_when_chosen_then_the_process_stays_where_it_is(land: Land) -> None:
    before = dict(land.state().entries)
    land.do("kari", c.Act("try_out"))
    assert (land.state().entries, list(land.state().active)) == (before, ["plan"])


def test_given_a_process_that_goes_on_when_started_again_by_an_action_then_refused(land: Land) -> None:
    land.do("kari", c.Act("try_out"))
    with pytest.raises(Refused, match="goes on already"):
        land.do("kari", c.Act("try_out"))
    land.visit("p-trial")
    land.do("kari", c.Act("try_out"))
    assert [one.name for one in land.linked("trial")] == ["p-trial", "p-trial-2"]


def test_given_several_versions_when_started_then_under_the_newest_that_is_not_retired_and_pinned_to_it(
    land: Land,
) -> None:
    for version in ("1.1.0", "2.0.0"):
        write(land.config, visit=VISIT.replace("version: 1.0.0", f"version: {version}"))
        land.publish("visit")
    land.engine.retire("visit", "2.0.0", "Feil")
    land.do("kari", c.Act("go"))
    assert (land.linked("visit")[0].version, land.state("p-visit").version) == ("1.1.0", "1.1.0")


def test_given_a_name_that_is_taken_when_started_then_the_next_one(land: Land) -> None:
    land.engine.start(land.person("ola"), "visit", "p-visit", "Et annet")
    land.do("kari", c.Act("go"))
    assert [one.name for one in land.linked("visit")] == ["p-visit-2"]


def test_given_a_state_that_is_entered_again_when_its_process_still_goes_on_then_no_other_is_started(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Act("back"))
    land.do("kari", c.Act("go"))
    assert len(land.linked("visit")) == 1


def test_given_a_state_that_is_entered_again_when_its_process_has_finished_then_another_is_started(land: Land) -> None:
    for _ in range(2):
        land.do("kari", c.Act("go"))
        land.visit(land.linked("visit")[-1].name)
        land.do("kari", c.Act("back"))
    assert [(one.name, one.status, one.counts) for one in land.linked("visit")] == [
        ("p-visit", "finished", False),
        ("p-visit-2", "finished", True),
    ]


def test_given_a_process_that_finished_when_somebody_goes_back_then_it_is_kept(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.visit()
    land.do("kari", c.Act("back"))
    land.do("kari", c.StepBack("work", "Vi var ferdige"))
    assert [one.status for one in land.linked("visit")] == ["finished"]


# -- answers in and out -----------------------------------------------------------------------------------------------


def test_given_answers_that_are_given_when_started_then_they_are_variables_and_suggestions_there(land: Land) -> None:
    land.do("kari", c.Submit("outline.1", {"topic": "Arbeid", "limit": 2}))
    land.do("kari", c.Act("go"))
    assert dict(land.engine.suggestions(land.person("ola"), "p-visit", "talk.1")) == {"topic": "Arbeid"}
    with pytest.raises(Refused, match="For høyt"):
        land.visit(score=3)
    land.do("kari", c.Submit("talk.1", {"score": 2}), "p-visit")
    land.do("kari", c.Act("close"), "p-visit")
    assert land.state("p-visit").status == "finished"


def test_given_answers_that_are_missing_when_started_then_the_other_keeps_its_own(land: Land) -> None:
    land.do("kari", c.Act("go"))
    assert (land.state("p-visit").given, land.engine.suggestions(land.person("kari"), "p-visit", "talk.1")) == ({}, {})
    land.visit(score=5)


def test_given_a_process_that_finishes_when_taken_then_only_the_named_answers_come_back(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.visit(score=4)
    loaded = land.engine.load(land.engine.stream("p"))
    assert land.passed_on() == {"talk": {"score": 4, "verdict": "bad"}}
    stored = b"".join(record.body for record in loaded.records)
    assert b"hemmelig" not in stored
    assert b"aside" not in stored


def test_given_a_condition_that_waits_when_the_process_finishes_then_it_goes_on_by_itself(land: Land) -> None:
    land.do("kari", c.Act("go"))
    with pytest.raises(Refused, match="Vent"):
        land.do("kari", c.Act("finish"))
    land.visit(verdict="good")
    assert list(land.state().active) == ["good"]


def test_given_dont_know_when_passed_on_then_it_is_unknown(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.visit(verdict="dont_know")
    assert list(land.state().active) == ["work"]
    land.do("kari", c.Act("finish"))


def test_given_one_for_each_party_when_entered_then_each_has_its_own_with_its_people(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    assert [(one.element, one.name) for one in land.linked("round")] == [
        ("town", "p-round-town"),
        ("club", "p-round-club"),
    ]
    found = {m.party for m in land.state("p-round-town").memberships.values()}
    assert (found, land.state("p-round-town").title) == ({None, "town"}, "Programmet: Besøk: Town")


def test_given_a_party_that_comes_later_when_it_joins_then_it_gets_its_own_once(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    land.visit("p-round-town", score=1)
    land.do("kari", c.AddParty("school", "School"))
    land.join("per", "school")
    assert [one.element for one in land.linked("round")] == ["town", "club", "school"]


def test_given_several_processes_when_all_have_finished_then_a_condition_reads_all_of_their_answers(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    land.visit("p-round-town", score=4)
    assert list(land.state().active) == ["visiting"]
    land.visit("p-round-club", score=1)
    assert list(land.state().active) == ["good"]


# -- what cannot go on ------------------------------------------------------------------------------------------------


def test_given_a_template_that_is_not_published_when_started_then_an_incident_told_once_until_it_is(
    alone: Land,
) -> None:
    alone.do("kari", c.Act("go"))
    assert alone.incidents() == [("link:visit", "no template “visit” is published")]
    alone.engine.tick()
    with pytest.raises(Refused, match="still fails"):
        alone.do("kari", c.Retry("link:visit"))
    raised = [r for r in alone.engine.log.read(alone.engine.stream("p")) if r.type == "incident.raised"]
    assert len(raised) == 1
    alone.publish("visit")
    alone.engine.tick()
    assert (alone.incidents(), alone.linked("visit")[0].status) == ([], "open")


def test_given_a_process_that_cannot_be_started_when_retried_after_it_can_then_it_starts(alone: Land) -> None:
    alone.do("kari", c.Act("go"))
    alone.publish("visit")
    alone.do("kari", c.Retry("link:visit"))
    assert (alone.incidents(), alone.names()) == ([], ["p", "p-visit"])


def test_given_versions_that_are_all_retired_when_started_then_an_incident(land: Land) -> None:
    land.engine.retire("visit", "1.0.0", "Feil")
    land.do("kari", c.Act("go"))
    assert land.incidents() == [("link:visit", "every version of “visit” is retired")]


def test_given_a_linked_process_when_given_up_then_an_incident_and_another_takes_its_place_when_retried(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Cancel("Gjestene kom ikke"), "p-visit")
    assert land.incidents() == [("link:visit", "“p-visit” was given up")]
    land.do("kari", c.Retry("link:visit"))
    assert [(one.name, one.status) for one in land.linked("visit")] == [("p-visit", "cancelled"), ("p-visit-2", "open")]
    land.visit("p-visit-2")
    assert (land.incidents(), land.state().status) == ([], "running")
    land.do("kari", c.Act("finish"))


def test_given_a_template_that_asks_for_those_given_up_when_one_is_then_no_incident(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    land.do("kari", c.Cancel("Nei"), "p-round-town")
    assert land.incidents() == []
    land.do("kari", c.Act("stop"))


def test_given_a_linked_process_when_let_go_with_a_reason_then_it_is_waited_for_no_more_and_goes_on(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    land.visit("p-round-town", score=4)
    with pytest.raises(Refused, match="needs a reason"):
        land.engine.end_link(land.person("kari"), "p", "p-round-club", "")
    land.engine.end_link(land.person("kari"), "p", "p-round-club", "Klubben er nedlagt")
    assert (list(land.state().active), land.state("p-round-club").status) == (["good"], "running")
    land.visit("p-round-club")
    assert [one.status for one in land.linked("round")] == ["finished", "let_go"]


def test_given_a_parent_that_ends_when_its_process_goes_on_then_that_is_told_nothing_and_tells_nothing(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Cancel("Ingen penger"))
    land.visit()
    assert (land.state("p-visit").status, land.linked("visit")[0].status) == ("finished", "open")
    assert worklists.owed(land.engine.log) == []
    (above,) = land.engine.links(land.person("ola"), "p-visit")
    assert (above.process, above.is_parent, above.status) == ("p", True, "cancelled")


def test_given_a_parent_that_rests_when_its_process_finishes_then_it_is_told_and_goes_on_when_it_resumes(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Suspend("Ferie"))
    land.visit(verdict="good")
    assert (land.linked("visit")[0].status, list(land.state().active)) == ("finished", ["work"])
    land.do("kari", c.Resume())
    assert list(land.state().active) == ["good"]


def damage(land: Land, process: str) -> None:
    land.engine.log.write_rows(
        [("UPDATE stored_events SET state=replace(state,'talk','tall') WHERE originator_id=? AND originator_version>1",
          (land.engine.stream(process).hex,))]
    )  # fmt: skip
    land.engine._loading._kept.clear()


def test_given_a_linked_process_in_quarantine_when_time_acts_then_it_is_told_and_no_other_is_kept_back(
    land: Land,
) -> None:
    land.do("kari", c.Act("visit_all"))
    for name in ("p-round-town", "p-round-club"):
        land.do("kari", c.Submit("talk.1", {"score": 4}), name)
        killed(land, "by_itself", lambda engine, name=name: engine.handle(land.person("kari"), name, c.Act("close")))
    damage(land, "p-round-town")
    with pytest.raises(IntegrityFault, match="p-round-town"):
        land.engine.tick()
    assert {one.element: one.status for one in land.linked("round")} == {"town": "open", "club": "finished"}
    land.do("kari", c.AddParty("school", "School"))


def test_given_a_parent_in_quarantine_when_its_process_goes_on_then_it_does(land: Land) -> None:
    land.do("kari", c.Act("go"))
    damage(land, "p")
    land.engine.log.write_rows([("UPDATE head SET hash='x' WHERE stream=?", (land.engine.stream("p").hex,))])
    land.visit()
    assert land.state("p-visit").status == "finished"
    with pytest.raises(IntegrityFault):
        land.engine.tick()


# -- once, whatever happens -------------------------------------------------------------------------------------------


def killed(land: Land, step: str, act: Callable[[Engine], object]) -> None:
    """Let another process act, and be killed right before the engine takes a step of going on."""
    pid = os.fork()
    if pid == 0:
        engine = land.open()
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


@pytest.mark.parametrize("step", ["begin", "by_itself"])
def test_given_a_kill_between_asking_and_starting_when_time_acts_then_it_is_started_once(land: Land, step: str) -> None:
    killed(land, step, lambda engine: engine.handle(land.person("kari"), "p", c.Act("go")))
    assert land.linked("visit")[0].status == "opened"
    assert ("p-visit" in land.names()) is (step == "by_itself")
    for _ in range(2):
        land.engine.tick()
    assert ([one.status for one in land.linked("visit")], land.names()) == (["open"], ["p", "p-visit"])


def test_given_a_kill_before_starting_when_somebody_acts_in_the_parent_then_it_is_started(land: Land) -> None:
    killed(land, "begin", lambda engine: engine.handle(land.person("kari"), "p", c.Act("go")))
    land.do("kari", c.AddParty("school", "School"))
    assert land.linked("visit")[0].status == "open"


def test_given_a_kill_after_the_end_when_time_acts_then_the_parent_is_told_once(land: Land) -> None:
    land.do("kari", c.Act("go"))
    land.do("kari", c.Submit("talk.1", {"score": 3}), "p-visit")
    killed(land, "by_itself", lambda engine: engine.handle(land.person("kari"), "p-visit", c.Act("close")))
    assert (land.state("p-visit").status, land.linked("visit")[0].status) == ("finished", "open")
    for _ in range(2):
        land.engine.tick()
    told = [r for r in land.engine.log.read(land.engine.stream("p")) if r.type == "link.ended"]
    assert (len(told), land.linked("visit")[0].status) == (1, "finished")


def test_given_the_same_command_again_after_a_kill_when_given_then_the_same_answer_and_what_was_owed_is_done(
    land: Land,
) -> None:
    def go(engine: Engine) -> Any:
        return engine.handle(land.person("kari"), "p", c.Act("go"), command_id="once")

    killed(land, "begin", go)
    assert go(land.engine).replayed
    assert land.linked("visit")[0].status == "open"


def test_given_two_who_go_on_at_once_when_both_have_then_it_is_started_once(alone: Land) -> None:
    alone.do("kari", c.Act("go"))
    alone.publish("visit")
    other = alone.open()
    real = other._committing.begin

    def late(*args: Any) -> Any:
        other._committing.begin = real  # type: ignore[method-assign]
        alone.engine.tick()
        return real(*args)

    other._committing.begin = late  # type: ignore[method-assign]
    other.tick()
    other.close()
    assert alone.names() == ["p", "p-visit"]
    linked = [r for r in alone.engine.log.read(alone.engine.stream("p")) if r.type == "process.linked"]
    assert len(linked) == 1


def test_given_links_when_the_read_models_are_made_again_then_they_are_the_same(land: Land) -> None:
    land.do("kari", c.Act("visit_all"))
    land.visit("p-round-town")
    before = land.engine.log.query("SELECT * FROM link ORDER BY child")
    assert len(before) == 2
    land.engine.rebuild_worklists()
    assert land.engine.log.query("SELECT * FROM link ORDER BY child") == before


def test_given_postgresql_when_linked_processes_run_then_as_on_sqlite(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    url = new_database()
    create(url)
    land = Land(tmp_path / "data", write(tmp_path / "config"), url)
    land.publish("programme")
    land.begin()
    land.do("kari", c.Act("go"))
    assert land.incidents() != []
    land.publish("visit")
    land.engine.tick()
    land.visit(verdict="good")
    assert (list(land.state().active), worklists.owed(land.engine.log)) == (["good"], [])
    land.engine.close()


# -- linking what is there --------------------------------------------------------------------------------------------


def test_given_a_process_that_is_there_when_linked_by_who_leads_both_then_it_is_waited_for(land: Land) -> None:
    land.engine.start(land.person("kari"), "visit", "older", "Eldre")
    land.engine.link(land.person("kari"), "p", "trial", "older")
    assert [(one.name, one.status, one.spawned) for one in land.linked("trial")] == [("older", "open", False)]
    land.visit("older")
    assert land.linked("trial")[0].status == "finished"


def test_given_a_process_that_finished_before_when_linked_then_its_answers_come_at_once(land: Land) -> None:
    land.engine.start(land.person("kari"), "visit", "older", "Eldre")
    land.visit("older", score=2)
    land.engine.link(land.person("kari"), "p", "visit", "older")
    assert land.passed_on() == {"talk": {"score": 2, "verdict": "bad"}}


def test_given_a_process_that_somebody_else_leads_when_linked_then_refused_and_nothing_stored(land: Land) -> None:
    land.engine.start(land.person("ola"), "visit", "older", "Eldre")
    with pytest.raises(NotAllowed, match="only who leads “older”"):
        land.engine.link(land.person("kari"), "p", "trial", "older")
    with pytest.raises(NotAllowed, match="only the lead may do this"):
        land.engine.link(land.person("ola"), "p", "trial", "older")
    assert land.state().links == {}


def test_given_a_process_of_another_template_or_an_unknown_link_when_linked_then_refused(land: Land) -> None:
    land.engine.start(land.person("kari"), "programme", "q", "Q")
    with pytest.raises(Refused, match="for processes of visit"):
        land.engine.link(land.person("kari"), "p", "trial", "q")
    land.engine.start(land.person("kari"), "visit", "older", "Eldre")
    with pytest.raises(NotFound, match="there is no link “trail”"):
        land.engine.link(land.person("kari"), "p", "trail", "older")


def test_given_a_process_that_is_linked_when_linked_again_then_refused(land: Land) -> None:
    land.do("kari", c.Act("try_out"))
    with pytest.raises(Refused, match="already"):
        land.engine.link(land.person("kari"), "p", "visit", "p-trial")


RING = PROGRAMME.replace("{template: visit, link: trial}", "{template: programme, link: trial}")


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Land]:
    """A programme that may start programmes."""
    made = Land(tmp_path / "data", write(tmp_path / "config", RING))
    made.publish("programme", "visit")
    made.begin()
    yield made
    made.engine.close()


def test_given_a_process_that_stands_above_when_linked_below_then_refused(ring: Land) -> None:
    ring.do("kari", c.Act("try_out"))
    with pytest.raises(Refused, match="stands above “p-trial” already"):
        ring.engine.link(ring.person("kari"), "p-trial", "trial", "p")
    with pytest.raises(Refused, match="stands above “p” already"):
        ring.engine.link(ring.person("kari"), "p", "trial", "p")


def test_given_processes_that_start_one_another_when_eight_stand_above_one_then_no_more_are_started(ring: Land) -> None:
    name = "p"
    for _ in range(8):
        ring.do("kari", c.Act("try_out"), name)
        name = next(iter(ring.state(name).links.values())).name
    ring.do("kari", c.Act("try_out"), name)
    (item,) = worklists.incidents(ring.engine.log)
    assert (item.process, item.message) == (name, "more than 8 processes would stand above one another")


# -- who sees and does what -------------------------------------------------------------------------------------------


def test_given_somebody_of_the_parent_alone_when_looking_then_the_link_is_seen_and_not_the_process(land: Land) -> None:
    land.do("kari", c.Act("try_out"))
    (seen,) = land.engine.links(land.person("ola"), "p")
    assert (seen.process, seen.status, seen.you_take_part) == ("p-trial", "open", False)
    with pytest.raises(NotAllowed):
        land.engine.history(land.person("ola"), "p-trial")
    assert land.engine.links(land.person("kari"), "p")[0].you_take_part


def test_given_an_operator_when_looking_then_no_answers_that_were_passed_on(land: Land) -> None:
    land.do("kari", c.Submit("outline.1", {"topic": "Arbeid", "limit": 4}))
    land.do("kari", c.Act("go"))
    land.visit(score=4)
    operator = Session(land.engine.people.add("root", "Root"), operator=True)
    assert [one.answers for one in land.engine.links(operator, "p")] == [{}]
    assert land.engine.links(land.person("ola"), "p")[0].answers == {"talk": {"score": 4, "verdict": "bad"}}
    fields = {field for found in source(land.engine, operator, "p").hidden.values() for field in found}
    assert fields == {"answers", "given"}


def test_given_an_outsider_when_looking_then_refused(land: Land) -> None:
    with pytest.raises(NotAllowed):
        land.engine.links(land.person("per"), "p")


@pytest.mark.parametrize(
    "command",
    [
        c.LinkBegun("x", "x", "x", "visit", "1.0.0"),
        c.LinkFailed("x", "x"),
        c.LinkOver("x", "finished", None, {}),
        c.HaveParent("x", "x", "x", "x", (), 1, {}),
    ],
    ids=lambda command: type(command).__name__,
)
def test_given_what_only_processes_tell_each_other_when_a_person_says_it_then_refused(
    land: Land, command: c.Command
) -> None:
    with pytest.raises(NotAllowed, match="no person does this"):
        land.do("kari", command)


# -- the rest of the engine -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", ["Ba om å få koblet til visit: visit", "p-visit (visit) er ferdig"]),
        ("nn", ["Bad om å få kopla til visit: visit", "p-visit (visit) er ferdig"]),
        ("en", ["Asked for visit to be linked: visit", "p-visit (visit) has finished"]),
    ],
)
def test_given_links_when_history_is_told_then_in_words(land: Land, language: str, told: list[str]) -> None:
    land.do("kari", c.Act("go"))
    land.visit()
    lines = [line.text for line in land.engine.history(land.person("kari"), "p", language)]
    assert [text for text in lines if text in told] == told
    first = [line.text for line in land.engine.history(land.person("kari"), "p-visit", language)][1]
    assert "Programmet (p)" in first
    assert "talk.score, talk.verdict" in first


@pytest.mark.parametrize("process", ["p", "p-visit"])
def test_given_linked_histories_when_replayed_under_their_own_version_then_the_same(land: Land, process: str) -> None:
    land.do("kari", c.Submit("outline.1", {"topic": "Arbeid", "limit": 4}))
    land.do("kari", c.Act("go"))
    land.visit(verdict="good")
    land.engine.start(land.person("kari"), "visit", "older", "Eldre")
    definition = land.engine.definition(land.state(process).template)
    assert land.engine.replay(process, definition).outcome == "same"


def test_given_a_version_that_starts_nothing_when_replayed_then_it_differs_where_the_other_was_heard_of(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    start = PROGRAMME.index("    spawn:\n      template: visit")
    end = PROGRAMME.index("    auto: [{to: good, when: links.visit.done and")
    text = PROGRAMME[:start] + PROGRAMME[PROGRAMME.index("\n", end) + 1 :].replace(
        "links.visit.done", "len(parties) > 0"
    )
    write(land.config, text.replace("version: 1.0.0", "version: 1.1.0"))
    land.publish("programme")
    found = land.engine.replay("p", land.engine.definition("programme"))
    assert (found.outcome, found.what) == ("differs", "LinkBegun")


def test_given_an_open_link_when_the_parent_is_migrated_then_its_end_is_still_told(land: Land) -> None:
    land.do("kari", c.Act("go"))
    write(land.config, PROGRAMME.replace("version: 1.0.0", "version: 1.1.0").replace("nb: Arbeid", "nb: Verk"))
    land.publish("programme")
    target = land.engine.bundle_of("programme", "1.1.0")
    plan = Plan.model_validate({"template": "programme", "to": "1.1.0"})
    land.do("kari", c.Migrate(target, "Nye ord", plan))
    land.visit(verdict="good")
    assert list(land.state().active) == ["good"]


def test_given_a_linked_process_that_goes_on_under_other_names_when_it_finishes_then_it_is_told_in_those_of_then(
    land: Land,
) -> None:
    land.do("kari", c.Act("go"))
    visit = VISIT.replace("version: 1.0.0", "version: 2.0.0").replace("      talk: {", "      chat: {")
    visit = visit.replace("tasks.talk.complete and answers.talk.score", "tasks.chat.complete and answers.chat.points")
    write(land.config, visit=visit)
    talk = TALK.replace("score: {title: Poeng,", "points: {title: Poeng, x-id: score,").replace("[score]", "[points]")
    (land.config / "forms" / "visit" / "talk.yaml").write_text(talk)
    land.publish("visit")
    plan = Plan.model_validate({"template": "visit", "to": "2.0.0", "tasks": {"talk": "chat"}})
    land.do("kari", c.Migrate(land.engine.bundle_of("visit", "2.0.0"), "Nye ord", plan), "p-visit")
    land.do("kari", c.Submit("chat.1", {"points": 4, "verdict": "bad"}), "p-visit")
    land.do("kari", c.Act("close"), "p-visit")
    assert land.passed_on() == {"talk": {"score": 4, "verdict": "bad"}}


def test_given_a_role_and_an_answer_that_only_a_linked_process_needs_when_linted_then_they_are_used(
    land: Land,
) -> None:
    found = bundle.problems_of("programme", [land.config], {})
    about = [problem.message for problem in found if problem.rule in ("role-unused", "answer-unused")]
    assert about == []


def test_given_two_versions_of_which_one_starts_another_process_when_compared_then_told(land: Land) -> None:
    old = land.engine.definition("programme")
    write(land.config, PROGRAMME.replace("{template: visit, link: trial}", "{template: visit, link: rehearsal}"))
    new = bundle.read("programme", [land.config]).definition
    told = [one.what for one in differences(old, new) if one.where == "action of plan: try_out"]
    assert len(told) == 1
    assert "link trial" in told[0]
    assert "link rehearsal" in told[0]


def test_given_linked_processes_when_exported_then_their_objects_are_related_and_an_archive_holds(
    land: Land, tmp_path: Path
) -> None:
    land.do("kari", c.Act("go"))
    land.visit()
    log = ocel(sources(land.engine, land.person("kari"), ["p", "p-visit"]))
    objects: Any = log["objects"]
    (parent,) = [one for one in objects if one["id"] == "p"]
    assert {"objectId": "p-visit", "qualifier": "stands above"} in parent["relationships"]
    alone: Any = ocel(sources(land.engine, land.person("kari"), ["p"]))["objects"]
    assert next(one for one in alone if one["id"] == "p")["relationships"] == []
    taken = source(land.engine, land.person("kari"), "p")
    files = archive.files(taken.records, taken.template, made_at=AT.isoformat(), made_by="samskap test")
    packed = tmp_path / "p.zip"
    with packed.open("wb") as file:
        bag.pack(bag.bag(files, identifier="urn:test", made_at=AT, made_by="samskap test"), "p", AT, file)
    assert check(packed).findings == ()


def test_given_a_time_before_the_end_when_looked_back_then_the_link_was_open(land: Land) -> None:
    land.do("kari", c.Act("go"))
    then = land.state().sequence
    land.visit()
    assert [one.status for one in land.engine.at("p", then).state.links.values()] == ["open"]


def test_given_links_when_a_command_is_given_to_a_process_without_any_then_nothing_is_looked_up(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(worklists, "owed", lambda *args: asked.append(args) or [])
    land.do("kari", c.AddParty("school", "School"))
    assert asked == []


def test_given_a_template_that_cannot_be_read_when_linked_to_then_lint_says_so(tmp_path: Path) -> None:
    write(tmp_path, visit="template: visit\n")
    with pytest.raises(LintError) as caught:
        bundle.read("programme", [tmp_path])
    assert "linked-template" in {problem.rule for problem in caught.value.problems}


def test_given_a_suggestion_for_a_list_when_linted_then_refused(tmp_path: Path) -> None:
    field = "  verdict: {title: Dom,"
    row = "type: object, properties: {what: {title: Hva, type: string, maxLength: 9}}"
    talk = TALK.replace(field, f"  seen: {{title: Sett, type: array, maxItems: 3, items: {{{row}}}}}\n{field}")
    write(tmp_path, PROGRAMME.replace("talk.topic: answers", "talk.seen: answers"))
    (tmp_path / "forms" / "visit" / "talk.yaml").write_text(talk)
    with pytest.raises(LintError) as caught:
        bundle.read("programme", [tmp_path])
    assert "give-type" in {problem.rule for problem in caught.value.problems}
