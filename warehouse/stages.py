"""The stages of an evaluation as plain functions: land, load, validate, compute, copy. `evaluate` runs them in turn.

Each stage is a commit of its own and can be run again: what is done already is left as it is. The pipeline runs the
same functions as tasks. This module decides the order of things and nothing about numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import duckdb

from engine import codec
from engine.engine import Engine, stream_of
from engine.errors import Conflict, NotFound, SamskapError, UsageError
from engine.process import events as e
from engine.progress import Progress, quiet
from engine.workspace import Workspace
from warehouse import copies, erasing, pull, runs
from warehouse.database import connect
from warehouse.locking import hold, patiently
from warehouse.mending import Reject, rejects
from warehouse.pull import LeftOut
from warehouse.runs import Computed
from warehouse.sources import batch as batches
from warehouse.sources import validation
from warehouse.sources.batch import Batch
from warehouse.sources.contract import Contract, contract_from, read_contract
from warehouse.sources.erased import of_today
from warehouse.sources.landing import Landed, Landing
from warehouse.sources.lines import FileRefused
from warehouse.sources.validation import Verdict

T = TypeVar("T")

READER = "reader"
CONTRACTS = "*.source.yaml"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation came to: the files, the verdicts on those that were new, the run, and the readers' copy."""

    batches: Sequence[Batch]
    verdicts: Sequence[Verdict]
    computed: Computed
    copy: Path
    left_out: Sequence[LeftOut] = ()
    """The processes in quarantine: the figures know of them up to their first bad event."""


def evaluate(
    workspace: Workspace, engine: Engine, evaluated_on: date, *, runner: str = "in-process", progress: Progress = quiet
) -> Evaluation:
    """Everything from files and events to the readers' copy. Running it again with nothing new does nothing."""
    progress("land", 0, 5)
    land(workspace, engine)
    progress("load", 1, 5)
    loaded = load(workspace, engine, runner=runner)
    progress("validate", 2, 5)
    verdicts = validate(workspace, runner=runner)
    progress("compute", 3, 5)
    computed = compute(workspace, evaluated_on, runner=runner)
    progress("copy", 4, 5)
    copied = copy(workspace)
    progress("done", 5, 5)
    return Evaluation(loaded, verdicts, computed, copied, left_out(workspace))


# -- the stages ------------------------------------------------------------------------------------------------------


def land(workspace: Workspace, engine: Engine) -> list[Path]:
    """Put files that are new into the landing, and publish new contracts, with an event each; the new files.

    Every contract and file is read before anything is written to the log: one that cannot be read changes nothing. A
    file that landed before is left as it is.
    """
    erasing.purge(workspace, engine)
    with hold(workspace.landing):  # an erasure of people in files waits until the log names all that was stored
        return _land(workspace, engine)


def _land(workspace: Workspace, engine: Engine) -> list[Path]:
    landing, erased = Landing(workspace.landing), engine.erasures.units()
    landing.tidy()
    key = engine.keys.ensure("workspace", "pseudonyms")
    contracts = {path: read_contract(path) for path in sorted(workspace.sources.glob(CONTRACTS))}
    _one_contract_each(contracts)
    landed = [
        (contract, file, landing.land(file, contract, key, erased))
        for path, contract in contracts.items()
        for file in _files(path, contract)
    ]
    told = {contract.source: _payloads(engine, contract.source) for contract in contracts.values()}
    for contract in contracts.values():
        _again(engine, contract, told, lambda contract=contract: _publish(engine, contract, told[contract.source]))  # type: ignore[misc]
    return [
        file
        for contract, file, found in landed
        if _again(
            engine,
            contract,
            told,
            lambda contract=contract, found=found: _tell(engine, contract, found, told[contract.source]),  # type: ignore[misc]
        )
    ]


def _one_contract_each(contracts: Mapping[Path, Contract]) -> None:
    """Raise `UsageError` where two contracts name one source: each would take the other's place for ever."""
    known: dict[str, Path] = {}
    for path, contract in contracts.items():
        if contract.source in known:
            raise UsageError(
                f"{known[contract.source].name} and {path.name} are both contracts of the source {contract.source}",
                hint="Give one of them another `source`, or remove it.",
                where=str(path),
            )
        known[contract.source] = path


def _again(engine: Engine, contract: Contract, told: dict[str, list[e.Payload]], act: Callable[[], T]) -> T:
    """Act, and once more, on what was told since, where another program wrote to the same stream at the same moment."""
    try:
        return act()
    except Conflict:
        told[contract.source] = _payloads(engine, contract.source)
        return act()


