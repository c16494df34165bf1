"""Forgetting people in what is made from log and files: landing, warehouse, copies, the record of questions.

A deleted row stays readable in a DuckDB file, so that is written anew, and the old one and its journal go. People in
measurement files are known by their pseudonyms: their rows go from the landed files, and the log says that they did.
Every step can be done again; the last one notes in the warehouse which entries of the list of erasures were done, so
that a kill, or a warehouse from before, is seen.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any, TypeAlias

import duckdb

from engine import codec
from engine.backup.replaced import erase_in_replaced, restoring
from engine.engine import Engine, stream_of
from engine.errors import Conflict, IntegrityFault
from engine.export.files import unfinished
from engine.personal.searching import search
from engine.personal.telling import exports
from engine.process import events as e
from engine.progress import Progress, quiet
from engine.store.erasures import Erasure
from engine.workspace import Workspace
from warehouse import copies, pull
from warehouse.database import connect
from warehouse.locking import hold
from warehouse.query.record import RECORD, forget
from warehouse.searching import READERS
from warehouse.sources import batch as batches
from warehouse.sources.contract import Contract, contract_from
from warehouse.sources.erased import of_today
from warehouse.sources.landing import Landed, Landing, pseudonym
from warehouse.sources.reading import cells_of
from warehouse.sql import literal, qualified

LandedAs: TypeAlias = tuple[e.MeasurementsLanded, Contract]
READER = "reader"
_BATCHES = ("source_file", "measurement_row", "rejected", "mended_cell", "validation_result")
"""Tables with the rows of files, by `batch`."""
_MADE_ANEW = ("current_run", "lineage")
"""Tables that the next run fills."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What was forgotten: the entries of the list, rows of landed files, questions in the record, and exports.

    `unread` are logs that a restore replaced and that cannot be read, so that nobody is erased in them.
    """

    erasures: tuple[str, ...] = ()
    rows: int = 0
    questions: int = 0
    exports: tuple[Path, ...] = ()
    unread: tuple[Path, ...] = ()


def outstanding(workspace: Workspace, engine: Engine) -> list[Erasure]:
    """The entries of the list of erasures that were not carried out here, or were with a log that is another now."""
    entries = engine.erasures.all()
    if not entries or not workspace.warehouse.exists():
        return entries
    with closing(connect(workspace.warehouse)) as connection:
        pull.prepare(connection)
        rows = connection.execute("SELECT erasure, log_position, log_hash FROM ops.erasure").fetchall()
    noted = {erasure: (position, digest) for erasure, position, digest in rows}
    return [entry for entry in entries if entry.id not in noted or _is_from_before(engine, entry, *noted[entry.id])]


def _is_from_before(engine: Engine, entry: Erasure, position: int, digest: str) -> bool:
    """Whether the log is from before an erasure that was carried out when it ended at a position with a hash.

    It is where it has another event there, or none; and where what follows was recorded before the erasure: a backup is
    back that an older one, which was restored meanwhile, is the beginning of.
    """
    if _at(engine, position) != digest:
        return True
    following = next(engine.log.pages(after=position, size=1), [])
    if not following:
        return False
    try:
        envelope, _ = following[0].content()
        recorded = datetime.fromisoformat(envelope["recorded_at"])
    except (IntegrityFault, LookupError, TypeError, ValueError):  # verify tells of it
        return False
    return recorded.replace(microsecond=0) <= datetime.fromisoformat(entry.at)


def _at(engine: Engine, position: int) -> str:
    """The hash of the event at a position of the log; empty where there is none."""
    page = next(engine.log.pages(after=position - 1, size=1), [])
    return page[0].hash if page and page[0].position == position else ""


def purge(workspace: Workspace, engine: Engine, canaries: Sequence[str] = (), *, progress: Progress = quiet) -> Purged:
    """Forget what the list says, in all that lies beside the log; nothing where it was done before.

    `canaries` are texts that no question in the record may hold. The figures of the current run go with the warehouse's
    old file, and its copies: evaluate afterwards. Raises what fails; it is to be done again then.
    """
    if not engine.erasures.all():  # then nobody need wait for a warehouse that is held
        return Purged()
    with hold(workspace.warehouse), hold(workspace.landing), restoring(workspace) as scratch:
        entries = outstanding(workspace, engine)
        progress("exports", 0, 5)
        exported = _exports(workspace, entries)
        progress("the landing", 1, 5)
        Landing(workspace.landing).tidy()
        rows = _landing(workspace, engine, _of_people(engine)) if entries else 0
        progress("logs that were replaced", 2, 5)
        replaced = erase_in_replaced(workspace, engine, scratch, lambda inside: _landing_of_replaced(workspace, inside))
        _no_old_files(workspace, engine)
        if entries or replaced.erased:
            _no_files_of_nobody(workspace, engine)
        questions = 0
        if entries:
            progress("the record of questions", 3, 5)
            questions = _questions(workspace, engine, entries, canaries)
            copies.withdraw(workspace.copies, READER)
            progress("the warehouse", 4, 5)
            _anew(workspace, engine, entries)
        progress("done", 5, 5)
    return Purged(tuple(entry.id for entry in entries), rows, questions, tuple(exported), replaced.unread)


def _exports(workspace: Workspace, entries: Sequence[Erasure]) -> list[Path]:
    """Take away what was exported of people and still lies in the workspace, and what is half an export of anybody."""
    found = [*exports(workspace.root, entries), *unfinished(workspace.root)] if entries else []
    for path in found:
        path.unlink(missing_ok=True)
    return found


@dataclass(frozen=True, slots=True)
class UnitRows:
    """How many rows of a landed file are some people's."""

    source: str
    file_name: str
    rows: int


