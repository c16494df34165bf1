"""Pictures of charts: everything is drawn once, nothing lies on anything else, and hostile texts stay texts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diagram.cards import STYLES, Label
from engine.diagram.layout import CANVAS, PAD, Layout, Route, layout
from engine.diagram.legend import legend
from engine.diagram.life import Life, life
from engine.diagram.measure import width, wrapped
from engine.diagram.mermaid import mermaid
from engine.diagram.model import Picture, picture
from engine.diagram.svg import drawn, svg
from engine.diagram.words import span
from engine.form.model import build
from engine.process import commands as c
from engine.template import bundle, in_words
from engine.template.chart import Definition
from engine.template.model import Template
from engine.template.sources import BUILT_IN
from engine.text import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = '"]}%%{init: {}}%% --> x : <script>alert(1)</script> & #35; `end note`; \\n ]]> </title>\x00\u202e'
SVG = "{http://www.w3.org/2000/svg}"


def definition(initial: str, states: Mapping[str, Any], **more: Any) -> Definition:
    """A template of states, without forms."""
    content = {
        "template": "t",
        "version": "1.0.0",
        "title": "T",
        "roles": {"lead": {"title": "Leder"}, "member": {"title": "Deltaker", "of": "party"}},
        "starter": "lead",
        "initial": initial,
        "states": states,
        **more,
    }
    return Definition(Template.model_validate(content), {})


def action(to: str, title: str = "Gå", **more: Any) -> dict[str, Any]:
    return {"title": title, "by": "lead", "to": to, **more}


def task(title: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "form": "f", "by": "member", **more}


def parallel_and_history() -> Definition:
    """Two regions with ends, one with a loop and a deadline; a pause; and a way back to where one was."""
    review = {
        "title": "Gjennomgang",
        "tasks": {"look": task("Les gjennom", each="membership", due={"working_days": 5})},
        "actions": {"again": action("draft", "Skriv om"), "accept": action("planned", when="tasks.look.complete")},
        "deadlines": {"slow": {"title": "Ingen svarer", "after": "P30D", "to": "draft"}},
    }
    draft = {
        "title": "Utkast",
        "tasks": {"write": task("Skriv et utkast", due="P14D")},
        "auto": [{"to": "review", "when": "tasks.write.complete"}],
    }
    plan = {
        "title": "Plan",
        "initial": "draft",
        "states": {"draft": draft, "review": review, "planned": {"title": "Plan ferdig", "final": True}},
    }
    people = {
        "title": "Folk",
        "initial": "asking",
        "states": {
            "asking": {"title": "Spør", "actions": {"enough": action("ready", "Nok folk")}},
            "ready": {"title": "Klare", "final": True},
        },
    }
    work = {
        "title": "Arbeid",
        "parallel": True,
        "actions": {"pause": action("paused", "Ta en pause", reason="required")},
        "auto": [{"to": "ended", "when": "states.plan.done and states.people.done"}],
        "states": {"plan": plan, "people": people, "back": {"title": "Tilbake", "history": "deep", "initial": "plan"}},
    }
    paused = {"title": "Pause", "actions": {"resume": action("back", "Fortsett")}}
    states = {"work": work, "paused": paused, "ended": {"title": "Slutt", "final": True}}
    return definition("work", states, tasks={"log": task("Skriv i loggen", repeatable=True)})


def forty() -> Definition:
    """Five phases of seven steps, with ways back, over and out."""
    states: dict[str, Any] = {}
    for phase in range(5):
        steps: dict[str, Any] = {}
        for step in range(7):
            name = f"s{phase}_{step}"
            go = {f"go_{name}": action(f"s{phase}_{step + 1}" if step < 6 else f"p{phase + 1}", "Gå videre")}
            if step in (2, 5):
                go[f"back_{name}"] = action(f"s{phase}_{step - 2}", "Ta det på nytt", reason="required")
            if step == 3:
                go[f"jump_{name}"] = action(f"s{phase}_5", "Hopp over")
            if step == 4 and phase:
                go[f"home_{name}"] = action(f"p{phase - 1}", "Tilbake til forrige fase")
            if step == 1 and phase < 3:
                go[f"far_{name}"] = action(f"s{phase + 1}_3", "Rett til neste fase")
            steps[name] = {"title": f"Steg {step + 1}", "tasks": {f"t_{name}": task("Fyll ut")}, "actions": go}
        stop = {f"stop_{phase}": action("stopped", "Stopp", reason="required")}
        states[f"p{phase}"] = {"title": f"Fase {phase + 1}", "initial": f"s{phase}_0", "states": steps, "actions": stop}
    states |= {"p5": {"title": "Avsluttet", "final": True}, "stopped": {"title": "Stoppet", "final": True}}
    return definition("p0", states)


def many_ways_back() -> Definition:
    """Steps too many to stand below each other, each with a way on and one far back: lanes cross rows on both sides."""
    states = {
        f"s{step}": {
            "title": f"Steg {step}",
            "tasks": {f"t{step}": task("Fyll ut")},
            "actions": {f"on{step}": action(f"s{step + 1}"), f"back{step}": action(f"s{step // 2}", "Tilbake")},
        }
        for step in range(24)
    }
    return definition("s0", {**states, "s24": {"title": "Slutt", "final": True}})


def hostile() -> Definition:
    within = {
        "class_": {"title": HOSTILE, "actions": {"go": action("direction", HOSTILE)}},
        "direction": {"title": "--", "final": True},
    }
    states = {
        "end": {"title": HOSTILE, "tasks": {"note": task(HOSTILE)}, "actions": {"on": action("state", "end note")}},
        "state": {"title": "note right of x : y", "initial": "class_", "states": within, "tasks": {"t": task(HOSTILE)}},
    }
    return definition("end", states, title=HOSTILE)


@st.composite
def charts(draw: st.DrawFn) -> Definition:
    """Charts of up to twelve states at most three deep, some parallel, some with history, with transitions anywhere."""
    names: list[str] = []

    def states(depth: int, most: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(draw(st.integers(1, most))):
            name = f"s{len(names)}"
            names.append(name)
            spec: dict[str, Any] = {"title": draw(st.sampled_from(["S", "En lang tittel på en tilstand", "x" * 60]))}
            if depth and len(names) < 9 and draw(st.booleans()):
                spec["states"] = states(depth - 1, 3)
                first = next(iter(spec["states"]))
                if draw(st.booleans()):
                    spec["parallel"] = True
                else:
                    spec["initial"] = first
                if draw(st.booleans()):
                    remembering = f"h{len(names)}"
                    names.append(remembering)
                    spec["states"][remembering] = {"title": "H", "history": "deep", "initial": first}
            found[name] = spec
        return found

    top = states(2, 4)

    def lead(found: dict[str, Any]) -> None:
        for name, spec in found.items():
            if "history" not in spec:
                targets = draw(st.lists(st.sampled_from(names), max_size=3))
                spec["actions"] = {f"{name}_{number}": action(to) for number, to in enumerate(targets)}
            lead(spec.get("states", {}))

    lead(top)
    return definition(next(iter(top)), top)


EXAMPLES = {
    "samson": lambda: bundle.read("samson", [BUILT_IN]).definition,
    "soimpact": lambda: bundle.read("soimpact", [BUILT_IN]).definition,
    "parallel": parallel_and_history,
    "forty": forty,
    "many ways back": many_ways_back,
    "hostile": hostile,
}


@pytest.fixture(scope="module", params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> Definition:
    made: Definition = EXAMPLES[request.param]()
    return made


# -- what is drawn ----------------------------------------------------------------------------------------------------


def texts(document: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(document).iter(f"{SVG}text")]


def test_given_a_template_when_drawn_then_every_state_and_transition_is_there_once(example: Definition) -> None:
    laid = layout(picture(example, "nb"))
    assert [frame.box.id for frame in laid.frames] == list(example.nodes)
    ways = [
        (choice.state, choice.to)
        for node in example.nodes
        for choice in (*example.autos[node], *example.actions[node], *example.deadlines[node].values())
        if choice.to is not None  # what stays where it is, is no way
    ]
    ways += [(node.id, node.initial) for node in example.nodes.values() if node.spec.history]
    assert Counter((route.arrow.source, route.arrow.target) for route in laid.routes) == Counter(ways)


def test_given_a_template_when_drawn_then_each_line_goes_from_its_source_to_its_target(example: Definition) -> None:
    laid = layout(picture(example, "nb"))
    assert [route for route in laid.routes if not touches(laid, route)] == []


def test_given_a_state_when_drawn_then_its_tasks_actions_and_deadlines_are_told_with_who_and_when() -> None:
    told = texts(svg(picture(parallel_and_history(), "nb")))
    for text in (
        "Les gjennom",
        "Deltaker · én fra hver · frist 5 arbeidsdager",
        "Ta en pause",
        "Leder · med grunn",
        "når «Skriv et utkast» er ferdig",
        "Ingen svarer",
        "etter 30 dager",
        "H*",
        "alt skjer samtidig",
        "Åpent hele tiden",
        "Skriv i loggen",
    ):
        assert text in told


@pytest.mark.parametrize(
    ("complete", "enough"),
    [
        ("any", "én er nok"),
        ({"at_least": 2}, "2 er nok"),
        ({"share": 0.75}, "75 % er nok"),
        ("tasks.check.done >= 1", "nok når antall svar på «Sjekk» ≥ 1"),
    ],
)
def test_given_four_eyes_and_a_rule_when_drawn_then_who_may_not_and_what_is_enough(complete: Any, enough: str) -> None:
    tasks = {"write": task("Skriv"), "check": task("Sjekk", not_by="write", each="membership", complete=complete)}
    states = {
        "work": {"title": "Arbeid", "tasks": tasks, "actions": {"go": action("ended", "Gå videre", not_by="check")}},
        "ended": {"title": "Slutt", "final": True},
    }
    shown = picture(definition("work", states), "nb")
    (box,) = [box for box in shown.boxes if box.id == "work"]
    assert [todo.note for todo in box.tasks] == [
        "Deltaker",
        f"Deltaker · én fra hver · ikke den som svarte på «Skriv» · {enough}",
    ]
    assert [arrow.note for arrow in shown.arrows] == ["Leder · ikke den som svarte på «Sjekk»"]


def test_given_two_questions_of_one_name_in_a_condition_when_told_then_with_the_task_of_each() -> None:
    tasks = {"one": task("Den ene"), "other": task("Den andre")}
    template = definition("work", {"work": {"title": "Arbeid", "tasks": tasks}}).template
    asked = {"ok": {"title": "I orden?", "type": "boolean"}, "sure": {"title": "Sikker?", "type": "boolean"}}
    form = build({"$id": "t/f", "title": "F", "type": "object", "properties": asked})
    told = in_words.told(
        "answers.one.ok and answers.other.ok and answers.one.sure", Definition(template, {"f": form}), "nb"
    )
    assert told == "«I orden?» i «Den ene» og «I orden?» i «Den andre» og «Sikker?»"


def test_given_a_sum_over_rows_of_a_list_in_a_condition_when_told_then_by_the_titles_of_list_and_question() -> None:
    template = definition("work", {"work": {"title": "Arbeid", "tasks": {"plan": task("Plan")}}}).template
    row = {"type": "object", "properties": {"cost": {"title": "Pris", "type": "number"}}}
    asked = {"items": {"title": "Innkjøp", "type": "array", "items": row}}
    form = build({"$id": "t/f", "title": "F", "type": "object", "properties": asked})
    told = in_words.told("sum(x.cost for x in answers.plan.items) > 3", Definition(template, {"f": form}), "nb")
    assert told == "summen av («Pris» blant «Innkjøp») > 3"


@pytest.mark.parametrize(
    ("duration", "told"),
    [
        ("PT48H", "48 timar"),
        ("P2D", "2 dagar"),
        ("P2W", "14 dagar"),
        ("P1DT36H", "1 dag 36 timar"),
        ("PT90M", "1 time 30 minutt"),
        ("PT0M", "0 minutt"),
    ],
)
def test_given_a_span_when_said_then_hours_stay_hours_as_they_end_otherwise_than_days(duration: str, told: str) -> None:
    assert span(duration, "nn") == told


@pytest.mark.parametrize(("language", "legend_title"), [("nb", "Slik leser du tegningen"), ("nn", "Slik les du teikninga"), ("en", "How to read this")])  # fmt: skip
def test_given_a_language_when_drawn_then_the_words_are_in_it(language: str, legend_title: str) -> None:
    samson = EXAMPLES["samson"]()
    document = svg(picture(samson, language))
    assert legend_title in texts(document)
    assert samson.nodes["preparation"].spec.title.get(language) in texts(document)
    assert ElementTree.fromstring(document).get("lang") == language


def test_given_a_picture_when_read_aloud_then_title_and_description_tell_all_of_it(example: Definition) -> None:
    shown = picture(example, "en")
    root = ElementTree.fromstring(svg(shown))
    described = {element.get("id"): element.text or "" for element in root if element.tag in (f"{SVG}title", f"{SVG}desc")}  # fmt: skip
    assert root.get("role") == "img"
    assert list(described) == (root.get("aria-labelledby") or "").split()
    text = " ".join(described.values())
    assert [box.title for box in shown.walk() if box.title not in text] == []
    assert [arrow.title for arrow in shown.arrows if arrow.title not in text] == []


def test_given_the_same_template_when_drawn_elsewhere_then_it_is_the_same_to_the_byte() -> None:
    program = (
        "from engine.template import bundle; from engine.template.sources import BUILT_IN\n"
        "from engine.diagram.model import picture; from engine.diagram.svg import svg; from engine.diagram.mermaid import mermaid\n"
        "import sys; shown = picture(bundle.read('samson', [BUILT_IN]).definition, 'nb')\n"
        "sys.stdout.buffer.write((svg(shown) + mermaid(shown)).encode())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_given_the_committed_picture_of_samson_when_drawn_then_it_is_that() -> None:
    committed = (ROOT / "docs/pictures/samson.svg").read_text(encoding="utf-8")
    again = svg(picture(EXAMPLES["samson"](), "en"))
    assert again == committed, "draw it again: samskap diagram samson --lang en --to docs/pictures/samson.svg"


# -- where it is ------------------------------------------------------------------------------------------------------

Area = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def area(frame: Any) -> Area:
    return (frame.x, frame.y, frame.x + frame.width, frame.y + frame.height)


def overlap(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def inside(inner: Area, outer: Area) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def touches(laid: Layout, route: Route) -> bool:
    """Whether a line begins on the border of its source and ends on that of its target."""
    frames = {frame.box.id: area(frame) for frame in laid.frames}

    def on(border: Area, x: float, y: float) -> bool:
        left, top, right, bottom = border
        beside = min(abs(x - left), abs(x - right)) < 0.5 and top <= y <= bottom
        return beside or (min(abs(y - top), abs(y - bottom)) < 0.5 and left <= x <= right)

    return on(frames[route.arrow.source], *route.points[0]) and on(frames[route.arrow.target], *route.points[-1])


def labels(laid: Layout) -> Iterator[Area]:
    """The areas of all lines of text, from the tops of letters to what hangs below the line."""

    def of(label: Label, x: float, y: float) -> Area:
        size = STYLES[label.style].size
        return (x + label.x, y + label.y - 0.75 * size, x + label.x + label.width, y + label.y + 0.22 * size)

    yield from (of(label, CANVAS - PAD, CANVAS) for label in laid.head.labels)
    for frame in laid.frames:
        yield from (of(label, frame.x, frame.y) for label in frame.card.labels)
    yield from (of(label, 0, laid.height) for label in legend(laid.picture, laid.width, CANVAS).labels)


def segments(route: Route) -> Iterator[Area]:
    for one, other in pairwise(route.points):
        yield (min(one.x, other.x), min(one.y, other.y), max(one.x, other.x), max(one.y, other.y))


def faults(laid: Layout) -> list[str]:
    """Everything that lies where it should not."""
    return [*_boxes(laid), *_texts(laid), *_lines(laid), *_together(laid)]


def _boxes(laid: Layout) -> Iterator[str]:
    around = {inner.id: box.id for box in laid.picture.walk() for inner in box.boxes}
    frames = {frame.box.id: area(frame) for frame in laid.frames}
    for name, frame in frames.items():
        outer = frames[around[name]] if name in around else (0.0, 0.0, laid.width, laid.height)
        if not inside(frame, outer):
            yield f"{name} reaches out"
    for one, other in combinations(frames, 2):
        if around.get(one) == around.get(other) and overlap(frames[one], frames[other]):
            yield f"{one} lies on {other}"


def _texts(laid: Layout) -> Iterator[str]:
    found = list(labels(laid))
    canvas = (0.0, 0.0, laid.width, laid.height + legend(laid.picture, laid.width, CANVAS).height)
    yield from (f"text outside: {one}" for one in found if not inside(one, canvas))
    yield from (f"texts on each other: {a} {b}" for a, b in combinations(found, 2) if overlap(a, b))
    for route in laid.routes:
        for piece in segments(route):
            yield from (f"{route.arrow.id} runs through a text" for one in found if overlap(piece, one))


def _lines(laid: Layout) -> Iterator[str]:
    """Lines are level or upright, and run through no box but those around their ends."""
    paths: dict[str, list[str]] = {box.id: [] for box in laid.picture.walk()}
    for box in laid.picture.walk():
        for within in box.walk():
            paths[within.id].append(box.id)
    for route in laid.routes:
        ends = {*paths[route.arrow.source], *paths[route.arrow.target]}
        for piece in segments(route):
            if piece[0] != piece[2] and piece[1] != piece[3]:
                yield f"{route.arrow.id} is askew"
            for frame in laid.frames:
                left, top, right, bottom = area(frame)
                core = (left + 1, top + 1, right - 1, bottom - 1)
                its_own = frame.box.id in ends and (frame.box.boxes or frame.box.id not in (route.arrow.source, route.arrow.target))  # fmt: skip
                if not its_own and overlap(_thick(piece), core):
                    yield f"{route.arrow.id} runs through {frame.box.id}"


def _thick(piece: Area) -> Area:
    return (piece[0] - 0.1, piece[1] - 0.1, piece[2] + 0.1, piece[3] + 0.1)


def _together(laid: Layout) -> Iterator[str]:
    """Only ways to the same state run on each other."""
    for one, other in combinations(laid.routes, 2):
        if one.arrow.target != other.arrow.target:
            for a in segments(one):
                for b in segments(other):
                    upright = a[0] == a[2] and b[0] == b[2] and abs(a[0] - b[0]) < 3
                    level = a[1] == a[3] and b[1] == b[3] and abs(a[1] - b[1]) < 3
                    along = min(a[3], b[3]) - max(a[1], b[1]) if upright else min(a[2], b[2]) - max(a[0], b[0])
                    if (upright or level) and along > 0.5:
                        yield f"{one.arrow.id} runs on {other.arrow.id}: {a} {b}"


def test_given_a_template_when_laid_out_then_nothing_lies_on_anything_else(example: Definition) -> None:
    for language in LANGUAGES:
        assert faults(layout(picture(example, language))) == []


@settings(max_examples=150)
@given(charts())
def test_given_any_chart_when_laid_out_then_nothing_lies_on_anything_else(chart: Definition) -> None:
    laid = layout(picture(chart, "nb"))
    assert faults(laid) == []
    assert [route for route in laid.routes if not touches(laid, route)] == []


def test_given_forty_states_when_laid_out_then_it_is_no_wider_than_a_screen_and_no_text_is_too_small() -> None:
    laid = layout(picture(forty(), "nb"))
    assert laid.width < 1300
    assert laid.height < 3500
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', drawn(laid))) >= 11


def test_given_a_long_condition_when_set_then_it_is_cut_after_three_lines_and_whole_in_the_tooltip() -> None:
    when = " and ".join(["tasks.t.complete"] * 9)
    states = {"a": {"title": "A", "tasks": {"t": task("Oppgave")}, "auto": [{"to": "b", "when": when}]}, "b": {"title": "B", "final": True}}  # fmt: skip
    document = svg(picture(definition("a", states), "en"))
    assert sum("“Oppgave” is complete" in text or text.endswith("…") for text in texts(document)) <= 3
    titles = [element.text or "" for element in ElementTree.fromstring(document).iter(f"{SVG}title")]
    assert any(title.count("“Oppgave” is complete") == 9 for title in titles)


@given(st.text(), st.floats(20, 300))
def test_given_any_text_when_wrapped_then_every_line_fits_and_no_letter_is_lost(text: str, limit: float) -> None:
    lines = wrapped(text, limit, 12)
    assert all(width(line, 12) <= limit for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


# -- escaping and other programs --------------------------------------------------------------------------------------


def test_given_hostile_titles_when_drawn_then_they_are_text_and_nothing_else() -> None:
    root = ElementTree.fromstring(svg(picture(hostile(), "nb")))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "desc", "g", "rect", "text", "line", "circle", "path", "polygon")
    }
    assert any("<script>alert(1)</script>" in (element.text or "") for element in root.iter(f"{SVG}title"))
    assert not {name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name}


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("\x00\x1f\ufffe\u202e<&\"'")))
def test_given_any_title_when_drawn_then_the_document_is_well_formed(title: str) -> None:
    named = definition("a", {"a": {"title": f"a{title}", "final": True}}, title=f"a{title}")
    ElementTree.fromstring(svg(picture(named, "nb")))
    assert bad_lines(mermaid(picture(named, "nb"))) == []


_TEXT = r"(?:\#\d+;|[^#;:\"{}\[\]<>%`&\\\n])+"
_MERMAID = re.compile(
    rf"""stateDiagram-v2 | \ *(?:
    acc(?:Title|Descr):\ {_TEXT}
    | (?:\[\*\]|s_\w+)\ -->\ (?:\[\*\]|s_\w+)(?:\ :\ {_TEXT})?
    | state\ "{_TEXT}"\ as\ s_\w+(?:\ \{{)? | \}}
    | (?:note\ right\ of\ )?s_\w+\ :\ {_TEXT}
    | classDef\ [a-z]+\ [a-z0-9:\#,-]+ | class\ s_\w+(?:,s_\w+)*\ [a-z]+
    )""",
    re.VERBOSE,
)
"""The lines of Mermaid's state diagrams that are used here, after its grammar (stateDiagram.jison, Mermaid 11)."""


def bad_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not _MERMAID.fullmatch(line)]


