"""What is wrong with one form as its author wrote it: keywords, kinds, references, names, texts.

Every rule has a stable id, and every problem points to file, line and column. Whether a form fits its template (its
name, its dimensions, guards that read it) is for the template's lint.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.codec import Json
from engine.errors import ConfigError, Problem
from engine.form.fact_lint import Surroundings, fact_faults
from engine.form.faults import Fault, suggestion
from engine.form.language import (
    ANNOTATIONS,
    ANNOTATIONS_OF,
    CHOICE_KEYWORDS,
    COMMENT_SUFFIX,
    CONDITION_KEYWORDS,
    KEYWORDS,
    KEYWORDS_OF,
    KINDS,
    MAX_DEPTH,
    MAX_FIELDS,
    ROOT_ANNOTATIONS,
    ROOT_KEYWORDS,
    ROW_ANNOTATIONS,
    WIDGETS,
    WIDGETS_OF,
    Kind,
)
from engine.form.limit_lint import bound_faults, choice_type_faults, pattern_faults
from engine.form.model import alternatives, kind_of
from engine.form.refs import DataPath, Part, Schema, follow, mapping, sequence
from engine.form.score_lint import anchor_faults, score_faults
from engine.form.text_lint import text_faults, words_faults
from engine.form.validate import misfit
from engine.form.values import all_faults, value_faults
from engine.yaml import Document


def lint(document: Document) -> list[Problem]:
    """Every problem of a form, in the order of the file."""
    linter = _Lint(document)
    linter.run()
    found = dict.fromkeys(linter.problems)  # a definition that many fields refer to is told once
    return sorted(found, key=lambda problem: (problem.where.line, problem.where.column, problem.rule))


@dataclass(frozen=True, slots=True)
class _Held:
    """A value that is to be held against its field, once the field itself is known to be sound."""

    rule: str
    value: Json
    path: DataPath
    field: Schema
    message: str


class _Lint:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.root = mapping(document.data)
        self.problems: list[Problem] = []
        self.held: list[_Held] = []
        self.fields = 0
        self.dimensions: dict[DataPath, frozenset[str]] = {}
        self.options: set[DataPath] = set()

    def run(self) -> None:
        if not isinstance(self.document.data, dict):
            self.report("form-shape", (), "a form is a mapping", "Begin with $schema, $id, title, type: object.")
            return
        part = self.follow(self.root, ())
        if part is None:
            return
        self.keywords(part, ROOT_KEYWORDS, ROOT_ANNOTATIONS, "the form")
        if part.schema.get("type") != "object":
            self.report("form-shape", part.below("type"), "a form asks for an object", "Write type: object.")
        if "$id" not in part.schema:
            self.report("form-shape", (), "the form has no $id", "Write $id: <template>/<name>.")
        self.take(text_faults(part, "the form"))
        if "x-purpose" in part.schema:
            self.take(words_faults(part.schema["x-purpose"], part.below("x-purpose"), "the purpose"))
        self.object(part, {}, 1)
        self.unused_definitions()
        self.score_dimensions()
        for name, definition in mapping(self.root.get("$defs")).items():  # also those that nothing refers to
            self.take(all_faults(mapping(definition), ("$defs", name)))
        if not self.has_errors():
            self.misfits()

    # -- telling ------------------------------------------------------------------------------------------------------

    def take(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            place = self.document.key_place(fault.path) if fault.at_key else self.document.place(fault.path)
            self.problems.append(Problem(fault.rule, fault.message, place, fault.hint, fault.severity))

    def report(self, rule: str, path: DataPath, message: str, hint: str = "", *, at_key: bool = False) -> None:
        self.take([Fault(rule, path, message, hint, at_key=at_key)])

    def warn(self, rule: str, path: DataPath, message: str, hint: str) -> None:
        self.take([Fault(rule, path, message, hint, "warning")])

    def has_errors(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)

    def follow(self, schema: Schema, path: DataPath) -> Part | None:
        try:
            return follow(schema, path, self.root)
        except ConfigError as error:
            self.report("form-ref", (*path, "$ref"), error.message, error.hint)
            return None

    # -- keywords and their values ------------------------------------------------------------------------------------

    def keywords(self, part: Part, allowed: frozenset[str], annotations: frozenset[str], what: str) -> bool:
        """Whether every key of a part is known."""
        known = True
        for key, value in part.schema.items():
            path = part.below(key)
            if key in allowed or key in annotations:
                self.take(value_faults(key, value, path))
            elif key in KEYWORDS | ANNOTATIONS:
                self.report("form-misplaced", path, f"“{key}” does not fit {what}", _place_for(key), at_key=True)
            else:
                known = False
                is_annotation = key.startswith("x-")
                rule, options = (
                    ("form-unknown-annotation", annotations or ANNOTATIONS)
                    if is_annotation
                    else ("form-unknown-keyword", allowed)
                )
                kind = "annotation" if is_annotation else "keyword"
                message = f"“{key[:60]}” is no {kind} that forms may use"
                hint = suggestion(key, allowed | annotations, listed=options)
                self.report(rule, path, message, hint, at_key=True)
        return known

    # -- objects ------------------------------------------------------------------------------------------------------

    def object(self, part: Part, parent: Mapping[str, Part], depth: int) -> None:
        if depth > MAX_DEPTH:
            self.report("form-depth", part.path, f"the form is nested deeper than {MAX_DEPTH} levels", "Ask in fewer.")
            return
        fields = self.fields_of(part)
        known = [*fields, *(n + COMMENT_SUFFIX for n, inner in fields.items() if inner.schema.get("x-comment") is True)]
        self.required(part.schema.get("required"), part.below("required"), known)
        for name, needed in mapping(part.schema.get("dependentRequired")).items():
            path = part.below("dependentRequired", name)
            self.required([name], path, known)
            self.required(needed, path, known)
        self.rules(part, fields)
        self.stable_ids(fields)
        if "x-fact" in part.schema:
            self.take(fact_faults(part, Surroundings(fields, parent, self.root)))
        if not mapping(part.schema.get("properties")):
            self.report("form-shape", part.below("properties"), "no field is asked for here", "Add properties: …")
        for name, inner in fields.items():
            self.fields += 1
            if self.fields > MAX_FIELDS:
                self.report(
                    "form-depth", inner.path, f"the form asks for more than {MAX_FIELDS} fields", "Ask for less."
                )
                return
            self.field(name, inner, fields, depth)

    def fields_of(self, part: Part) -> dict[str, Part]:
        fields: dict[str, Part] = {}
        for name, schema in mapping(part.schema.get("properties")).items():
            path = part.below("properties", name)
            if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name) or len(name) > 60:
                message = f"“{name[:60]}” is no name of a field"
                self.report(
                    "field-name", path, message, "Use letters, digits and _, and no keyword of Python.", at_key=True
                )
            if not isinstance(schema, dict):
                self.report("form-value", path, f"the field “{name}” is a mapping", "Write title: …, type: …")
            elif (found := self.follow(schema, path)) is not None:
                fields[name] = found
        for name, inner in fields.items():
            if inner.schema.get("x-comment") is True and name + COMMENT_SUFFIX in fields:
                path = fields[name + COMMENT_SUFFIX].path
                self.report(
                    "field-name", path, f"this is the name of the comment on “{name}”", "Rename the field.", at_key=True
                )
        return fields

    def required(self, names: Json, path: DataPath, known: list[str]) -> None:
        for number, name in enumerate(sequence(names)):
            if isinstance(name, str) and name not in known:
                self.report(
                    "required-unknown",
                    (*path, number),
                    f"there is no field “{name[:60]}” here",
                    suggestion(name, known),
                )

    def stable_ids(self, fields: Mapping[str, Part]) -> None:
        seen: dict[str, str] = {}
        for name, part in fields.items():
            stable = part.schema.get("x-id", name)
            if isinstance(stable, str) and stable in seen:
                path = part.below("x-id") if "x-id" in part.schema else part.path
                message = f"the stable id “{stable}” is that of “{seen[stable]}” too"
                self.report("duplicate-field-id", path, message, "Every field keeps an id of its own.")
            seen.setdefault(str(stable), name)

    # -- if, then, else -----------------------------------------------------------------------------------------------

    def rules(self, part: Part, fields: Mapping[str, Part]) -> None:
        schema = part.schema
        for key in ("if", "then", "else"):
            if isinstance(inner := schema.get(key), dict):
                self.condition(inner, part.below(key), fields)
        for key in ("allOf", "anyOf"):
            for number, inner in enumerate(sequence(schema.get(key))):
                if isinstance(inner, dict):
                    self.condition(inner, part.below(key, number), fields)
        if "if" not in schema and ("then" in schema or "else" in schema):
            self.report("form-condition", part.path, "“then” or “else” stands without “if”", "Say when: if: …")
        if "if" in schema and "then" not in schema and "else" not in schema:
            self.report("form-condition", part.below("if"), "“if” has no “then” and no “else”", "Add then: …")

    def condition(self, schema: Schema, path: DataPath, fields: Mapping[str, Part]) -> None:
        part = Part(schema, path)
        self.keywords(part, CONDITION_KEYWORDS, frozenset(), "a condition")
        self.required(schema.get("required"), (*path, "required"), list(fields))
        for name, inner in mapping(schema.get("properties")).items():
            where = (*path, "properties", name)
            if name not in fields:
                self.report(
                    "required-unknown", where, f"there is no field “{name[:60]}” here", suggestion(name, fields)
                )
            elif not isinstance(inner, dict):
                self.report("form-value", where, f"“{name}” is a mapping", "Write what is asked of it: const: …")
            else:
                below = self.fields_below(fields[name])
                self.condition(inner, where, below)
                for key in {"const", "enum"} & inner.keys():
                    for value in sequence(inner[key]) if key == "enum" else [inner[key]]:
                        message = f"“{value}” is never an answer to “{name}”"
                        self.held.append(_Held("condition-value", value, (*where, key), fields[name].schema, message))
        self.rules(part, fields)

    def fields_below(self, part: Part) -> dict[str, Part]:
        below: dict[str, Part] = {}
        for name, schema in mapping(part.schema.get("properties")).items():
            try:
                below[name] = follow(mapping(schema), part.below("properties", name), self.root)
            except ConfigError:  # told where the field itself is linted
                continue
        return below

    # -- fields -------------------------------------------------------------------------------------------------------

    def field(self, name: str, part: Part, siblings: Mapping[str, Part], depth: int) -> None:
        row: Part | None = None
        if isinstance(items := part.schema.get("items"), dict):
            row = self.follow(items, part.below("items"))
            if row is None:
                return
        kind = kind_of(part.schema, self.root)
        if kind is None:
            known = self.keywords(part, KEYWORDS, ANNOTATIONS, "a field")
            of_row = [*value_faults("type", row.schema.get("type", "object"), row.below("type"))] if row else []
            self.take(of_row)
            if known and not of_row and not [*value_faults("type", part.schema.get("type", "object"), ())]:
                hint = f"Give it a type ({', '.join(KINDS)}), or oneOf with choices; a list holds objects or choices."
                self.report("field-kind", part.path, f"it cannot be told what “{name}” asks for", hint)
            return
        self.keywords(part, KEYWORDS_OF[kind], ANNOTATIONS_OF[kind], f"a field of kind {kind}")
        self.widget(part, kind)
        self.take(text_faults(part, f"“{name}”"))
        self.take(score_faults(part, kind))
        self.take(anchor_faults(part, kind))
        if isinstance(score := part.schema.get("x-score"), dict):
            self.dimensions[part.below("x-score")] = frozenset(mapping(score.get("dimensions")))
        for point, words in mapping(part.schema.get("x-anchors")).items():
            self.take(words_faults(words, part.below("x-anchors", point), f"anchor {point} of “{name}”"))
        self.choices(part if kind != "choices" or row is None else row)
        self.take(choice_type_faults(part if kind != "choices" or row is None else row))
        self.take(bound_faults(part))
        self.take(pattern_faults(part))
        self.suggested(name, part)
        if kind == "list" and row is not None:
            self.keywords(row, KEYWORDS_OF["object"], ROW_ANNOTATIONS, "the rows of a list")
            self.shown_again(row)
            self.object(row, siblings, depth + 1)
        elif kind == "choices" and row is not None:
            self.keywords(row, KEYWORDS_OF["choice"], frozenset(), "the choices of a list")
        elif kind == "object":
            self.object(part, siblings, depth + 1)

    def shown_again(self, row: Part) -> None:
        """Texts of rows are not shown again: nobody could say in which of the new rows."""
        for name, inner in self.fields_below(row).items():
            if "x-prefill" in inner.schema:
                message = f"“{name}” stands in the rows of a list: its earlier text belongs to no new row"
                self.report("form-misplaced", inner.below("x-prefill"), message, "Leave x-prefill out.", at_key=True)

    def widget(self, part: Part, kind: Kind) -> None:
        widget = part.schema.get("x-widget")
        if not isinstance(widget, str) or widget in WIDGETS_OF[kind]:
            return
        path = part.below("x-widget")
        if widget in WIDGETS:
            message = f"the widget “{widget}” cannot show a field of kind {kind}"
            self.report("form-unknown-widget", path, message, f"Choose from: {', '.join(WIDGETS_OF[kind]) or 'none'}.")
        else:
            self.report(
                "form-unknown-widget", path, f"there is no widget “{widget[:60]}”", suggestion(widget, WIDGETS_OF[kind])
            )

    def choices(self, part: Part) -> None:
        """What is wrong with the choices of a part; those of a definition once, however many fields refer to it."""
        if part.below("oneOf") in self.options:
            return
        self.options.add(part.below("oneOf"))
        seen: list[Json] = []
        for number, option in enumerate(sequence(part.schema.get("oneOf"))):
            path = part.below("oneOf", number)
            choice = Part(mapping(option), path)
            if "const" not in choice.schema:
                self.alternative(choice, part)
                continue
            self.keywords(choice, CHOICE_KEYWORDS, frozenset({"x-i18n"}), "a choice")
            const = choice.schema["const"]
            self.take(text_faults(choice, f"the choice “{const}”"))
            if any(_same(const, other) for other in seen):
                self.report(
                    "duplicate-choice", choice.below("const"), f"the choice “{const}” stands twice", "Keep one."
                )
            seen.append(const)

    def alternative(self, option: Part, part: Part) -> None:
        """The typed one of a field's alternatives; the others are constants, which must not fit it as well."""
        kind = kind_of(option.schema, self.root)
        if kind not in ("text", "date", "integer", "number", "boolean"):
            self.report("field-kind", option.path, "an alternative is a constant, a text, a date or a number", "")
            return
        self.keywords(option, KEYWORDS_OF[kind] - {"oneOf", "$ref", "default"}, frozenset(), f"a field of kind {kind}")
        self.take(bound_faults(option))
        self.take(pattern_faults(option))
        for choice in alternatives(part.schema)[1]:
            if not self.has_errors() and misfit(option.schema, choice["const"], self.root) is None:
                message = f"“{choice['const']}” fits two of the alternatives"
                self.report("choice-overlap", option.path, message, "Answers fit one: limit the typed alternative.")

    def suggested(self, name: str, part: Part) -> None:
        if "default" in part.schema:
            message = f"the default of “{name}” is no answer that fits"
            path = part.below("default")
            self.held.append(_Held("default-misfit", part.schema["default"], path, part.schema, message))
        for number, example in enumerate(sequence(part.schema.get("examples"))):
            message = f"this example for “{name}” is no answer that fits"
            path = part.below("examples", number)
            self.held.append(_Held("example-misfit", example, path, part.schema, message))

    # -- the form as a whole ------------------------------------------------------------------------------------------

    def unused_definitions(self) -> None:
        if "$defs" not in self.root:
            return
        used = set(_references(self.document.data))
        for name, definition in mapping(self.root.get("$defs")).items():
            path: DataPath = ("$defs", name)
            if not isinstance(definition, dict):
                self.report("form-value", path, f"“{name}” is a mapping", "Write what is to be asked, or remove it.")
            if name not in used:
                self.warn("definition-unused", path, f"nothing refers to “{name}”", "Remove it.")

    def score_dimensions(self) -> None:
        """An item that leaves out a dimension which the other items count in is most likely a slip."""
        every = frozenset[str]().union(*self.dimensions.values())
        for path, named in self.dimensions.items():
            for missing in sorted(every - named):
                message = f"this score does not count in “{missing}”, as others of the form do"
                self.warn("score-dimension", path, message, f"Add {missing}: … under dimensions.")

    def misfits(self) -> None:
        for held in self.held:
            wrong = misfit(held.field, held.value, self.root)
            if wrong is not None:
                self.report(held.rule, held.path, held.message, wrong)


def _references(value: Json) -> Iterator[str]:
    """The names of the definitions that anything within a value refers to."""
    within = [value]
    while within:
        inner = within.pop()
        if isinstance(inner, dict):
            within.extend(inner.values())
            if "$ref" in inner:
                yield str(inner["$ref"]).removeprefix("#/$defs/")
        elif isinstance(inner, list):
            within.extend(inner)


def _same(one: Json, other: Json) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _place_for(key: str) -> str:
    """Where a misplaced keyword or annotation belongs."""
    fitting = [kind for kind in KINDS if key in KEYWORDS_OF[kind] | ANNOTATIONS_OF[kind]]
    if key == "x-personal":
        return "Only texts can be personal: they are what is encrypted."
    if key == "required":
        return "Name the field in the list `required: […]` beside the `properties` that it is one of."
    return f"It fits fields of kind {', '.join(fitting)}." if fitting else "It belongs at the top of the form."
