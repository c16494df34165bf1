"""Every rule of lint, in one place: what it finds, what breaks it, and how that is mended.

A rule lives in the module of its subject (`template.lint`, `template.shape`, `template.plan_reading`, `guards`, `form`,
`trial.reading`; those of contracts in the warehouse); here is what people are told of it, which
`docs/reference/lint-rules.md` is made of. A test holds the two together and tries the examples: ▸ stands where lint
points to, … for a text in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Where: TypeAlias = Literal[
    "template", "roles", "tasks", "states", "actions", "form", "version", "scenario", "plan", "file"
]
"""Where an example belongs: a key of the template's own, or one of those that hold several; a form; a version."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule finds, an example that breaks it, and what to do then. A warning does not keep from publishing."""

    finds: str
    wrong: str
    mend: str
    where: Where = "form"
    severity: Literal["error", "warning"] = "error"


SHAPE: Final[Mapping[str, Rule]] = {
    "template-missing": Rule("a key that has to be there", "version: 1.0.0", "add it", "template"),
    "template-unknown-key": Rule(
        "a key that the language does not have",
        "extra: {title: …, form: note, by: lead, ▸opsional: true}",
        "write the one that is suggested: `optional`",
        "tasks",
    ),
    "template-value": Rule(
        "a value of the wrong kind or beyond its bounds",
        "extra: {title: …, form: note, by: lead, due: ▸two weeks}",
        "write what the reference says: `P14D`",
        "tasks",
    ),
    "unreadable": Rule(
        "a file that is no YAML or JSON, or has what surprises people in YAML", "roles: [lead", "mend it there", "file"
    ),
}

NAMES: Final[Mapping[str, Rule]] = {
    "duplicate-id": Rule(
        "two states, or two tasks, with one id",
        "extra: {title: …, initial: talk, states: {talk: ▸{title: …, final: true}}}",
        "give one of them another id",
        "states",
    ),
    "template-name": Rule(
        "a template whose id is not its file's name", "template: ▸smaller", "name both the same", "template"
    ),
    "unknown-role": Rule(
        "a role that the template does not have",
        "extra: {title: …, form: note, by: ▸gest}",
        "write the one that is suggested: `guest`",
        "tasks",
    ),
    "unknown-state": Rule(
        "a way to a state that is not there",
        "go: {title: …, by: lead, to: ▸wrk}",
        "write `work`, or add the state",
        "actions",
    ),
    "unknown-task": Rule(
        "a task that is not there", "go: {title: …, by: lead, not_by: ▸gaol, to: work}", "write `goal`", "actions"
    ),
    "unknown-form": Rule(
        "a form without a file", "extra: {title: …, form: ▸notes, by: lead}", "write `note`, or add the file", "tasks"
    ),
    "unknown-field": Rule(
        "a field that the form does not ask for",
        "extra: {title: …, form: note, by: lead, each: ▸answers.goal.rows}",
        "name a field of the task's form",
        "tasks",
    ),
    "unknown-counter": Rule(
        "a counter that is not among `counters`",
        "extra: {title: …, count: ▸round, final: true}",
        "write `rounds`, or add it to `counters`",
        "states",
    ),
    "unknown-holidays": Rule(
        "a country without known holidays", "calendar: {holidays: ▸XX}", "write two letters, such as NO", "template"
    ),
    "starter-of-party": Rule(
        "a starter that is held on behalf of a party, which there is none of yet",
        "starter: ▸member",
        "let another role start",
        "template",
    ),
    "visibility-path": Rule(
        "a choice of visibility that is no answer",
        "extra: {title: …, form: note, by: member, each: membership, sealed: true,"
        " visibility: {from: ▸goal.text, order: [open]}}",
        "write `answers.<task>.<field>`",
        "tasks",
    ),
    "each-no-list": Rule(
        "rows of what is no list, or whose rows need no `id` that is text and not personal",
        "extra: {title: …, form: note, by: lead, each: ▸answers.goal.text}",
        "ask for a list whose rows have an `id`, and need it",
        "tasks",
    ),
    "each-of-many": Rule(
        "rows of a list that several answer",
        "extra: {title: …, form: note, by: lead, each: ▸answers.list.rows}",
        "let one open answer hold the list",
        "tasks",
    ),
    "order-alone": Rule(
        "an order of one instance",
        "extra: {title: …, form: note, by: lead, order: ▸sequential}",
        "add `each: membership`, or remove `order`",
        "tasks",
    ),
    "sealed-alone": Rule(
        "sealed answers of a task without `each`",
        "extra: ▸{title: …, form: note, by: lead, sealed: true}",
        "add `each: membership`",
        "tasks",
    ),
    "correct-sealed": Rule(
        "a correction by others of what was sealed, or is answered anew",
        "extra: {title: …, form: note, by: lead, repeatable: true, correct_by: ▸lead}",
        "remove `correct_by`",
        "tasks",
    ),
    "else-missing": Rule(
        "an action that may be closed, and nobody is told why",
        "go: ▸{title: …, by: lead, to: work, when: tasks.goal.complete}",
        "add `else`",
        "actions",
        "warning",
    ),
}