def test_given_a_template_when_told_to_mermaid_then_every_line_is_one_that_it_knows(example: Definition) -> None:
    text = mermaid(picture(example, "nb"))
    assert bad_lines(text) == []
    assert text.count("{\n") == sum(line.strip() == "}" for line in text.splitlines())


def test_given_a_template_when_told_to_mermaid_then_states_and_transitions_are_there_once(example: Definition) -> None:
    lines = [line.strip() for line in mermaid(picture(example, "nb")).splitlines()]
    states = re.findall(r'^state ".*" as s_(\w+)', "\n".join(lines), re.MULTILINE)
    assert sorted(states) == sorted(example.nodes)
    arrows = [re.match(r"s_(\w+) --> s_(\w+) :", line) for line in lines]
    shown = picture(example, "nb")
    assert Counter(found.groups() for found in arrows if found) == Counter((a.source, a.target) for a in shown.arrows)


# -- conditions in words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("tasks.agreements.complete", "“Write down what you agree on” is complete"),
        ("counters.round_number >= vars.minimum_members", "number of “Round” ≥ 2"),
        (
            "not tasks.answer.overdue or len(parties) == 3",
            "not “Answer the questions” is overdue or number of parties = 3",
        ),
        ("answers.agree.visibility == 'open'", "«How should answers be shown?» = «Open»"),
        ("answers.nosuch.field != 'and'", "answers.nosuch.field ≠ 'and'"),
        (
            "any(a.visibility == 'open' for a in answers.agree)",
            "any(«How should answers be shown?» = «Open» of “Choose how the answers are to be shown”)",
        ),
        ("len(answers.agree) > 1", "number of answers to “Choose how the answers are to be shown” > 1"),
        ("all(a.nosuch for a in answers.agree)", "all(a.nosuch of “Choose how the answers are to be shown”)"),
        ("any(a.x for a in answers.nosuch)", "any(a.x for a in answers.nosuch)"),
    ],
)
def test_given_a_condition_when_told_then_it_is_in_words_as_far_as_titles_go(condition: str, words: str) -> None:
    samson = EXAMPLES["samson"]()
    field = samson.forms["visibility"].fields["visibility"]
    choice = next(choice for choice in field.choices if choice.const == "open")
    words = words.replace("How should answers be shown?", field.title("en")).replace(
        "«Open»", f"«{choice.title('en')}»"
    )
    assert in_words.told(condition, samson, "en") == words


