"""The reference says all there is: generated pages are those of today, and nothing has been left without an entry."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from cli.app import MODULES
from cli.exit_codes import EXIT_CODES
from engine.form import language
from engine.form.facts import TABLES
from engine.guards.parse import ARGUMENTS
from engine.process import events
from engine.template import model as template
from engine.workspace import Settings
from warehouse import modelling
from warehouse.estimators.udf import FUNCTIONS
from warehouse.sources import contract

DOCS = Path(__file__).resolve().parent.parent / "docs"
REFERENCE = DOCS / "reference"


def _generator() -> ModuleType:
    spec = spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


generate = _generator()


def headings(name: str) -> set[str]:
    return set(re.findall(r"^#{2,3} (.+)$", (REFERENCE / name).read_text(encoding="utf-8"), re.MULTILINE))


def told(name: str) -> set[str]:
    """The words in code marks on a page."""
    text = re.sub(r"^```.*?^```$", "", (REFERENCE / name).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {word for piece in re.findall(r"`([^`\n]+)`", text) for word in re.split(r"[,\s:{}()\[\]]+", piece)}


def missing(wanted: Iterable[str], found: set[str]) -> list[str]:
    return sorted(set(wanted) - found)


@pytest.mark.parametrize("name", sorted(generate.PAGES))
def test_given_the_code_when_a_page_is_made_anew_then_it_is_the_page_that_stands(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == generate.PAGES[name](), "run `python docs/generate.py`"


def test_given_a_command_when_looked_up_then_it_has_an_entry() -> None:
    commands = [f"samskap {path}" for module in MODULES for path in module.commands]
    assert missing(commands, headings("command-line.md")) == []


def test_given_an_event_type_when_looked_up_then_it_has_an_entry() -> None:
    assert missing(events.TYPES, headings("events.md")) == []


def test_given_a_setting_when_looked_up_then_it_has_an_entry() -> None:
    sections = {name: getattr(field.annotation, "model_fields", {}) for name, field in Settings.model_fields.items()}
    names = [f"{name}.{key}".rstrip(".") for name, inner in sections.items() for key in inner or [""]]
    assert missing(names, told("settings.md")) == []


def test_given_a_model_when_looked_up_then_it_has_an_entry() -> None:
    assert missing((model.name for model in modelling.read_models()), headings("warehouse.md")) == []


def test_given_a_sql_function_when_looked_up_then_it_has_an_entry() -> None:
    assert missing((function.name for function in FUNCTIONS), headings("sql-functions.md")) == []


def test_given_a_fact_table_when_looked_up_then_it_has_an_entry() -> None:
    assert missing(TABLES, headings("facts.md")) == []


def test_given_an_exit_code_when_looked_up_then_it_has_an_entry() -> None:
    assert missing((str(code) for code in EXIT_CODES), told("exit-codes.md")) == []


def test_given_an_error_when_it_ends_a_command_then_its_exit_code_has_a_meaning() -> None:
    assert {one.exit_code for one in generate.error_classes()} <= set(EXIT_CODES)


def test_given_a_keyword_of_forms_when_looked_up_then_it_has_an_entry() -> None:
    assert missing(language.KEYWORDS, told("forms.md")) == []


def test_given_an_annotation_or_widget_of_forms_when_looked_up_then_it_has_an_entry() -> None:
    assert missing(language.ANNOTATIONS | language.WIDGETS | language.FORMATS, told("forms.md")) == []


@pytest.mark.parametrize(
    "model",
    [
        template.Template,
        template.Role,
        template.Calendar,
        template.Retention,
        template.Dimension,
        template.Visibility,
        template.AtLeast,
        template.Share,
        template.Task,
        template.Action,
        template.Spawn,
        template.Message,
        template.Messages,
        template.Auto,
        template.Deadline,
        template.State,
    ],
)
def test_given_a_key_of_templates_when_looked_up_then_it_has_an_entry(model: type[template.Config]) -> None:
    keys = [field.alias or name for name, field in model.model_fields.items()]
    assert missing([*keys, *template.NOT_YET], told("templates.md")) == []


def test_given_a_function_of_guards_when_looked_up_then_it_has_an_entry() -> None:
    assert missing(ARGUMENTS, told("templates.md")) == []


@pytest.mark.parametrize(
    "model",
    [
        contract.Contract,
        contract.Csv,
        contract.Column,
        contract.Rows,
        contract.Const,
        contract.Figures,
        contract.Arm,
        contract.IndicatorColumn,
        contract.Units,
        contract.Shapes,
    ],
)
def test_given_a_key_of_contracts_when_looked_up_then_it_has_an_entry(model: type[contract.Config]) -> None:
    assert missing([*model.model_fields, *contract.NOT_YET], told("contracts.md")) == []


PROCEDURES = """
interpret mainEventLoop exitInterpreter selectEventlessTransitions selectTransitions removeConflictingTransitions
microstep exitStates computeExitSet executeTransitionContent enterStates computeEntrySet addDescendantStatesToEnter
addAncestorStatesToEnter isInFinalState getTransitionDomain findLCCA getEffectiveTargetStates getProperAncestors
isDescendant getChildStates
"""
"""All of appendix D of State Chart XML 1.0 (W3C Recommendation, 2015), in the order of our page."""


def test_given_scxmls_algorithm_when_looked_up_then_every_procedure_stands_there_with_where_it_is() -> None:
    page = (REFERENCE / "scxml.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    code = "".join(
        (DOCS.parent / "engine" / name).read_text(encoding="utf-8")
        for name in (
            "template/chart.py",
            "template/transitions.py",
            "process/conditions.py",
            "process/decide/moves.py",
            "process/decide/timing.py",
        )
    )
    assert [name for name, _, _ in rows] == PROCEDURES.split()
    named = {word.rsplit(".", 1)[-1] for _, where, _ in rows for word in re.findall(r"`([\w.]+)`", where)}
    assert (
        sorted(name for name in named - {"spawn"} if not re.search(rf"(def {name}\b|^    {name}:)", code, re.MULTILINE))
        == []
    )
