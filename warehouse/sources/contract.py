"""The contract of a source: what `sources/<name>.yaml` may hold, as frozen values, and its hash.

It says how a file is written, what its columns hold, which of them identify a person, what makes a row unfit, and which
column is which figure. It is the shape only: whether columns that are referred to exist is `contract_lint`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic_core import PydanticCustomError

from engine import codec, yaml
from engine.codec import Json
from engine.errors import ConfigError, LintError
from engine.text import Text, counted, text

NOT_YET_KINDS: Final = ("excel", "form", "http", "sql")
NOT_YET: Final[Mapping[str, str]] = {
    "covariates": "covariates",
    "exposure": "exposure",
    "freshness": "how fresh a file must be",
    "where": "files that are fetched",
}
"""Keys that contracts will have; lint says "not available yet" rather than "unknown"."""

ColumnType: TypeAlias = Literal["text", "integer", "decimal", "date", "boolean"]


def _name(value: str) -> str:
    if not value.strip() or value != value.strip() or len(value) > 100 or not value.isprintable():
        raise ValueError("a column's name is 1 to 100 printable characters, without spaces at its ends")
    return value


def _scalar(value: object) -> object:
    if not isinstance(value, str | int | Decimal):
        raise PydanticCustomError("scalar", "this must be a text, a number, true or false")
    return value


def _kind(value: object) -> object:
    if value in NOT_YET_KINDS:
        raise PydanticCustomError("not_yet", "sources of this kind are not available yet")
    return value


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("this is no number")
    return value


Label: TypeAlias = Annotated[Text, BeforeValidator(text)]
Slug: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
ColumnName: TypeAlias = Annotated[str, Field(strict=True), AfterValidator(_name)]
Scalar: TypeAlias = Annotated[str | int | Decimal | bool, BeforeValidator(_scalar)]
Flag: TypeAlias = Annotated[bool, Field(strict=True)]
Count: TypeAlias = Annotated[int, Field(strict=True, ge=0)]


class Config(BaseModel):
    """Base of the contract's parts: frozen, and no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Csv(Config):
    """How the text of the file is written. Files have a header."""

    delimiter: Literal[",", ";", "\t", "|"] = ","
    decimal: Literal[".", ","] = "."
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    header: Literal[True] = True


class Column(Config):
    """What a column holds. `decimals`: values are rounded to so many; without it, more than six are refused.
    `personal`: replaced by a keyed pseudonym, or never stored."""

    type: ColumnType
    title: Label | None = None
    required: Flag = False
    allowed: tuple[Scalar, ...] = ()
    minimum: Scalar | None = None
    maximum: Scalar | None = None
    unit: str | None = None
    decimals: Annotated[int, Field(strict=True, ge=0, le=6)] | None = None
    personal: Literal["pseudonymise", "drop"] | None = None


class Rows(Config):
    """How many rows a file has; a file with fewer or more is refused whole."""

    minimum: Count = 1
    maximum: Count | None = None


class Const(Config):
    """A value that is the same in every row, and not in the file."""

    const: Annotated[str, Field(strict=True, min_length=1, max_length=200)]


Cell: TypeAlias = ColumnName | Const


class Figures(Config):
    """One row of the file is one figure: an indicator at an occasion."""

    indicator_id: Cell
    group_id: Cell | None = None
    occasion: Cell | None = None
    period_start: Cell | None = None
    period_end: Cell | None = None
    value: ColumnName | None = None
    numerator: ColumnName | None = None
    denominator: ColumnName | None = None
    mean: ColumnName | None = None
    sd: ColumnName | None = None
    n: ColumnName | None = None
    asked: ColumnName | None = None
    answered: ColumnName | None = None
    stated_percent: ColumnName | None = None


class Arm(Config):
    """Which of two arms a unit is in, by the value of a column."""

    column: ColumnName
    treated: Scalar
    control: Scalar


class IndicatorColumn(Config):
    """The column that holds an indicator's value."""

    value: ColumnName


class Units(Config):
    """One row of the file is one unit (a person, a school, a household) at an occasion, with one or more indicators."""

    unit: ColumnName
    arm: Arm | None = None
    indicators: Annotated[dict[str, IndicatorColumn], Field(min_length=1)]
    group_id: Cell | None = None
    occasion: Cell | None = None
    period_start: Cell | None = None
    period_end: Cell | None = None
    weight: ColumnName | None = None
    cluster: ColumnName | None = None
    stratum: ColumnName | None = None
    pair_id: ColumnName | None = None


