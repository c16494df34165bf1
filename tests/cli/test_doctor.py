"""`samskap doctor`: what it takes for a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Terminal = Any  # the class stands in conftest.py, which cannot be imported


def keys_of(terminal: Terminal) -> tuple[str, str]:
    """How it finds the keys, and what it says of them."""
    (found,) = (check for check in terminal("doctor", "--json").data["checks"] if check["name"] == "keys")
    return found["outcome"], found["told"]


def test_given_people_of_whom_nobody_has_a_token_when_the_doctor_looks_then_the_keys_are_all_there(
    terminal: Terminal,
) -> None:
    terminal.done("identity", "add", "kari", "--name", "Kari")
    assert keys_of(terminal)[0] == "ok"


def test_given_the_key_of_tokens_lost_when_the_doctor_looks_then_it_is_a_fault(terminal: Terminal) -> None:
    terminal.person("kari")
    (key,) = (terminal.folder / "data" / "keys" / "workspace").rglob("identity.key")
    key.unlink()
    assert keys_of(terminal) == ("fault", "missing: identity")
