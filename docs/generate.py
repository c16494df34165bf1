"""The pages of the reference that follow from the code: run `python docs/generate.py` after a change.

Every page is a function from nothing to text. What is said elsewhere (docstrings, comments of tables, help texts) is
taken from there; only the meaning of each setting stands here, since settings have no texts of their own. Pages for
learning and explaining are written by hand.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import duckdb
import typer

from cli.app import GROUPS, MODULES, app
from cli.command import EVERYWHERE
from cli.exit_codes import EXIT_CODES
from engine import errors
from engine.form.facts import TABLES
from engine.guards import GuardFault
from engine.process import events, reasons
from engine.process.explain import ActionExplanation, ConditionNow, Part, Seen, TaskExplanation
from engine.process.explain_steps import StepExplanation
from engine.process.explain_words import BECAUSE
from engine.process.missing import Lacking, Missing
from engine.process.readers import Reader
from engine.rules import SECTIONS, Rule
from engine.template.plan_schema import plan_schema
from engine.text import LANGUAGES
from engine.trial.schema import scenario_schema
from engine.workspace import Settings
from warehouse import forms, pull, runs
from warehouse.database import connect
from warehouse.estimators import achievement, assessment, moments
from warehouse.estimators.udf import FUNCTIONS, Function
from warehouse.sources import batch
from warehouse.sources.contract_rules import CONTRACTS

FOLDER: Final = Path(__file__).with_name("reference")
MADE_BY: Final = "<!-- Made by docs/generate.py. Change the code it follows from, and run that. -->"
WIDTH: Final = 100

SETTINGS: Final[Mapping[str, str]] = {
    "language": "The language of texts where a person has not chosen one.",
    "store_url": "Where the log is kept: `postgresql://user@host/database`, or `sqlite:///` and a file; without it"
    " in the file `data/events.sqlite`.",
    "warehouse.memory_limit": "How much memory DuckDB may use while figures are computed.",
    "warehouse.threads": "How many threads DuckDB may use; without it as many as there are cores.",
    "schedule.cron": "When `samskap schedule` evaluates: minute, hour, day of month, month, day of week.",
    "schedule.tick": "When `samskap schedule` lets deadlines act and sends messages, in the same five fields.",
    "schedule.timezone": "The zone of the schedule, of times that are shown, and of the day an evaluation is for.",
    "sql.seconds": "How long one question of `samskap sql` may take.",
    "sql.rows": "How many rows one answer may have; the rest is cut off, and that is told.",
    "sql.memory_limit": "How much memory one question may use.",
    "sql.analysts": "Who may ask in SQL beside the operator, by handle.",
    "notify.enabled": "Whether people are told of what waits for them; if not, nothing is put into the outbox.",
    "notify.base_url": "Where people get in; it stands in every message.",
    "notify.services": "The services that messages go through: a name, and a URL of apprise with `{to}` where the"
    " person stands. `${NAME}` is a secret from the environment. `mailto` is the service of e-mail addresses.",
}
"""What each setting means; a setting without a meaning stops the making of the page."""

VARIABLES: Final = (
    ("`SAMSKAP_WORKSPACE`", "The workspace's folder, where `--workspace` does not say."),
    ("`SAMSKAP_IDENTITY`", "The token of whoever types, where `--identity-file` does not say."),
    ("`PREFECT_API_URL`", "A Prefect server to use instead of one on this machine."),
)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def page(title: str, intro: str, parts: Iterable[str]) -> str:
    """A whole page."""
    return "\n\n".join([f"# {title}", MADE_BY, intro, *parts]) + "\n"


def paragraph(thing: object) -> str:
    """The docstring as one paragraph for each of its own."""
    text = inspect.cleandoc(thing.__doc__ or "")
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


# -- events, errors, exit codes ---------------------------------------------------------------------------------------


def events_page() -> str:
    """Every event type with its payload, and the envelope."""
    intro = (
        "What can happen, by the stable name that the log holds. `PersonalText` is encrypted under the key of the"
        " person it is of; sealed answers are encrypted as a whole until they are revealed."
    )
    kinds = inspect.get_annotations(events.Event)
    envelope = table(("Part", "Type"), [(f"`{name}`", f"`{kind}`") for name, kind in kinds.items()])
    parts = [f"## The envelope\n\n{paragraph(events.Event)}\n\n{envelope}"]
    return page("Events", intro, [*parts, *(_event(name, events.TYPES[name]) for name in sorted(events.TYPES))])


def _event(name: str, payload: type[events.Payload]) -> str:
    known: dict[str, str] = {}
    for base in reversed(payload.__mro__):
        known |= {key: kind for key, kind in inspect.get_annotations(base).items() if key in payload.model_fields}
    rows = [(f"`{key}`", f"`{kind}`", "yes" if key in payload.PERSONAL else "") for key, kind in known.items()]
    return f"## {name}\n\n{paragraph(payload)} Version {payload.SCHEMA}.\n\n" + table(
        ("Field", "Type", "Personal"), rows
    )


def error_classes() -> list[type[errors.SamskapError]]:
    """The tree of errors for people, each after its parent."""

    def below(parent: type[errors.SamskapError]) -> Iterator[type[errors.SamskapError]]:
        yield parent
        for child in parent.__subclasses__():
            if child.__module__ in (errors.__name__, GuardFault.__module__):
                yield from below(child)

    return list(below(errors.SamskapError))


def errors_page() -> str:
    """Every error with its code and exit code."""
    intro = (
        "Every error tells what is wrong, where (file, line and column; process and event), and what to do. With"
        " `--json` it is an object on standard error: `code`, `message`, `hint`, `where`; `lint` adds `problems`,"
        " `answers_invalid` adds `fields`. A traceback is a fault of samskap itself."
    )
    rows = [(f"`{one.code}`", f"`{one.__name__}`", str(one.exit_code), paragraph(one)) for one in error_classes()]
    return page("Errors", intro, [table(("Code", "Class", "Exit code", "What it means"), rows)])


def exit_codes_page() -> str:
    """What `samskap` ends with."""
    rows = [(f"`{code}`", meaning) for code, meaning in EXIT_CODES.items()]
    return page("Exit codes", "What `samskap` ends with.", [table(("Code", "Meaning"), rows)])


# -- the command line and settings ------------------------------------------------------------------------------------


def command_line_page() -> str:
    """Every command with its help."""
    root = typer.main.get_command(app)
    above = root.make_context("samskap", [], resilient_parsing=True)
    built: dict[str, Any] = {}
    under: dict[str, list[str]] = {}
    for module in MODULES:
        built |= import_module(module.name).commands.built
        under.setdefault(module.heading, []).extend(module.commands)
    parts = []
    for heading, paths in under.items():
        parts += [f"## {heading}", *(_command(path, built[path], above) for path in paths)]
    everywhere = _everywhere(built["history"], above)
    listed = table(
        ("About", "Commands"), [(heading, ", ".join(map(_linked, paths))) for heading, paths in under.items()]
    )
    groups = table(("First word", "What it is about"), [(f"`{name}`", text) for name, text in GROUPS.items()])
    options = f"Options of every command stand before or after its name.\n\n```text\n{everywhere}\n```"
    return page("The command line", f"{listed}\n\n{options}\n\n{groups}", parts)


def _linked(path: str) -> str:
    """A command, and where it stands on the page."""
    return f"[`{path}`](#samskap-{path.replace(' ', '-')})"


def _help(path: str, command: Any, above: Any) -> str:
    context = command.context_class(command, info_name=path, parent=above, terminal_width=WIDTH)
    return str(command.get_help(context))


def _command(path: str, command: Any, above: Any) -> str:
    told = re.sub(rf"\n{EVERYWHERE}:\n.*?(?=\nExample:)", "", _help(path, command, above), flags=re.DOTALL)
    return f"### samskap {path}\n\n```text\n{told.strip()}\n```"


def _everywhere(command: Any, above: Any) -> str:
    found = re.search(rf"{EVERYWHERE}:\n(.*?)(?=\nExample:)", _help("history", command, above), flags=re.DOTALL)
    assert found is not None
    return found[1].rstrip()


def settings() -> dict[str, Mapping[str, Any]]:
    """Every setting by its name with its section, and its part of the JSON Schema."""
    schema = Settings.model_json_schema()
    found: dict[str, Mapping[str, Any]] = {}
    for name, one in schema["properties"].items():
        if "$ref" not in one:
            found[name] = one
            continue
        section = schema["$defs"][one["$ref"].rsplit("/", 1)[1]]
        found |= {f"{name}.{key}": inner for key, inner in section["properties"].items()}
    return found


def settings_page() -> str:
    """Every setting with its default and its variable."""
    intro = (
        "`samskap.toml` in the workspace holds the settings; what stands before the dot is the section. A variable of"
        " the environment wins over the file. A wrong setting is told with file, line and column."
    )
    rows = [
        (
            f"`{name}`",
            f"`{one.get('default')}`" if one.get("default") is not None else "none",
            f"`SAMSKAP_{name.replace('.', '__').upper()}`",
            SETTINGS[name],
        )
        for name, one in settings().items()
    ]
    parts = [table(("Setting", "Default", "Variable", "What it is"), rows), "## Other variables"]
    return page("Settings", intro, [*parts, table(("Variable", "What it is"), VARIABLES)])


# -- the warehouse ----------------------------------------------------------------------------------------------------


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """A warehouse in memory with every table and no rows."""
    connection = connect()
    pull.prepare(connection)
    batch.prepare(connection)
    runs.compute(connection, runs.identify(connection, date(2026, 1, 1)))
    return connection


def warehouse_page() -> str:
    """Every table and column with its comment."""
    intro = (
        "What the figures stand in. Readers' copies hold `core`, `marts`, `forms`, and of `ops` and `raw` what explains"
        " a figure. Measured values are DECIMAL(18,6); what is computed from them is DOUBLE. Times are UTC. A share is"
        " a fraction from 0 to 1."
    )
    with empty_warehouse() as connection:
        parts = [_schema(connection, schema, text) for schema, text in SCHEMAS.items()]
    system = table(("Column", "What it is"), [(f"`{name}`", text) for name, text in forms.SYSTEM.items()])
    own = (
        "## forms\n\nOne table for every form (`<template>__<form>`) and for every list in it"
        " (`<template>__<form>__<list>`), with a column for every field that is not personal, and `answer_state`, which"
        " says of every field whether it was answered, `dont_know` or blank. `fact__<table>` gathers the rows of"
        f" [facts](facts.md). These columns stand in all of them:\n\n{system}"
    )
    return page("The warehouse", intro, [*parts[:2], own, *parts[2:]])


SCHEMAS: Final[Mapping[str, str]] = {
    "marts": "What is read: outputs, results, effects, and how processes stand.",
    "core": "What was answered and measured, in one shape for every template.",
    "ops": "Runs, and what they were computed from.",
    "raw": "What was stored, as it was stored. Only the pipeline sees all of it.",
}


def _schema(connection: duckdb.DuckDBPyConnection, schema: str, text: str) -> str:
    comments = connection.execute(
        "SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = ?"
        " UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE schema_name = ? ORDER BY 1",
        (schema, schema),
    ).fetchall()
    return "\n\n".join([f"## {schema}\n\n{text}", *(_table(connection, schema, *one) for one in comments)])


def _table(connection: duckdb.DuckDBPyConnection, schema: str, name: str, comment: str | None) -> str:
    columns = connection.execute(
        "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?"
        " ORDER BY column_index",
        (schema, name),
    ).fetchall()
    rows = [(f"`{column}`", f"`{kind}`", told or "") for column, kind, told in columns]
    return f"### {schema}.{name}\n\n{comment or ''}\n\n" + table(("Column", "Type", "What it is"), rows)


def facts_page() -> str:
    """The core tables that forms may fill."""
    intro = (
        "The core tables that a form may fill by `x-fact`, with their columns. A key is needed in every row. A share"
        " is a fraction from 0 to 1; a form that asks per cent says `{field: …, divide: 100}`."
    )
    parts = [
        f"## {name}\n\n"
        + table(
            ("Column", "Type", "Takes"),
            [
                (f"`{column}`", one.type + (", key" if one.key else ""), ", ".join(f"`{v}`" for v in one.values))
                for column, one in columns.items()
            ],
        )
        for name, columns in TABLES.items()
    ]
    return page("Facts", intro, parts)


def functions_page() -> str:
    """Every estimator that SQL models may call."""
    intro = (
        "The estimators as the models call them. They are known while figures are computed, and not in readers' copies:"
        " there, their results are columns. Where something needed is missing, they answer NULL."
    )
    return page("SQL functions", intro, [_function(one) for one in FUNCTIONS])


def _function(one: Function) -> str:
    behind = one.call
    if not behind.__doc__:  # a thin cover that SQL's types need: the function it covers has the words
        behind = next(getattr(m, one.name) for m in (achievement, assessment, moments) if hasattr(m, one.name))
    names = list(inspect.signature(one.call).parameters)
    takes = [
        f"`{name}` {kind}{' or NULL' if place in one.may_miss else ''}"
        for place, (name, kind) in enumerate(zip(names, one.takes, strict=False))  # what SQL leaves out has a default
    ]
    given = f"Takes {', '.join(takes)}; gives `{one.gives}`."
    return f"## {one.name}\n\n{paragraph(behind)}\n\n{given}"


# -- trying templates out ---------------------------------------------------------------------------------------------


def scenarios_page() -> str:
    """Every key of a file of scenarios, from its schema."""
    made = scenario_schema()
    intro = (
        "`processes/tests/<template>/<name>.yaml` holds scenarios of a template, for `samskap test`. How to write them"
        " is in [how to test a template](../how-to/test-a-template.md). An unknown key is an error that lists the known"
        " ones; so is an expectation that names what the template does not have. `processes/scenario.schema.json` is"
        " the same for editors: `samskap init` puts it into a workspace, and this is the first line of a file:\n\n"
        "```yaml\n# yaml-language-server: $schema=../../scenario.schema.json\n```"
    )
    parts = [("The file", made), *((name, made["$defs"][name]) for name in ("Part", "Scenario", "Step"))]
    parts += [(name, made["$defs"][name]) for name in ("Refusal", "Expectation")]
    return page("Scenarios", intro, [_keys(title, part) for title, part in parts])


def plans_page() -> str:
    """Every key of a migration plan, from its schema."""
    intro = (
        "A migration plan says what became of what has another name in a new version of a template, for `samskap"
        " migration`. How to use one is in [how to move running processes](../how-to/move-running-processes.md). An"
        " unknown key is an error that lists the known ones; so is a name that the version does not have."
        " `processes/plan.schema.json` is the same for editors: `samskap init` puts it into a workspace, and this is"
        " the first line of a plan that lies beside the workspace's folders:\n\n"
        "```yaml\n# yaml-language-server: $schema=processes/plan.schema.json\n```"
    )
    return page("Migration plans", intro, [_keys("The file", plan_schema())])


def _keys(title: str, part: Mapping[str, Any]) -> str:
    needed = part.get("required", ())
    rows = [
        (f"`{key}`" + (" (needed)" if key in needed else ""), " ".join(one["description"].split()))
        for key, one in part["properties"].items()
    ]
    return f"## {title}\n\n{' '.join(part['description'].split())}\n\n" + table(("Key", "What it is"), rows)


def rules_page() -> str:
    """Every rule of lint, by subject."""
    intro = (
        "`samskap lint` tells each problem with file, line, column and rule, shows the line with a caret below the"
        " place, and says what to do. Here is every rule, with an example that breaks it. In it ▸ stands before the"
        " place that lint points to, and … for a text in every language; it is part of a template with the states"
        " `plan`, `work` and `ended`, the tasks `goal` and `vote`, the forms `note` and `vote`, and the roles `lead`,"
        " `member` and `guest`. A **warning** does not keep a template from being published; all else is an error."
    )
    parts = [_rules(title, rules) for title, rules in {**SECTIONS, "Contracts": CONTRACTS}.items()]
    return page("Lint rules", intro, parts)


def _rules(title: str, rules: Mapping[str, Rule]) -> str:
    rows = [
        (f"`{name}`" + (", a **warning**" if rule.severity == "warning" else ""), rule.finds, _code(rule), rule.mend)
        for name, rule in rules.items()
    ]
    return f"## {title}\n\n" + table(("Rule", "Finds", "What breaks it", "How it is mended"), rows)


def _code(rule: Rule) -> str:
    """An example as code; each line of it by itself."""
    return "<br>".join(f"`{line}`" for line in rule.wrong.splitlines())


# -- explanations -----------------------------------------------------------------------------------------------------


def explanations_page() -> str:
    """What an explanation holds, and every sentence with which it says why not."""
    intro = (
        "What `samskap explain now`, `explain action`, `explain task` and `explain readers` say with `--json`, and"
        " `Engine.explain_now`, `explain_action`, `explain_task` and `readers` in Python. Texts are in the language of"
        " whoever asks. How to ask is in [ask who can do what](../how-to/ask-why.md)."
    )
    parts = [_record(f"## {made.__name__}", made) for made in (*EXPLANATIONS, Missing, Lacking, Reader)]
    rows = [(f"`{key}`", *(said[language] for language in LANGUAGES)) for key, said in reasons.SENTENCES.items()]
    sentences = table(("`barred_by`", *LANGUAGES), rows)
    because = table(
        ("`because`", *LANGUAGES), [(f"`{key}`", *(said[one] for one in LANGUAGES)) for key, said in BECAUSE.items()]
    )
    return page(
        "Explanations",
        intro,
        [
            *parts,
            "## Why not\n\n`{whom}` are people, parties or rows by name, `{roles}` titles of roles, `{task}` a task's"
            f" title.\n\n{sentences}",
            f"## Why somebody could read an answer\n\n{because}",
        ],
    )


EXPLANATIONS: Final = (ActionExplanation, TaskExplanation, StepExplanation, ConditionNow, Part, Seen)


def _record(heading: str, made: type[Any]) -> str:
    rows = [(f"`{one.name}`", f"`{one.type}`") for one in fields(made)]
    return f"{heading}\n\n{paragraph(made)}\n\n" + table(("Part", "Type"), rows)


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "events.md": events_page,
    "errors.md": errors_page,
    "exit-codes.md": exit_codes_page,
    "command-line.md": command_line_page,
    "settings.md": settings_page,
    "warehouse.md": warehouse_page,
    "facts.md": facts_page,
    "sql-functions.md": functions_page,
    "scenarios.md": scenarios_page,
    "plans.md": plans_page,
    "lint-rules.md": rules_page,
    "explanations.md": explanations_page,
}


def main() -> None:
    """Write every page."""
    for name, made in PAGES.items():
        (FOLDER / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
