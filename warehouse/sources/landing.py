"""The landing: every file as it was received, kept by the hash of its content; persons are pseudonyms already.

A file without personal columns is stored byte for byte. In others identifiers are replaced and what must not be kept is
left out before a byte is stored; a line that is no record cannot be parted into columns, so only its fault is stored.
What the rows mean is not known here.
"""

from __future__ import annotations

import csv
import hmac
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.errors import IntegrityFault, NotFound, StoreError
from warehouse.sources import parquet
from warehouse.sources.contract import Contract
from warehouse.sources.lines import lines_of
from warehouse.sources.records import CsvRecords

WITHHELD: Final = "samskap:withheld:"
"""Begins the line that stands, in a landed file with pseudonyms, where a line was that is no record."""

ERASED: Final = "samskap:erased"
"""Stands in a landed file where the row of an erased person was, so that all others keep their numbers."""

Masks: TypeAlias = tuple[Callable[[str], str] | None, ...]


@dataclass(frozen=True, slots=True)
class Landed:
    """A file in the landing. `size` is that of the stored file in bytes; hashes are SHA-256 in hex."""

    stored_hash: str
    original_hash: str
    size: int
    file_name: str
    path: Path


class Landing:
    """The folder of landed files, by content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, stored_hash: str, kind: str) -> Path:
        """Where a landed file lies, or would."""
        return self.folder / stored_hash[:2] / f"{stored_hash}.{kind}"

    def land(
        self, path: Path, contract: Contract, pseudonym_key: bytes, erased: frozenset[str] = frozenset()
    ) -> Landed:
        """Store a file, once: the same content again changes nothing. Rows of `erased` pseudonyms are left out.

        Raise `FileRefused` where it cannot be read at all under the contract, `NotFound`, and `StoreError` where there
        is no room; then nothing was stored.
        """
        if not path.is_file():
            raise NotFound(f"there is no file {path}", hint="Check the name of the file.")
        with self._draft() as draft:
            if contract.kind == "parquet":
                _copy_parquet(path, draft, contract, pseudonym_key)
            else:
                _copy_csv(path, draft, contract, pseudonym_key)
            if erased and contract.has_personal:
                _without(draft, contract, erased)
            stored_hash, size, target = self._keep(draft, contract.kind)
        original_hash = hash_of(path) if contract.has_personal else stored_hash
        return Landed(stored_hash, original_hash, size, path.name, target)

    def erase(self, landed: Landed, contract: Contract, erased: frozenset[str]) -> tuple[Landed, int]:
        """Store a landed file anew without the rows of some pseudonyms; the new one, and how many rows went.

        The file as it was stays until `forget` takes it away: whoever is in the middle finishes with it.
        """
        with self._draft() as draft:
            _copy_bytes(landed.path, draft)
            rows = _without(draft, contract, erased)
            if not rows:
                return landed, 0
            stored_hash, size, target = self._keep(draft, contract.kind)
        return Landed(stored_hash, landed.original_hash, size, landed.file_name, target), rows

    def forget(self, stored_hash: str, kind: str) -> None:
        """Take a landed file away."""
        path = self.path_of(stored_hash, kind)
        if path.exists():
            path.unlink()
            _sync(path.parent)

    def tidy(self) -> None:
        """Take away what programs that were killed left half written. Only where nobody lands or erases meanwhile."""
        for path in self.folder.glob(".*.draft*"):
            path.unlink(missing_ok=True)

    def _keep(self, draft: Path, kind: str) -> tuple[str, int, Path]:
        """Give a finished draft its name; its hash, size and path."""
        stored_hash, size = hash_of(draft), draft.stat().st_size
        target = self.path_of(stored_hash, kind)
        if not target.exists() or target.stat().st_size != size:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.replace(target)
            _sync(target.parent)
            _sync(self.folder)
        return stored_hash, size, target

    def find(self, stored_hash: str, original_hash: str, file_name: str, kind: str) -> Landed:
        """A file that landed earlier, whole; raise `IntegrityFault` where it is gone or not what was stored."""
        path = self.path_of(stored_hash, kind)
        if not path.is_file():
            raise IntegrityFault(
                f"the landed file {file_name} ({stored_hash[:12]}) is gone",
                hint="Restore the landing folder from a backup.",
                where=str(path),
            )
        landed = Landed(stored_hash, original_hash, path.stat().st_size, file_name, path)
        check_whole(landed)
        return landed

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        """A file of a name of its own, on disk at the end; gone whatever happens."""
        draft = self.folder / f".{secrets.token_hex(8)}.draft"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            yield draft
        except OSError as error:
            raise StoreError(
                f"the file could not be put into the landing: {error.strerror or error}",
                hint="Check room and permissions of the folder, then try again; nothing was stored.",
                where=str(self.folder),
            ) from error
        finally:
            draft.unlink(missing_ok=True)


def hash_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return file_digest(file, sha256).hexdigest()


def check_whole(landed: Landed) -> None:
    """Raise `IntegrityFault` where a landed file is not what was stored."""
    if hash_of(landed.path) != landed.stored_hash:
        raise IntegrityFault(
            f"the landed file {landed.file_name} ({landed.stored_hash[:12]}) was changed",
            hint="Restore the landing folder from a backup.",
            where=str(landed.path),
        )


def pseudonym(key: bytes, identifier: str) -> str:
    """The pseudonym of an identifier: HMAC-SHA256 under the workspace's key, 128 bits in hex.

    The same in every source, so that files about the same people can be linked; nothing stays nothing.
    """
    plain = identifier.strip()
    return hmac.digest(key, plain.encode(), "sha256")[:16].hex() if plain else ""


# -- copying ----------------------------------------------------------------------------------------------------------


def _copy_csv(path: Path, draft: Path, contract: Contract, key: bytes) -> None:
    records = CsvRecords(path, contract.csv.delimiter, contract.csv.encoding, tuple(contract.columns))
    if not contract.has_personal:
        for _ in lines_of(path, contract.csv.encoding):
            pass  # every byte is looked at before the first is stored
        _copy_bytes(path, draft)
        return
    keep = [index for index, name in enumerate(records.header) if name in contract.kept]
    masks = _masks([records.header[index] for index in keep], contract, key)
    withheld_end = contract.csv.delimiter if len(keep) == 1 else ""  # so that the line is no record
    with draft.open("w", encoding=contract.stored_encoding, newline="") as file:
        writer = csv.writer(file, delimiter=contract.csv.delimiter, lineterminator="\n")
        writer.writerow([records.header[index] for index in keep])
        for page in records.pages():
            for index, row in enumerate(page.rows):
                if row is None:
                    file.write(f"{WITHHELD}{page.faults[index][0]}{withheld_end}\n")
                else:
                    writer.writerow(_masked(row, keep, masks))
        file.flush()
        os.fsync(file.fileno())


def _masks(names: Sequence[str], contract: Contract, key: bytes) -> Masks:
    def mask(text: str) -> str:
        return pseudonym(key, text)

    return tuple(mask if contract.columns[name].personal else None for name in names)


def _masked(row: Sequence[str], keep: Sequence[int], masks: Masks) -> list[str]:
    if not row:
        return []
    return [row[index] if mask is None else mask(row[index]) for index, mask in zip(keep, masks, strict=True)]


def _copy_parquet(path: Path, draft: Path, contract: Contract, key: bytes) -> None:
    with parquet.opened(path, tuple(contract.columns)) as source:
        if not contract.has_personal:
            for _ in parquet.batches(source, path):
                pass
            _copy_bytes(path, draft)
            return
        names = [name for name in source.schema_arrow.names if name in contract.kept]
        masks = _masks(names, contract, key)
        masked = {name for name, mask in zip(names, masks, strict=True) if mask is not None}
        fields = [pa.field(name, pa.string()) if name in masked else source.schema_arrow.field(name) for name in names]
        with pq.ParquetWriter(draft, pa.schema(fields)) as writer:
            for batch in parquet.batches(source, path):
                arrays = [
                    pa.array([pseudonym(key, text or "") for text in parquet.texts(batch.column(name))], pa.string())
                    if name in masked
                    else batch.column(name)
                    for name in names
                ]
                writer.write_batch(pa.record_batch(arrays, schema=pa.schema(fields)))
    _sync(draft)


# -- leaving people out ------------------------------------------------------------------------------------------------


def _without(draft: Path, contract: Contract, erased: frozenset[str]) -> int:
    """Let no row of some pseudonyms stay in a file as it is stored; how many went."""
    rows = _without_parquet if contract.kind == "parquet" else _without_csv
    return rows(draft, contract, erased)


def _without_csv(draft: Path, contract: Contract, erased: frozenset[str]) -> int:
    delimiter = contract.csv.delimiter
    records = CsvRecords(draft, delimiter, contract.stored_encoding, contract.kept)
    personal = [index for index, name in enumerate(records.header) if contract.columns[name].personal]
    is_single = len(records.header) == 1
    gone, other = 0, draft.with_name(f"{draft.name}.less")
    try:
        with other.open("w", encoding=contract.stored_encoding, newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
            writer.writerow(records.header)
            for page in records.pages():
                for index, row in enumerate(page.rows):
                    if row is None:
                        file.write(f"{page.faults[index][1]}\n")
                    elif row and any(row[position] in erased for position in personal):
                        file.write(f"{ERASED}{delimiter if is_single else ''}\n")
                        gone += 1
                    else:
                        writer.writerow(row)
            file.flush()
            os.fsync(file.fileno())
        other.replace(draft)
    finally:
        other.unlink(missing_ok=True)
    return gone


def _without_parquet(draft: Path, contract: Contract, erased: frozenset[str]) -> int:
    gone, other = 0, draft.with_name(f"{draft.name}.less")
    try:
        with parquet.opened(draft, contract.kept) as source:
            personal = [name for name in source.schema_arrow.names if contract.columns[name].personal]
            schema = pa.schema([pa.field(field.name, field.type) for field in source.schema_arrow])
            with pq.ParquetWriter(other, schema) as writer:
                for batch in parquet.batches(source, draft):
                    marks = [[cell in erased for cell in batch.column(name).to_pylist()] for name in personal]
                    theirs = pa.array([any(row) for row in zip(*marks, strict=True)], pa.bool_())
                    gone += theirs.true_count
                    arrays = [
                        _blank(batch.column(name), theirs, ERASED if name in personal else None)
                        for name in schema.names
                    ]
                    writer.write_batch(pa.record_batch(arrays, schema=schema))
        _sync(other)
        other.replace(draft)
    finally:
        other.unlink(missing_ok=True)
    return gone


def _blank(column: pa.Array, where: pa.Array, text: str | None) -> pa.Array:
    """A column with nothing, or one text, in some of its rows."""
    return pc.if_else(where, pa.scalar(text, column.type), column)


def _copy_bytes(path: Path, draft: Path) -> None:
    with path.open("rb") as source, draft.open("wb") as target:
        while block := source.read(1 << 20):
            target.write(block)
        target.flush()
        os.fsync(target.fileno())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
