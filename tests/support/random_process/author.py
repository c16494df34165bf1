"""Random templates that lint finds nothing wrong with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from itertools import count
from typing import Any, TypeAlias

from hypothesis import strategies as st

from engine import yaml
from engine.errors import Problem
from engine.template.bundle import parse as parse_bundle
from engine.template.chart import Definition
from engine.template.lint import lint
from engine.template.sources import Sources
from random_process.forms import FORMS

Content: TypeAlias = dict[str, Any]
Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]


class Author:
    """Writes one template: first its tree of states, then what they hold."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.number = count()
        self.path: dict[str, tuple[str, ...]] = {}
        self.spec: dict[str, Content] = {}
        self.tasks: dict[str, tuple[Content, str | None]] = {}

    def one_of(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(0, 99)) >= 100 - percent)

    def template(self) -> Content:
        """The whole of it; what lint has against it is put right."""
        top = [self.state((), 0) for _ in range(self.draw(st.integers(1, 3)))]
        everywhere = {}
        if self.chance(60):
            everywhere["plan"] = {"title": "T", "form": "rows", "by": "lead", "optional": True}
        if self.chance(60):
            everywhere["choice"] = {"title": "T", "form": "shown", "by": ["lead", "member"], "optional": True}
        self.tasks |= {name: (spec, None) for name, spec in everywhere.items()}
        self.spec["ended"] = {"title": "S", "final": True}
        self.path["ended"] = ("ended",)
        content: Content = {
            "template": "t",
            "version": "1.0.0",
            "title": "T",
            "roles": {
                "lead": {"title": "R"},
                "member": {"title": "R", "of": "party"},
                "helper": {"title": "R", "max": 2},
            },
            "starter": "lead",
            "counters": ["rounds"],
            "vars": {"wanted": 2},
            "tasks": everywhere,
            "initial": top[0],
            "states": {name: self.spec[name] for name in [*top, "ended"]},
        }
        holders = [name for name, spec in self.spec.items() if not spec.get("final") and "history" not in spec]
        for name in holders:
            self.fill(name)
        for name in holders:
            self.ways(name)
        self.mend(content)
        return content

    # -- the tree -----------------------------------------------------------------------------------------------------

    def state(self, around: tuple[str, ...], depth: int) -> str:
        name = f"s{next(self.number)}"
        self.path[name] = (*around, name)
        spec = self.spec[name] = {"title": "S"}
        kind = "atomic" if depth > 2 or len(self.spec) > 9 else self.one_of("atomic", "compound", "parallel")
        if kind != "atomic":
            within = [self.state(self.path[name], depth + 1) for _ in range(self.draw(st.integers(2, 3)))]
            if kind == "compound":
                spec["initial"] = within[0]
                within += self.ends(name, within)
            spec |= {"parallel": True} if kind == "parallel" else {}
            spec["states"] = {inner: self.spec[inner] for inner in within}
        return name

    def ends(self, name: str, within: Sequence[str]) -> list[str]:
        """A final state and a way back within a compound one, perhaps."""
        found: list[str] = []
        for content in ({"final": True}, {"history": self.one_of("shallow", "deep"), "initial": within[0]}):
            if self.chance(50):
                inner = f"s{next(self.number)}"
                self.path[inner] = (*self.path[name], inner)
                self.spec[inner] = {"title": "S", **content}
                found.append(inner)
        return found

    # -- what states hold ---------------------------------------------------------------------------------------------

    def fill(self, name: str) -> None:
        spec = self.spec[name]
        inner = bool(spec.get("states"))
        for _ in range(self.draw(st.integers(0, 1 if inner else 2))):
            task = f"t{next(self.number)}"
            spec.setdefault("tasks", {})[task] = self.task(task)
            self.tasks[task] = (spec["tasks"][task], name)
        if self.chance(20):
            spec["count"] = "rounds"

    def task(self, name: str) -> Content:
        spec: Content = {"title": "T", "form": self.one_of("note", "vote")}
        each = self.one_of(None, None, "membership", "membership", "party", "rows")
        if each == "rows" and "plan" not in self.tasks:
            each = None
        spec["by"] = self.one_of(["member"], ["lead", "member"]) if each == "party" else self.one_of(
            "member", "member", "helper", ["lead", "member"], ["member", "helper"], "lead"
        )  # fmt: skip
        if each is not None:
            spec["each"] = "answers.plan.rows" if each == "rows" else each
            spec |= {"order": "sequential"} if self.chance(25) else {}
        self.rules(name, spec)
        return spec

    def rules(self, name: str, spec: Content) -> None:
        if spec.get("each") in ("membership", "party") and self.chance(40):
            spec["sealed"] = True
            if "choice" in self.tasks and self.chance(60):
                spec["visibility"] = {"from": "answers.choice.shown", "order": ["open", "protected"]}
        elif self.chance(15):
            spec["repeatable"] = True
        elif self.chance(20):
            spec["correct_by"] = "lead"
        for key, percent in (("optional", 20), ("assisted", 35)):
            spec |= {key: True} if self.chance(percent) else {}
        spec |= {"correctable": False} if self.chance(20) else {}
        spec |= {"due": "P7D", "remind": ["P3D"]} if self.chance(25) else {}
        if spec.get("each") and self.chance(40):
            guard = f"tasks.{name}.done * 2 > tasks.{name}.expected"
            spec["complete"] = self.one_of("any", {"at_least": 2}, {"share": 0.5}, guard)
        if self.tasks and self.chance(20):
            spec["not_by"] = self.one_of(*self.tasks)

    # -- ways on ------------------------------------------------------------------------------------------------------

    def ways(self, name: str) -> None:
        spec = self.spec[name]
        for _ in range(self.draw(st.integers(0, 2))):
            action = f"a{next(self.number)}"
            spec.setdefault("actions", {})[action] = self.action(name)
        if self.chance(60):
            spec["auto"] = [{"to": self.target(), "when": self.reason(name)}]
        if self.chance(15):
            spec["deadlines"] = {f"d{next(self.number)}": {"title": "D", "after": "P10D", "to": self.target()}}

    def action(self, name: str) -> Content:
        found: Content = {
            "title": "A",
            "by": self.one_of("lead", "lead", "member", ["lead", "helper"]),
            "to": self.target(),
        }
        found |= {"when": self.condition(name), "else": "E"} if self.chance(50) else {}
        found |= {"reason": self.one_of("required", "optional")} if self.chance(20) else {}
        found |= {"not_by": self.one_of(*self.tasks)} if self.tasks and self.chance(15) else {}
        return found

    def target(self) -> str:
        names = [name for name in self.spec if name != "ended"]
        return str(self.one_of(*names, *names, *(["ended"])))

    def reason(self, name: str) -> str:
        """When a state is left by itself: mostly when its work is done; some conditions fail."""
        if self.chance(20):
            return "10 / counters.rounds > 8"
        own = [task for task, spec in self.spec[name].get("tasks", {}).items() if not spec.get("optional")]
        if self.spec[name].get("states") and self.chance(70):
            return f"states.{name}.done"
        if own and self.chance(85):
            return f"tasks.{self.one_of(*own)}.complete"
        return self.condition(name)

    def condition(self, name: str) -> str:
        one = self.atom(name)
        if self.chance(30):
            other = self.atom(name)
            return str(self.one_of(f"{one} and {other}", f"{one} or {other}", f"not ({one}) and {other}"))
        return one

    def atom(self, name: str) -> str:
        readable = [
            (task, spec)
            for task, (spec, owner) in self.tasks.items()
            if spec["form"] in ("note", "vote") and not (spec.get("sealed") and owner in self.path[name])
        ]
        match self.one_of("count", "state", "task", *(["answer"] * 2 if readable else [])):
            case "count":
                return str(self.one_of(f"counters.rounds >= {self.draw(st.integers(1, 3))}", "len(memberships) > 3"))
            case "state":
                state = self.one_of(*[s for s, spec in self.spec.items() if "history" not in spec])
                return f"states.{state}.{self.one_of('active', 'done') if self.spec[state].get('states') else 'active'}"
            case "answer":
                return self.answered(*self.one_of(*readable))
            case _ if self.tasks:
                task = self.one_of(*self.tasks)
                return f"tasks.{task}.{self.one_of('complete', 'done >= 1', 'done >= 2', 'overdue')}"
            case _:
                return "len(parties) > 1"

    def answered(self, task: str, spec: Content) -> str:
        """A condition that reads answers; some fail for some of them."""
        several = spec.get("each") or spec.get("repeatable")
        says = (
            "{0}.text == 'yes'" if spec["form"] == "note" else self.one_of("{0}.score > 2", "10 / ({0}.score - 3) > 2")
        )
        if several and spec["form"] == "vote" and self.chance(40):
            answered = self.one_of("", " if state(x.score) == 'answered'", " if x.score > 2")
            return f"sum(x.score for x in answers.{task}{answered}) >= {self.draw(st.integers(1, 9))}"
        return f"any({says.format('x')} for x in answers.{task})" if several else says.format(f"answers.{task}")

    # -- what lint has against it ---------------------------------------------------------------------------------------

    def mend(self, content: Content) -> None:
        """Add ways to states that have none, and take automatic steps away that lead round."""
        for _ in range(6):
            wrong = errors(content)
            if not wrong:
                return
            text = json.dumps(content)
            for problem in wrong:
                self.put_right(content, problem, text)

    def put_right(self, content: Content, problem: Problem, text: str) -> None:
        named = [part for part in problem.message.replace("”", "“").split("“") if part in self.spec]
        if problem.rule.startswith("guard-"):
            begins = text.rindex('"', 0, problem.where.column)
            self.without(json.JSONDecoder().raw_decode(text[begins:])[0])
        elif problem.rule == "auto-cycle":
            self.spec[named[0]].pop("auto", None)
        elif problem.rule in ("unreachable-state", "dead-end"):
            unreached = problem.rule == "unreachable-state"
            holder = content["initial"] if unreached else self.path[named[0]][0]
            way = {"title": "A", "by": "lead", "to": named[0] if unreached else "ended"}
            self.spec[holder].setdefault("actions", {})[f"a{next(self.number)}"] = way

    def without(self, condition: str) -> None:
        """Take a condition away, wherever it stands."""
        for spec in self.spec.values():
            if "auto" in spec and spec["auto"][0]["when"] == condition:
                del spec["auto"]
            for action in spec.get("actions", {}).values():
                if action.get("when") == condition:
                    del action["when"], action["else"]
        for task, _ in self.tasks.values():
            if task.get("complete") == condition:
                del task["complete"]


def read(content: Content, forms: Mapping[str, yaml.Document] = FORMS) -> tuple[Definition | None, list[Problem]]:
    """The definition of a template, and everything that lint says of it."""
    text = json.dumps(content)
    sources = Sources(yaml.load_json(text, "t.json"), forms)
    parsed, problems = parse_bundle(sources)
    if parsed is None:
        return None, problems
    digest = sha256((text + str(sorted(forms["note"].data))).encode()).hexdigest()
    definition = Definition(*parsed, digest)
    return definition, [*problems, *lint(definition, sources)]


def errors(content: Content) -> list[Problem]:
    return [problem for problem in read(content)[1] if problem.severity == "error"]


@st.composite
def templates(draw: Draw) -> Content:
    """A template that lint finds nothing wrong with."""
    return Author(draw).template()