TREE: Final[Mapping[str, Rule]] = {
    "initial-missing": Rule(
        "a state with states that does not say which is first",
        "extra: ▸{title: …, states: {one: {title: …, final: true}}}",
        "add `initial: one`",
        "states",
    ),
    "unknown-initial": Rule(
        "a first state that is not within",
        "extra: {title: …, initial: ▸two, states: {one: {title: …, final: true}}}",
        "write `one`",
        "states",
    ),
    "final-goes-on": Rule(
        "a final state that something happens in",
        "extra: ▸{title: …, final: true, auto: [{to: plan, when: counters.rounds > 5}]}",
        "remove `final`, or what follows",
        "states",
    ),
    "parallel-initial": Rule(
        "a first one of states that are all entered",
        "extra: {title: …, parallel: true, initial: ▸one, states: {one: {title: …}, two: {title: …}}}",
        "remove `initial`",
        "states",
    ),
    "parallel-alone": Rule(
        "a parallel state with fewer than two states",
        "extra: ▸{title: …, parallel: true, states: {one: {title: …}}}",
        "add another, or remove `parallel`",
        "states",
    ),
    "parallel-final": Rule(
        "a region that is final itself",
        "extra: {title: …, parallel: true, states: {one: {title: …}, two: {title: …, final: ▸true}}}",
        "end a state within it",
        "states",
    ),
    "action-twice": Rule(
        "one action in two regions, so that it could not be told which is meant",
        "extra: {title: …, parallel: true, states: {one: {title: …, actions: {go: {title: …, by: lead, to: ended}}},"
        " two: ▸{title: …, actions: {go: {title: …, by: lead, to: plan}}}}}",
        "give one of them another id",
        "states",
    ),
    "history-outside": Rule(
        "a history state with nothing around it",
        "extra: ▸{title: …, history: deep, initial: plan}",
        "move it into the state that it remembers",
        "states",
    ),
    "history-holds": Rule(
        "a history state with something in it",
        "extra: {title: …, initial: one, states: {one: {title: …, final: true},"
        " back: ▸{title: …, history: deep, initial: one, count: rounds}}}",
        "keep `title`, `history` and `initial`",
        "states",
    ),
}

WAYS: Final[Mapping[str, Rule]] = {
    "unreachable-state": Rule(
        "a state that nothing leads to", "extra: ▸{title: …, final: true}", "add a way to it, or remove it", "states"
    ),
    "dead-end": Rule(
        "a state that nothing leads on from, and is no end",
        "extra: {title: …, initial: one, states: {one: ▸{title: …}}, count: rounds}",
        "add an action, or `final: true`",
        "states",
    ),
    "never-ends": Rule(
        "a state from which no process ever comes to an end",
        "extra: ▸{title: …, actions: {on: {title: …, by: lead, to: extra}}}",
        "add a way to a final state",
        "states",
        "warning",
    ),
    "auto-cycle": Rule(
        "automatic steps that lead round: they may all hold, for ever",
        "extra: ▸{title: …, auto: [{to: extra, when: counters.rounds > 1}]}",
        "let a person or a deadline come between",
        "states",
    ),
    "auto-chain": Rule(
        "over 100 automatic steps that may follow each other",
        "extra: ▸{title: …, auto: [{to: s1, when: tasks.goal.complete}]}",
        "let a person or a deadline come between",
        "states",
    ),
}

