"""explain: from a figure to the answers behind it."""

from __future__ import annotations

import duckdb
import pytest

from engine.errors import NotFound
from warehouse.explain import explain


def test_given_a_partys_score_when_explained_then_the_answers_of_its_members(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    found = explain(computed, "fjordvik/answer/2/power/innbyggere")
    assert found.table == "marts.assessment_profile"
    assert [(a.instance, a.party) for a in found.answers] == [(f"answer.2.m{n}", "innbyggere") for n in (8, 9, 10)]


def test_given_a_change_when_explained_then_the_answers_of_both_rounds(computed: duckdb.DuckDBPyConnection) -> None:
    found = explain(computed, "fjordvik/answer/2/power/change")
    assert {answer.instance.split(".")[1] for answer in found.answers} == {"1", "2"}


def test_given_an_indicator_when_explained_then_its_definition_and_target(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    found = explain(computed, "umea-2022/exits")
    assert [(a.what, a.instance) for a in found.answers] == [("definition", "step_6.1"), ("target", "step_8.1")]
    assert {"core.indicator", "raw.event", "core.target"} <= set(found.reads)


def test_given_a_name_nearly_right_when_explained_then_the_nearest_are_named(
    computed: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(NotFound) as caught:
        explain(computed, "umea-2022/exit")
    assert "umea-2022/exits" in caught.value.hint