def _publish(engine: Engine, contract: Contract, told: list[e.Payload]) -> None:
    """Record a contract that is not the newest of its source; `told` is what its stream holds, and grows."""
    known = [p for p in told if isinstance(p, e.SourcePublished)]
    if known and known[-1].contract_hash == contract.hash:
        return
    payload = e.SourcePublished(
        source=contract.source, version=contract.version, contract_hash=contract.hash, content=contract.content
    )
    engine.record(stream_of("source", contract.source), [payload], actor="operator")
    told.append(payload)


def _files(path: Path, contract: Contract) -> list[Path]:
    """The files of a source: what its contract's `file` names, beside the contract."""
    files = sorted(path.parent.glob(contract.pattern))
    if not files:
        raise NotFound(
            f"the source {contract.source} has no file {contract.pattern}",
            hint="Put the file beside the contract, or mend `file` in the contract.",
            where=str(path),
        )
    return files


def _tell(engine: Engine, contract: Contract, landed: Landed, told: list[e.Payload]) -> bool:
    """Record that a file landed; whether it is new. `told` is what the source's stream holds, and grows."""
    known = [p for p in told if isinstance(p, e.MeasurementsLanded)]
    of_this_name = [payload.stored_hash for payload in known if payload.file_name == landed.file_name]
    last = of_this_name[-1] if of_this_name else None
    if landed.stored_hash == last or (last is None and landed.stored_hash in {p.stored_hash for p in known}):
        return False  # the same content under another name is the same file; the same name as before counts anew
    payload = e.MeasurementsLanded(
        source=contract.source,
        contract_hash=contract.hash,
        file_name=landed.file_name,
        original_hash=landed.original_hash,
        stored_hash=landed.stored_hash,
        size=landed.size,
    )
    engine.record(stream_of("source", contract.source), [payload], actor="operator")
    told.append(payload)
    return True


def _payloads(engine: Engine, source: str) -> list[e.Payload]:
    return of_today(event.payload for event in engine.events(engine.log.read(stream_of("source", source))))


def load(workspace: Workspace, engine: Engine, *, runner: str = "in-process") -> list[Batch]:
    """Pull what is new in the log, and stage every landed file that is not yet; the batches of all of them."""
    with _opened(workspace) as connection, _attempt(connection, "load", runner):
        pull.pull(connection, engine)
        landing = Landing(workspace.landing)
        return [_stage(connection, landing, *found) for found in _landed(connection)]


def _stage(
    connection: duckdb.DuckDBPyConnection,
    landing: Landing,
    event: e.MeasurementsLanded,
    position: int,
    contracts: list[Contract],
    mends: list[e.RowMended],
) -> Batch:
    """Stage a file under the newest contract by which it can be read; raise what the newest says where none can."""
    refusals: list[FileRefused] = []
    for contract in contracts:
        landed = landing.find(event.stored_hash, event.original_hash, event.file_name, contract.kind)
        try:
            return batches.stage(connection, landed, contract, mends, log_position=position)
        except FileRefused as refusal:
            refusals.append(refusal)
    raise refusals[0]


def validate(workspace: Workspace, *, runner: str = "in-process") -> list[Verdict]:
    """Judge every batch that is in question, and put it in use with its rejects left out, or refuse it whole."""
    with _opened(workspace) as connection, _attempt(connection, "validate", runner):
        verdicts = []
        staged = {batch for (batch,) in connection.execute("SELECT batch FROM raw.source_file").fetchall()}
        for event, _, contracts, mends in _landed(connection):
            landed = Landed(event.stored_hash, event.original_hash, event.size, event.file_name, workspace.landing)
            under = {batches.batch_id(landed, contract, mends): contract for contract in contracts}
            batch, contract = next((batch, contract) for batch, contract in under.items() if batch in staged)
            verdict = validation.validate(connection, batch, contract)
            if verdict.accepted:
                batches.accept(connection, verdict.batch, contract)
            verdicts.append(verdict)
        return verdicts


def _landed(
    connection: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[e.MeasurementsLanded, int, list[Contract], list[e.RowMended]]]:
    """Every file that landed, with its place in the log, its source's contracts, newest first, and its mended cells."""
    contracts: dict[str, list[Contract]] = {}
    mends: dict[tuple[str, str], list[e.RowMended]] = {}
    landed: list[tuple[e.MeasurementsLanded, int]] = []
    told, positions = list[e.Payload](), list[int]()
    for kind, text, position in connection.execute(
        "SELECT type, payload, log_position FROM raw.event"
        " WHERE type IN ('source.published', 'row.mended', 'measurements.landed', 'measurements.erased')"
        " ORDER BY log_position"
    ).fetchall():
        content = codec.mapping(codec.decode(text))
        if kind == e.RowMended.TYPE:  # the reason is personal, and not needed here
            content["reason"] = ""
        told.append(e.TYPES[kind].model_validate(content))
        positions.append(position)
    for payload, position in zip(of_today(told), positions, strict=True):
        match payload:
            case e.SourcePublished():
                contracts.setdefault(payload.source, []).insert(0, contract_from(payload.content))
            case e.RowMended():
                mends.setdefault((payload.source, payload.stored_hash), []).append(payload)
            case e.MeasurementsLanded():
                landed.append((payload, position))
    for event, position in landed:
        yield event, position, contracts[event.source], mends.get((event.source, event.stored_hash), [])


