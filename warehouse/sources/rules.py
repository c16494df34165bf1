"""What makes a row unfit, compiled once from a contract: each rule as a predicate over the staging table, with the
sentence that says why.

The same rules fill the table of rejects (our SQL) and are judged by Great Expectations (`validation`), where a rule has
a kind of expectation of its own there. Rules that come from what a figure is stand beside those the contract lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from sqlglot import exp

from engine.text import LANGUAGES, Text
from warehouse.sources.contract import Column, Contract, Scalar
from warehouse.sources.expressions import call, column, day, literal, sql
from warehouse.sources.layout import Layout
from warehouse.sources.records import FAULTS
from warehouse.sources.sentences import SENTENCES, wrong_type


@dataclass(frozen=True, slots=True)
class NotNull:
    """A column of the staging table that is never empty in a whole row."""

    column: str


@dataclass(frozen=True, slots=True)
class InSet:
    """A column that holds only these values, or nothing."""

    column: str
    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """A column whose values lie between whole numbers, ends included, or nothing."""

    column: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Unique:
    """Columns that together are different in every row in which none is empty."""

    columns: tuple[str, ...]


Expectation: TypeAlias = NotNull | InSet | Between | Unique | None


@dataclass(frozen=True)
class Rule:
    """A rule: `broken` holds for the rows that break it (never NULL for them), `value` is what is shown of them.

    `expectation` is the rule as a kind of its own of Great Expectations, independent of `broken`; None where there is
    none, so that the predicate itself is judged.
    """

    id: str
    column: str | None
    broken: exp.Expr
    value: exp.Expr
    reasons: Mapping[str, exp.Expr]
    expectation: Expectation = None


def rules_of(contract: Contract) -> tuple[Rule, ...]:
    """Every rule of a contract, in the order in which they are told."""
    return tuple(_Compiler(contract).all())


_SIGNS: Final[Mapping[str, str]] = {
    "numerator": "negative",
    "n": "negative",
    "asked": "negative",
    "answered": "negative",
    "sd": "negative",
    "denominator": "not_positive",
    "weight": "not_positive",
}


class _Compiler:
    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.layout = Layout(contract)
        self.fields = {field: name for field, name in contract.mapped() if field != "value"}

    def all(self) -> Iterator[Rule]:
        yield from self._structure()
        for name, declared in self.contract.columns.items():
            if declared.personal != "drop":
                yield from self._column(name, declared)
        yield from self._keys()
        yield from self._signs()
        yield from self._arm()
        yield from self._figures()
        yield from self._fractions()
        yield from self._pairs()

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _structure(self) -> Iterator[Rule]:
        for fault in (*FAULTS, "empty"):
            broken = sql("fault IS NOT NULL AND fault = :fault", fault=literal(fault))
            yield Rule(f"row:{fault}", None, broken, column("line"), _reasons(SENTENCES[fault]))

    def _keys(self) -> Iterator[Rule]:
        keys = dict.fromkeys(tuple(names) for names in (*self.contract.unique, self.contract.key) if names)
        for names in keys:
            values = [self.layout.value(name) for name in names]
            whole = exp.and_(*(sql(":value IS NOT NULL", value=value) for value in values))
            twice = exp.Window(this=exp.Count(this=exp.Star()), partition_by=[value.copy() for value in values])
            shown = _joined([self.layout.text(name) for name in names])
            yield Rule(
                f"unique:{'+'.join(names)}",
                names[0] if len(names) == 1 else None,
                sql(":whole AND :twice > 1", whole=whole, twice=twice),
                shown,
                _reasons(SENTENCES["unique"], literal(", ".join(names)), shown),
                Unique(tuple(self.layout.value_name(name) for name in names)),
            )

    # -- columns ------------------------------------------------------------------------------------------------------

    def _column(self, name: str, declared: Column) -> Iterator[Rule]:
        if declared.type != "text":
            yield self._type(name, declared)
        if declared.required or self._is_key_part(name):
            yield self._required(name)
        if declared.allowed:
            yield self._allowed(name, declared)
        if declared.minimum is not None or declared.maximum is not None:
            yield self._range(name, declared)

    def _is_key_part(self, name: str) -> bool:
        return name in (self.fields.get("unit"), self.fields.get("indicator_id"), self.fields.get("arm"))

    def _type(self, name: str, declared: Column) -> Rule:
        arguments = [self.layout.text(name)]
        if declared.type == "decimal":
            decimals = 20 if declared.decimals is not None else self.layout.decimals_of(name)
            arguments += [literal(self.layout.mark), literal(decimals)]
        broken = sql(":t IS NOT NULL AND :v IS NULL", t=self.layout.text(name), v=self.layout.value(name))
        return self._rule("type", name, broken, _reasons(wrong_type(declared.type), *arguments))

    def _required(self, name: str) -> Rule:
        broken = sql("fault IS NULL AND :t IS NULL", t=self.layout.text(name))
        reasons = _reasons(SENTENCES["required"], literal(name))
        return self._rule("required", name, broken, reasons, NotNull(self.layout.text_name(name)))

    def _allowed(self, name: str, declared: Column) -> Rule:
        listed = literal(", ".join(_shown(value) for value in declared.allowed))
        reasons = _reasons(SENTENCES["allowed"], self.layout.text(name), listed)
        return self._listed("allowed", name, declared, declared.allowed, reasons)

    def _range(self, name: str, declared: Column) -> Rule:
        low, high = declared.minimum, declared.maximum
        value = self.layout.value(name)
        bounds = [sql(":v < :low", v=value, low=of_type(low, declared))] if low is not None else []
        bounds += [sql(":v > :high", v=value, high=of_type(high, declared))] if high is not None else []
        broken = exp.and_(sql(":v IS NOT NULL", v=value), exp.or_(*bounds))
        shown = [literal(_shown(bound)) for bound in (low, high) if bound is not None]
        kind = "between" if len(shown) == 2 else "at_least" if low is not None else "at_most"
        whole = all(isinstance(bound, int | None) for bound in (low, high))
        expectation = (
            Between(self.layout.value_name(name), low, high)
            if whole and isinstance(low, int | None) and isinstance(high, int | None)
            else None
        )
        return self._rule("range", name, broken, _reasons(SENTENCES[kind], self.layout.text(name), *shown), expectation)

    def _rule(
        self,
        kind: str,
        name: str,
        broken: exp.Expr,
        reasons: Mapping[str, exp.Expr],
        expectation: Expectation = None,
    ) -> Rule:
        return Rule(f"{kind}:{name}", name, broken, self.layout.text(name), reasons, expectation)

    # -- what figures are ---------------------------------------------------------------------------------------------

    def _signs(self) -> Iterator[Rule]:
        found = {(kind, self.fields[field]): None for field, kind in _SIGNS.items() if field in self.fields}
        for kind, name in found:
            relation = ":v IS NOT NULL AND :v < 0" if kind == "negative" else ":v IS NOT NULL AND :v <= 0"
            broken = sql(relation, v=self.layout.value(name))
            yield self._rule(kind, name, broken, _reasons(SENTENCES[kind], literal(name)))

    def _arm(self) -> Iterator[Rule]:
        arm = self.contract.mapping.units.arm if self.contract.mapping.units is not None else None
        if arm is None:
            return
        declared = self.contract.columns[arm.column]
        shown = [literal(_shown(side)) for side in (arm.treated, arm.control)]
        reasons = _reasons(SENTENCES["arm"], self.layout.text(arm.column), *shown)
        yield self._listed("arm", arm.column, declared, (arm.treated, arm.control), reasons)

    def _listed(
        self, kind: str, name: str, declared: Column, values: tuple[Scalar, ...], reasons: Mapping[str, exp.Expr]
    ) -> Rule:
        """A rule that only some values pass, or nothing."""
        value = self.layout.value(name)
        among = exp.In(this=value, expressions=[of_type(one, declared) for one in values])
        broken = exp.and_(sql(":v IS NOT NULL", v=value), exp.not_(among))
        plain = tuple(int(one) if isinstance(one, Decimal) else one for one in values)
        expectation = InSet(self.layout.value_name(name), plain) if declared.type in ("text", "integer") else None
        return self._rule(kind, name, broken, reasons, expectation)

    def _figures(self) -> Iterator[Rule]:
        figures = self.contract.mapping.figures
        if figures is None:
            return
        names = [name for name in (figures.value, figures.numerator, figures.mean) if name is not None]
        nothing = exp.and_(*(sql(":t IS NULL", t=self.layout.text(name)) for name in names))
        broken = sql("fault IS NULL AND :nothing", nothing=nothing)
        yield Rule("no_figure", None, broken, exp.Null(), _reasons(SENTENCES["no_figure"]))

    def _fractions(self) -> Iterator[Rule]:
        over, under = self.fields.get("numerator"), self.fields.get("denominator")
        if over is None or under is None:
            return
        texts = {"a": self.layout.text(over), "b": self.layout.text(under)}
        values = {"a": self.layout.value(over), "b": self.layout.value(under)}
        half = sql("(:a IS NULL) <> (:b IS NULL)", **texts)
        yield Rule("half_fraction", None, half, _joined([*texts.values()]), _reasons(SENTENCES["half_fraction"]))
        more = sql(":a IS NOT NULL AND :b IS NOT NULL AND :a > :b", **values)
        yield self._rule("fraction", over, more, _reasons(SENTENCES["fraction"], *texts.values()))
        if (stated := self.fields.get("stated_percent")) is not None:
            yield self._stated(stated, over, under)

    def _stated(self, stated: str, over: str, under: str) -> Rule:
        """A printed percentage that is further from its fraction than half a unit of its last printed digit.

        Multiplied out, so that it is exact: |100 a/b − p| > ½·10⁻ᵈ is 2·10ᵈ·|100 a − p b| > b, for b > 0. In 38
        digits, because DuckDB keeps a product of shorter decimals in 18.
        """
        decimals = stated_decimals(self.layout, stated)
        values = {"a": self.layout.value(over), "b": self.layout.value(under), "p": self.layout.value(stated)}
        broken = sql(
            ":a IS NOT NULL AND :b IS NOT NULL AND :p IS NOT NULL AND :b > 0"
            " AND (2 * (10 ** :d)::INTEGER)::DECIMAL(38, 0)"
            " * abs(100 * :a::DECIMAL(38, 6) - :p::DECIMAL(38, 4) * :b::DECIMAL(38, 6)) > :b",
            d=decimals,
            **values,
        )
        computed = sql(
            "coalesce(round(100 * :a::DOUBLE / nullif(:b, 0), :d + 1), 0)::VARCHAR",
            a=values["a"],
            b=values["b"],
            d=decimals,
        )
        shown = [self.layout.text(stated), self.layout.text(over), self.layout.text(under)]
        return self._rule("stated", stated, broken, _reasons(SENTENCES["stated"], *shown, computed, numbers=True))

    def _pairs(self) -> Iterator[Rule]:
        for kind, first, second in (("answered", "answered", "asked"), ("period", "period_end", "period_start")):
            one, other = self.fields.get(first), self.fields.get(second)
            if one is not None and other is not None:
                relation = "a > :b" if kind == "answered" else "a < :b"
                values = {"a": self.layout.value(one), "b": self.layout.value(other)}
                broken = sql(f":a IS NOT NULL AND :b IS NOT NULL AND :{relation}", **values)
                reasons = _reasons(SENTENCES[kind], self.layout.text(one), self.layout.text(other))
                yield self._rule(kind, one, broken, reasons)


def stated_decimals(layout: Layout, name: str) -> exp.Expr:
    """How many decimals a printed percentage has: those of its text."""
    return sql(
        "(CASE WHEN strpos(:t, :mark) > 0 THEN length(:t) - strpos(:t, :mark) ELSE 0 END)::INTEGER",
        t=layout.text(name),
        mark=literal(layout.mark),
    )


def of_type(value: Scalar, declared: Column) -> exp.Expr:
    """A value that the contract writes, as a literal of the column's type."""
    if declared.type == "date" and isinstance(value, str):
        return day(value)
    if declared.type == "integer" and isinstance(value, Decimal):
        return literal(int(value))
    return literal(value)


def _shown(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _joined(texts: list[exp.Expr]) -> exp.Expr:
    return call("concat_ws", literal(" · "), *(text.copy() for text in texts)) if len(texts) > 1 else texts[0]


def _reasons(text: Text, *arguments: exp.Expr, numbers: bool = False) -> dict[str, exp.Expr]:
    """The sentence in every language, as an expression; `numbers` are written with a comma in Norwegian."""
    found: dict[str, exp.Expr] = {}
    for language in LANGUAGES:
        old, new = (",", ".") if language == "en" else (".", ",")
        parts = [sql("coalesce(:part::VARCHAR, '')", part=part) for part in arguments]
        if numbers:
            parts = [sql("replace(:part, :old, :new)", part=part, old=literal(old), new=literal(new)) for part in parts]
        sentence = literal(text.get(language))
        found[language] = call("format", sentence, *parts) if parts else sentence
    return found