def rows_of(workspace: Workspace, engine: Engine, units: Sequence[str]) -> list[UnitRows]:
    """The landed files that hold rows of some pseudonyms, in the order of the log."""
    wanted = frozenset(units)
    found = [
        UnitRows(contract.source, landed.file_name, len(list(theirs(landed, contract, wanted))))
        for landed, contract in files_of_people(workspace, engine)
    ]
    return [one for one in found if one.rows]


def theirs(landed: Landed, contract: Contract, units: frozenset[str]) -> Iterator[tuple[int, Mapping[str, str | None]]]:
    """The rows of some pseudonyms in a landed file: number, and cells by column."""
    for number, cells in cells_of(landed, contract):
        if any(cells.get(name) in units for name, column in contract.columns.items() if column.personal):
            yield number, cells


def files_of_people(workspace: Workspace, engine: Engine) -> Iterator[tuple[Landed, Contract]]:
    """The landed files in which people are known by pseudonyms, each once, with its contract."""
    landing = Landing(workspace.landing)
    for event, contract in _of_people(engine):
        yield _found(landing, event, contract), contract


def _found(landing: Landing, event: e.MeasurementsLanded, contract: Contract) -> Landed:
    return landing.find(event.stored_hash, event.original_hash, event.file_name, contract.kind)


def day_of_figures(workspace: Workspace) -> date | None:
    """The day by which the figures that stand were judged; None where none stand."""
    if not workspace.warehouse.exists():
        return None
    with hold(workspace.warehouse), closing(connect(workspace.warehouse)) as connection:
        pull.prepare(connection)
        row = connection.execute("SELECT evaluated_on FROM ops.run JOIN ops.current_run USING (run_id)").fetchone()
    return row[0] if row else None


def irreproducible(workspace: Workspace, engine: Engine) -> dict[str, str]:
    """Runs that cannot be computed again as they were, and the first erasure since which that is so.

    A run is where a file that it read was stored anew, or keys of protected rounds were destroyed. A person's texts
    are in no figure. Figures that were released stand all the same.
    """
    if not workspace.warehouse.exists():
        return {}
    stored = {p.stored_hash[:16]: p.erasure for p in reversed(_erased_files(engine))}
    seals = [entry for entry in engine.erasures.all() if entry.seals]
    with hold(workspace.warehouse), closing(connect(workspace.warehouse)) as connection:
        pull.prepare(connection)
        rows = connection.execute("SELECT run_id, inputs, first_finished_at FROM ops.run").fetchall()
    lost = dict[str, str]()
    for run_id, inputs, finished_at in rows:
        told: dict[str, Any] = dict(codec.mapping(codec.decode(inputs.encode())))
        read = {batch[:16] for batch, _ in told["batches"]}
        since = [stored[file] for file in stored if file in read]
        since += [entry.id for entry in seals if datetime.fromisoformat(entry.at).replace(tzinfo=None) > finished_at]
        if since:
            lost[run_id] = since[0]
    return lost