PEOPLE: Final[Mapping[str, Rule]] = {
    "role-unused": Rule(
        "a role that does nothing and is told nothing",
        "extra: ▸{title: …}",
        "give it something to do, or remove it",
        "roles",
        "warning",
    ),
    "role-bounds": Rule(
        "more people that have to hold a role than may", "extra: {title: …, min: 2, max: ▸1}", "raise `max`", "roles"
    ),
    "nobody-may": Rule(
        "something that nobody may do: the only one with the role has answered what bars from it",
        "extra: {title: …, form: note, by: guest, not_by: ▸other}",
        "let another role do one of the two",
        "tasks",
    ),
    "not-by-one-way": Rule(
        "four eyes that the order gets round: both tasks can be open together, and only one names the other",
        "extra: {title: …, form: note, by: lead, not_by: ▸goal}",
        "write `not_by: extra` at `goal`, too, or open one of them in a later state",
        "tasks",
        "warning",
    ),
}

LINKS: Final[Mapping[str, Rule]] = {
    "unknown-template": Rule(
        "a linked process of a template that is not there",
        "go: {title: …, by: lead, spawn: {template: ▸smal, link: more}}",
        "write the one that is suggested: `small`",
        "actions",
    ),
    "linked-template": Rule(
        "a linked process of a template that cannot be read",
        "spawn: {template: small, link: more}",
        "mend that",
        "file",
    ),
    "link-twice": Rule(
        "one link at two places",
        "extra: {title: …, actions: {one: {title: …, by: lead, spawn: {template: small, link: more}},"
        " two: {title: …, by: lead, to: ended, spawn: {template: small, link: ▸more}}}}",
        "give each `spawn` a link of its own",
        "states",
    ),
    "link-each": Rule(
        "a linked process for each of nobody",
        "go: {title: …, by: lead, spawn: {template: small, link: more, each: ▸party}}",
        "say with `roles` who takes part there",
        "actions",
    ),
    "link-party": Rule(
        "a role on behalf of a party for those who have none",
        "go: {title: …, by: lead, spawn: {template: small, link: more, roles: {member: ▸lead}}}",
        "name a role here that is held on behalf of a party",
        "actions",
    ),
    "unknown-variable": Rule(
        "a variable that the other template does not have",
        "go: {title: …, by: lead, spawn: {template: small, link: more, give: {wantd: ▸'3'}}}",
        "write `wanted`, or add it there",
        "actions",
    ),
    "give-type": Rule(
        "a suggestion for a question that takes none: rows, several choices",
        "spawn: {template: small, link: more, give: {goal.rows: answers.goal.text}}",
        "leave it out",
        "file",
    ),
    "give-sealed": Rule(
        "sealed answers that would be passed on",
        "go: {title: …, by: lead, spawn: {template: small, link: more, give: {wanted: ▸len(answers.vote)}}}",
        "leave it out",
        "actions",
    ),
    "take-personal": Rule(
        "personal answers that would be taken over",
        "go: {title: …, by: lead, spawn: {template: small, link: more, take: [▸goal.aside]}}",
        "leave it out",
        "actions",
    ),
    "take-sealed": Rule(
        "sealed answers that would be taken over",
        "go: {title: …, by: lead, spawn: {template: small, link: more, take: [▸vote.score]}}",
        "leave it out",
        "actions",
    ),
    "spawn-cycle": Rule(
        "processes that would start each other by themselves, for ever",
        "extra: {title: …, spawn: {template: ▸small, link: more}, actions: {go: {title: …, by: lead, to: ended}}}",
        "let a person choose one of the two: `spawn` on an action",
        "states",
    ),
    "action-nowhere": Rule(
        "an action of which nothing follows",
        "go: ▸{title: …, by: lead}",
        "say `to` which state it leads, or what it starts with `spawn`",
        "actions",
    ),
}

