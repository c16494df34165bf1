"""A batch's rules as expectations of Great Expectations, run over our own connection.

Importing this module imports Great Expectations: ten seconds and 200 MB. Only `validation` does so, where there is
something to judge. It stores nothing.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
from sqlalchemy.pool import StaticPool

from warehouse.sources.batch import staging_table
from warehouse.sources.borrowed import BorrowedConnection
from warehouse.sources.expressions import written
from warehouse.sources.reading import STAGING
from warehouse.sources.rules import Between, InSet, NotNull, Rule, Unique

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # read when a context is made: nothing is sent anywhere

import great_expectations as gx
from great_expectations.core import ExpectationValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.core.expect_column_values_to_be_between import (
    ExpectColumnValuesToBeBetween,
)
from great_expectations.expectations.core.expect_column_values_to_be_in_set import (
    ExpectColumnValuesToBeInSet,
)
from great_expectations.expectations.core.expect_column_values_to_be_unique import (
    ExpectColumnValuesToBeUnique,
)
from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
    ExpectColumnValuesToNotBeNull,
)
from great_expectations.expectations.core.expect_compound_columns_to_be_unique import (
    ExpectCompoundColumnsToBeUnique,
)
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.row_conditions import Column

NAME = f"great_expectations {gx.__version__}"


def failures(connection: duckdb.DuckDBPyConnection, batch: str, rules: Sequence[Rule]) -> Mapping[str, int]:
    """How many rows of a batch break each rule, by the rule's id; the running transaction is seen."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_sql(
        "warehouse",
        connection_string="duckdb:///:memory:",  # never opened: the creator below is used
        kwargs={"creator": lambda: BorrowedConnection(connection), "poolclass": StaticPool},  # type: ignore[call-arg]
    )
    asset = source.add_table_asset("rows", table_name=staging_table(batch), schema_name=STAGING)
    rows = asset.add_batch_definition_whole_table("all").get_batch()
    suite = gx.ExpectationSuite(name=batch, expectations=[_expectation(rule) for rule in rules])
    return dict(_failures(found) for found in rows.validate(suite, result_format="SUMMARY").results)


def _expectation(rule: Rule) -> Expectation:
    """The rule as Great Expectations knows it; where it has no kind for it, as a query for the rows that break it."""
    common: dict[str, Any] = {"meta": {"rule": rule.id}}
    match rule.expectation:
        case NotNull(column):
            return ExpectColumnValuesToNotBeNull(column=column, row_condition=Column("fault").is_null(), **common)
        case InSet(column, values):
            return ExpectColumnValuesToBeInSet(column=column, value_set=list(values), **common)
        case Between(column, low, high):
            return ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high, **common)
        case Unique((column,)):
            return ExpectColumnValuesToBeUnique(column=column, **common)
        case Unique(columns):
            return ExpectCompoundColumnsToBeUnique(
                column_list=list(columns), ignore_row_if="any_value_is_missing", **common
            )
    broken = written(rule.broken).replace("{", "{{").replace("}", "}}")  # it is formatted with the table's name
    query = f"SELECT row_number FROM {{batch}} WHERE {broken}"  # noqa: S608  (our own expression, values are literals)
    return UnexpectedRowsExpectation(unexpected_rows_query=query, **common)


def _failures(found: ExpectationValidationResult) -> tuple[str, int]:
    """The rule, and how many rows break it; a rule that could not be judged at all is no verdict."""
    config = found.expectation_config
    rule = str(config.meta["rule"]) if config is not None and config.meta is not None else "?"
    count = found.result.get("unexpected_count", found.result.get("observed_value"))
    if count is None and found.result.get("element_count") == 0:  # everybody in the file was erased
        count = 0
    if not isinstance(count, int):
        raise RuntimeError(f"Great Expectations could not judge {rule}: {found.exception_info}")  # noqa: TRY004
    return rule, count
