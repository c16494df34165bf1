"""What columns are that many tables share: one text each, for every table that says nothing of its own.

A model's header says what its own columns are (`modelling`); this fills in the rest, so that no column a reader meets
is without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import duckdb

from warehouse.sql import literal, qualified, quoted

COLUMNS: Final[Mapping[str, str]] = {
    # who and where
    "process_id": "The process: its stream in the log",
    "process": "The process's short name, unique in the workspace",
    "template": "The template that the process runs on",
    "version": "The version of the template",
    "bundle": "Hash of the published template with its forms that held then",
    "title": "What people call it",
    "name": "What people call it",
    "membership": "Who, in which role: m1, m2 … within the process",
    "party": "The organisation or group it was for; empty where for none",
    "role": "The role in which somebody acted",
    "on_behalf_of": "Pseudonym of the person it was done for, where somebody else did it",
    "organisation": "Who runs the project",
    "municipality_number": "The municipality's number (Statistics Norway)",
    "purpose": "What the project is for",
    # the process
    "state": "The state of the process",
    "task": "The task that was filled in",
    "instance": "The task's instance: task, entry of its state, and whom it is for",
    "round": "Which entry of the state it was, from 1",
    "entry": "Which entry of the state it was, from 1",
    "form": "The form that was filled in",
    "type": "The type of the event",
    "hash": "SHA-256 of the stored event",
    "withheld": "Its answers are sealed, and not here",
    "was_sealed": "Nobody else could read it until it was revealed",
    "replaces": "The sequence of the answer that this one puts right",
    "sequence": "The event's number within its process, from 1",
    "opened_sequence": "The event that opened it",
    "submissions": "How many times it was filled in",
    # moments
    "recorded_at": "When it was stored (UTC)",
    "started_at": "When it began (UTC)",
    "opened_at": "When it was opened (UTC)",
    "joined_at": "When it joined (UTC)",
    "ended_at": "When it ended (UTC); empty while it goes on",
    "since": "When it began (UTC)",
    "due_at": "When it is due (UTC)",
    "first_submitted_at": "When it was first filled in (UTC)",
    "last_submitted_at": "When it was last filled in (UTC)",
    "withdrawn_at": "When it was withdrawn (UTC); empty where it was not",
    "known_from": "When we got to know it (UTC)",
    "due": "The day by which it is to be reached or done",
    "planned_date": "The day on which it is to be measured",
    "measured_on": "The day on which it was measured",
    "period_start": "First day of the period it is about",
    "period_end": "Last day of the period it is about",
    "occasion": "Which time it was measured: a name that people give, such as half_year",
    # what is planned
    "indicator_id": "The indicator, by the id that people gave it",
    "indicator_version": "Which version of the indicator's definition the figure is read by",
    "group_id": "The target group, by the id that people gave it",
    "activity_id": "The activity, by the id that people gave it",
    "output_id": "What is delivered, by the id that people gave it",
    "description": "More about it",
    "priority": "Its place among the target groups: 1 comes first",
    "expected_change": "What is expected to change",
    "because": "Why it is expected",
    "unit": "What it is counted in",
    "planned": "How much was to be delivered",
    "delivered": "How much was delivered",
    "reports": "In how many periods something was reported",
    "latest_period_end": "The last day that a report is about",
    "level": "output, result, outcome or impact",
    "kind": "count, share, mean, money, hours, yes_no or scale",
    "direction": "Whether more (1) or less (-1) is better",
    "meaning": "What the indicator says, and what it does not",
    "counted": "What is counted, and how",
    "link_strength": "How well it is known that the activities lead there: strong, medium or weak",
    "link_reason": "Why that is believed",
    "reference": "What it is compared with: none, series, comparison_group, lottery, weighted or interrupted_series",
    "primary": "Declared as one of the indicators that count most",
    "method": "How it is measured",
    "data_source": "Where the figures come from",
    "measured_by": "Who measures",
    "frequency": "How often it is measured",
    "after_exit": "Whether people are asked after they have left, too",
    "bias_risk": "What may make the figure wrong",
    # what was measured
    "value": "The figure; a share is a fraction from 0 to 1",
    "numerator": "Of a share: how many have it",
    "denominator": "Of a share: of how many; of a count: what it was counted on",
    "mean": "The mean",
    "sd": "Standard deviation",
    "n": "How many it rests on",
    "asked": "How many were asked",
    "answered": "How many of them answered",
    "stated_percent": "The percentage that the source prints, which has to agree with its parts",
    "total": "Sum of the units' values",
    "total_squares": "Sum of the squares of the units' values, exact",
    "arm": "treated or control, where there is a comparison",
    "weight": "How much the unit counts, where the file says so",
    "cluster": "Which cluster the unit lies in, where the file says so",
    "stratum": "Which stratum the unit lies in, where the file says so",
    "pair_id": "Which pair the unit belongs to, where the file says so",
    "strata": "How many of the units lie in a stratum",
    "pairs": "How many of the units are in a pair",
    "clusters": "How many clusters the units lie in, where the file says so",
    "row": "Row of the form's list, from 1",
    # how it stands
    "baseline": "The value before",
    "baseline_on": "The day the value before was measured",
    "baseline_n": "How many the value before rests on",
    "target": "The value that is aimed at",
    "target_due": "The day by which it is aimed at",
    "change_low": "Lower end of the change's 95 % interval",
    "change_high": "Upper end of the change's 95 % interval",
    "achievement_low": "Lower end of the achievement's 95 % interval",
    "achievement_high": "Upper end of the achievement's 95 % interval",
    "interval_low": "Lower end of the 95 % interval",
    "interval_high": "Upper end of the 95 % interval",
    "size": "How large it is: of a target group its people, of a difference Hedges' g",
    "estimate": "The estimated effect",
    "standard_error": "The estimate's standard error",
    "df": "Degrees of freedom of its t distribution",
    "p": "Two-sided p",
    "n_treated": "Units in the effort",
    "n_control": "Units it is compared with",
    "mean_treated": "Their mean in the effort",
    "mean_control": "Their mean in what it is compared with",
    "sd_treated": "Their standard deviation in the effort",
    "sd_control": "Their standard deviation in what it is compared with",
    "happened": "What the parties say happened",
    "contribution": "What the parties judge the effort contributed: large, some, none or unknown",
    "contribution_reason": "Why they judge so",
    "decision": "What they decided: continue, change or stop",
    # assessments
    "dimension": "What the answer counts in",
    "member": "Which value of that dimension",
    "item": "The question",
    "answer": "The answer as given; empty for «vet ikke» and where nothing was answered",
    "low": "The lowest end of the scale",
    "high": "The highest end of the scale",
    "is_reversed": "Less is better",
    "parties": "How many parties it rests on",
    "memberships": "How many memberships it rests on",
    "readable": "Whether it may be read as a change",
    "field": "The action field that it is about",
    "action": "What was agreed",
    "owner": "Who does it",
    # the tables of forms
    "_process_id": "The process: its stream in the log",
    "_process": "The process's short name",
    "_sequence": "The event that holds the answers",
    "_submitted_at": "When the answers were stored (UTC)",
    "_row": "Row of the form's list, from 1; 1 where the form itself is the row",
    "_current": "Whether the answers still count: no later ones took their place",
    "_bundle": "Hash of the published template with its forms that was asked by",
    "_protected": "From a protected round: in no reader's copy",
}
"""What a column of that name is, wherever nothing else is said."""


def describe(connection: duckdb.DuckDBPyConnection) -> None:
    """Give every column of the warehouse's tables that has no comment the one of its name."""
    nameless = connection.execute(
        "SELECT columns.schema_name, columns.table_name, columns.column_name FROM duckdb_columns() AS columns"
        " WHERE columns.schema_name IN ('raw', 'forms', 'core', 'marts', 'ops') AND columns.comment IS NULL"
        " ORDER BY ALL"
    ).fetchall()
    for schema, table, column in nameless:
        if column in COLUMNS:
            connection.execute(
                f"COMMENT ON COLUMN {qualified(schema, table)}.{quoted(column)} IS {literal(COLUMNS[column])}"
            )