def pseudonyms(engine: Engine, identifiers: Sequence[str]) -> tuple[str, ...]:
    """What people of measurement files are called in what is stored, by what they are called outside."""
    key = engine.keys.ensure("workspace", "pseudonyms")
    return tuple(pseudonym(key, identifier) for identifier in identifiers)


# -- the landing ------------------------------------------------------------------------------------------------------


def _landing(workspace: Workspace, engine: Engine, files: Iterable[LandedAs]) -> int:
    """Store files anew that hold an erased person, and let their sources tell; how many rows went."""
    landing, units = Landing(workspace.landing), engine.erasures.units()
    return sum(_without(engine, landing, event, contract, units) for event, contract in files) if units else 0


def _landing_of_replaced(workspace: Workspace, inside: Engine) -> None:
    """The same for a log that was replaced: its files lie where all others do, as far as they still do."""
    landing = Landing(workspace.landing)
    there = [one for one in _of_people(inside) if landing.path_of(one[0].stored_hash, one[1].kind).is_file()]
    _landing(workspace, inside, there)


def _no_old_files(workspace: Workspace, engine: Engine) -> None:
    """Take away files that were stored anew, as they were before: a backup brings them back."""
    landing = Landing(workspace.landing)
    for event in _erased_files(engine) if engine.erasures.units() else ():
        for kind in ("csv", "parquet"):
            landing.forget(event.stored_hash, kind)


def _no_files_of_nobody(workspace: Workspace, engine: Engine) -> None:
    """Take away landed files that hold an erased person and that the log does not name: nobody reads them.

    A program that was killed after storing a file, and before it could tell, leaves one.
    """
    units = engine.erasures.units()
    if not units or not workspace.landing.is_dir():
        return
    told = (payload for source in _sources(engine) for payload in of_today(_told(engine, source)))
    named = {payload.stored_hash for payload in told if isinstance(payload, e.MeasurementsLanded)}
    for hit in search(workspace.landing, sorted(units), readers=READERS).hits:
        path = workspace.landing / hit.place
        if path.stem not in named:
            path.unlink(missing_ok=True)


def _sources(engine: Engine) -> list[str]:
    found: dict[str, None] = {}
    for record in engine.log.all():
        if record.type == e.SourcePublished.TYPE:
            found[str(record.content()[1]["source"])] = None
    return list(found)


def _told(engine: Engine, source: str) -> list[e.Payload]:
    return [event.payload for event in engine.events(engine.log.read(stream_of("source", source)))]


def _contracts(told: Sequence[e.Payload]) -> Mapping[str, Contract]:
    return {p.contract_hash: contract_from(p.content) for p in told if isinstance(p, e.SourcePublished)}


def _of_people(engine: Engine) -> Iterator[LandedAs]:
    """The files that were stored with pseudonyms, each once in a source, with the contract that they landed under."""
    for source in _sources(engine):
        told = _told(engine, source)
        contracts = _contracts(told)
        found = {p.stored_hash: p for p in of_today(told) if isinstance(p, e.MeasurementsLanded)}
        for landed in found.values():
            if contracts[landed.contract_hash].has_personal:
                yield landed, contracts[landed.contract_hash]


def _without(
    engine: Engine, landing: Landing, event: e.MeasurementsLanded, contract: Contract, units: frozenset[str]
) -> int:
    landed = _found(landing, event, contract)
    new, rows = landing.erase(landed, contract, units)
    if rows:
        payload = e.MeasurementsErased(
            source=event.source,
            stored_hash=landed.stored_hash,
            erased_hash=new.stored_hash,
            size=new.size,
            rows=rows,
            erasure=next(entry.id for entry in reversed(engine.erasures.all()) if entry.units),
        )
        _record(engine, payload)
    return rows