CONDITIONS: Final[Mapping[str, Rule]] = {
    "guard-syntax": Rule(
        "what is no expression of the language, is too long (1,000 characters) or too deep (20 levels)",
        "go: {title: …, by: lead, to: work, when: tasks.goal.done ▸= 1, else: …}",
        "write `==`",
        "actions",
    ),
    "guard-unknown-name": Rule(
        "a name that is not there",
        "go: {title: …, by: lead, to: work, when: ▸tasks.gaol.complete, else: …}",
        "write `goal`",
        "actions",
    ),
    "guard-type": Rule(
        "values that do not go together",
        "go: {title: …, by: lead, to: work, when: ▸tasks.goal.done > 'x', else: …}",
        "compare numbers with numbers",
        "actions",
    ),
    "guard-not-boolean": Rule(
        "an expression that is neither true nor false",
        "go: {title: …, by: lead, to: work, when: ▸tasks.goal.done, else: …}",
        "compare it with something",
        "actions",
    ),
    "guard-constant": Rule(
        "what is always true, always false, or always fails",
        "go: {title: …, by: lead, to: work, when: ▸1 > 2, else: …}",
        "leave it out, or write what was meant",
        "actions",
    ),
    "guard-never": Rule(
        "a condition that can never hold, by the bounds and choices of the forms, by what has no deadline, by what"
        " contradicts itself, or by states that are not active together",
        "go: {title: …, by: lead, to: work, when: ▸tasks.goal.done > 1, else: …}",
        "a task without `each` is done once: write `>= 1`",
        "actions",
    ),
    "guard-sealed": Rule(
        "answers that are still sealed where the condition is read",
        "extra: {title: …, form: vote, by: member, each: membership, sealed: true,"
        " complete: any(▸x.score > 3 for x in answers.extra)}",
        "count with `tasks`, or decide later",
        "tasks",
    ),
    "guard-personal": Rule(
        "personal data in a condition",
        "go: {title: …, by: lead, to: work, when: ▸answers.goal.aside == 'a', else: …}",
        "use another field",
        "actions",
    ),
    "due-without-consequence": Rule(
        "a deadline after which nothing happens",
        "extra: {title: …, form: note, by: lead, due: ▸P14D}",
        "let an action say `when: tasks.extra.overdue`, `remind: [{after: P16D, to: lead}]`, or remove `due`",
        "tasks",
        "warning",
    ),
}

TEXTS: Final[Mapping[str, Rule]] = {
    "translation-missing": Rule(
        "a text that is missing in a language",
        "extra: {title: ▸{nb: A, nn: A}, form: note, by: lead}",
        "add `en: …`",
        "tasks",
        "warning",
    ),
    "title-missing": Rule(
        "a field without a title", "properties: {a: ▸{type: string}}", "add `title`", severity="warning"
    ),
    "message-name": Rule(
        "a name in a message's words that it does not have",
        "starter: lead\nmessages: {role: {title: ▸'{task}', text: …}}",
        "use one of those that are listed: `{role}`, `{process}`",
        "template",
    ),
    "message-braces": Rule(
        "braces in a message's words that do not match",
        "starter: lead\nmessages: {role: {title: ▸'{role', text: …}}",
        "close them; write `{{` and `}}` for braces that are meant as such",
        "template",
    ),
}