def compute(
    workspace: Workspace, evaluated_on: date, *, runner: str = "in-process", progress: Progress = quiet
) -> Computed:
    """Compute every figure from what was accepted, and switch to the new run."""
    with _opened(workspace) as connection:
        run = runs.identify(connection, evaluated_on)
        with _attempt(connection, "compute", runner, run.run_id):
            return runs.compute(connection, run, progress=progress)


def copy(workspace: Workspace) -> Path:
    """Make the readers' copy of the current run, and switch to it; the copy that stands, where it is of this run."""
    with hold(workspace.warehouse):  # from the question which run is current to the copy that is named after it
        with _connected(workspace) as connection:
            run_id = runs.current(connection)
            tables = connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN ('core', 'marts')"
                " OR (schema_name = 'forms' AND table_name != 'scored')"
                " OR (schema_name, table_name) IN (('ops', 'run'), ('ops', 'current_run'), ('ops', 'model_run'),"
                " ('ops', 'lineage'), ('ops', 'validation_result'), ('raw', 'source_file'), ('raw', 'mended_cell'))"
                " ORDER BY ALL"
            ).fetchall()
        if run_id is None:
            raise NotFound("nothing has been computed yet", hint="Run `samskap evaluate`.")
        label = run_id[:12]
        standing = _standing(workspace.copies)
        if standing is not None and standing.name.startswith(f"{READER}-{label}-"):
            return standing
        return copies.publish(
            workspace.copies, READER, lambda target: _fill(workspace.warehouse, target, tables), label
        )


def _standing(folder: Path) -> Path | None:
    try:
        return copies.current(folder, READER)
    except NotFound:
        return None


def _fill(source: Path, target: Path, tables: Sequence[tuple[str, str]]) -> None:
    """What readers may have: pseudonyms, no form as a whole, nothing of single people in protected rounds."""
    open_only = dict.fromkeys((table for table in tables if table[0] == "forms"), "NOT _protected")
    copies.copy_tables(
        source,
        target,
        tables,
        where={
            **open_only,
            ("core", "submission"): "NOT is_protected",
            ("core", "assessment_item"): "NOT is_protected",
            ("core", "membership_score"): "NOT is_protected",
        },
        leave_out={("core", "submission"): ["content"], ("core", "unit_scale"): ["median", "distribution"]},
    )


def left_out(workspace: Workspace) -> list[LeftOut]:
    """The processes in quarantine when the log was last read."""
    with _opened(workspace) as connection:
        return pull.left_out(connection)


def rejected(workspace: Workspace, source: str | None = None) -> list[Reject]:
    """The rows of files that are left out, and why."""
    with _opened(workspace) as connection:
        return rejects(connection, source)


# -- around a stage --------------------------------------------------------------------------------------------------


@contextmanager
def _opened(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, ours alone while it is open, with the tables that are kept."""
    with hold(workspace.warehouse), _connected(workspace) as connection:
        yield connection


@contextmanager
def _connected(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, for who holds it already."""
    settings = workspace.settings.warehouse
    connection = patiently(
        lambda: connect(workspace.warehouse, memory_limit=settings.memory_limit, threads=settings.threads)
    )
    try:
        pull.prepare(connection)
        batches.prepare(connection)
        yield connection
    finally:
        connection.close()


@contextmanager
def _attempt(
    connection: duckdb.DuckDBPyConnection, stage: str, runner: str, run_id: str | None = None
) -> Iterator[None]:
    """Record how a stage went, also where it failed."""
    began = _now()
    outcome, message = "done", None
    try:
        yield
    except SamskapError as error:
        outcome, message = "refused", str(error)
        raise
    except BaseException as error:
        outcome, message = "failed", type(error).__name__
        raise
    finally:
        with suppress(duckdb.Error):  # on a full disk this, too, cannot be written, and is not what went wrong
            connection.execute(
                "INSERT INTO ops.attempt VALUES (?, ?, ?, ?, ?, ?, ?)",
                (run_id, stage, runner, began, _now(), outcome, message),
            )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