def _record(engine: Engine, payload: e.MeasurementsErased) -> None:
    """Let the source tell, and once more where another program wrote to it at the same moment."""
    stream = stream_of("source", payload.source)
    try:
        engine.record(stream, [payload], actor="operator")
    except Conflict:
        engine.record(stream, [payload], actor="operator")


# -- the record of questions -------------------------------------------------------------------------------------------


def _questions(workspace: Workspace, engine: Engine, entries: Sequence[Erasure], canaries: Sequence[str]) -> int:
    """Who asked is forgotten, for questions asked before the erasure; and what a question says of the person."""
    asked = {entry.handle: entry.at for entry in entries if entry.handle}

    def is_theirs(handle: str, at: str) -> bool:
        until = asked.get(engine.people.handle_mark(handle))
        return until is not None and at <= until

    return forget(workspace.data / RECORD, is_theirs, canaries)


# -- the warehouse ----------------------------------------------------------------------------------------------------


def _anew(workspace: Workspace, engine: Engine, entries: Sequence[Erasure]) -> None:
    """The warehouse's file written anew, with what is kept from run to run and without the rows of erased people."""
    path = workspace.warehouse
    new = path.with_name(f"{path.name}.anew")
    for left in path.parent.glob(f"{new.name}*"):
        left.unlink()
    with closing(connect(new)) as connection:
        pull.prepare(connection)
        batches.prepare(connection)
        if path.exists():
            disposed = [
                stream for entry in engine.erasures.all() if entry.kind == "process" for stream, _ in entry.subjects
            ]
            _kept(connection, path, _gone(engine), disposed)
        now, position = datetime.now(UTC).replace(tzinfo=None), engine.log.position()
        for entry in entries:
            begun = datetime.fromisoformat(entry.at).replace(tzinfo=None)
            values = (entry.id, entry.kind, begun, now, position, _at(engine, position))
            connection.execute("DELETE FROM ops.erasure WHERE erasure = ?", (entry.id,))
            connection.execute("INSERT INTO ops.erasure VALUES (?, ?, ?, ?, ?, ?)", values)
        connection.execute("CHECKPOINT")
    copies.sync(new)
    # What was read with the old file. DuckDB would put it on top of the new one, and bring back what is gone there.
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    new.replace(path)
    rmtree(path.with_name(f"{path.name}.tmp"), ignore_errors=True)  # where DuckDB puts rows that find no room
    copies.sync(path.parent)


def _kept(connection: duckdb.DuckDBPyConnection, path: Path, gone: Sequence[str], disposed: Sequence[str]) -> None:
    """Copy the tables that no run makes, without the batches of files that were stored anew or are not judged yet."""
    connection.execute(f"ATTACH {literal(os.fspath(path))} AS before (READ_ONLY)")
    there = set(
        connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'before'"
        ).fetchall()
    )
    tables = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()
    if ("raw", "source_file") in there:
        connection.execute(
            "CREATE TEMP TABLE kept AS SELECT batch FROM before.raw.source_file"
            " WHERE NOT list_contains(?::VARCHAR[], stored_hash) AND status IN ('accepted', 'refused', 'superseded')",
            (list(gone),),
        )
    for schema, table in tables:
        if (schema, table) not in there or table in _MADE_ANEW or schema not in ("raw", "ops"):
            continue
        name = qualified(schema, table)
        only, values = "true", list[object]()
        if table in _BATCHES:
            only = "batch IN (FROM kept)"
        elif table == "revealed_payload":  # protected answers, whose keys are gone
            only, values = "visibility = 'open' OR NOT list_contains(?::VARCHAR[], stream)", [list(disposed)]
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM before.{name} WHERE {only}", values)
    connection.execute("DETACH before")


def _gone(engine: Engine) -> list[str]:
    """The hashes of files that were stored anew, as they were before."""
    return [payload.stored_hash for payload in _erased_files(engine)]


def _erased_files(engine: Engine) -> list[e.MeasurementsErased]:
    found = (engine.payload(record) for record in engine.log.all() if record.type == e.MeasurementsErased.TYPE)
    return [payload for payload in found if isinstance(payload, e.MeasurementsErased)]