FORMS: Final[Mapping[str, Rule]] = {
    "unused-form": Rule(
        "a form that no task asks for",
        "a file in the template's folder",
        "let a task ask for it, or remove it",
        "file",
        "warning",
    ),
    "form-id": Rule("a form under another id than its place", "$id: small/votes", "write `$id: small/vote`", "file"),
    "no-purpose": Rule(
        "a form that asks for something personal and does not say under `x-purpose` why",
        "properties: {a: {type: string, x-personal: true}}",
        "add `x-purpose: …`",
        "file",
        "warning",
    ),
    "answer-unused": Rule(
        "a choice, number, date or yes-and-no that no condition, score, fact or linked process uses, in a form that"
        " does not say under `x-purpose` what it is for",
        "properties: {▸a: {type: boolean}}",
        "use it, say what it is for, or do not ask",
        "file",
        "warning",
    ),
    "form-twice": Rule("two files of one form", "note.yaml beside note.json", "keep one of the two", "file"),
    "form-shape": Rule("what is no form that asks something", "properties: ▸{}", "ask for a field"),
    "form-unknown-keyword": Rule(
        "a keyword that forms may not use: what cannot be shown must not be asked",
        "properties: {a: {type: string, ▸maxLenght: 3}}",
        "write `maxLength`",
    ),
    "form-unknown-annotation": Rule(
        "an annotation that is not there", "properties: {a: {type: string, ▸x-personel: true}}", "write `x-personal`"
    ),
    "form-unknown-widget": Rule(
        "a widget that is not there, or cannot show the field",
        "properties: {a: {type: string, x-widget: ▸textaera}}",
        "write `textarea`",
    ),
    "form-misplaced": Rule(
        "a keyword or annotation that does not fit the kind of field",
        "properties: {a: {type: string, ▸minimum: 3}}",
        "remove it, or ask for a number",
    ),
    "form-value": Rule(
        "a keyword's value of the wrong kind", "properties: {a: {type: string, maxLength: ▸'3'}}", "write `3`"
    ),
    "form-depth": Rule(
        "a form that is nested more than 20 levels or asks more than 2,000 fields",
        "$defs: {n: {type: array, items: {type: object, properties: {▸n: {$ref: '#/$defs/n'}}}}}",
        "ask for less",
        "file",
    ),
    "form-ref": Rule(
        "a reference that leads nowhere, in a circle, or out of the file",
        "properties: {a: {$ref: ▸'https://example.org/x'}}",
        "put what is meant under `$defs`",
    ),
    "definition-unused": Rule(
        "a definition that nothing refers to",
        "$defs: {b: ▸{type: string}}\nproperties: {a: {type: string}}",
        "remove it",
        severity="warning",
    ),
    "form-condition": Rule(
        "`if` without `then` or `else`, or these without `if`",
        "properties: {a: {type: string}}\nif: ▸{required: [a]}",
        "say what follows",
    ),
    "condition-value": Rule(
        "a condition on an answer that nobody can give",
        "properties: {a: {enum: [1, 2]}}\nif: {properties: {a: {const: ▸3}}}\nthen: {required: [a]}",
        "write a choice",
    ),
    "field-kind": Rule(
        "a field of which it cannot be told what is asked", "properties: {a: ▸{title: A}}", "give it a type, or choices"
    ),
    "field-name": Rule(
        "a field whose name is no identifier", "properties: {▸a-b: {type: string}}", "use letters, digits and _"
    ),
    "required-unknown": Rule(
        "a field that is needed and not asked for", "properties: {a: {type: string}}\nrequired: [a, ▸b]", "ask for it"
    ),
    "duplicate-field-id": Rule(
        "two fields with one stable id",
        "properties: {a: {type: string}, b: {type: string, x-id: ▸a}}",
        "give each an id of its own",
    ),
    "choice-type": Rule(
        "a choice that is not of the field's type",
        "properties: {a: {type: ▸integer, enum: [1, ja]}}",
        "mend the choice, or leave the type out",
    ),
    "duplicate-choice": Rule(
        "the same choice twice", "properties: {a: {oneOf: [{const: 1, title: A}, {const: ▸1, title: B}]}}", "keep one"
    ),
    "choice-overlap": Rule(
        "a choice that fits the typed alternative too",
        "properties: {a: {oneOf: [{const: dont_know, title: A}, ▸{type: string}]}}",
        "limit the typed one",
    ),
    "default-misfit": Rule(
        "a default that is no answer that fits", "properties: {a: {type: integer, maximum: 3, default: ▸4}}", "write 3"
    ),
    "example-misfit": Rule(
        "an example that is no answer that fits",
        "properties: {a: {type: integer, maximum: 3, examples: [▸4]}}",
        "write 3",
    ),
    "pattern-unbounded": Rule(
        "a pattern that may take too long, or a text too long for one",
        "properties: {a: {type: string, pattern: ▸'^(a+)+$'}}",
        "use fewer + and *, and a smaller `maxLength`",
    ),
}

SCORES: Final[Mapping[str, Rule]] = {
    "score-scale": Rule(
        "answers beyond the scale of their score",
        "properties: {a: {type: integer, minimum: 1, x-score: ▸{dimensions: {d: v}, min: 1, max: 3}}}",
        "add `maximum: 3`",
    ),
    "score-nowhere": Rule(
        "a score that counts in no dimension",
        "properties: {a: {enum: [1, 2], x-score: ▸{min: 1, max: 2}}}",
        "add `dimensions: {<dimension>: <value>}`",
    ),
    "score-dimension": Rule(
        "a score that leaves out a dimension which others of the form count in",
        "properties: {a: {enum: [1, 2], x-score: {dimensions: {d: v, e: w}, min: 1, max: 2}},"
        " b: {enum: [1, 2], x-score: ▸{dimensions: {d: v}, min: 1, max: 2}}}",
        "add the dimension",
        severity="warning",
    ),
    "score-personal": Rule(
        "personal data in a score",
        "properties: {a: {type: string, x-personal: true, x-score: ▸{dimensions: {d: v}, min: 1, max: 3}}}",
        "remove one of the two",
        "file",
    ),
    "anchor-unknown": Rule(
        "an anchor at a point that nobody can answer",
        "properties: {a: {enum: [1, 2], x-anchors: {3: ▸A}}}",
        "name points of the scale",
        "file",
    ),
    "unknown-dimension": Rule(
        "a score in a dimension or value that the template does not have",
        "x-score: ▸{dimensions: {feild: power}, min: 1, max: 5}",
        "write the one that is suggested",
        "file",
    ),
    "few-items": Rule(
        "a value of a dimension that fewer than two items measure",
        "dimensions: {field: {title: …, values: {power: ▸…}}}",
        "add items, or remove the value",
        "file",
    ),
}

