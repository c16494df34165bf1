"""Made-up answers that a form takes: for trying a template out, never for anybody's collaboration.

Fields are made by their kind and bounds. What rules between fields (`if`, `then`, `dependentRequired` …) ask for
beyond that is put right afterwards, by what the form's own check says is wrong, until it finds nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache
from random import Random
from typing import Any, Final

from engine.codec import Json
from engine.errors import ConfigError
from engine.form.checks import Walker, Wrong, checker, wrongs
from engine.form.language import COMMENT_SUFFIX
from engine.form.model import Field, Form, alternatives
from engine.form.refs import Schema, mapping, sequence
from engine.form.validate import Validator
from engine.trial.patterns import matching

ATTEMPTS: Final = 200
MOST_ROWS: Final = 3
"""Rows of a list beyond those that it needs."""
RANGE: Final = 100
"""How far a number goes from its one bound, where it has no other."""

_WORDS: Final = ("en", "to", "tre", "fire", "fem", "liten", "stor", "ny", "felles", "plan", "møte", "hjelp")
_FIRST_DAY: Final = date(2026, 1, 1)
_TEXTS: Final = {
    "email": "noen@eksempel.no",
    "uri": "https://eksempel.no/side",
    "date-time": "2026-03-02T09:00:00Z",
}
_BOUNDS: Final = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems"}
)
_MISSING: Final = frozenset({"required", "dependentRequired"})


def made_up(form: Form, random: Random, given: Mapping[str, Json] | None = None) -> dict[str, Json]:
    """Answers to a form: those `given` as they are, the rest made up; the same random gives the same answers.

    Raises `ConfigError` where none is found that the form takes.
    """
    fixed = dict(given or {})
    making = _Making(form, random, fixed)
    walker = _checker(form)
    answers = making.object(form.fields, sequence(form.schema.get("required")))
    answers = {**{name: value for name, value in answers.items() if name not in fixed}, **fixed}
    for _ in range(ATTEMPTS):
        wrong = next(iter(wrongs(walker, answers)), None)
        if wrong is None:
            return answers
        making.mend(answers, wrong)
    told = Validator(form).errors(answers, "en")[0]
    raise ConfigError(
        f"no answers were found that the form “{form.id}” takes: {told.path or 'the form'}: {told.message}",
        hint="Put right what is given; else the form's rules may contradict each other.",
    )


@lru_cache(maxsize=64)
def _checker(form: Form) -> Walker:
    """The check of a form, made once: it takes longer than making answers up."""
    return checker(form.schema)


class _Making:
    def __init__(self, form: Form, random: Random, fixed: Mapping[str, Json]) -> None:
        self.form = form
        self.random = random
        self.fixed = fixed

    # -- by kind ----------------------------------------------------------------------------------------------------

    def object(self, fields: Mapping[str, Field], required: Sequence[Json]) -> dict[str, Json]:
        """An object with what must be answered, and some of what may be."""
        return {
            name: self.field(one, one.schema)
            for name, one in fields.items()
            if one.required or name in required or self.random.random() < 0.5
        }

    def field(self, field: Field, schema: Schema) -> Json:
        """An answer to one field, within the bounds of a schema."""
        typed, constants = alternatives(schema)
        if constants and (not typed or self.random.random() < 0.2):
            return self.random.choice(constants)["const"]
        return self.typed(field, typed[0] if typed else schema)

    def typed(self, field: Field, schema: Schema) -> Json:  # noqa: PLR0911 (one case a kind)
        """An answer to a field that is no choice among constants."""
        match field.kind:
            case "integer" | "number":
                return self.number(schema, whole=field.kind == "integer", decimals=field.decimals)
            case "boolean":
                fixed = sequence(schema.get("enum")) or ([schema["const"]] if "const" in schema else [True, False])
                return self.random.choice(fixed)
            case "date":
                return (_FIRST_DAY + timedelta(days=self.random.randrange(365))).isoformat()
            case "choices":
                return self.chosen(field, schema)
            case "list":
                return self.rows(field, schema)
            case "object":
                return self.object(field.items, sequence(schema.get("required")))
            case _:
                return self.text(schema)

    def number(self, schema: Schema, *, whole: bool, decimals: int | None) -> Json:
        """A number between its bounds, on the grid of `multipleOf` or of its decimals."""
        step = Decimal(str(schema.get("multipleOf", 1 if whole else Decimal(1).scaleb(-min(decimals or 1, 6)))))
        low, high = _bound(schema, "minimum", "exclusiveMinimum"), _bound(schema, "maximum", "exclusiveMaximum")
        first = low if low is not None else (high - RANGE if high is not None and high < 0 else Decimal(0))
        last = high if high is not None else first + RANGE
        least, most = -int((-first / step).to_integral_value(ROUND_FLOOR)), int(last // step)
        found = self.random.randint(least, max(least, most)) * step
        if found in (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")):
            found += step if found == schema.get("exclusiveMinimum") else -step
        return int(found) if found == found.to_integral_value() else found

    def text(self, schema: Schema) -> str:
        """A text of a permitted length, after its pattern or format."""
        least, most = _length(schema, "minLength", 0), _length(schema, "maxLength", 10_000)
        pattern, form = schema.get("pattern"), str(schema.get("format", ""))
        if isinstance(pattern, str):
            tries = (matching(pattern, self.random) for _ in range(20))
            return next((text for text in tries if least <= len(text) <= most), "")
        if form in _TEXTS:
            return _TEXTS[form]
        text = " ".join(self.random.choices(_WORDS, k=self.random.randint(1, 6)))
        while len(text) < least:
            text = f"{text} {self.random.choice(_WORDS)}"
        return text[: max(most, least)].strip() or "x" * max(1, least)

    def chosen(self, field: Field, schema: Schema) -> Json:
        """Some of the choices, each once."""
        options = [choice.const for choice in field.choices]
        most = min(_length(schema, "maxItems", len(options)), len(options))
        count = self.random.randint(min(_length(schema, "minItems", 0), most), most)
        return list(self.random.sample(options, count))

    def rows(self, field: Field, schema: Schema) -> Json:
        """Rows, whose ids differ."""
        least = _length(schema, "minItems", 0)
        most = min(_length(schema, "maxItems", 500), least + MOST_ROWS)
        required = sequence(mapping(field.schema.get("items")).get("required"))
        rows = [self.object(field.items, required) for _ in range(self.random.randint(least, most))]
        for number, row in enumerate(rows, 1):
            if "id" in row and isinstance(row["id"], str) and not field.items["id"].choices:
                row["id"] = f"row_{number}"
        return list({str(row.get("id", number)): row for number, row in enumerate(rows)}.values())

    # -- putting right ----------------------------------------------------------------------------------------------

    def mend(self, answers: dict[str, Json], wrong: Wrong) -> None:
        """Change answers where they do not fit; what was given stays, so that what cannot be mended is told."""
        *above, last = wrong.path or ("",)
        holder: Any = answers
        for step in above:
            holder = holder[step]
        if wrong.keyword == "anyOf":
            self._satisfy(answers, wrong)
        elif wrong.keyword == "additionalProperties" and not self._is_fixed(wrong.path):
            holder.pop(last)
        elif wrong.path and not self._is_fixed(wrong.path):
            self._replace(holder, wrong, last)

    def _is_fixed(self, path: Sequence[str | int]) -> bool:
        return bool(path) and path[0] in self.fixed

    def _satisfy(self, answers: dict[str, Json], wrong: Wrong) -> None:
        """Answer what one of the alternatives asks for."""
        holder: Any = answers
        for step in wrong.path:
            holder = holder[step]
        part = mapping(self.random.choice(sequence(wrong.value) or [{}]))
        named = [*sequence(part.get("required")), *mapping(part.get("properties"))]
        for name in named:
            field = self._field((*wrong.path, str(name)))
            if field is not None:
                schema = {**field.schema, **mapping(mapping(part.get("properties")).get(str(name)))}
                holder[name] = self.field(field, schema)

    def _replace(self, holder: Any, wrong: Wrong, last: str | int) -> None:
        field = self._field(wrong.path)
        if field is None:
            if isinstance(last, str) and last.endswith(COMMENT_SUFFIX):
                holder[last] = self.random.choice(_WORDS)
            return
        missing = wrong.keyword in _MISSING
        if not missing and not field.required and self.random.random() < 0.3 and isinstance(holder, dict):
            holder.pop(last, None)
        elif wrong.keyword == "enum" and not missing:
            holder[last] = self.random.choice(sequence(wrong.value))
        else:
            limits = {key: value for key, value in wrong.schema.items() if key in _BOUNDS} if not missing else {}
            holder[last] = self.field(field, {**field.schema, **limits})

    def _field(self, path: Sequence[str | int]) -> Field | None:
        """The field at a path of answers; None where there is none."""
        fields, found = self.form.fields, None
        for step in path:
            if isinstance(step, str):
                found = fields.get(step)
                fields = found.items if found is not None else {}
        return found


def _bound(schema: Schema, inclusive: str, exclusive: str) -> Decimal | None:
    value = schema.get(inclusive, schema.get(exclusive))
    return Decimal(str(value)) if isinstance(value, int | Decimal) else None


def _length(schema: Schema, key: str, otherwise: int) -> int:
    value = schema.get(key)
    return value if isinstance(value, int) else otherwise
