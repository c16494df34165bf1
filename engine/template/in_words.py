"""A condition in words, as far as it goes: what is known by a title is called by it, the rest stays as it is written.

It is for reading, and never evaluated: whether a condition holds is `engine.guards`'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from engine.form.model import Field
from engine.template.chart import Definition
from engine.text import LANGUAGES

_WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "and": ("og", "og", "and"),
    "or": ("eller", "eller", "or"),
    "not": ("ikke", "ikkje", "not"),
    "any": ("minst én", "minst éin", "any"),
    "all": ("alle", "alle", "all"),
    "sum": ("summen av ", "summen av ", "the sum of "),
    "if": ("hvis", "viss", "if"),
    "else": ("ellers", "elles", "else"),
    "among": ("blant «{task}»", "blant «{task}»", "of “{task}”"),
    "answer in": ("«{title}» i «{task}»", "«{title}» i «{task}»", "«{title}» in “{task}”"),
    "task done": ("antall svar på «{task}»", "talet på svar på «{task}»", "number of answers to “{task}”"),
    "task open": ("antall åpne «{task}»", "talet på opne «{task}»", "number of open “{task}”"),
    "complete": ("«{task}» er ferdig", "«{task}» er ferdig", "“{task}” is complete"),
    "overdue": ("fristen for «{task}» er ute", "fristen for «{task}» er ute", "“{task}” is overdue"),
    "counter": ("antall «{state}»", "talet på «{state}»", "number of “{state}”"),
    "parties": ("antall parter", "talet på partar", "number of parties"),
    "memberships": ("antall deltakere", "talet på deltakarar", "number of members"),
    "link open": ("antall «{link}» som pågår", "talet på «{link}» som går føre seg", "number of “{link}” going on"),
    "link done": ("«{link}» er ferdig", "«{link}» er ferdig", "“{link}” has finished"),
    "link ended": ("antall ferdige «{link}»", "talet på ferdige «{link}»", "number of finished “{link}”"),
    "link given up": (
        "antall «{link}» som er gitt opp",
        "talet på «{link}» som er gjevne opp",
        "number of “{link}” given up",
    ),
    "state done": ("«{state}» er ved slutten", "«{state}» er ved slutten", "“{state}” has come to its end"),
    "state active": ("dere er i «{state}»", "de er i «{state}»", "you are in “{state}”"),
}  # fmt: skip

_TOKEN: Final = re.compile(
    r"'[^']*'|\"[^\"]*\"|len\((?:parties|memberships|answers\.\w+)\)|for \w+ in answers\.\w+(?:\.\w+)?|[A-Za-z_][\w.]*"
    r"|>=|<=|!=|==|\s+|.",
    re.DOTALL,
)
_GONE_THROUGH: Final = re.compile(r"for (\w+) in answers\.(\w+)(?:\.(\w+))?(?![\w.])")
_READ: Final = re.compile(r"answers\.(\w+)\.(\w+)")
_SIGNS: Final = {">=": "≥", "<=": "≤", "!=": "≠", "==": "="}
_LISTS: Final = {"len(parties)": "parties", "len(memberships)": "memberships"}
_OF_TASKS: Final = {"complete": "complete", "overdue": "overdue", "done": "task done", "open": "task open"}
_OF_LINKS: Final = {"open": "link open", "done": "link done", "finished": "link ended", "cancelled": "link given up"}
_OF_STATES: Final = {"done": "state done", "active": "state active"}


def told(condition: str, definition: Definition, language: str) -> str:
    """The condition with titles for tasks, states, fields and choices, and `and`, `or`, `not` in the language."""
    telling = _Telling(definition, language, condition)
    return " ".join("".join(telling.token(token) for token in _TOKEN.findall(condition)).split())


def _say(key: str, language: str, **facts: object) -> str:
    return _WORDS[key][LANGUAGES.index(language)].format_map(facts)


class _Telling:
    """Tells token by token; `asked` is the field that was read last, whose choices a constant may be one of.

    `rows` are the names that stand for each answer to a task, or for each row of a list in one, by name; `alike` the
    titles of questions that the condition reads of several tasks, and so needs the task's name with.
    """

    def __init__(self, definition: Definition, language: str, condition: str) -> None:
        self.definition = definition
        self.language = language
        self.asked: Field | None = None
        through = _GONE_THROUGH.findall(condition)
        self.rows = {name: (task, rows) for name, task, rows in through if task in definition.tasks}
        read = dict.fromkeys(_READ.findall(condition))
        titles = [field.title(language) for task, name in read if (field := self._field(task, name)) is not None]
        self.alike = {title for title in titles if titles.count(title) > 1}

    def token(self, token: str) -> str:
        """What stands for a token."""
        if token in ("and", "or", "not", "any", "all", "sum", "if", "else"):
            return _say(token, self.language)
        if (found := _GONE_THROUGH.fullmatch(token)) and found[1] in self.rows:
            rows = self._field(found[2], found[3]) if found[3] else None
            return _say("among", self.language, task=rows.title(self.language) if rows else self._title(found[2]))
        if token.startswith("len(answers.") and token[12:-1] in self.definition.tasks:
            return _say("task done", self.language, task=self._title(token[12:-1]))
        if token in _LISTS:
            return _say(_LISTS[token], self.language)
        if token[:1] in "'\"":
            return self._constant(token)
        return _SIGNS.get(token) or self._name(token.split(".")) or token

    def _constant(self, token: str) -> str:
        value = token[1:-1]
        choices = self.asked.choices if self.asked else ()
        titles = [choice.titles.get(self.language) for choice in choices if choice.const == value]
        return f"«{titles[0]}»" if titles else token

    def _name(self, path: list[str]) -> str | None:  # noqa: PLR0911 (one a kind of name)
        """What a path is called; None where it has no title."""
        definition, language = self.definition, self.language
        match path:
            case ["tasks", task, what] if task in definition.tasks and what in _OF_TASKS:
                return _say(_OF_TASKS[what], language, task=definition.tasks[task].spec.title.get(language))
            case ["links", link, what] if link in definition.links and what in _OF_LINKS:
                return _say(_OF_LINKS[what], language, link=link)
            case ["states", state, what] if state in definition.nodes and what in _OF_STATES:
                return _say(_OF_STATES[what], language, state=definition.nodes[state].spec.title.get(language))
            case ["vars", name] if name in definition.template.vars:
                return str(definition.template.vars[name])
            case ["counters", name]:
                return self._counter(name)
            case ["answers", task, field] if task in definition.tasks:
                return self._answer(task, field)
            case [row, field] if row in self.rows:
                task, rows = self.rows[row]
                return self._answer(task, field, within=rows)
        return None

    def _title(self, task: str) -> str:
        return self.definition.tasks[task].spec.title.get(self.language)

    def _field(self, task: str, name: str) -> Field | None:
        form = (
            self.definition.forms.get(self.definition.tasks[task].spec.form) if task in self.definition.tasks else None
        )
        return form.fields.get(name) if form else None

    def _within(self, task: str, rows: str, name: str) -> Field | None:
        around = self._field(task, rows)
        return around.items.get(name) if around else None

    def _counter(self, name: str) -> str | None:
        nodes = self.definition.nodes.values()
        counted = [node.spec.title.get(self.language) for node in nodes if node.spec.count == name]
        return _say("counter", self.language, state=counted[0]) if len(counted) == 1 else None

    def _answer(self, task: str, field: str, within: str = "") -> str | None:
        """What a question is called; `within` names the list whose rows it is asked in."""
        self.asked = self._within(task, within, field) if within else self._field(task, field)
        if self.asked is None:
            return None
        title = self.asked.title(self.language)
        if title in self.alike and task not in {gone_through for gone_through, _ in self.rows.values()}:
            return _say("answer in", self.language, title=title, task=self._title(task))
        return f"«{title}»"