# -- a process --------------------------------------------------------------------------------------------------------


def lived(world: Any) -> Life:
    loaded = world.engine.load(world.engine.stream("p"))
    return life(loaded.state, world.engine.events(loaded.records), world.clock())


def drawn_process(world: Any) -> Picture:
    loaded = world.engine.load(world.engine.stream("p"))
    return picture(loaded.definition, "en", lived(world))


def later(world: Any, **span: float) -> None:
    world.clock.now += timedelta(**span)


@pytest.fixture
def second_round(world: Any) -> Any:
    """Three days of planning, a vote of two days, a talk of an hour, and a second vote for five hours so far."""
    world.parties()
    later(world, days=3)
    world.submit("kari", "goal.1", {"text": "et mål"})
    world.do("kari", c.Act("open"))
    later(world, days=2)
    world.submit("ola", "vote.1.m2", {"score": 5, "why": "hemmelig grunn"})
    world.submit("eva", "vote.1.m3", {"score": 4})
    later(world, hours=1)
    world.do("kari", c.Act("again"))
    later(world, hours=5)
    return world


def test_given_a_process_when_counted_then_ways_and_times_are_those_of_its_events(second_round: Any) -> None:
    found = lived(second_round)
    assert found.active == {"work", "voting"}
    assert found.taken == {("plan", "open"): 1, ("voting", "voting.auto.1"): 1, ("talk", "again"): 1}
    assert found.took == {
        "plan": timedelta(days=3),
        "work": timedelta(days=2, hours=6),
        "voting": timedelta(days=2, hours=5),
        "talk": timedelta(hours=1),
    }
    assert found.entries == {"plan": 1, "work": 2, "voting": 2, "talk": 1}