FACTS: Final[Mapping[str, Rule]] = {
    "fact-table": Rule(
        "a core table that is not there",
        "x-fact: {table: ▸targets, columns: {}}\nproperties: {a: {type: string}}",
        "write `target`",
    ),
    "fact-column": Rule(
        "a column that is not there, or a key that is missing",
        "x-fact: ▸{table: target, columns: {}}\nproperties: {a: {type: string}}",
        "add `indicator_id: a`",
    ),
    "fact-field": Rule(
        "a column from a field that is not asked for",
        "x-fact: {table: target, columns: {indicator_id: ▸b}}\nproperties: {a: {type: string}}",
        "write `a`",
    ),
    "fact-type": Rule(
        "a field that does not fit its column",
        "x-fact: {table: target, columns: {indicator_id: a, due: ▸a}}\nproperties: {a: {type: string}}",
        "ask for a date",
    ),
    "fact-personal": Rule(
        "personal data in a core table",
        "x-fact: {table: target, columns: {indicator_id: ▸a}}\nproperties: {a: {type: string, x-personal: true}}",
        "take another field",
    ),
}

VERSIONS: Final[Mapping[str, Rule]] = {
    "same-number": Rule(
        "two bundles with one number and different content: the workspace's own, and one in another folder",
        "version: ▸1.0.0",
        "raise the version",
        "version",
    ),
    "published-otherwise": Rule(
        "a version that was published with other content; running processes go on with that",
        "version: ▸1.0.0",
        "raise the version",
        "version",
    ),
    "published-gone": Rule(
        "a published template that processes run on and whose file is gone; they go on with what was published",
        "no file `processes/small.yaml`",
        "put the file back, or retire the version",
        "version",
        "warning",
    ),
}

SCENARIOS: Final[Mapping[str, Rule]] = {
    "scenario-missing": Rule("a key that has to be there", "clock: 2026-03-02", "add `starter`", "scenario"),
    "scenario-unknown-key": Rule("a key that scenarios do not have", "given: [{bye: ola}]", "write `by`", "scenario"),
    "scenario-value": Rule("a value of the wrong kind", "language: de", "write nb, nn or en", "scenario"),
    "scenario-starter": Rule(
        "a person who is entered twice: as the starter, and under people",
        "people: {kari: {role: lead}}",
        "use another name",
        "scenario",
    ),
    "scenario-idle": Rule("a scenario that expects nothing, and so cannot fail", "when: []", "add `then`", "scenario"),
    "scenario-unknown-name": Rule(
        "a name that the template does not have", "then: {states: [voteing]}", "write `voting`", "scenario"
    ),
}

PLANS: Final[Mapping[str, Rule]] = {
    "plan-missing": Rule("a key that has to be there", "template: small", "add `to`", "plan"),
    "plan-unknown-key": Rule("a key that plans do not have", "state: {draft: plan}", "write `states`", "plan"),
    "plan-value": Rule("a value of the wrong kind", "to: newest", "write three numbers, such as 1.2.0", "plan"),
    "plan-unknown-name": Rule(
        "a name that the version does not have: the one that processes run on, or the one they go to",
        "tasks: {goal: ▸amis}",
        "write `aims`",
        "plan",
    ),
}

SECTIONS: Final[Mapping[str, Mapping[str, Rule]]] = {
    "The file": SHAPE,
    "Names": NAMES,
    "The tree of states": TREE,
    "Ways": WAYS,
    "People": PEOPLE,
    "Linked processes": LINKS,
    "Conditions and time": CONDITIONS,
    "Texts": TEXTS,
    "Forms": FORMS,
    "Scores": SCORES,
    "Facts": FACTS,
    "Versions": VERSIONS,
    "Scenarios": SCENARIOS,
    "Migration plans": PLANS,
}
"""The rules by subject, in the order in which the reference has them."""

RULES: Final[Mapping[str, Rule]] = {name: rule for rules in SECTIONS.values() for name, rule in rules.items()}
