"""The checks of `samskap doctor`: each looks at one thing and says what to do where it is not as it should be.

They read and change nothing that was stored.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Literal

from cli.call import Call
from cli.copies import reader_copy
from engine.errors import NotFound, SamskapError
from engine.personal.unreadable import unreadable

Outcome = Literal["ok", "warning", "fault"]

LEAST_FREE: Final = 200_000_000
"""Bytes on the disk below which storing is at risk."""

LOW_FREE: Final = 2_000_000_000
"""Bytes on the disk below which an evaluation may not find room."""

EXTRAS: Final = {"great_expectations": "validation", "prefect": "pipelines", "psycopg": "postgres", "apprise": "notify"}
"""Packages that are installed on wish, with the extra that brings them."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and what to do."""

    name: str
    outcome: Outcome
    told: str
    remedy: str = ""


def checks(call: Call) -> Iterator[Check]:
    """Every check, in the order in which they build on each other; without settings there is nothing more to check."""
    yield python()
    try:
        root = call.workspace.root
    except SamskapError as error:
        yield Check("settings", "fault", str(error), error.hint)
        return
    yield Check("settings", "ok", str(root / "samskap.toml"))
    for check in (folder, disk, store, log, keys, people, texts, copy):
        try:
            yield check(call)
        except SamskapError as error:
            yield Check(check.__name__, "fault", str(error), error.hint)
    for package, extra in EXTRAS.items():
        yield installed(package, extra)


def python() -> Check:
    """Whether this Python is one that samskap is made for."""
    version = sys.version.split()[0]
    if (3, 11) <= sys.version_info[:2] <= (3, 14):
        return Check("python", "ok", version)
    return Check("python", "fault", f"{version} is not supported", "Use Python 3.11 to 3.14.")


def folder(call: Call) -> Check:
    """Whether the data folder can be written to, and is closed to others."""
    data = call.workspace.data
    if not data.is_dir() or not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        return Check("folder", "fault", f"{data} cannot be written to", "Check that it exists and who owns it.")
    if data.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Check("folder", "warning", f"others on this machine can look into {data}", f"chmod 700 {data}")
    return Check("folder", "ok", str(data))


def disk(call: Call) -> Check:
    """Whether there is room to store."""
    free = shutil.disk_usage(call.workspace.data).free
    told = f"{free / 1e9:.1f} GB free"
    if free < LEAST_FREE:
        return Check("disk", "fault", told, "Make room: nothing can be stored on a full disk.")
    return Check("disk", "ok" if free >= LOW_FREE else "warning", told, "" if free >= LOW_FREE else "Make room soon.")


def store(call: Call) -> Check:
    """Which store the log is kept in, and whether it can be had."""
    return Check("store", "ok", call.engine.log.about())


def log(call: Call) -> Check:
    """Whether the log opens and every hash holds."""
    verdict = call.engine.verify()
    if verdict.faults:
        names = {row["stream"]: row["name"] for row in call.engine.processes()}
        held = ", ".join(names.get(fault.stream, fault.stream) for fault in verdict.faults)
        told = f"changed behind the engine's back, and in quarantine: {held}"
        return Check("log", "fault", told, "Run `samskap verify`, and restore the log from a backup.")
    return Check("log", "ok", f"{verdict.events} events in {verdict.streams} streams hold")


def keys(call: Call) -> Check:
    """Whether the keys are there without which nobody can sign in or be invited."""
    if not call.holds_operators_key:
        return Check(
            "keys",
            "warning",
            "the operator's key is not here: only people with tokens can act",
            "Fine on a copy; on the operator's machine, restore data/keys from its backup.",
        )
    needed = {"people": "SELECT 1 FROM person LIMIT 1", "identity": "SELECT 1 FROM session LIMIT 1"}
    gone = [name for name in needed if call.engine.keys.raw("workspace", name) is None]
    missing = [name for name in gone if call.engine.log.query(needed[name])]
    if missing:
        told = f"missing: {', '.join(missing)}"
        return Check("keys", "fault", told, "Restore data/keys from a backup: tokens and handles hang on them.")
    return Check("keys", "ok", str(call.engine.keys.folder))


def people(call: Call) -> Check:
    """Whether the people of the workspace can be read. Who was erased is not in the register any more."""
    (row,) = call.engine.log.query("SELECT count(*) AS known FROM person")
    lost = row["known"] - len(call.engine.people.all())
    if lost:
        told = f"{lost} of {row['known']} cannot be read, since their keys are lost"
        return Check("people", "fault", told, "Restore data/keys from their own backup.")
    return Check("people", "ok", f"{row['known']}")


def texts(call: Call) -> Check:
    """Whether what is encrypted in the log can be read by those who may, or why not: erased, or its key is lost."""
    found = unreadable(call.engine.log, call.engine.keys)
    erased = f"{found.erased} erased on purpose" if found.erased else ""
    if found.lost:
        names = {row["stream"]: row["name"] for row in call.engine.processes()}
        where = ", ".join(names.get(stream, stream) for stream in found.processes)
        told = f"{found.lost} texts and sealed answers cannot be read, since their keys are lost ({where})"
        remedy = "Restore data/keys from their own backup. Until then everything else is there and goes on."
        return Check("texts", "fault", f"{told}; {erased}" if erased else told, remedy)
    return Check("texts", "ok", erased or "every key is there")


def copy(call: Call) -> Check:
    """Whether there are figures to read."""
    try:
        return Check("copy", "ok", str(reader_copy(call.workspace)))
    except NotFound as error:
        return Check("copy", "warning", error.message, error.hint)


def installed(package: str, extra: str) -> Check:
    """Whether a package that is optional is there."""
    if find_spec(package) is not None:
        return Check(package, "ok", "installed")
    return Check(package, "warning", "not installed", f"If you need it: pip install 'samskap[{extra}]'")