def test_given_a_process_when_drawn_then_it_says_where_it_is_how_often_and_how_long(second_round: Any) -> None:
    shown = {box.id: box for box in drawn_process(second_round).walk()}
    assert {name: (box.standing, box.note) for name, box in shown.items()} == {
        "plan": ("past", "once · 3 d"),
        "work": ("active", "2 times · 2 d 6 h so far"),
        "voting": ("active", "2 times · 2 d 5 h so far"),
        "talk": ("past", "once · 1 h"),
        "ended": ("never", ""),
    }
    told = texts(svg(drawn_process(second_round)))
    assert told.count("1 ×") == 3
    assert "● now · 2 times · 2 d 5 h so far" in told
    assert any("0 of 2 done" in text for text in told)


def test_given_answers_when_a_process_is_drawn_then_none_of_them_is_shown(second_round: Any) -> None:
    for document in (svg(drawn_process(second_round)), mermaid(drawn_process(second_round))):
        for secret in ("et mål", "hemmelig grunn", "Kari", "Ola", "Town"):
            assert secret not in document


def test_given_a_process_when_laid_out_then_nothing_lies_on_anything_else(second_round: Any) -> None:
    assert faults(layout(drawn_process(second_round))) == []
    assert bad_lines(mermaid(drawn_process(second_round))) == []