class Shapes(Config):
    """Which column is which figure, in one of two shapes."""

    figures: Figures | None = None
    units: Units | None = None


class Contract(Config):
    """A whole contract."""

    source: Slug
    version: Annotated[str, Field(pattern=r"^\d{1,4}\.\d{1,4}\.\d{1,4}$")]
    title: Label
    process: Slug | None = None
    kind: Annotated[Literal["csv", "parquet"], BeforeValidator(_kind)]
    file: Annotated[str | None, Field(pattern=r"^[^/\\]{1,200}$")] = None
    csv: Csv = Csv()
    tolerance: Annotated[Decimal, Field(ge=0, lt=1), AfterValidator(_finite)] = Decimal(0)
    columns: Annotated[dict[ColumnName, Column], Field(min_length=1, max_length=500)]
    unique: tuple[Annotated[tuple[ColumnName, ...], Field(min_length=1)], ...] = ()
    rows: Rows = Rows()
    mapping: Shapes
    _content: dict[str, Json] = PrivateAttr(default_factory=dict)

    @property
    def pattern(self) -> str:
        """Which files beside the contract are the source's: `file`, where * stands for anything; else its own name."""
        return self.file or f"{self.source}.{self.kind}"

    @property
    def content(self) -> dict[str, Json]:
        """The contract as it was written, as data: what is published."""
        return self._content

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical text of the content, in hex."""
        return sha256(codec.dumps(self._content)).hexdigest()

    @property
    def kept(self) -> tuple[str, ...]:
        """The columns that a landed file holds, in the contract's order: all but those that are never stored."""
        return tuple(name for name, column in self.columns.items() if column.personal != "drop")

    @property
    def has_personal(self) -> bool:
        """Whether a file is rewritten before it is stored."""
        return any(column.personal for column in self.columns.values())

    @property
    def stored_encoding(self) -> Literal["utf-8", "latin-1"]:
        """The encoding of a landed file: a file that is rewritten becomes UTF-8."""
        return "utf-8" if self.has_personal else self.csv.encoding

    def mapped(self) -> Iterator[tuple[str, str]]:
        """Every field of a measurement row that a column fills, with that column; indicators' values as `value`."""
        yield from ((field, cell) for field, cell in self.cells() if isinstance(cell, str))
        if self.mapping.units is not None:
            if self.mapping.units.arm is not None:
                yield "arm", self.mapping.units.arm.column
            yield from (("value", indicator.value) for indicator in self.mapping.units.indicators.values())

    def cells(self) -> Iterator[tuple[str, Cell]]:
        """Every field of a measurement row that is filled from one column or by one constant; without arm and
        indicators."""
        shape = self.mapping.figures or self.mapping.units
        for field in type(shape).model_fields if shape is not None else ():
            cell = getattr(shape, field)
            if isinstance(cell, str | Const):
                yield field, cell

    def column_of(self, field: str) -> str | None:
        """The column that fills a field of a measurement row, where there is one."""
        return next((column for name, column in self.mapped() if name == field), None)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell one row of the file from another; a later file's row with the same key stands for an
        earlier one's."""
        fields = ("unit", "indicator_id", "group_id", "occasion", "period_start", "period_end")
        return tuple(dict.fromkeys(column for field, column in self.mapped() if field in fields))


def read_contract(path: Path) -> Contract:
    """The contract in a file; raise `ConfigError` or, with every problem in its place, `LintError`."""
    from warehouse.sources.contract_lint import problems_of, shape_problems  # noqa: PLC0415  (lint needs the model)

    document = yaml.load_file(path)
    try:
        contract = _validated(document.data)
    except ValidationError as error:
        problems = shape_problems(error, document)
    else:
        problems = problems_of(contract, document)
        if not problems:
            return contract
    raise LintError(f"{document.file} has {counted(len(problems), 'error')}", problems)


def contract_from(content: Json) -> Contract:
    """The contract in published content, without lint; raise `ConfigError` where this program cannot read it."""
    try:
        return _validated(content)
    except ValidationError as error:
        raise ConfigError(
            f"the stored contract cannot be read: {error.errors()[0]['msg']}",
            hint="It was published by another version of samskap.",
        ) from error


def _validated(content: Json) -> Contract:
    contract = Contract.model_validate(content)
    contract._content = codec.mapping(content)
    return contract
