"""The rules of lint for contracts (`contract_lint`), as people are told of them in the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.rules import Rule

CONTRACTS: Final[Mapping[str, Rule]] = {
    "source-missing": Rule("a key that has to be there", "source: school", "add `kind: csv`", "file"),
    "source-unknown-key": Rule("a key that contracts do not have", "tolerence: 0", "write `tolerance`", "file"),
    "source-not-yet": Rule("what contracts will have", "kind: excel", "save the data as CSV or Parquet", "file"),
    "source-value": Rule("a value of the wrong kind", "tolerance: 1.5", "write a share up to 1", "file"),
    "source-column": Rule("a column that is not there", "unique: [[pupill]]", "write `pupil`", "file"),
    "source-unique": Rule("a column twice in a key", "unique: [[pupil, pupil]]", "keep one", "file"),
    "source-type": Rule("a column of a type that cannot fill the field", "value: born", "map a number", "file"),
    "source-bound": Rule(
        "a bound that a type does not have, or crossed ones", "minimum: 7, maximum: 6", "swap", "file"
    ),
    "source-decimals": Rule("decimals of what is none", "{type: integer, decimals: 2}", "leave `decimals` out", "file"),
    "source-personal": Rule(
        "a column of persons that would show in the clear, or is checked and not stored",
        "{personal: drop, allowed: [Kari]}",
        "leave `allowed` out",
        "file",
    ),
    "source-mapping": Rule("figures and units at once, or neither", "mapping: {}", "map one of them", "file"),
    "source-indicator": Rule(
        "an indicator whose name is none", "indicators: {Well-being: …}", "use a-z, 0-9, _", "file"
    ),
    "source-arm": Rule("arms that cannot be told apart", "{treated: 1, control: 1}", "say which is which", "file"),
}
