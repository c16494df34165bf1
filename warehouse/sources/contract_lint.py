"""What is wrong with a contract, each with a stable rule id and its place: keys that do not exist, values of the wrong
kind, columns that are referred to and not there, columns of persons that would show in the clear.

The shape itself is `contract`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from types import UnionType
from typing import Final, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from engine import yaml
from engine.errors import Place, Problem
from engine.template.shape import existing
from warehouse.sources.contract import NOT_YET, Arm, Column, ColumnType, Const, Contract, Figures, Units

Path: TypeAlias = tuple[str | int, ...]

_NUMBERS: Final[tuple[ColumnType, ...]] = ("integer", "decimal", "boolean")
_TYPES: Final[Mapping[str, tuple[ColumnType, ...]]] = {
    "value": _NUMBERS,
    "numerator": ("integer", "decimal"),
    "denominator": ("integer", "decimal"),
    "mean": ("integer", "decimal"),
    "sd": ("integer", "decimal"),
    "weight": ("integer", "decimal"),
    "stated_percent": ("integer", "decimal"),
    "n": ("integer",),
    "asked": ("integer",),
    "answered": ("integer",),
    "period_start": ("date",),
    "period_end": ("date",),
}
"""What types of column may fill a field of a measurement row; those not named here take texts and integers."""
_PSEUDONYM_FIELDS: Final = ("unit", "cluster", "pair_id")
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")


def problems_of(contract: Contract, document: yaml.Document) -> list[Problem]:
    """Every problem of a contract that has the right shape, in the order of the file."""
    found = [*_Lint(contract, document).all()]
    return sorted(found, key=lambda problem: (problem.where.line, problem.where.column, problem.rule))


class _Lint:
    def __init__(self, contract: Contract, document: yaml.Document) -> None:
        self.contract = contract
        self.document = document

    def problem(self, rule: str, message: str, path: Path, hint: str) -> Problem:
        return Problem(f"source-{rule}", message, self.document.place(path), hint)

    def all(self) -> Iterator[Problem]:
        for name, column in self.contract.columns.items():
            yield from self._column(name, column)
        yield from self._unique()
        yield from self._rows()
        yield from self._shapes()

    # -- columns ------------------------------------------------------------------------------------------------------

    def _column(self, name: str, column: Column) -> Iterator[Problem]:
        path: Path = ("columns", name)
        if column.personal:
            yield from self._personal(name, column)
            return
        for bound in ("minimum", "maximum"):
            value = getattr(column, bound)
            if value is None:
                continue
            if column.type in ("text", "boolean"):
                message = f"“{name}” is {column.type}, which has no {bound}"
                yield self.problem("bound", message, (*path, bound), "Leave it out, or list what is `allowed`.")
            elif not fits(value, column.type):
                yield self._misfit(name, column, value, (*path, bound))
        for index, value in enumerate(column.allowed):
            if not fits(value, column.type):
                yield self._misfit(name, column, value, (*path, "allowed", index))
        if self._crossed(column):
            yield self.problem("bound", "the minimum is above the maximum", (*path, "minimum"), "Swap them.")
        if column.decimals is not None and column.type != "decimal":
            message = f"“{name}” is {column.type}, and `decimals` is for decimal"
            yield self.problem("decimals", message, (*path, "decimals"), "Leave it out, or say `type: decimal`.")

    def _crossed(self, column: Column) -> bool:
        low, high = column.minimum, column.maximum
        if low is None or high is None or not (fits(low, column.type) and fits(high, column.type)):
            return False
        if isinstance(low, str) or isinstance(high, str):
            return str(low) > str(high)
        return low > high

    def _misfit(self, name: str, column: Column, value: object, path: Path) -> Problem:
        hints = {
            "date": 'Write it as "2024-08-31".',
            "text": "Put it in quotes.",
            "boolean": "Write true or false.",
            "integer": "Write a whole number of at most 12 digits.",
            "decimal": "Write a number with at most 12 digits before the point and 6 after it.",
        }
        return self.problem("value", f"“{value}” is no {column.type}, as “{name}” is", path, hints[column.type])

    def _personal(self, name: str, column: Column) -> Iterator[Problem]:
        path: Path = ("columns", name)
        if column.personal == "pseudonymise" and column.type != "text":
            message = f"“{name}” holds pseudonyms once it is stored, and these are texts"
            yield self.problem("personal", message, (*path, "type"), "Say `type: text`.")
        keys = ("allowed", "minimum", "maximum", "decimals", *(["required"] if column.personal == "drop" else []))
        for key in keys:
            if key in column.model_fields_set:
                message = f"“{name}” is not stored as it stands in the file, so `{key}` cannot be checked"
                yield self.problem("personal", message, (*path, key), "Leave it out.")

    # -- keys and rows ------------------------------------------------------------------------------------------------

    def _unique(self) -> Iterator[Problem]:
        for index, names in enumerate(self.contract.unique):
            for position, name in enumerate(names):
                yield from self._stored(name, ("unique", index, position))
            if len(set(names)) < len(names):
                yield self.problem("unique", "a column stands twice", ("unique", index), "Keep one of them.")

    def _rows(self) -> Iterator[Problem]:
        rows = self.contract.rows
        if rows.maximum is not None and rows.maximum < rows.minimum:
            yield self.problem("bound", "the minimum is above the maximum", ("rows", "minimum"), "Swap them.")

    def _stored(self, name: str, path: Path) -> Iterator[Problem]:
        column = self.contract.columns.get(name)
        if column is None:
            yield self.problem("column", f"there is no column “{name}”", path, _near(name, self.contract.columns))
        elif column.personal == "drop":
            message = f"“{name}” is never stored, so it cannot be used here"
            yield self.problem("personal", message, path, "Say `personal: pseudonymise` where rows are linked by it.")

    # -- mapping ------------------------------------------------------------------------------------------------------

    def _shapes(self) -> Iterator[Problem]:
        figures, units = self.contract.mapping.figures, self.contract.mapping.units
        if (figures is None) == (units is None):
            hint = "`figures` where a row is a figure, `units` where a row is a person, a school, …"
            yield self.problem("mapping", "a mapping is either `figures` or `units`", ("mapping",), hint)
            return
        shape = "figures" if figures is not None else "units"
        for field, cell in self.contract.cells():
            path: Path = ("mapping", shape, field)
            if isinstance(cell, Const):
                yield from self._const(field, cell, path)
            else:
                yield from self._mapped(field, cell, path)
        if figures is not None:
            yield from self._figures(figures)
        if units is not None:
            yield from self._units(units)

    def _mapped(self, field: str, name: str, path: Path) -> Iterator[Problem]:
        stored = [*self._stored(name, path)]
        if stored:
            yield from stored
            return
        column = self.contract.columns[name]
        if column.personal and field not in _PSEUDONYM_FIELDS:
            message = f"“{name}” identifies a person, so it cannot be {field}"
            yield self.problem("personal", message, path, f"It may be {', '.join(_PSEUDONYM_FIELDS)}.")
        allowed = _TYPES.get(field, ("text", "integer"))
        if column.type not in allowed:
            message = f"{field} is {' or '.join(allowed)}, and “{name}” is {column.type}"
            yield self.problem("type", message, path, f"Say `type: {allowed[0]}` under columns, or map another one.")

        if field == "stated_percent" and column.decimals is not None:
            message = f"“{name}” is compared as it is printed, so it is not rounded"
            yield self.problem("decimals", message, ("columns", name, "decimals"), "Leave `decimals` out.")

    def _const(self, field: str, cell: Const, path: Path) -> Iterator[Problem]:
        if field.startswith("period_") and not fits(cell.const, "date"):
            message = f"{field} is a date, and “{cell.const}” is none"
            yield self.problem("type", message, (*path, "const"), 'Write it as "2024-08-31".')

    def _figures(self, figures: Figures) -> Iterator[Problem]:
        path: Path = ("mapping", "figures")
        if (figures.numerator is None) != (figures.denominator is None):
            present = "numerator" if figures.numerator else "denominator"
            hint = "Map the other one too: a share is both."
            yield self.problem("mapping", "numerator and denominator belong together", (*path, present), hint)
        if figures.value is None and figures.numerator is None and figures.mean is None:
            hint = "Map `value`, `mean`, or `numerator` and `denominator`."
            yield self.problem("mapping", "no figure is mapped", path, hint)

    def _units(self, units: Units) -> Iterator[Problem]:
        path: Path = ("mapping", "units")
        for indicator, column in units.indicators.items():
            if not _SLUG.fullmatch(indicator):
                message = f"“{indicator}” is no indicator's id"
                hint = "Ids begin with a small letter: earnings_1978."
                yield self.problem("indicator", message, (*path, "indicators", indicator), hint)
            yield from self._mapped("value", column.value, (*path, "indicators", indicator, "value"))
        if units.arm is not None:
            yield from self._arm(units.arm)

    def _arm(self, arm: Arm) -> Iterator[Problem]:
        path: Path = ("mapping", "units", "arm")
        stored = [*self._stored(arm.column, (*path, "column"))]
        if stored:
            yield from stored
            return
        column = self.contract.columns[arm.column]
        if column.personal:
            message = f"“{arm.column}” identifies a person, so it cannot be the arm"
            yield self.problem("personal", message, (*path, "column"), "Map the column that says who took part.")
            return
        for key in ("treated", "control"):
            if not fits(value := getattr(arm, key), column.type):
                yield self._misfit(arm.column, column, value, (*path, key))
        if arm.treated == arm.control:
            yield self.problem("arm", "both arms have the same value", (*path, "control"), "Say which value is which.")


def fits(value: object, kind: ColumnType) -> bool:
    """Whether a value written in a contract is of a column's type."""
    if kind == "text":
        return isinstance(value, str) and bool(value.strip())
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "date":
        return isinstance(value, str) and _is_date(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(number) >= 10**12:
        return False
    return number == int(number) if kind == "integer" else exponent >= -6


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


# -- from pydantic's errors to problems with a place ----------------------------------------------------------------


def shape_problems(error: ValidationError, document: yaml.Document) -> list[Problem]:
    """What pydantic found, in the places of the file."""
    found: dict[tuple[Place, str], Problem] = {}
    for item in error.errors():
        path = existing(item["loc"], document.data)
        if item["type"] == "extra_forbidden":
            problem = _unknown_key(path, document)
        elif item["type"] == "missing":
            key = str(item["loc"][-1])
            problem = Problem("source-missing", f"“{key}” is missing here", document.place(path), f"Add {key}: …")
        elif item["type"] == "not_yet":
            place = document.place(path)
            problem = Problem("source-not-yet", item["msg"], place, "Save the data as CSV or Parquet.")
        else:
            where = ".".join(str(part) for part in path) or "the contract"
            message = f"{where}: {item['msg'].removeprefix('Value error, ')}"
            problem = Problem("source-value", message, document.place(path), "See the reference of sources.")
        found.setdefault((problem.where, problem.rule), problem)
    return sorted(found.values(), key=lambda problem: (problem.where.line, problem.where.column))


def _unknown_key(path: Path, document: yaml.Document) -> Problem:
    key, place = str(path[-1]), document.key_place(path)
    if key in NOT_YET:
        return Problem("source-not-yet", f"“{key}” ({NOT_YET[key]}) is not available yet", place, "Leave it out.")
    hint = _near(key, _keys_at(path[:-1]))
    return Problem("source-unknown-key", f"“{key}” is no key of a contract here", place, hint)


def _keys_at(path: Path) -> list[str]:
    """The keys that the model has at a path."""
    kind: object = Contract
    for part in path:
        model = _model_in(kind)
        kind = model.model_fields[str(part)].annotation if model and str(part) in model.model_fields else kind
        if model is None or str(part) not in model.model_fields:
            kind = get_args(kind)[-1] if get_args(kind) else kind
    model = _model_in(kind)
    return list(model.model_fields) if model else []


def _model_in(kind: object) -> type[BaseModel] | None:
    """The model that an annotation is, or that is one of its alternatives."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) in (Union, UnionType):
        return next((found for part in get_args(kind) if (found := _model_in(part))), None)
    return None


def _near(name: str, known: Iterable[str]) -> str:
    options = list(known)
    close = get_close_matches(name[:60], options, 1)
    return f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(options)[:300] or 'none'}."