def test_given_a_process_that_rested_when_counted_then_that_is_no_time_in_a_state(world: Any) -> None:
    later(world, days=1)
    world.do("kari", c.Suspend("Ferie"))
    later(world, days=30)
    assert lived(world).took == {"plan": timedelta(days=1)}
    world.do("kari", c.Resume(""))
    later(world, hours=2)
    assert lived(world).took == {"plan": timedelta(days=1, hours=2)}


def test_given_a_process_that_was_cancelled_when_counted_then_its_time_stands_still(world: Any) -> None:
    later(world, days=1)
    world.do("kari", c.Cancel("Ingen tid"))
    later(world, days=9)
    assert (lived(world).took, lived(world).status) == ({"plan": timedelta(days=1)}, "cancelled")
    assert {box.standing for box in drawn_process(world).walk()} == {"past", "never"}


def test_given_a_deadline_that_was_taken_when_counted_then_it_is_a_way_that_was_gone(second_round: Any) -> None:
    second_round.submit("ola", "vote.2.m2", {"score": 1})
    second_round.submit("eva", "vote.2.m3", {"score": 1})
    later(second_round, days=40)
    second_round.engine.handle(second_round.person("kari"), "p", c.Tick())
    found = lived(second_round)
    assert found.taken["talk", "silent"] == 1
    assert found.status == "finished"
    assert {box.id: box.badge for box in drawn_process(second_round).walk()}["ended"] == "reached"


def test_given_a_step_back_when_counted_then_it_is_told_at_the_state(second_round: Any) -> None:
    second_round.do("kari", c.StepBack("plan", "Vi glemte en part"))
    notes = {box.id: box.note for box in drawn_process(second_round).walk()}
    assert notes["plan"] == "2 times · 3 d so far · gone back to 1 ×"


def test_given_a_deadline_whose_condition_does_not_hold_when_counted_then_it_was_not_gone(world: Any) -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert life(world.state, (), at).taken == {}
