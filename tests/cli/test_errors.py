"""What goes wrong: one shape, on stderr or as JSON, and the exit code of the error's class."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli import app
from cli.app import run
from cli.exit_codes import EXIT_CODES, INTERRUPTED, READER_GONE
from engine import codec
from engine.errors import (
    AnswersInvalid,
    FieldError,
    LintError,
    Place,
    Problem,
    SamskapError,
)

PLACE = Place("odd.yaml", 3, 5)


def classes(of: type[SamskapError] = SamskapError) -> Iterator[type[SamskapError]]:
    """Every class of errors that the engine, the warehouse and the pipelines have."""
    yield of
    for inner in of.__subclasses__():
        yield from classes(inner)


def made(of: type[SamskapError]) -> SamskapError:
    """An error of the class."""
    if issubclass(of, AnswersInvalid):
        return of("odd", [FieldError("name", "must be text")])
    if issubclass(of, LintError):
        return of("odd", [Problem("unknown-key", "there is no “tilte”", PLACE, "Did you mean “title”?")])
    return of("odd", hint="mend it", where=PLACE)


ENGINE = sorted(
    {found for found in classes() if found.__module__ in ("engine.errors", "engine.codec")}, key=lambda c: c.__name__
)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch):
    """Have every call of the command line end in an error."""

    def fail(error: SamskapError) -> None:
        def refuse(_args: object) -> None:
            raise error

        monkeypatch.setattr(app, "_readable", refuse)

    return fail


@pytest.mark.parametrize("of", ENGINE, ids=lambda c: c.__name__)
def test_given_an_error_when_a_command_ends_in_it_then_it_ends_with_its_code(
    of: type[SamskapError], failing, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(made(of))
    assert run(["verify"]) == of.exit_code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: odd\n")
    assert "  what to do: " in told.err


@pytest.mark.parametrize("of", ENGINE, ids=lambda c: c.__name__)
def test_given_json_when_a_command_ends_in_an_error_then_it_is_told_as_data(
    of: type[SamskapError], failing, capsys: pytest.CaptureFixture[str]
) -> None:
    error = made(of)
    failing(error)
    run(["verify", "--json"])
    told = capsys.readouterr()
    assert codec.loads(told.out) == {"error": error.as_dict()}
    assert told.err == ""


def test_given_the_table_of_exit_codes_when_compared_then_it_has_those_of_the_errors_and_no_other() -> None:
    assert set(EXIT_CODES) == {of.exit_code for of in ENGINE} | {0, INTERRUPTED, READER_GONE}


def test_given_two_errors_that_are_not_the_same_kind_when_ended_then_their_codes_differ() -> None:
    direct = [of for of in ENGINE if of.__base__ is SamskapError and of.__module__ == "engine.errors"]
    assert len({of.exit_code for of in direct}) == len(direct)


def test_given_the_help_when_read_then_it_shows_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    told = " ".join(capsys.readouterr().out.split("Exit codes:")[1].split())
    assert [meaning for code, meaning in EXIT_CODES.items() if f"{code} {meaning}" not in told] == []


def test_given_lint_problems_when_told_then_each_has_its_own_place(failing, capsys: pytest.CaptureFixture[str]) -> None:
    failing(made(LintError))
    run(["verify"])
    told = capsys.readouterr().err.splitlines()
    assert told[1] == "  odd.yaml:3:5: error unknown-key: there is no “tilte” – Did you mean “title”?"


def test_given_control_characters_in_an_error_when_told_then_they_cannot_steer_the_terminal(
    failing, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(SamskapError("red \x1b[31m", hint="\x07"))
    run(["verify"])
    assert not {"\x1b", "\x07"} & set(capsys.readouterr().err)


def test_given_a_fault_of_our_own_when_it_happens_then_it_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app, "_readable", fault)
    with pytest.raises(ZeroDivisionError):
        run(["verify"])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["strat"], "Did you mean `samskap start`"),
        (["identity", "ad"], "Did you mean `samskap identity add`?"),
        (["start"], "error: missing argument 'TEMPLATE'"),
        (["status", "--jsn"], "error: no such option: --jsn"),
        (["--lang", "xx", "status"], "error: invalid value for '--lang': 'xx' is not one of 'nb', 'nn', 'en'"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_given_a_call_that_makes_no_sense_when_run_then_it_says_what_would(
    args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(args) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("args", [[], ["identity"]], ids=["nothing", "group"])
def test_given_no_command_when_run_then_help_is_shown_and_it_is_no_success(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(args) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.split()[0]) == ("", "Usage:")
