"""What an evaluation leaves in Prefect to look at: three tables and a summary.

Read from the readers' copy and the list of rejects. Free texts, rejected values, and anything of single people stay
out: Prefect keeps what it is told in a database that no erasure reaches. Nothing here is read back by samskap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from engine.workspace import Workspace
from warehouse import stages
from warehouse.database import connect
from warehouse.mending import Reject

MOST_ROWS = 1000
"""Rows of a table that are shown; the description says how many there are."""

Row: TypeAlias = dict[str, object]
_HERE = Path(__file__).parent


def publish(workspace: Workspace, evaluation: stages.Evaluation) -> None:
    """Write the artifacts `results`, `effects`, `rejected-rows` and `summary` for the flow run that is going on."""
    results, effects = _read(evaluation.copy, "results"), _read(evaluation.copy, "effects")
    rejected = [_without_values(reject) for reject in stages.rejected(workspace)]
    _table("results", results, "What was measured, and how it stands to its target")
    _table("effects", effects, "What made a difference, as far as the design can carry it")
    _table("rejected-rows", rejected, "Rows of files that are left out; `samskap evaluate` shows the values and why")
    create_markdown_artifact(summary(evaluation, results, rejected), key="summary", description="The evaluation")


def _read(copy: Path, name: str) -> list[Row]:
    connection = connect(copy, read_only=True)
    try:
        found = connection.execute((_HERE / f"{name}.sql").read_text(encoding="utf-8"))
        columns = [column[0] for column in found.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    finally:
        connection.close()


def _without_values(reject: Reject) -> Row:
    """Where a row was left out and by which rule. What stands there may be a person's, and the reasons repeat it."""
    return {
        "source": reject.source,
        "file": reject.file_name,
        "row": reject.row,
        "column": reject.column,
        "rule": reject.rule,
    }


def _table(key: str, rows: Sequence[Row], description: str) -> None:
    shown = f"the first {MOST_ROWS} of {len(rows)} rows" if len(rows) > MOST_ROWS else f"{len(rows)} rows"
    create_table_artifact([dict(row) for row in rows[:MOST_ROWS]], key=key, description=f"{description} ({shown}).")


def summary(evaluation: stages.Evaluation, results: Sequence[Row], rejected: Sequence[Row]) -> str:
    """The evaluation in a few lines of Markdown: the run, the files, and how many figures stand how."""
    computed = evaluation.computed
    accepted = {verdict.batch: verdict.accepted for verdict in evaluation.verdicts}
    standing = Counter(str(row["progress"] or "without a target") for row in results)
    lines = [
        "# Evaluation",
        "",
        f"- run `{computed.run_id[:12]}`: {computed.outcome.replace('_', ' ')}",
        f"- figures: {len(results)}" + "".join(f"; {name}: {count}" for name, count in sorted(standing.items())),
        f"- rejected rows: {len(rejected)}",
        "",
        "| source | rows read | rejected | file |",
        "|---|---|---|---|",
    ]
    for batch in evaluation.batches:
        verdict = "in use" if accepted.get(batch.batch, batch.status == "accepted") else "refused"
        lines.append(f"| {batch.source} | {batch.read} | {batch.rejected} | {verdict} |")
    return "\n".join(lines) + "\n"
